// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/RmsNorm.h"

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::nn {

RmsNorm::RmsNorm(const Weights& weights, const std::string& name, double epsilon)
    : m_weight(weights.tensor(name + ".weight")), m_epsilon(epsilon) {
    if (m_weight.dim() != 1)
        throw Error(fmt::format("{}: tensor \"{}\" is {}, a normalisation needs one dimension", weights.subject(),
                                weights.prefix() + name, tensor::describe(m_weight.sizes().vec())));
}

Tensor RmsNorm::operator()(const Tensor& x) const {
    const at::ScalarType type = x.scalar_type();
    const Tensor wide = type == at::kBFloat16 || type == at::kHalf ? x.to(at::kFloat) : x;
    const Tensor scaled = wide.mul(wide.square().mean({-1}, true).add(m_epsilon).rsqrt());
    return scaled.to(type).mul(m_weight);
}

} // namespace ochre::nn
