// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/field/Nerf.h"

#include <algorithm>

#include <fmt/format.h>

namespace ochre::models {
namespace {

constexpr int kMostLayers = 64;

std::string layerName(bool krrish, int layer) {
    if (!krrish) return fmt::format("pts_linears.{}", layer);
    return layer == 0 ? "layer1" : fmt::format("layers_xyz.{}", layer - 1);
}

struct Names {
    const char *density, *features, *direction, *color, *out;
};
constexpr Names kPublished{"alpha_linear", "feature_linear", "views_linears.0", "rgb_linear", "output_linear"};
constexpr Names kKrrish{"fc_alpha", "fc_feat", "layers_dir.0", "fc_rgb", "fc_out"};

const Names& namesOf(bool krrish) {
    return krrish ? kKrrish : kPublished;
}

bool isMatrix(const tensor::Weights& weights, const std::string& layer) {
    return weights.has(layer + ".weight") && weights.shape(layer + ".weight").size() == 2;
}

int encodedWidth(int bands) {
    return 3 + 6 * bands;
}

/// Of an encoding that is so wide; nothing where none is.
std::optional<int> bandsOf(std::int64_t width) {
    if (width < 3 || width > encodedWidth(32) || (width - 3) % 6 != 0) return std::nullopt;
    return static_cast<int>(width - 3) / 6;
}

} // namespace

std::optional<Nerf::Config> Nerf::Config::fromWeights(const tensor::Weights& weights) {
    Config config;
    config.krrish = weights.has("layer1.weight");
    const Names& names = namesOf(config.krrish);
    const auto layer = [&config](int i) { return layerName(config.krrish, i); };
    const auto in = [&weights](const std::string& name) { return weights.size(name + ".weight", 1); };
    if (!isMatrix(weights, layer(0)) || !isMatrix(weights, layer(1))) return std::nullopt;
    config.directions = isMatrix(weights, names.density) && isMatrix(weights, names.features) &&
                        isMatrix(weights, names.direction) && isMatrix(weights, names.color);
    if (!config.directions && !isMatrix(weights, names.out)) return std::nullopt;
    const auto bands = bandsOf(in(layer(0)));
    if (!bands) return std::nullopt;
    config.positionBands = *bands;
    config.width = static_cast<int>(weights.size(layer(0) + ".weight", 0));
    config.joins.clear();
    for (config.layers = 1; config.layers < kMostLayers && isMatrix(weights, layer(config.layers)); ++config.layers)
        if (in(layer(config.layers)) > config.width) config.joins.push_back(config.layers);
    config.directionBands = 0;
    if (!config.directions) return config;
    const auto directionBands = bandsOf(in(names.direction) - config.width);
    if (!directionBands) return std::nullopt;
    config.directionBands = *directionBands;
    config.colorWidth = static_cast<int>(weights.size(std::string(names.direction) + ".weight", 0));
    return config;
}

std::map<std::string, tensor::Shape> Nerf::Config::expected() const {
    std::map<std::string, tensor::Shape> keys;
    const auto linear = [&keys](const std::string& name, std::int64_t in, std::int64_t out) {
        keys[name + ".weight"] = {out, in};
        keys[name + ".bias"] = {out};
    };
    const Names& names = namesOf(krrish);
    for (int i = 0; i < layers; ++i) {
        const bool joined = std::ranges::find(joins, i) != joins.end();
        linear(layerName(krrish, i), i == 0 ? encodedWidth(positionBands) : joined ? width + encodedWidth(positionBands) : width, width);
    }
    if (!directions) {
        linear(names.out, width, 4);
        return keys;
    }
    linear(names.density, width, 1);
    linear(names.features, width, width);
    linear(names.direction, width + encodedWidth(directionBands), colorWidth);
    linear(names.color, colorWidth, 3);
    return keys;
}

bool Nerf::Config::isBeside(const std::string& key) {
    return key.starts_with("views_linears.");
}

Nerf::Nerf(const tensor::Weights& weights, const Config& config) : m_config(config) {
    const Names& names = namesOf(config.krrish);
    for (int i = 0; i < config.layers; ++i) m_layers.emplace_back(weights, layerName(config.krrish, i));
    if (!config.directions) {
        m_out = {weights, names.out};
        return;
    }
    m_density = {weights, names.density};
    m_features = {weights, names.features};
    m_direction = {weights, names.direction};
    m_color = {weights, names.color};
}

nn::Tensor Nerf::trunk(const nn::Tensor& points) const {
    const nn::Tensor position = positionalEncoding(points, m_config.positionBands); // [N, 3 + 6·bands]
    nn::Tensor x = position;
    for (int i = 0; i < m_config.layers; ++i) {
        if (std::ranges::find(m_config.joins, i) != m_config.joins.end())
            x = m_config.krrish ? nn::cat({x, position}) : nn::cat({position, x});
        x = m_layers[static_cast<std::size_t>(i)](x); // [N, width]
        if (i > 0 || !m_config.krrish) x = nn::relu(x);
    }
    return x;
}

nn::Tensor Nerf::density(const nn::Tensor& points) const {
    const nn::Tensor x = trunk(points);
    return m_config.directions ? m_density(x) : nn::narrow(m_out(x), 1, 3, 1);
}

nn::Tensor Nerf::forward(const nn::Tensor& points, const nn::Tensor& directions) const {
    const nn::Tensor x = trunk(points);
    if (!m_config.directions) return m_out(x);
    nn::Tensor features = m_features(x);
    if (m_config.krrish) features = nn::relu(features);
    const nn::Tensor seen = nn::cat({features, positionalEncoding(directions, m_config.directionBands)});
    return nn::cat({m_color(nn::relu(m_direction(seen))), m_density(x)}); // [N, 4]
}

nn::Tensor positionalEncoding(const nn::Tensor& x, int bands) {
    std::vector<nn::Tensor> parts{x};
    for (int k = 0; k < bands; ++k) {
        const nn::Tensor scaled = x.mul(static_cast<double>(1ll << k));
        parts.push_back(scaled.sin());
        parts.push_back(scaled.cos());
    }
    return nn::cat(parts);
}

} // namespace ochre::models
