// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Recurrent.h"

#include <ATen/ops/gru.h>
#include <ATen/ops/lstm.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include "core/tensor/Learning.h"
#include "core/tensor/Runtime.h"

namespace ochre::nn {

Recurrent::Recurrent(const Weights& weights, const std::string& name, Kind kind, int layers) : m_kind(kind), m_layers(layers) {
    for (int layer = 0; layer < layers; ++layer)
        for (const char* part : {"weight_ih", "weight_hh", "bias_ih", "bias_hh"})
            m_parameters.push_back(weights.tensor(fmt::format("{}.{}_l{}", name, part, layer)));
}

Tensor Recurrent::operator()(const Tensor& x) const {
    tensor::currentCancel().check();
    const std::int64_t hidden = m_parameters[1].size(1);
    const Tensor start = at::zeros({m_layers, x.size(0), hidden}, x.options());
    const bool learning = tensor::learning();
    if (m_kind == Kind::Lstm)
        return std::get<0>(at::lstm(x, {start, start}, m_parameters, true, m_layers, 0.0, learning, false, true));
    return std::get<0>(at::gru(x, start, m_parameters, true, m_layers, 0.0, learning, false, true));
}

} // namespace ochre::nn
