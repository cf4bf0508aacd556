// SPDX-License-Identifier: GPL-3.0-or-later
// ncnn models: the graph in a .param text and the weights in a .bin. Format: github.com/Tencent/ncnn wiki,
// "param and model file structure".
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor/Checkpoint.h"

namespace ochre::tensor {

inline constexpr std::size_t kLongestNcnnParam = std::size_t{16} << 20;

struct NcnnLayer {
    std::string type, name;
    std::vector<std::string> inputs, outputs;
    std::map<int, std::vector<double>> parameters;

    double parameter(int id, double fallback) const;
};

/// Throws Error (Broken) with the line.
std::vector<NcnnLayer> parseNcnnParam(std::string_view text, const std::string& subject);

/// Weights as "layer.weight", "layer.bias", …; networks of Real-ESRGAN get the published names of their
/// PyTorch release instead, and "output_scale" in the metadata where the graph resizes its result. 8-bit
/// weights are refused, and so is a file of which a byte is left over. Spans point into `weights`. Throws
/// Error (Broken).
Checkpoint readNcnn(std::string_view param, std::span<const std::byte> weights, const std::string& subject);

} // namespace ochre::tensor
