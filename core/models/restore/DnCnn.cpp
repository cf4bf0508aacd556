// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/DnCnn.h"

#include <fmt/format.h>

namespace ochre::models {
namespace {

constexpr int kIrcnnConvolutions = 7; // that network has the same keys, and dilations that they do not show

/// Activations without weights stand at the odd places.
std::string layer(int index) {
    return fmt::format("model.{}", 2 * index);
}

} // namespace

std::optional<DnCnn::Config> DnCnn::Config::fromWeights(const tensor::Weights& weights) {
    Config config;
    config.convolutions = 0;
    const auto isConv = [&](int index) {
        const std::string name = layer(index) + ".weight";
        return weights.has(name) && weights.shape(name).size() == 4 && weights.shape(name)[2] == 3;
    };
    while (isConv(config.convolutions)) ++config.convolutions;
    if (config.convolutions < 3 || config.convolutions == kIrcnnConvolutions || weights.has("model.1.weight"))
        return std::nullopt;
    config.features = static_cast<int>(weights.size("model.0.weight", 0));
    config.channels = static_cast<int>(weights.size("model.0.weight", 1));
    if (weights.size(layer(config.convolutions - 1) + ".weight", 0) != config.channels) return std::nullopt;
    return config;
}

KeyShapes DnCnn::Config::expected() const {
    KeyShapes keys;
    for (int i = 0; i < convolutions; ++i)
        addLayerKeys(keys, layer(i), {i + 1 == convolutions ? channels : features, i == 0 ? channels : features, 3, 3});
    return keys;
}

DnCnn::DnCnn(const tensor::Weights& weights, const Config& config) {
    requireShapes(weights, config.expected());
    const nn::Conv2dOptions plain, active{.activation = nn::Activation::relu()};
    for (int i = 0; i < config.convolutions; ++i)
        m_convolutions.emplace_back(weights, layer(i), i + 1 == config.convolutions ? plain : active);
}

nn::Tensor DnCnn::forward(const nn::Tensor& image) const {
    nn::Tensor x = nn::channelsLast(image);
    for (const nn::Conv2d& conv : m_convolutions) x = conv(x); // [N, features, H, W]; last: [N, C, H, W]
    return image.sub(x);
}

} // namespace ochre::models
