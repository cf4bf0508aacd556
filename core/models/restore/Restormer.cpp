// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/Restormer.h"

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/Attention.h"

namespace ochre::models {
namespace {

constexpr double kLeastNorm = 1e-12;
constexpr int kMultiple = 8; // three times halved
constexpr std::int64_t kOverPixels[] = {0}; // of tokens [pixels, channels]

std::string encoder(std::size_t level) {
    return level == 3 ? std::string("latent") : fmt::format("encoder_level{}", level + 1);
}

std::string decoder(std::size_t level) {
    return fmt::format("decoder_level{}", level + 1);
}

std::string downName(std::size_t level) {
    return fmt::format("down{}_{}.body.0", level + 1, level + 2);
}

std::string upName(std::size_t level) {
    return fmt::format("up{}_{}.body.0", level + 2, level + 1);
}

std::string reduceName(std::size_t level) {
    return fmt::format("reduce_chan_level{}", level + 1);
}

int countBlocks(const tensor::Weights& weights, const std::string& level) {
    int count = 0;
    while (weights.has(fmt::format("{}.{}.attn.qkv.weight", level, count))) ++count;
    return count;
}

/// [pixels, channels] → [channels, 1], in float32 and not 0.
nn::Tensor lengths(const nn::Tensor& x) {
    return x.square().sum(kOverPixels, false, at::kFloat).sqrt().clamp_min(kLeastNorm).unsqueeze(1);
}

nn::Tensor tensorOrNone(const tensor::Weights& weights, const std::string& name) {
    return weights.has(name) ? weights.tensor(name) : nn::Tensor();
}

/// The halves of the output channels the other way round: nn::gatedGelu has the gate behind.
nn::Tensor swapped(const tensor::Weights& weights, const std::string& name) {
    const nn::Tensor x = tensorOrNone(weights, name);
    if (!x.defined()) return x;
    const std::int64_t half = x.size(0) / 2;
    return nn::cat({nn::narrow(x, 0, half, half), nn::narrow(x, 0, 0, half)}, 0);
}

} // namespace

std::optional<Restormer::Config> Restormer::Config::fromWeights(const tensor::Weights& weights) {
    for (const char* name : {"patch_embed.proj.weight", "encoder_level1.0.attn.qkv_dwconv.weight",
                             "latent.0.ffn.project_in.weight", "output.weight"})
        if (!weights.has(name) || weights.shape(name).size() != 4) return std::nullopt;
    Config config;
    const auto side = [&](const std::string& name, std::size_t dimension) {
        return static_cast<int>(weights.size(name, dimension));
    };
    config.width = side("patch_embed.proj.weight", 0);
    config.inChannels = side("patch_embed.proj.weight", 1);
    config.outChannels = side("output.weight", 0);
    for (std::size_t i = 0; i < 4; ++i) {
        const std::string first = encoder(i) + ".0.";
        if (!weights.has(first + "attn.temperature") || !weights.has(first + "ffn.project_in.weight")) return std::nullopt;
        config.blocks[i] = countBlocks(weights, encoder(i));
        config.heads[i] = side(first + "attn.temperature", 0);
        config.hidden[i] = side(first + "ffn.project_in.weight", 0) / 2;
        if (config.heads[i] < 1 || (config.width << i) % config.heads[i] != 0) return std::nullopt;
    }
    for (std::size_t i = 0; i < 3; ++i) config.decoders[i] = countBlocks(weights, decoder(i));
    config.refinement = countBlocks(weights, "refinement");
    config.normBias = weights.has("encoder_level1.0.norm1.body.bias");
    config.bias = weights.has("encoder_level1.0.attn.qkv.bias");
    config.dualPixel = weights.has("skip_conv.weight");
    if (!config.dualPixel && config.inChannels != config.outChannels) return std::nullopt;
    return config;
}

KeyShapes Restormer::Config::expected() const {
    KeyShapes keys;
    const auto conv = [&](const std::string& name, std::int64_t out, std::int64_t in, std::int64_t kernel) {
        addLayerKeys(keys, name, {out, in, kernel, kernel}, bias);
    };
    const auto level = [&](const std::string& name, int count, std::int64_t channels, std::int64_t headCount,
                           std::int64_t inner) {
        for (int i = 0; i < count; ++i) {
            const std::string block = fmt::format("{}.{}.", name, i);
            addLayerKeys(keys, block + "norm1.body", {channels}, normBias);
            keys[block + "attn.temperature"] = {headCount, 1, 1};
            conv(block + "attn.qkv", 3 * channels, channels, 1);
            conv(block + "attn.qkv_dwconv", 3 * channels, 1, 3);
            conv(block + "attn.project_out", channels, channels, 1);
            addLayerKeys(keys, block + "norm2.body", {channels}, normBias);
            conv(block + "ffn.project_in", 2 * inner, channels, 1);
            conv(block + "ffn.dwconv", 2 * inner, 1, 3);
            conv(block + "ffn.project_out", channels, inner, 1);
        }
    };
    conv("patch_embed.proj", width, inChannels, 3);
    for (std::size_t i = 0; i < 4; ++i) level(encoder(i), blocks[i], std::int64_t{width} << i, heads[i], hidden[i]);
    for (std::size_t i = 0; i < 3; ++i) {
        const std::int64_t channels = std::int64_t{width} << i;
        addLayerKeys(keys, downName(i), {channels / 2, channels, 3, 3}, false);
        addLayerKeys(keys, upName(i), {4 * channels, 2 * channels, 3, 3}, false);
        if (i > 0) conv(reduceName(i), channels, 2 * channels, 1);
        const std::size_t wide = i == 0 ? 1 : i; // the first level keeps the joined channels
        level(decoder(i), decoders[i], std::int64_t{width} << wide, heads[i], hidden[wide]);
    }
    level("refinement", refinement, 2 * width, heads[0], hidden[1]);
    if (dualPixel) conv("skip_conv", 2 * width, width, 1);
    conv("output", outChannels, 2 * width, 3);
    return keys;
}

Restormer::Norm::Norm(const tensor::Weights& weights, const std::string& name)
    : m_keepsMean(!weights.has(name + ".body.bias")) {
    if (m_keepsMean)
        m_scaling = nn::ScaleNorm(weights.tensor(name + ".body.weight"));
    else
        m_centring = {weights, name + ".body"};
}

nn::Tensor Restormer::Norm::operator()(const nn::Tensor& x) const {
    return m_keepsMean ? m_scaling(x) : m_centring(x);
}

Restormer::Level Restormer::readLevel(const tensor::Weights& weights, const std::string& name, int count,
                                      std::int64_t width) const {
    Level level;
    for (int i = 0; i < count; ++i) {
        const tensor::Weights w = weights.sub(fmt::format("{}.{}.", name, i));
        const nn::Conv2dOptions eachOfThree{.groups = static_cast<int>(3 * width)},
            eachHidden{.groups = static_cast<int>(w.size("ffn.project_in.weight", 0))};
        level.push_back({.norm1 = {w, "norm1"},
                         .queryKeyValue = {w, "attn.qkv"},
                         .aroundQueryKeyValue = {w, "attn.qkv_dwconv", eachOfThree},
                         .temperature = w.tensor("attn.temperature"),
                         .project = w.tensor("attn.project_out.weight").flatten(1),
                         .projectBias = tensorOrNone(w, "attn.project_out.bias"),
                         .norm2 = {w, "norm2"},
                         .up = {swapped(w, "ffn.project_in.weight"), swapped(w, "ffn.project_in.bias")},
                         .around = {swapped(w, "ffn.dwconv.weight"), swapped(w, "ffn.dwconv.bias"), eachHidden},
                         .down = {w, "ffn.project_out"}});
    }
    return level;
}

Restormer::Restormer(const tensor::Weights& weights, const Config& config) : m_config(config) {
    requireShapes(weights, config.expected());
    m_first = {weights, "patch_embed.proj"};
    const auto widthOf = [&](std::size_t level) { return std::int64_t{config.width} << level; };
    for (std::size_t i = 0; i < 4; ++i) m_encoders[i] = readLevel(weights, encoder(i), config.blocks[i], widthOf(i));
    for (std::size_t i = 0; i < 3; ++i) {
        m_down[i] = {weights, downName(i)};
        m_up[i] = {weights, upName(i)};
        if (i > 0) m_reduce[i] = {weights, reduceName(i)};
        m_decoders[i] = readLevel(weights, decoder(i), config.decoders[i], widthOf(i == 0 ? 1 : i));
    }
    m_refinement = readLevel(weights, "refinement", config.refinement, widthOf(1));
    if (config.dualPixel) m_skip = {weights, "skip_conv"};
    m_last = {weights, "output"};
}

/// x [N, C, H, W] → [N, H·W, C]: each channel becomes a mixture of those of its head, by how alike they run over the
/// picture.
nn::Tensor Restormer::attend(const Block& block, const nn::Tensor& x) {
    const std::int64_t width = x.size(1), heads = block.temperature.size(0), inHead = width / heads;
    const nn::Tensor inside = pictureOf(block.queryKeyValue(block.norm1(tokensOf(x))), x.size(2), x.size(3));
    const nn::Tensor qkv = tokensOf(block.aroundQueryKeyValue(inside)); // [N, H·W, 3·C]
    std::vector<nn::Tensor> results;
    for (std::int64_t n = 0; n < x.size(0); ++n) {
        const nn::Tensor one = qkv.select(0, n);
        const nn::Tensor norms = lengths(nn::narrow(one, 1, 0, 2 * width)); // [2·C, 1]
        std::vector<nn::Tensor> mixers;
        for (std::int64_t head = 0; head < heads; ++head) {
            const auto part = [&](const nn::Tensor& all, std::int64_t dimension, std::int64_t kind) {
                return nn::narrow(all, dimension, kind * width + head * inHead, inHead);
            };
            nn::Tensor alike = part(one, 1, 0).t().matmul(part(one, 1, 1)); // [C/heads, C/heads]
            alike = alike.div(part(norms, 0, 0)).div(part(norms, 0, 1).t()); // in float32
            alike = nn::softmax(alike.mul(block.temperature.select(0, head))).to(x.scalar_type());
            mixers.push_back(nn::narrow(block.project, 1, head * inHead, inHead).matmul(alike)); // [C, C/heads]
        }
        results.push_back(nn::narrow(one, 1, 2 * width, width).matmul(nn::cat(mixers, 1).t()));
        if (block.projectBias.defined()) results.back().add_(block.projectBias);
    }
    return nn::cat(results, 0).view({x.size(0), -1, width});
}

/// x [N, C, H, W] → the same.
nn::Tensor Restormer::run(const Level& level, const nn::Tensor& x) {
    const std::int64_t height = x.size(2), width = x.size(3);
    nn::Tensor tokens = tokensOf(x); // [N, H·W, C]
    for (const Block& block : level) {
        tokens = tokens.add(attend(block, pictureOf(tokens, height, width)));
        // [N, 2·hidden, H, W]
        const nn::Tensor wide = block.around(pictureOf(block.up(block.norm2(tokens)), height, width));
        nn::addInPlace(tokens, block.down(nn::gatedGelu(tokensOf(wide))));
    }
    return pictureOf(tokens, height, width);
}

nn::Tensor Restormer::forward(const nn::Tensor& image) const {
    if (image.size(2) % kMultiple != 0 || image.size(3) % kMultiple != 0)
        throw Error(fmt::format("Restormer: sides of {} and {} are no multiples of {}", image.size(3), image.size(2),
                                kMultiple));
    const nn::Tensor shallow = m_first(nn::channelsLast(image)); // [N, width, H, W]
    std::array<nn::Tensor, 3> skips;
    nn::Tensor x = shallow;
    for (std::size_t i = 0; i < 3; ++i) {
        skips[i] = run(m_encoders[i], x);
        x = nn::channelsLast(nn::pixelUnshuffle(m_down[i](skips[i]), 2)); // [N, 2·width, H/2, W/2], …
    }
    x = run(m_encoders[3], x);
    for (std::size_t i = 3; i-- > 0;) {
        x = nn::channelsLast(nn::cat({nn::pixelShuffle(m_up[i](x), 2), skips[i]}));
        if (i > 0) x = pictureOf(m_reduce[i](tokensOf(x)), x.size(2), x.size(3));
        x = run(m_decoders[i], x);
    }
    x = run(m_refinement, x); // [N, 2·width, H, W]
    if (!m_config.dualPixel) return m_last(x).add(image);
    return m_last(x.add(pictureOf(m_skip(tokensOf(shallow)), x.size(2), x.size(3))));
}

} // namespace ochre::models
