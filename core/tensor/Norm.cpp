// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Norm.h"

#include <ATen/ops/group_norm.h>
#include <ATen/ops/layer_norm.h>
#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/GroupStatistics.h"
#include "core/tensor/Learning.h"
#include "core/tensor/LearningNorm.h"
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
    const bool plain = activation.kind == Activation::Kind::None || activation.kind == Activation::Kind::Silu;
    if (x.dim() == 4 && x.is_cpu() && x.numel() > 0 && plain && !tensor::learning()) return ofPicture(channelsLast(x), activation);
    const bool single = x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16;
    if (x.dim() == 4 && x.is_cpu() && x.numel() > 0 && plain && single && m_weight.scalar_type() == x.scalar_type() && tensor::learning())
        return normLearning(x, m_weight, m_bias, {m_groups, m_epsilon, activation.kind == Activation::Kind::Silu});
    return activate(at::group_norm(x, m_groups, m_weight, m_bias, m_epsilon), activation);
}

/// One pass for the statistics and one for all the rest.
Tensor GroupNorm::ofPicture(const Tensor& x, const Activation& activation) const {
    const Tensor out = emptyPicture(x, x.size(0), x.size(1), x.size(2), x.size(3));
    for (std::int64_t n = 0; n < x.size(0); ++n) {
        const Tensor one = x.narrow(0, n, 1);
        GroupStatistics statistics(channels());
        statistics.add(one);
        Tensor result = out.narrow(0, n, 1);
        scaleChannels(one, statistics.factors(*this), activation, result);
    }
    return out;
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
