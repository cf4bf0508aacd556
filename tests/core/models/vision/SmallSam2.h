// SPDX-License-Identifier: GPL-3.0-or-later
// A SAM 2 as small as can be, of random numbers.
#pragma once

#include <filesystem>

#include "core/models/vision/Sam2.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/SaveWeights.h"

namespace ochre::models {

inline std::filesystem::path writeSmallSam2(const std::filesystem::path& file) {
    Sam2::Config config;
    config.encoder = Sam2ImageEncoder::Config{.width = 8, .heads = 1, .depths = {1, 1, 1, 1}, .wholeBlocks = {}, .channels = 32};
    config.decoder = SamDecoder::Config{.second = true, .channels = 32, .inner = 16, .halfChannels = 16, .headWidth = 16};
    config.attention = Sam2MemoryAttention::Config{.channels = 32, .memoryChannels = 16, .inner = 16, .layers = 1};
    config.memory = Sam2MemoryEncoder::Config{.channels = 32, .memoryChannels = 16, .layers = 1};
    config.memories = 7;
    config.second = true;
    at::Generator generator = tensor::generator(5);
    std::map<std::string, nn::Tensor> tensors;
    for (const auto& [key, shape] : config.expected()) tensors[key] = nn::randn(shape, generator).mul_(0.3);
    tensor::saveWeights(file, tensors, {});
    return file;
}

} // namespace ochre::models
