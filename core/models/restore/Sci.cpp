// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/Sci.h"

#include <fmt/format.h>

#include "core/tensor/Vision.h"

namespace ochre::models {
namespace {

constexpr double kLeastLight = 1e-4, kNormEpsilon = 1e-5;

std::string block(int index, int part) {
    return fmt::format("enhance.blocks.{}.{}", index, part);
}

} // namespace

std::optional<Sci::Config> Sci::Config::fromWeights(const tensor::Weights& weights) {
    for (const std::string& name : {std::string("enhance.in_conv.0.weight"), block(0, 0) + ".weight"})
        if (!weights.has(name) || weights.shape(name).size() != 4) return std::nullopt;
    Config config;
    config.features = static_cast<int>(weights.size("enhance.in_conv.0.weight", 0));
    config.channels = static_cast<int>(weights.size("enhance.in_conv.0.weight", 1));
    config.blocks = 0;
    while (weights.has(block(config.blocks, 0) + ".weight")) ++config.blocks;
    return config;
}

KeyShapes Sci::Config::expected() const {
    KeyShapes keys;
    addLayerKeys(keys, "enhance.in_conv.0", {features, channels, 3, 3});
    for (int i = 0; i < blocks; ++i) {
        addLayerKeys(keys, block(i, 0), {features, features, 3, 3});
        addBatchNormKeys(keys, block(i, 1), features);
    }
    addLayerKeys(keys, "enhance.out_conv.0", {channels, features, 3, 3});
    return keys;
}

bool Sci::Config::isBeside(const std::string& key) {
    return key.starts_with("calibrate.") || key.starts_with("enhance.conv.");
}

Sci::Sci(const tensor::Weights& weights, const Config& config) {
    requireShapes(weights, config.expected());
    const nn::Conv2dOptions active{.activation = nn::Activation::relu()};
    m_in = {weights, "enhance.in_conv.0", active};
    for (int i = 0; i < config.blocks; ++i)
        m_blocks.push_back(nn::foldedConv(weights, block(i, 0), block(i, 1), kNormEpsilon, active));
    m_out = {weights, "enhance.out_conv.0"};
}

nn::Tensor Sci::forward(const nn::Tensor& image) const {
    nn::Tensor x = m_in(nn::channelsLast(image)); // [N, features, H, W]
    for (const nn::Conv2d& conv : m_blocks) x = x.add(conv(x));
    const nn::Tensor light = m_out(x).sigmoid().add(image).clamp(kLeastLight, 1); // [N, C, H, W]
    return image.div(light).clamp(0, 1);
}

} // namespace ochre::models
