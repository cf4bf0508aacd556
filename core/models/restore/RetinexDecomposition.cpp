// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/RetinexDecomposition.h"

#include <array>
#include <utility>

namespace ochre::models {
namespace {

constexpr const char* kReflectance = "TDN_R.";
constexpr std::array<std::pair<const char*, int>, 3> kConvolutions{
    {{"net1_convs.0", 5}, {"net1_convs.2", 3}, {"net1_convs.4", 3}}}; // and their kernels

/// The picture's edge is repeated in place of zeros around it.
nn::Tensor withinEdge(const nn::Conv2d& conv, int kernel, const nn::Tensor& x) {
    const int side = kernel / 2;
    return conv(nn::pad(x, side, side, side, side, nn::Padding::Replicate));
}

} // namespace

std::optional<RetinexDecomposition::Config> RetinexDecomposition::Config::fromWeights(const tensor::Weights& weights) {
    const auto reflectance = RetinexTransformer::Config::fromWeights(weights.sub(kReflectance));
    if (!reflectance || !weights.has("net1_conv0.weight") || weights.shape("net1_conv0.weight").size() != 4)
        return std::nullopt;
    return Config{.features = static_cast<int>(weights.size("net1_conv0.weight", 0)), .reflectance = *reflectance};
}

KeyShapes RetinexDecomposition::Config::expected() const {
    KeyShapes keys;
    addLayerKeys(keys, "net1_conv0", {features, reflectance.inChannels, 3, 3});
    for (const auto& [name, kernel] : kConvolutions) addLayerKeys(keys, name, {features, features, kernel, kernel});
    addLayerKeys(keys, "net1_recon", {1, features, 1, 1});
    for (auto& [name, shape] : reflectance.expected()) keys[kReflectance + name] = shape;
    return keys;
}

RetinexDecomposition::RetinexDecomposition(const tensor::Weights& weights, const Config& config)
    : m_reflectance(weights.sub(kReflectance), config.reflectance) {
    requireShapes(weights, config.expected());
    m_first = {weights, "net1_conv0", {.padding = 0}};
    for (const auto& [name, kernel] : kConvolutions)
        m_convolutions.emplace_back(weights, name, nn::Conv2dOptions{.padding = 0, .activation = nn::Activation::relu()});
    m_last = {weights, "net1_recon"};
}

RetinexDecomposition::Parts RetinexDecomposition::forward(const nn::Tensor& image) const {
    nn::Tensor light = withinEdge(m_first, 3, nn::channelsLast(image)); // [N, features, H, W]
    for (std::size_t i = 0; i < kConvolutions.size(); ++i)
        light = withinEdge(m_convolutions[i], kConvolutions[i].second, light);
    return {.reflectance = m_reflectance.forward(image).sigmoid(), .illumination = m_last(light).sigmoid()};
}

} // namespace ochre::models
