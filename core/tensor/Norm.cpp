// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Norm.h"

#include <ATen/ops/group_norm.h>
#include <ATen/ops/layer_norm.h>
#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/Runtime.h"

namespace ochre::nn {
namespace {

Tensor vector(const Weights& weights, const std::string& name) {
    if (weights.shape(name).size() != 1)
        throw Error(fmt::format("{}: tensor \"{}\" is {}, a normalisation needs one dimension", weights.subject(),
                                weights.prefix() + name, tensor::describe(weights.shape(name))));
    return weights.tensor(name).contiguous();
}

} // namespace

GroupNorm::GroupNorm(const Weights& weights, const std::string& name, int groups, double epsilon)
    : m_weight(vector(weights, name + ".weight")), m_bias(vector(weights, name + ".bias")), m_groups(groups),
      m_epsilon(epsilon) {
    if (groups < 1 || m_weight.size(0) % groups != 0)
        throw Error(fmt::format("{}: \"{}\" has {} channels, which are not {} equal groups", weights.subject(),
                                weights.prefix() + name, m_weight.size(0), groups));
}

Tensor GroupNorm::operator()(const Tensor& x, const Activation& activation) const {
    tensor::currentCancel().check();
    if (x.dim() < 2 || x.size(1) != channels())
        throw Error(fmt::format("group norm: takes {} channels, was given {}", channels(), x.dim() > 1 ? x.size(1) : 0));
    return activate(at::group_norm(x, m_groups, m_weight, m_bias, m_epsilon), activation);
}

LayerNorm::LayerNorm(const Weights& weights, const std::string& name, double epsilon)
    : m_weight(vector(weights, name + ".weight")), m_epsilon(epsilon) {
    if (weights.has(name + ".bias")) m_bias = vector(weights, name + ".bias");
}

Tensor LayerNorm::operator()(const Tensor& x) const {
    return at::layer_norm(x, m_weight.sizes(), m_weight, m_bias.defined() ? std::optional(m_bias) : std::nullopt,
                          m_epsilon);
}

} // namespace ochre::nn
