// SPDX-License-Identifier: GPL-3.0-or-later
// Recurrent layers over tokens, built from weights by the names of torch.nn.LSTM and torch.nn.GRU.
#pragma once

#include <string>
#include <vector>

#include "core/tensor/Nn.h"

namespace ochre::nn {

/// Layers one on the other, in one direction, from a state of 0. Weights: "name.weight_ih_l0" [gates·hidden, in],
/// "name.weight_hh_l0" [gates·hidden, hidden], "name.bias_ih_l0", "name.bias_hh_l0", and so on for l1, …; LSTM (Hochreiter
/// and Schmidhuber 1997, with a forget gate) has 4 gates, GRU (arXiv 1406.1078) 3.
class Recurrent {
public:
    enum class Kind { Lstm, Gru };

    Recurrent() = default;
    Recurrent(const Weights& weights, const std::string& name, Kind kind, int layers);
    Tensor operator()(const Tensor& x) const; ///< [N, T, in] → the last layer's outputs [N, T, hidden]

private:
    Kind m_kind = Kind::Lstm;
    int m_layers = 1;
    std::vector<Tensor> m_parameters;
};

constexpr int gatesOf(Recurrent::Kind kind) {
    return kind == Recurrent::Kind::Lstm ? 4 : 3;
}

} // namespace ochre::nn
