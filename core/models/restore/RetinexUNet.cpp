// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/RetinexUNet.h"

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/Attention.h"

namespace ochre::models {
namespace {

constexpr const char* kNoise = ".res_block.noise_func.noise_func.0";

std::string down(std::size_t index) {
    return fmt::format("downs.{}", index);
}

std::string up(std::size_t index) {
    return fmt::format("ups.{}", index);
}

} // namespace

nn::Tensor noiseWaves(const nn::Tensor& level, std::int64_t width) {
    const nn::Tensor waves = nn::timestepEmbedding(level.flatten(), width); // cosines first
    const std::int64_t half = width / 2;
    return nn::cat({nn::narrow(waves, 1, half, half), nn::narrow(waves, 1, 0, half)});
}

std::optional<RetinexUNet::Config> RetinexUNet::Config::fromWeights(const tensor::Weights& weights) {
    for (const char* name : {"downs.0.weight", "noise_level_mlp.1.weight", "mid.0.attn.qkv.weight"})
        if (!weights.has(name) || weights.shape(name).size() < 2) return std::nullopt;
    Config config;
    config.inner = static_cast<int>(weights.size("downs.0.weight", 0));
    config.inChannels = static_cast<int>(weights.size("downs.0.weight", 1));
    config.normed = weights.has("final_conv.block.3.weight");
    const std::string last = fmt::format("final_conv.block.{}.weight", config.normed ? 3 : 2);
    if (!weights.has(last)) return std::nullopt;
    config.outChannels = static_cast<int>(weights.size(last, 0));
    config.groups = config.outChannels == 1 ? 1 : 32;
    config.blocks = 0;
    bool begins = true;
    for (std::size_t i = 1;; ++i) {
        if (weights.has(down(i) + ".conv.weight")) {
            begins = true;
            continue;
        }
        const std::string noise = down(i) + kNoise + ".weight";
        if (!weights.has(noise)) break;
        if (begins)
            config.levels.push_back({.width = static_cast<int>(weights.size(noise, 0)),
                                     .attention = weights.has(down(i) + ".attn.qkv.weight")});
        begins = false;
        if (config.levels.size() == 1) ++config.blocks;
    }
    return config.levels.empty() ? std::nullopt : std::optional(config);
}

KeyShapes RetinexUNet::Config::expected() const {
    KeyShapes keys;
    const std::string conv = normed ? ".block.3" : ".block.2";
    const auto block = [&](const std::string& name, int out, int in) {
        if (normed) addLayerKeys(keys, name + ".block.0", {in});
        addLayerKeys(keys, name + conv, {out, in, 3, 3});
    };
    const auto residual = [&](const std::string& name, int out, int in, bool attention) {
        block(name + ".res_block.block1", out, in);
        block(name + ".res_block.block2", out, out);
        addLayerKeys(keys, name + kNoise, {out, inner});
        if (out != in) addLayerKeys(keys, name + ".res_block.res_conv", {out, in, 1, 1});
        if (!attention) return;
        addLayerKeys(keys, name + ".attn.norm", {out});
        addLayerKeys(keys, name + ".attn.qkv", {3 * out, out, 1, 1}, false);
        addLayerKeys(keys, name + ".attn.out", {out, out, 1, 1});
    };
    addLayerKeys(keys, "noise_level_mlp.1", {4 * inner, inner});
    addLayerKeys(keys, "noise_level_mlp.3", {inner, 4 * inner});
    addLayerKeys(keys, "downs.0", {inner, inChannels, 3, 3});
    std::vector<int> skips{inner};
    int width = inner;
    for (std::size_t level = 0; level < levels.size(); ++level) {
        for (int i = 0; i < blocks; ++i) {
            residual(down(skips.size()), levels[level].width, width, levels[level].attention);
            skips.push_back(width = levels[level].width);
        }
        if (level + 1 == levels.size()) break;
        addLayerKeys(keys, down(skips.size()) + ".conv", {width, width, 3, 3});
        skips.push_back(width);
    }
    residual("mid.0", width, width, true);
    residual("mid.1", width, width, false);
    for (std::size_t level = levels.size(), index = 0; level-- > 0;) {
        for (int i = 0; i <= blocks; ++i) {
            residual(up(index++), levels[level].width, width + skips.back(), levels[level].attention);
            width = levels[level].width;
            skips.pop_back();
        }
        if (level > 0) addLayerKeys(keys, up(index++) + ".conv", {width, width, 3, 3});
    }
    block("final_conv", outChannels, width);
    return keys;
}

RetinexUNet::Block RetinexUNet::readBlock(const tensor::Weights& weights, const std::string& name) const {
    Block block;
    if (m_config.normed) block.norm = {weights, name + ".block.0", m_config.groups};
    block.conv = {weights, name + (m_config.normed ? ".block.3" : ".block.2")};
    return block;
}

RetinexUNet::Layer RetinexUNet::readLayer(const tensor::Weights& weights, const std::string& name, int stride) const {
    Layer layer;
    layer.residual = weights.has(name + kNoise + ".weight");
    if (!layer.residual) {
        layer.conv = {weights, name + ".conv", {.stride = stride, .padding = 1}};
        return layer;
    }
    layer.first = readBlock(weights, name + ".res_block.block1");
    layer.second = readBlock(weights, name + ".res_block.block2");
    layer.noise = {weights, name + kNoise};
    if (weights.has(name + ".res_block.res_conv.weight")) layer.shortcut = {weights, name + ".res_block.res_conv"};
    layer.attention = weights.has(name + ".attn.qkv.weight");
    if (!layer.attention) return layer;
    layer.norm = {weights, name + ".attn.norm", m_config.groups};
    layer.queryKeyValue = {weights, name + ".attn.qkv"};
    layer.out = {weights, name + ".attn.out"};
    return layer;
}

RetinexUNet::RetinexUNet(const tensor::Weights& weights, const Config& config) : m_config(config) {
    requireShapes(weights, config.expected());
    m_noiseUp = {weights, "noise_level_mlp.1"};
    m_noiseDown = {weights, "noise_level_mlp.3"};
    m_first = {weights, "downs.0"};
    const int count = static_cast<int>(config.levels.size());
    for (int i = 1; i < count * (config.blocks + 1); ++i) // a level ends with what halves, but for the last
        m_downs.push_back(readLayer(weights, down(static_cast<std::size_t>(i)), 2));
    for (const char* name : {"mid.0", "mid.1"}) m_middle.push_back(readLayer(weights, name, 1));
    for (int i = 0; i < count * (config.blocks + 2) - 1; ++i)
        m_ups.push_back(readLayer(weights, up(static_cast<std::size_t>(i)), 1));
    m_last = readBlock(weights, "final_conv");
}

nn::Tensor RetinexUNet::run(const Block& block, const nn::Tensor& x) const {
    return block.conv(m_config.normed ? block.norm(x, nn::Activation::silu()) : nn::silu(x));
}

/// x [N, C, H, W], noise [N, inner] → [N, C', H, W].
nn::Tensor RetinexUNet::run(const Layer& layer, const nn::Tensor& x, const nn::Tensor& noise) const {
    nn::Tensor y = run(layer.first, x);
    y = run(layer.second, y.add(layer.noise(noise).unsqueeze(2).unsqueeze(3)));
    y = y.add(layer.shortcut.outChannels() > 0 ? layer.shortcut(x) : x);
    if (!layer.attention) return y;
    const nn::Tensor all = layer.queryKeyValue(tokensOf(layer.norm(y))); // [N, H·W, 3·C]
    const std::int64_t width = y.size(1);
    const nn::Tensor mixed = nn::attention(nn::narrow(all, 2, 0, width), nn::narrow(all, 2, width, width),
                                           nn::narrow(all, 2, 2 * width, width), 1);
    return y.add(pictureOf(layer.out(mixed), y.size(2), y.size(3)));
}

nn::Tensor RetinexUNet::forward(const nn::Tensor& x, const nn::Tensor& level) const {
    const int multiple = m_config.multiple();
    if (x.size(2) % multiple != 0 || x.size(3) % multiple != 0)
        throw Error(fmt::format("Diff-Retinex: sides of {} and {} are no multiples of {}", x.size(3), x.size(2), multiple));
    const nn::Tensor waves = noiseWaves(level, m_config.inner).to(x.scalar_type());
    const nn::Tensor noise = m_noiseDown(nn::silu(m_noiseUp(waves))); // [N, inner]
    nn::Tensor y = m_first(nn::channelsLast(x));
    std::vector<nn::Tensor> skips{y};
    for (const Layer& layer : m_downs) skips.push_back(y = layer.residual ? run(layer, y, noise) : layer.conv(y));
    for (const Layer& layer : m_middle) y = run(layer, y, noise);
    for (const Layer& layer : m_ups) {
        if (!layer.residual) {
            y = layer.conv(nn::upsampleNearest(y, 2));
            continue;
        }
        y = run(layer, nn::cat({y, skips.back()}), noise);
        skips.pop_back();
    }
    y = run(m_last, y);
    return m_config.normed ? y : y.add(nn::narrow(x, 1, m_config.inChannels - m_config.outChannels, m_config.outChannels));
}

} // namespace ochre::models
