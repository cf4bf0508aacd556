// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/SamImageEncoder.h"

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/NetworkParts.h"
#include "core/tensor/Attention.h"
#include "core/tensor/Vision.h"

namespace ochre::models {
namespace {

constexpr std::int64_t kTokensAtOnce = 512; // that go through the wide middle of a block together, and stay in the cache

std::string inBlock(int index, const char* part) {
    return fmt::format("blocks.{}.{}", index, part);
}

/// [2·side − 1, D], one row a distance → [side, side, D], of each query and key.
nn::Tensor pairsOf(const nn::Tensor& table, std::int64_t side) {
    const nn::Tensor places = nn::range(0, side);
    const nn::Tensor distance = places.unsqueeze(1).sub(places.unsqueeze(0)).add_(side - 1);
    return table.index_select(0, distance.flatten()).view({side, side, table.size(1)});
}

} // namespace

void SamNeck::addKeys(std::map<std::string, tensor::Shape>& keys, int in, int out) {
    keys["neck.0.weight"] = {out, in, 1, 1};
    keys["neck.2.weight"] = {out, out, 3, 3};
    for (const char* norm : {"neck.1", "neck.3"})
        for (const char* of : {".weight", ".bias"}) keys[std::string(norm) + of] = {out};
}

SamNeck::SamNeck(const tensor::Weights& weights)
    : m_project(weights, "neck.0"), m_mix(weights, "neck.2"), m_firstNorm(weights, "neck.1", kEpsilon),
      m_secondNorm(weights, "neck.3", kEpsilon) {}

/// Norms go over the channels of a pixel, which lie side by side.
nn::Tensor SamNeck::operator()(const nn::Tensor& x) const {
    nn::Tensor y = m_firstNorm(m_project(x).permute({0, 2, 3, 1}));
    y = m_mix(y.permute({0, 3, 1, 2}));
    return m_secondNorm(y.permute({0, 2, 3, 1})).permute({0, 3, 1, 2});
}

std::optional<SamImageEncoder::Config> SamImageEncoder::Config::fromWeights(const tensor::Weights& weights) {
    const auto has = [&](const std::string& name, std::size_t dimensions) {
        return weights.has(name) && weights.shape(name).size() == dimensions;
    };
    if (!has("patch_embed.proj.weight", 4) || !has("pos_embed", 4) || !has("neck.2.weight", 4) ||
        !has("blocks.0.attn.rel_pos_h", 2) || !has("blocks.0.mlp.lin1.weight", 2))
        return std::nullopt;
    Config config;
    config.width = static_cast<int>(weights.size("patch_embed.proj.weight", 0));
    config.patch = static_cast<int>(weights.size("patch_embed.proj.weight", 2));
    config.grid = static_cast<int>(weights.size("pos_embed", 1));
    config.inner = static_cast<int>(weights.size("blocks.0.mlp.lin1.weight", 0));
    config.outChannels = static_cast<int>(weights.size("neck.2.weight", 0));
    config.heads = config.width / std::max(1, static_cast<int>(weights.size("blocks.0.attn.rel_pos_h", 1)));
    for (config.layers = 0; has(inBlock(config.layers, "attn.rel_pos_h"), 2); ++config.layers)
        config.windows.push_back(static_cast<int>(weights.size(inBlock(config.layers, "attn.rel_pos_h"), 0) + 1) / 2);
    if (config.heads < 1 || config.width % config.heads != 0) return std::nullopt;
    return config;
}

std::map<std::string, tensor::Shape> SamImageEncoder::Config::expected() const {
    std::map<std::string, tensor::Shape> keys;
    const auto linear = [&](const std::string& name, int in, int out) {
        keys[name + ".weight"] = {out, in};
        keys[name + ".bias"] = {out};
    };
    keys["pos_embed"] = {1, grid, grid, width};
    keys["patch_embed.proj.weight"] = {width, 3, patch, patch};
    keys["patch_embed.proj.bias"] = {width};
    for (int i = 0; i < layers; ++i) {
        for (const char* norm : {"norm1", "norm2"})
            for (const char* of : {".weight", ".bias"}) keys[inBlock(i, norm) + of] = {width};
        linear(inBlock(i, "attn.qkv"), width, 3 * width);
        linear(inBlock(i, "attn.proj"), width, width);
        for (const char* table : {"attn.rel_pos_h", "attn.rel_pos_w"})
            keys[inBlock(i, table)] = {2 * windows[static_cast<std::size_t>(i)] - 1, width / heads};
        linear(inBlock(i, "mlp.lin1"), width, inner);
        linear(inBlock(i, "mlp.lin2"), inner, width);
    }
    SamNeck::addKeys(keys, width, outChannels);
    return keys;
}

SamImageEncoder::SamImageEncoder(const tensor::Weights& weights, const Config& config) : m_config(config) {
    requireShapes(weights, config.expected());
    m_patches = {weights, "patch_embed.proj", {.stride = config.patch, .padding = 0}};
    m_positions = weights.tensor("pos_embed");
    for (int i = 0; i < config.layers; ++i) {
        Block& block = m_blocks.emplace_back();
        block.window = config.windows[static_cast<std::size_t>(i)];
        block.norm1 = {weights, inBlock(i, "norm1"), SamNeck::kEpsilon};
        block.qkv = {weights, inBlock(i, "attn.qkv")};
        block.out = {weights, inBlock(i, "attn.proj")};
        block.down = pairsOf(weights.tensor(inBlock(i, "attn.rel_pos_h")), block.window);
        block.across = pairsOf(weights.tensor(inBlock(i, "attn.rel_pos_w")), block.window);
        block.norm2 = {weights, inBlock(i, "norm2"), SamNeck::kEpsilon};
        block.up = {weights, inBlock(i, "mlp.lin1")};
        block.downProjection = {weights, inBlock(i, "mlp.lin2")};
    }
    m_neck = SamNeck(weights);
}

/// x [N, grid, grid, width] → the same.
nn::Tensor SamImageEncoder::attend(const Block& block, const nn::Tensor& x) const {
    const bool whole = block.window == m_config.grid;
    const nn::Tensor tokens = whole ? x.flatten(1, 2) : nn::splitWindows(x, block.window); // [windows, T, width]
    const std::vector<nn::Tensor> qkv = block.qkv(tokens).chunk(3, -1);
    const nn::Tensor y =
        block.out(nn::attentionWithDistances(qkv[0], qkv[1], qkv[2], m_config.heads, block.down, block.across));
    return whole ? y.view(x.sizes()) : nn::joinWindows(y, block.window, x.size(1), x.size(2));
}

nn::Tensor SamImageEncoder::forward(const nn::Tensor& image) const {
    if (image.dim() != 4 || image.size(1) != 3 || image.size(2) != m_config.side() || image.size(3) != m_config.side())
        throw Error(fmt::format("SAM: the picture is {}, its encoder takes [N, 3, {}, {}]",
                                tensor::describe(image.sizes().vec()), m_config.side(), m_config.side()));
    nn::Tensor x = m_patches(image).permute({0, 2, 3, 1}).add(m_positions); // [N, grid, grid, width]
    for (const Block& block : m_blocks) {
        x.add_(attend(block, block.norm1(x)));
        for (const nn::Tensor& part : x.view({-1, m_config.width}).split(kTokensAtOnce))
            part.add_(block.downProjection(nn::gelu(block.up(block.norm2(part)))));
    }
    return m_neck(x.permute({0, 3, 1, 2}));
}

} // namespace ochre::models
