// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/Sam2ImageEncoder.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/NetworkParts.h"
#include "core/tensor/Attention.h"
#include "core/tensor/Vision.h"

namespace ochre::models {
namespace {

constexpr double kEpsilon = 1e-6;
constexpr int kPatch = 7, kStride = 4;
constexpr std::size_t kTopDown = 2; ///< from this level of the pyramid on, the coarser one is added
constexpr int kMultiple = 32;

/// What the files do not show of a release.
struct Release {
    int width, deepest; ///< deepest: blocks of the third stage
    int heads;
    std::vector<int> windows, wholeBlocks;
};
const Release kReleases[] = {{96, 7, 1, {8, 4, 14, 7}, {5, 7, 9}},
                             {96, 11, 1, {8, 4, 14, 7}, {7, 10, 13}},
                             {112, 16, 2, {8, 4, 14, 7}, {12, 16, 20}},
                             {144, 36, 2, {8, 4, 16, 8}, {23, 33, 43}}};

std::string inBlock(int index, const char* part) {
    return fmt::format("trunk.blocks.{}.{}", index, part);
}

/// [N, H, W, C] → the largest of each 2 × 2.
nn::Tensor halved(const nn::Tensor& x) {
    return nn::maxPool(x.permute({0, 3, 1, 2}), 2, 2, 0).permute({0, 2, 3, 1});
}

} // namespace

int Sam2ImageEncoder::Config::blocks() const {
    return std::accumulate(depths.begin(), depths.end(), 0);
}

std::optional<Sam2ImageEncoder::Config> Sam2ImageEncoder::Config::fromWeights(const tensor::Weights& weights) {
    const auto side = [&](const std::string& name, std::size_t dimension) {
        return weights.has(name) && weights.shape(name).size() > dimension ? static_cast<int>(weights.size(name, dimension)) : 0;
    };
    Config config;
    config.width = side("trunk.patch_embed.proj.weight", 0);
    config.grid = side("trunk.pos_embed", 2);
    config.channels = side("neck.convs.0.conv.weight", 0);
    if (config.width < 1 || config.grid < 1 || config.channels < 1 || side("trunk.pos_embed_window", 2) < 1) return std::nullopt;
    config.depths.clear();
    int count = 0;
    for (; weights.has(inBlock(count, "norm1.weight")); ++count) {
        if (count == 0 || weights.has(inBlock(count, "proj.weight"))) config.depths.push_back(0);
        ++config.depths.back();
    }
    if (config.depths.size() != kStages) return std::nullopt;
    for (const Release& release : kReleases)
        if (release.width == config.width && release.deepest == config.depths[2]) {
            config.heads = release.heads;
            config.windows = release.windows;
            config.wholeBlocks = release.wholeBlocks;
        }
    config.windows[0] = side("trunk.pos_embed_window", 2);
    return config;
}

std::map<std::string, tensor::Shape> Sam2ImageEncoder::Config::expected() const {
    std::map<std::string, tensor::Shape> keys;
    const auto linear = [&](const std::string& name, int in, int out) {
        keys[name + ".weight"] = {out, in};
        keys[name + ".bias"] = {out};
    };
    keys["trunk.pos_embed"] = {1, width, grid, grid};
    keys["trunk.pos_embed_window"] = {1, width, windows[0], windows[0]};
    keys["trunk.patch_embed.proj.weight"] = {width, 3, kPatch, kPatch};
    keys["trunk.patch_embed.proj.bias"] = {width};
    int in = width, index = 0;
    for (std::size_t stage = 0; stage < kStages; ++stage) {
        const int out = width << stage;
        for (int i = 0; i < depths[stage]; ++i, ++index, in = out) {
            for (const char* of : {".weight", ".bias"}) {
                keys[inBlock(index, "norm1") + of] = {in};
                keys[inBlock(index, "norm2") + of] = {out};
            }
            linear(inBlock(index, "attn.qkv"), in, 3 * out);
            linear(inBlock(index, "attn.proj"), out, out);
            linear(inBlock(index, "mlp.layers.0"), out, 4 * out);
            linear(inBlock(index, "mlp.layers.1"), 4 * out, out);
            if (in != out) linear(inBlock(index, "proj"), in, out);
        }
        const std::string lateral = fmt::format("neck.convs.{}.conv", kStages - 1 - stage);
        keys[lateral + ".weight"] = {channels, out, 1, 1};
        keys[lateral + ".bias"] = {channels};
    }
    return keys;
}

Sam2ImageEncoder::Sam2ImageEncoder(const tensor::Weights& weights, const Config& config) : m_config(config) {
    requireShapes(weights, config.expected());
    m_patches = {weights, "trunk.patch_embed.proj", {.stride = kStride}};
    m_positions = weights.tensor("trunk.pos_embed");
    m_windowPositions = weights.tensor("trunk.pos_embed_window");
    int index = 0;
    for (std::size_t stage = 0; stage < kStages; ++stage)
        for (int i = 0; i < config.depths[stage]; ++i, ++index) {
            Block& block = m_blocks.emplace_back();
            const bool whole = std::ranges::find(config.wholeBlocks, index) != config.wholeBlocks.end();
            block.halves = stage > 0 && i == 0; // its window is still that of the stage before
            block.window = whole ? 0 : config.windows[block.halves ? stage - 1 : stage];
            block.heads = config.heads << stage;
            block.norm1 = {weights, inBlock(index, "norm1"), kEpsilon};
            block.qkv = {weights, inBlock(index, "attn.qkv")};
            block.out = {weights, inBlock(index, "attn.proj")};
            if (block.halves) block.shortcut = {weights, inBlock(index, "proj")};
            block.norm2 = {weights, inBlock(index, "norm2"), kEpsilon};
            block.up = {weights, inBlock(index, "mlp.layers.0")};
            block.down = {weights, inBlock(index, "mlp.layers.1")};
        }
    for (std::size_t i = 0; i < kStages; ++i) m_laterals.emplace_back(weights, fmt::format("neck.convs.{}.conv", i));
}

/// [1, rows, columns, width]: places in the picture, resampled, and in a window, repeated.
nn::Tensor Sam2ImageEncoder::positionsFor(std::int64_t rows, std::int64_t columns) const {
    const std::int64_t window = m_windowPositions.size(2);
    const nn::Tensor tiled = m_windowPositions.repeat({1, 1, rows / window, columns / window});
    return nn::resizeBicubic(m_positions, rows, columns).add(tiled).permute({0, 2, 3, 1});
}

/// x [N, H, W, in] → [N, H', W', out], attention within each of the N.
nn::Tensor Sam2ImageEncoder::attend(const Block& block, const nn::Tensor& x) {
    const std::vector<nn::Tensor> qkv = block.qkv(x).chunk(3, -1);
    const nn::Tensor query = block.halves ? halved(qkv[0]) : qkv[0];
    const nn::Tensor mixed = nn::attention(query.flatten(1, 2), qkv[1].flatten(1, 2), qkv[2].flatten(1, 2), block.heads);
    return block.out(mixed).view({x.size(0), query.size(1), query.size(2), -1});
}

nn::Tensor Sam2ImageEncoder::run(const Block& block, const nn::Tensor& x) {
    const nn::Tensor normed = block.norm1(x);
    const nn::Tensor kept = block.halves ? halved(block.shortcut(normed)) : x;
    nn::Tensor attended;
    if (block.window == 0) {
        attended = attend(block, normed);
    } else {
        const std::int64_t window = block.window;
        attended = attend(block, nn::splitWindows(normed, window).unflatten(1, {window, window}));
        attended = nn::joinWindows(attended.flatten(1, 2), block.halves ? window / 2 : window, kept.size(1), kept.size(2));
    }
    nn::Tensor y = kept.add(attended);
    return y.add_(block.down(nn::gelu(block.up(block.norm2(y)))));
}

std::vector<nn::Tensor> Sam2ImageEncoder::forward(const nn::Tensor& image) const {
    const std::int64_t multiple = std::lcm(std::int64_t{kStride} * m_windowPositions.size(2), std::int64_t{kMultiple});
    if (image.dim() != 4 || image.size(1) != 3 || image.numel() == 0 || image.size(2) % multiple || image.size(3) % multiple)
        throw Error(fmt::format("SAM 2: pictures are [N, 3, H, W] with sides that are multiples of {}, not {}", multiple,
                                tensor::describe(image.sizes().vec())));
    nn::Tensor x = m_patches(image).permute({0, 2, 3, 1}); // [N, H/4, W/4, width]
    x = x.add(positionsFor(x.size(1), x.size(2)));
    std::vector<nn::Tensor> stages;
    for (std::size_t i = 0; i < m_blocks.size(); ++i) {
        if (m_blocks[i].halves) stages.push_back(x);
        x = run(m_blocks[i], x);
    }
    stages.push_back(x);
    // The coarsest level is only there to be added to the one before.
    std::vector<nn::Tensor> pyramid(kStages);
    for (std::size_t level = kStages; level-- > 0;) {
        pyramid[level] = m_laterals[kStages - 1 - level](stages[level].permute({0, 3, 1, 2}));
        if (level >= kTopDown && level + 1 < kStages) pyramid[level].add_(nn::upsampleNearest(pyramid[level + 1], 2));
    }
    pyramid.pop_back();
    return pyramid;
}

} // namespace ochre::models
