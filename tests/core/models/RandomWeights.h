// SPDX-License-Identifier: GPL-3.0-or-later
// Networks of random numbers, as large as a test likes, in files.
#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "core/models/NetworkParts.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/SaveWeights.h"

namespace ochre::models::test {

/// A checkpoint with these keys, of numbers about as large as trained ones; `prefix` before each.
inline std::map<std::string, nn::Tensor> randomTensors(const KeyShapes& keys, std::uint64_t seed, const std::string& prefix = {}) {
    at::Generator generator = tensor::generator(seed);
    std::map<std::string, nn::Tensor> tensors;
    for (const auto& [name, shape] : keys) {
        double inputs = 1;
        for (std::size_t i = 1; i < shape.size(); ++i) inputs *= static_cast<double>(shape[i]);
        const nn::Tensor values = nn::randn(shape, generator);
        const bool norm = shape.size() == 1 && name.ends_with("weight");
        tensors.emplace(prefix + name, norm ? values.mul(0.1).add(1) : values.mul(0.7 / std::sqrt(inputs)));
    }
    return tensors;
}

inline std::filesystem::path saveRandom(const std::filesystem::path& file, const KeyShapes& keys, std::uint64_t seed) {
    tensor::saveWeights(file, randomTensors(keys, seed), {});
    return file;
}

} // namespace ochre::models::test
