// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/RetinexTransformer.h"

#include <utility>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/restore/RetinexUNet.h"
#include "core/tensor/Attention.h"

namespace ochre::models {
namespace {

constexpr double kLeastNorm = 1e-12;
constexpr int kMultiple = 4; // twice halved
constexpr std::int64_t kOverPixels[] = {3};
constexpr std::array<int, 3> kSurroundings{3, 5, 7};
constexpr std::array<const char*, 7> kStages{"encoder_level1", "encoder_level2", "encoder_level3", "decoder_level3",
                                             "decoder_level2", "decoder_level1", "refinement"};
constexpr std::size_t kRefinement = 6;

std::string blockName(std::size_t stage, int index) {
    return fmt::format("{}.{}.", kStages[stage], index);
}

/// x [N, heads, D, pixels] → the same, of length 1 over the pixels.
nn::Tensor unit(const nn::Tensor& x) {
    return x.div(x.square().sum(kOverPixels, true).sqrt().clamp_min(kLeastNorm));
}

} // namespace

int RetinexTransformer::Config::widthOf(std::size_t stage) const {
    constexpr std::array<int, 7> kTimes{1, 2, 4, 4, 2, 2, 2}; // the last levels keep the joined channels
    return width * kTimes[stage];
}

std::optional<RetinexTransformer::Config> RetinexTransformer::Config::fromWeights(const tensor::Weights& weights) {
    for (const char* name : {"patch_embed.proj.weight", "encoder_level3.0.ffn.dwconv.weight", "output.weight"})
        if (!weights.has(name) || weights.shape(name).size() != 4) return std::nullopt;
    if (weights.size("encoder_level3.0.ffn.dwconv.weight", 1) == 1) return std::nullopt; // Restormer's
    Config config;
    const auto side = [&](const std::string& name, std::size_t dimension) {
        return static_cast<int>(weights.size(name, dimension));
    };
    config.width = side("patch_embed.proj.weight", 0);
    config.inChannels = side("patch_embed.proj.weight", 1);
    config.outChannels = side("output.weight", 0);
    config.wide = weights.has("encoder_level1.0.attn.q_proj.weight");
    config.noisy = weights.has("noise_level_mlp.1.weight");
    for (std::size_t i = 0; i < kStages.size(); ++i) {
        while (weights.has(blockName(i, config.blocks[i]) + "attn.qkv.weight")) ++config.blocks[i];
        config.toldAt[i] = config.noisy && weights.has(blockName(i, config.blocks[i]) + "noise_func.0.weight");
        const std::string first = blockName(i, 0);
        if (!weights.has(first + "attn.temperature") || !weights.has(first + "ffn.project_in.weight")) return std::nullopt;
        config.heads[i] = side(first + "attn.temperature", 0);
        config.hidden[i] = side(first + "ffn.project_in.weight", 0);
        if (config.heads[i] < 1 || config.widthOf(i) % config.heads[i] != 0) return std::nullopt;
    }
    return config;
}

KeyShapes RetinexTransformer::Config::expected() const {
    KeyShapes keys;
    const auto conv = [&](const std::string& name, int out, int in, int kernel) {
        addLayerKeys(keys, name, {out, in, kernel, kernel}, false);
    };
    for (std::size_t i = 0; i < kStages.size(); ++i) {
        const int w = widthOf(i);
        for (int b = 0; b < blocks[i]; ++b) {
            const std::string block = blockName(i, b);
            addLayerKeys(keys, block + "norm1.body", {w});
            keys[block + "attn.temperature"] = {heads[i], 1, 1};
            conv(block + "attn.qkv", 3 * w, w, 1);
            if (!wide) conv(block + "attn.qkv_dwconv", 3 * w, 1, 3);
            for (const int size : kSurroundings)
                if (wide) conv(fmt::format("{}attn.qkv_dwconv_{}", block, size), 3 * w, 1, size);
            for (const char* part : {"attn.q_proj", "attn.k_proj", "attn.v_proj"})
                if (wide) conv(block + part, w, 3 * w, 1);
            conv(block + "attn.project_out", w, w, 1);
            addLayerKeys(keys, block + "norm2.body", {w});
            conv(block + "ffn.project_in", hidden[i], w, 1);
            conv(block + "ffn.dwconv", hidden[i], hidden[i], 3);
            conv(block + "ffn.project_out", w, hidden[i], 1);
        }
        if (toldAt[i]) addLayerKeys(keys, blockName(i, blocks[i]) + "noise_func.0", {w, width});
    }
    if (noisy) {
        addLayerKeys(keys, "noise_level_mlp.1", {4 * width, width});
        addLayerKeys(keys, "noise_level_mlp.3", {width, 4 * width});
    }
    conv("patch_embed.proj", width, inChannels, 3);
    conv("down1_2.body.0", width / 2, width, 3);
    conv("down2_3.body.0", width, 2 * width, 3);
    conv("up3_2.body.0", 8 * width, 4 * width, 3);
    conv("reduce_chan_level2", 2 * width, 4 * width, 1);
    conv("up2_1.body.0", 4 * width, 2 * width, 3);
    conv("output", outChannels, 2 * width, 3);
    return keys;
}

RetinexTransformer::Stage RetinexTransformer::readStage(const tensor::Weights& weights, std::size_t index) const {
    Stage stage;
    const nn::Conv2dOptions eachChannel{.groups = 3 * m_config.widthOf(index)};
    for (int b = 0; b < m_config.blocks[index]; ++b) {
        const tensor::Weights w = weights.sub(blockName(index, b));
        Block block{.norm1 = {w, "norm1.body"},
                    .queryKeyValue = {w, "attn.qkv"},
                    .around = {},
                    .gather = {},
                    .temperature = w.tensor("attn.temperature"),
                    .project = {w, "attn.project_out"},
                    .norm2 = {w, "norm2.body"},
                    .up = {w, "ffn.project_in"},
                    .mix = {w, "ffn.dwconv"},
                    .down = {w, "ffn.project_out"}};
        if (!m_config.wide) block.around.emplace_back(w, "attn.qkv_dwconv", eachChannel);
        for (const int size : kSurroundings)
            if (m_config.wide) block.around.emplace_back(w, fmt::format("attn.qkv_dwconv_{}", size), eachChannel);
        for (const char* part : {"attn.q_proj", "attn.k_proj", "attn.v_proj"})
            if (m_config.wide) block.gather.emplace_back(w, part);
        stage.blocks.push_back(std::move(block));
    }
    if (m_config.toldAt[index])
        stage.noise = {weights, blockName(index, m_config.blocks[index]) + "noise_func.0"};
    return stage;
}

RetinexTransformer::RetinexTransformer(const tensor::Weights& weights, const Config& config) : m_config(config) {
    requireShapes(weights, config.expected());
    if (config.noisy) {
        m_noiseUp = {weights, "noise_level_mlp.1"};
        m_noiseDown = {weights, "noise_level_mlp.3"};
    }
    m_first = {weights, "patch_embed.proj"};
    for (std::size_t i = 0; i < kStages.size(); ++i) m_stages[i] = readStage(weights, i);
    m_halve = {nn::Conv2d{weights, "down1_2.body.0"}, nn::Conv2d{weights, "down2_3.body.0"}};
    m_double = {nn::Conv2d{weights, "up3_2.body.0"}, nn::Conv2d{weights, "up2_1.body.0"}};
    m_reduce = {weights, "reduce_chan_level2"};
    m_last = {weights, "output"};
}

/// x [N, C, H, W] → tokens [N, H·W, C]: each channel becomes a mixture of those of its head, by how alike they run over the
/// picture.
nn::Tensor RetinexTransformer::attend(const Block& block, const nn::Tensor& x) {
    const std::int64_t count = x.size(0), height = x.size(2), width = x.size(3), channels = x.size(1);
    const nn::Tensor all = pictureOf(block.queryKeyValue(block.norm1(tokensOf(x))), height, width);
    std::vector<nn::Tensor> seen; // [N, 3·C, H, W] of each size of surroundings
    for (const nn::Conv2d& around : block.around) seen.push_back(around(all));
    const auto part = [&](std::int64_t index) {
        std::vector<nn::Tensor> parts;
        for (const nn::Tensor& one : seen) parts.push_back(nn::narrow(one, 1, index * channels, channels));
        nn::Tensor tokens = tokensOf(nn::cat(parts));
        if (!block.gather.empty()) tokens = block.gather[static_cast<std::size_t>(index)](tokens);
        return tokens.transpose(1, 2).reshape({count, block.temperature.size(0), -1, height * width});
    };
    const nn::Tensor alike = unit(part(0)).matmul(unit(part(1)).transpose(2, 3)).mul(block.temperature);
    const nn::Tensor mixed = nn::softmax(alike).matmul(part(2)); // [N, heads, D, H·W]
    return block.project(mixed.reshape({count, channels, height * width}).transpose(1, 2));
}

nn::Tensor RetinexTransformer::run(std::size_t index, nn::Tensor x, const nn::Tensor& noise) const {
    const Stage& stage = m_stages[index];
    const std::int64_t height = x.size(2), width = x.size(3);
    for (const Block& block : stage.blocks) {
        x = x.add(pictureOf(attend(block, x), height, width));
        const nn::Tensor wide = block.mix(pictureOf(block.up(block.norm2(tokensOf(x))), height, width));
        x = x.add(pictureOf(block.down(nn::gelu(tokensOf(wide))), height, width));
    }
    if (!m_config.toldAt[index]) return x;
    return x.add(stage.noise(noise).unsqueeze(2).unsqueeze(3));
}

nn::Tensor RetinexTransformer::forward(const nn::Tensor& x, const nn::Tensor& level) const {
    if (x.size(2) % kMultiple != 0 || x.size(3) % kMultiple != 0)
        throw Error(fmt::format("Diff-Retinex: sides of {} and {} are no multiples of {}", x.size(3), x.size(2), kMultiple));
    nn::Tensor noise;
    if (m_config.noisy) noise = m_noiseDown(nn::silu(m_noiseUp(noiseWaves(level, m_config.width).to(x.scalar_type()))));
    const auto half = [&](std::size_t i, const nn::Tensor& y) {
        return nn::channelsLast(nn::pixelUnshuffle(m_halve[i](y), 2));
    };
    const auto doubled = [&](std::size_t i, const nn::Tensor& y, const nn::Tensor& skip) {
        return nn::channelsLast(nn::cat({nn::pixelShuffle(m_double[i](y), 2), skip}));
    };
    const nn::Tensor first = run(0, m_first(nn::channelsLast(x)), noise); // [N, width, H, W]
    const nn::Tensor second = run(1, half(0, first), noise);              // [N, 2·width, H/2, W/2]
    nn::Tensor y = run(3, run(2, half(1, second), noise), noise);         // [N, 4·width, H/4, W/4]
    y = doubled(0, y, second);
    y = run(4, pictureOf(m_reduce(tokensOf(y)), y.size(2), y.size(3)), noise);
    y = run(5, doubled(1, y, first), noise);
    return m_last(run(kRefinement, y, noise));
}

} // namespace ochre::models
