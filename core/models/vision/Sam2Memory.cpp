// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/Sam2Memory.h"

#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/NetworkParts.h"
#include "core/tensor/Attention.h"

namespace ochre::models {
namespace {

constexpr double kMapNorm = 1e-6;       // epsilon of norms of maps; of tokens it is the usual 1e-5
constexpr double kPositionShare = 0.1;  // of a frame's positions, added to its features once
constexpr double kPeriod = 10000;       // of rotary positions
constexpr int kMaskSteps = 4;           // halvings of a mask, each with four times the channels

std::string inLayer(int index, const char* part) {
    return fmt::format("layers.{}.{}", index, part);
}

std::string inMask(int index) {
    return fmt::format("mask_downsampler.encoder.{}", index);
}

std::string inMixer(int index, const char* part) {
    return fmt::format("fuser.layers.{}.{}", index, part);
}

int side(const tensor::Weights& weights, const std::string& name, std::size_t dimension) {
    return weights.has(name) && weights.shape(name).size() > dimension ? static_cast<int>(weights.size(name, dimension)) : 0;
}

/// Angles by which pairs of numbers are turned, of half of them by the column and of half by the row: [side², width/2].
/// Source: arXiv 2104.09864, for two axes.
nn::Tensor anglesOf(std::int64_t side, std::int64_t width) {
    const std::int64_t quarter = width / 4;
    const nn::Tensor frequencies =
        nn::range(0, quarter).to(at::kFloat).mul_(-std::log(kPeriod) * 4 / static_cast<double>(width)).exp_();
    const nn::Tensor places = nn::range(0, side * side);
    const auto along = [&](const nn::Tensor& place) { return place.to(at::kFloat).unsqueeze(1).mul(frequencies); };
    return nn::cat({along(places.remainder(side)), along(places.div(side, "floor"))}, 1);
}

/// x [N, T, width], whose first rows are turned by `angles` [t, width/2], over and over; the last `kept` rows stay.
nn::Tensor turned(const nn::Tensor& x, const nn::Tensor& angles, std::int64_t kept) {
    const std::int64_t count = x.size(1) - kept;
    const nn::Tensor all = angles.repeat({count / angles.size(0), 1});
    const nn::Tensor cosine = all.cos(), sine = all.sin();
    const nn::Tensor pairs = x.narrow(1, 0, count).unflatten(2, {-1, 2}); // [N, count, width/2, 2]
    const nn::Tensor a = pairs.select(3, 0), b = pairs.select(3, 1);
    const nn::Tensor first = a.mul(cosine).sub_(b.mul(sine)), second = a.mul(sine).add_(b.mul(cosine));
    const nn::Tensor result = nn::cat({first.unsqueeze(3), second.unsqueeze(3)}, 3).flatten(2);
    return kept == 0 ? result : nn::cat({result, x.narrow(1, count, kept)}, 1);
}

} // namespace

std::optional<Sam2MemoryAttention::Config> Sam2MemoryAttention::Config::fromWeights(const tensor::Weights& weights) {
    Config config;
    config.channels = side(weights, inLayer(0, "cross_attn_image.q_proj.weight"), 0);
    config.memoryChannels = side(weights, inLayer(0, "cross_attn_image.k_proj.weight"), 1);
    config.inner = side(weights, inLayer(0, "linear1.weight"), 0);
    config.layers = 0;
    while (weights.has(inLayer(config.layers, "norm3.weight"))) ++config.layers;
    const bool fits = config.channels > 0 && config.channels % 4 == 0 && config.memoryChannels > 0 && config.inner > 0 &&
                      config.layers > 0;
    return fits ? std::optional(config) : std::nullopt;
}

std::map<std::string, tensor::Shape> Sam2MemoryAttention::Config::expected() const {
    std::map<std::string, tensor::Shape> keys;
    const auto linear = [&](const std::string& name, int in, int out) {
        keys[name + ".weight"] = {out, in};
        keys[name + ".bias"] = {out};
    };
    const auto norm = [&](const std::string& name) {
        for (const char* of : {".weight", ".bias"}) keys[name + of] = {channels};
    };
    const auto attention = [&](const std::string& name, int from) {
        linear(name + ".q_proj", channels, channels);
        linear(name + ".k_proj", from, channels);
        linear(name + ".v_proj", from, channels);
        linear(name + ".out_proj", channels, channels);
    };
    for (int i = 0; i < layers; ++i) {
        attention(inLayer(i, "self_attn"), channels);
        attention(inLayer(i, "cross_attn_image"), memoryChannels);
        linear(inLayer(i, "linear1"), channels, inner);
        linear(inLayer(i, "linear2"), inner, channels);
        for (const char* one : {"norm1", "norm2", "norm3"}) norm(inLayer(i, one));
    }
    norm("norm");
    return keys;
}

Sam2MemoryAttention::Sam2MemoryAttention(const tensor::Weights& weights, const Config& config) {
    requireShapes(weights, config.expected());
    for (int i = 0; i < config.layers; ++i) {
        const auto read = [&](const std::string& part) { return nn::Linear(weights, inLayer(i, part.c_str())); };
        const auto attention = [&](const std::string& name) {
            return Attention{read(name + ".q_proj"), read(name + ".k_proj"), read(name + ".v_proj"), read(name + ".out_proj")};
        };
        const auto norm = [&](const char* part) { return nn::LayerNorm(weights, inLayer(i, part)); };
        m_layers.push_back({attention("self_attn"), attention("cross_attn_image"), read("linear1"), read("linear2"), norm("norm1"),
                            norm("norm2"), norm("norm3")});
    }
    m_norm = {weights, "norm"};
}

nn::Tensor Sam2MemoryAttention::forward(const nn::Tensor& features, const nn::Tensor& positions, const nn::Tensor& memories,
                                        const nn::Tensor& memoryPositions, std::int64_t pointers) const {
    const std::int64_t tokens = features.size(1), edge = std::lround(std::sqrt(static_cast<double>(tokens)));
    if (edge * edge != tokens || pointers < 0 || pointers > memories.size(1) || (memories.size(1) - pointers) % tokens != 0)
        throw Error(fmt::format("SAM 2: {} memories with {} pointers do not fit a frame of {} places", memories.size(1), pointers,
                                tokens));
    const nn::Tensor angles = anglesOf(edge, features.size(2));
    const nn::Tensor placed = memories.add(memoryPositions);
    nn::Tensor x = features.add(positions, kPositionShare);
    for (const Layer& layer : m_layers) {
        nn::Tensor y = layer.norm1(x);
        const auto& self = layer.self;
        x.add_(self.out(nn::attention(turned(self.query(y), angles, 0), turned(self.key(y), angles, 0), self.value(y), 1)));
        const auto& cross = layer.cross;
        x.add_(cross.out(nn::attention(turned(cross.query(layer.norm2(x)), angles, 0), turned(cross.key(placed), angles, pointers),
                                       cross.value(memories), 1)));
        x.add_(layer.down(nn::relu(layer.up(layer.norm3(x)))));
    }
    return m_norm(x);
}

std::optional<Sam2MemoryEncoder::Config> Sam2MemoryEncoder::Config::fromWeights(const tensor::Weights& weights) {
    Config config;
    config.channels = side(weights, "pix_feat_proj.weight", 0);
    config.memoryChannels = side(weights, "out_proj.weight", 0);
    config.layers = 0;
    while (weights.has(inMixer(config.layers, "gamma"))) ++config.layers;
    const bool fits = config.channels > 0 && config.memoryChannels > 0 && config.layers > 0 && weights.has(inMask(12) + ".weight");
    return fits ? std::optional(config) : std::nullopt;
}

std::map<std::string, tensor::Shape> Sam2MemoryEncoder::Config::expected() const {
    std::map<std::string, tensor::Shape> keys;
    const auto layer = [&](const std::string& name, tensor::Shape shape) {
        keys[name + ".bias"] = {shape[0]};
        keys[name + ".weight"] = std::move(shape);
    };
    for (int i = 0, in = 1; i < kMaskSteps; ++i, in *= 4) {
        layer(inMask(3 * i), {4 * in, in, 3, 3});
        layer(inMask(3 * i + 1), {4 * in});
    }
    layer(inMask(3 * kMaskSteps), {channels, 256, 1, 1});
    layer("pix_feat_proj", {channels, channels, 1, 1});
    layer("out_proj", {memoryChannels, channels, 1, 1});
    for (int i = 0; i < layers; ++i) {
        layer(inMixer(i, "dwconv"), {channels, 1, 7, 7});
        layer(inMixer(i, "norm"), {channels});
        layer(inMixer(i, "pwconv1"), {4 * channels, channels});
        layer(inMixer(i, "pwconv2"), {channels, 4 * channels});
        keys[inMixer(i, "gamma")] = {channels};
    }
    return keys;
}

Sam2MemoryEncoder::Sam2MemoryEncoder(const tensor::Weights& weights, const Config& config) {
    requireShapes(weights, config.expected());
    for (int i = 0; i < kMaskSteps; ++i) {
        m_maskDown[i] = {weights, inMask(3 * i), {.stride = 2}};
        m_maskNorms[i] = {weights, inMask(3 * i + 1), kMapNorm};
    }
    m_maskOut = {weights, inMask(3 * kMaskSteps)};
    m_features = {weights, "pix_feat_proj"};
    m_out = {weights, "out_proj"};
    for (int i = 0; i < config.layers; ++i)
        m_mixers.push_back({{weights, inMixer(i, "dwconv"), {.groups = config.channels}},
                            {weights, inMixer(i, "norm"), kMapNorm},
                            {weights, inMixer(i, "pwconv1")},
                            {weights, inMixer(i, "pwconv2")},
                            weights.tensor(inMixer(i, "gamma"))});
}

nn::Tensor Sam2MemoryEncoder::forward(const nn::Tensor& features, const nn::Tensor& logits) const {
    return remember(features, logits.sigmoid());
}

nn::Tensor Sam2MemoryEncoder::remember(const nn::Tensor& features, nn::Tensor mask) const {
    for (int i = 0; i < kMaskSteps; ++i) // norms go over the channels of a pixel, which lie side by side
        mask = nn::gelu(m_maskNorms[i](m_maskDown[i](mask).permute({0, 2, 3, 1}))).permute({0, 3, 1, 2});
    nn::Tensor x = m_features(features).add_(m_maskOut(mask)).permute({0, 2, 3, 1}); // [N, h, w, channels]
    for (const Mixer& mixer : m_mixers) {
        const nn::Tensor y = mixer.norm(mixer.spread(x.permute({0, 3, 1, 2})).permute({0, 2, 3, 1}));
        x = x.addcmul(mixer.down(nn::gelu(mixer.up(y))), mixer.scale);
    }
    return m_out(x.permute({0, 3, 1, 2}));
}

} // namespace ochre::models
