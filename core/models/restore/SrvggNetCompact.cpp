// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/SrvggNetCompact.h"

#include <fmt/format.h>

namespace ochre::models {
namespace {

std::string body(int index, const char* part) {
    return fmt::format("body.{}.{}", index, part);
}

bool isConv(const tensor::Weights& weights, int index) {
    const std::string name = body(index, "weight");
    return weights.has(name) && weights.shape(name).size() == 4 && weights.shape(name)[2] == 3 &&
           weights.shape(name)[3] == 3;
}

} // namespace

std::optional<SrvggNetCompact::Config> SrvggNetCompact::Config::fromWeights(const tensor::Weights& weights) {
    // Convolutions stand at the even places, activations between them.
    int last = -2;
    while (isConv(weights, last + 2)) last += 2;
    if (last < 2 || weights.has(body(last + 1, "weight"))) return std::nullopt;
    Config config;
    config.convolutions = last / 2 - 1;
    config.inChannels = static_cast<int>(weights.size(body(0, "weight"), 1));
    config.features = static_cast<int>(weights.size(body(0, "weight"), 0));
    config.outChannels = config.inChannels; // the picture itself is added to the result
    const auto folded = weights.size(body(last, "weight"), 0);
    config.upscale = 0;
    for (int scale = 1; scale <= 8; ++scale)
        if (folded == std::int64_t{config.outChannels} * scale * scale) config.upscale = scale;
    if (config.upscale == 0) return std::nullopt;
    config.activation = weights.has(body(1, "weight")) ? Activation::Prelu : Activation::Relu;
    return config;
}

std::map<std::string, tensor::Shape> SrvggNetCompact::Config::expected() const {
    std::map<std::string, tensor::Shape> keys;
    const std::int64_t out = std::int64_t{outChannels} * upscale * upscale;
    for (int i = 0; i <= convolutions + 1; ++i) {
        const std::int64_t wide = i == convolutions + 1 ? out : features;
        keys[body(2 * i, "weight")] = {wide, i == 0 ? inChannels : features, 3, 3};
        keys[body(2 * i, "bias")] = {wide};
        if (i <= convolutions && activation == Activation::Prelu)
            keys[body(2 * i + 1, "weight")] = {features};
    }
    return keys;
}

SrvggNetCompact::SrvggNetCompact(const tensor::Weights& weights, const Config& config) : m_config(config) {
    nn::Conv2dOptions options;
    if (config.activation == Config::Activation::Relu) options.activation = nn::Activation::relu();
    if (config.activation == Config::Activation::LeakyRelu)
        options.activation = nn::Activation::leakyRelu(0.1);
    for (int i = 0; i <= config.convolutions + 1; ++i) {
        const bool isLast = i == config.convolutions + 1;
        m_convolutions.emplace_back(weights, fmt::format("body.{}", 2 * i),
                                    isLast ? nn::Conv2dOptions{} : options);
        if (!isLast && config.activation == Config::Activation::Prelu)
            m_activations.emplace_back(weights, fmt::format("body.{}", 2 * i + 1));
    }
}

nn::Tensor SrvggNetCompact::forward(const nn::Tensor& image) const {
    nn::Tensor x = nn::channelsLast(image);
    for (std::size_t i = 0; i < m_convolutions.size(); ++i) {
        x = m_convolutions[i](x); // [N, features, H, W]; last: [N, C·upscale², H, W]
        if (i < m_activations.size()) x = m_activations[i](x);
    }
    x = nn::pixelShuffle(x, m_config.upscale);
    return nn::addInPlace(x, nn::upsampleNearest(image, m_config.upscale));
}

} // namespace ochre::models
