// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/DinoV2.h"

#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/NetworkParts.h"
#include "core/tensor/Attention.h"
#include "core/tensor/Resample.h"

namespace ochre::models {
namespace {

constexpr double kEpsilon = 1e-6;
constexpr int kHeadWidth = 64;
constexpr std::int64_t kTokensAtOnce = 512; // that go through the wide middle of a block together, and stay in the cache
/// Added to the patches a side where positions are resampled for a network without registers, against rounding.
constexpr double kOffset = 0.1;

std::string inBlock(int index, const char* part) {
    return fmt::format("blocks.{}.{}", index, part);
}

} // namespace

std::optional<DinoV2::Config> DinoV2::Config::fromWeights(const tensor::Weights& weights) {
    const auto side = [&](const std::string& name, std::size_t dimension, std::size_t dimensions) {
        return weights.has(name) && weights.shape(name).size() == dimensions ? static_cast<int>(weights.size(name, dimension)) : 0;
    };
    Config config;
    config.width = side("cls_token", 2, 3);
    config.patch = side("patch_embed.proj.weight", 2, 4);
    config.grid = static_cast<int>(std::lround(std::sqrt(std::max(0, side("pos_embed", 1, 3) - 1))));
    config.registers = side("register_tokens", 1, 3);
    config.gated = weights.has(inBlock(0, "mlp.w12.weight"));
    config.inner = config.gated ? side(inBlock(0, "mlp.w3.weight"), 1, 2) : side(inBlock(0, "mlp.fc1.weight"), 0, 2);
    config.layers = 0;
    while (weights.has(inBlock(config.layers, "ls1.gamma"))) ++config.layers;
    config.heads = std::max(1, config.width / kHeadWidth);
    for (const int value : {config.width, config.patch, config.grid, config.inner, config.layers})
        if (value < 1) return std::nullopt;
    return config;
}

std::map<std::string, tensor::Shape> DinoV2::Config::expected() const {
    std::map<std::string, tensor::Shape> keys;
    const auto linear = [&](const std::string& name, int in, int out) {
        keys[name + ".weight"] = {out, in};
        keys[name + ".bias"] = {out};
    };
    const auto norm = [&](const std::string& name) {
        for (const char* of : {".weight", ".bias"}) keys[name + of] = {width};
    };
    keys["cls_token"] = {1, 1, width};
    keys["pos_embed"] = {1, 1 + std::int64_t{grid} * grid, width};
    if (registers > 0) keys["register_tokens"] = {1, registers, width};
    keys["patch_embed.proj.weight"] = {width, 3, patch, patch};
    keys["patch_embed.proj.bias"] = {width};
    for (int i = 0; i < layers; ++i) {
        norm(inBlock(i, "norm1"));
        norm(inBlock(i, "norm2"));
        linear(inBlock(i, "attn.qkv"), width, 3 * width);
        linear(inBlock(i, "attn.proj"), width, width);
        for (const char* scale : {"ls1.gamma", "ls2.gamma"}) keys[inBlock(i, scale)] = {width};
        linear(inBlock(i, gated ? "mlp.w12" : "mlp.fc1"), width, gated ? 2 * inner : inner);
        linear(inBlock(i, gated ? "mlp.w3" : "mlp.fc2"), inner, width);
    }
    norm("norm");
    return keys;
}

DinoV2::DinoV2(const tensor::Weights& weights, const Config& config) : m_config(config) {
    if (config.heads < 1 || config.width % config.heads != 0)
        throw Error(fmt::format("{}: a width of {} is not {} equal heads", weights.subject(), config.width, config.heads),
                    "choose the weights of a released DINOv2");
    requireShapes(weights, config.expected());
    m_whole = weights.tensor("cls_token");
    m_positions = weights.tensor("pos_embed");
    if (config.registers > 0) m_registers = weights.tensor("register_tokens");
    m_patches = {weights, "patch_embed.proj", {.stride = config.patch, .padding = 0}};
    for (int i = 0; i < config.layers; ++i) {
        Block& block = m_blocks.emplace_back();
        block.norm1 = {weights, inBlock(i, "norm1"), kEpsilon};
        block.qkv = {weights, inBlock(i, "attn.qkv")};
        block.out = {weights, inBlock(i, "attn.proj")};
        block.scale1 = weights.tensor(inBlock(i, "ls1.gamma"));
        block.norm2 = {weights, inBlock(i, "norm2"), kEpsilon};
        block.up = {weights, inBlock(i, config.gated ? "mlp.w12" : "mlp.fc1")};
        block.down = {weights, inBlock(i, config.gated ? "mlp.w3" : "mlp.fc2")};
        block.scale2 = weights.tensor(inBlock(i, "ls2.gamma"));
    }
    m_norm = {weights, "norm", kEpsilon};
}

/// Of patches, resampled to the picture's: [1, rows·columns, width]. The releases with registers were trained by the other
/// of two rules.
nn::Tensor DinoV2::positionsFor(std::int64_t rows, std::int64_t columns) const {
    const std::int64_t grid = m_config.grid;
    const nn::Tensor stored = m_positions.narrow(1, 1, grid * grid);
    if (rows == grid && columns == grid) return stored;
    const nn::Tensor map = stored.view({1, grid, grid, m_config.width}).permute({0, 3, 1, 2}).to(at::kFloat);
    const auto scale = [&](std::int64_t side) { return (static_cast<double>(side) + kOffset) / static_cast<double>(grid); };
    const nn::Tensor resized = m_config.registers > 0
                                   ? nn::resizeBicubicSmooth(map, rows, columns)
                                   : nn::resizeBicubicBy(map, rows, columns, scale(rows), scale(columns));
    return resized.to(stored.scalar_type()).flatten(2).transpose(1, 2);
}

nn::Tensor DinoV2::embed(const nn::Tensor& image) const {
    const std::int64_t batch = image.size(0), rows = image.size(2) / m_config.patch, columns = image.size(3) / m_config.patch;
    const nn::Tensor patches = m_patches(image).flatten(2).transpose(1, 2).add(positionsFor(rows, columns));
    std::vector<nn::Tensor> tokens{m_whole.add(m_positions.narrow(1, 0, 1)).expand({batch, -1, -1})};
    if (m_registers.defined()) tokens.push_back(m_registers.expand({batch, -1, -1}));
    tokens.push_back(patches);
    return nn::cat(tokens, 1);
}

nn::Tensor DinoV2::feedForward(const Block& block, const nn::Tensor& x) const {
    const nn::Tensor wide = block.up(x);
    if (!m_config.gated) return block.down(nn::gelu(wide));
    const std::vector<nn::Tensor> halves = wide.chunk(2, -1);
    return block.down(nn::silu(halves[0]).mul_(halves[1]));
}

DinoV2::Output DinoV2::forward(const nn::Tensor& image) const {
    const int patch = m_config.patch;
    if (image.dim() != 4 || image.size(1) != 3 || image.size(2) % patch || image.size(3) % patch || image.numel() == 0)
        throw Error(fmt::format("DINOv2: pictures are [N, 3, H, W] with sides that are multiples of {}, not {}", patch,
                                tensor::describe(image.sizes().vec())));
    nn::Tensor x = embed(image); // [N, 1 + registers + patches, width]
    for (const Block& block : m_blocks) {
        const std::vector<nn::Tensor> qkv = block.qkv(block.norm1(x)).chunk(3, -1);
        x.addcmul_(block.out(nn::attention(qkv[0], qkv[1], qkv[2], m_config.heads)), block.scale1);
        for (const nn::Tensor& part : x.view({-1, m_config.width}).split(kTokensAtOnce))
            part.addcmul_(feedForward(block, block.norm2(part)), block.scale2);
    }
    const nn::Tensor normed = m_norm(x);
    const std::int64_t first = 1 + m_config.registers;
    return {.whole = normed.select(1, 0),
            .registers = normed.narrow(1, 1, m_config.registers),
            .patches = normed.narrow(1, first, x.size(1) - first),
            .unnormed = x};
}

} // namespace ochre::models
