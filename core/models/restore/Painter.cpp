// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/Painter.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/Color.h"
#include "core/image/Filter.h"
#include "core/models/restore/WholePicture.h"
#include "core/tensor/Attention.h"
#include "core/tensor/Convert.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

constexpr double kEpsilon = 1e-6;    // of the norms
constexpr double kLossCorner = 0.01; // where the loss turns from squares to lengths
constexpr std::size_t kBlocks = 24, kJoining = 2; // pictures and answers are one behind this block
constexpr std::array<std::size_t, 4> kTaps{5, 11, 17, 23}; // blocks whose results are painted from
constexpr std::int64_t kOverPair[] = {0};
constexpr std::array<float, 3> kMean{0.485f, 0.456f, 0.406f}, kSpread{0.229f, 0.224f, 0.225f}; // of ImageNet

std::string blockName(std::size_t index) {
    return fmt::format("blocks.{}.", index);
}

/// table [2·side − 1, D], a row a distance → [side, D, side].
nn::Tensor byPlaces(const nn::Tensor& table) {
    const std::int64_t side = (table.size(0) + 1) / 2;
    const nn::Tensor places = nn::range(0, side).to(table.device());
    const nn::Tensor distances = places.unsqueeze(1).sub(places).add(side - 1).flatten(); // [side · side]
    return table.index_select(0, distances).view({side, side, -1}).transpose(1, 2).contiguous();
}

/// [1, 3, height, width], normalised.
nn::Tensor seen(const Image& image, const char* what, int width, int height, ResizeFilter filter, const Cancel& cancel) {
    requireNumbers(image, fmt::format("Painter: {}", what));
    const Image rgb = withChannels(toColorSpace(image, ColorSpace::Srgb, cancel), 3, cancel);
    const nn::Tensor values = tensor::toTensor(resize(rgb, width, height, filter, cancel)).clamp(0, 1);
    std::vector<nn::Tensor> channels;
    for (std::size_t c = 0; c < kMean.size(); ++c)
        channels.push_back(nn::narrow(values, 1, static_cast<std::int64_t>(c), 1).sub(kMean[c]).div(kSpread[c]));
    return nn::cat(channels);
}

} // namespace

std::optional<Painter::Config> Painter::Config::fromWeights(const tensor::Weights& weights) {
    for (const char* name : {"segment_token_x", "segment_token_y", "mask_token", "patch_embed.proj.weight"})
        if (!weights.has(name) || weights.shape(name).size() != 4) return std::nullopt;
    for (const char* name : {"pos_embed", "blocks.0.mlp.fc1.weight", "decoder_pred.0.weight"})
        if (!weights.has(name) || weights.shape(name).size() < 2) return std::nullopt;
    Config config;
    const auto side = [&](const std::string& name, std::size_t dimension) {
        return static_cast<int>(weights.size(name, dimension));
    };
    config.width = side("patch_embed.proj.weight", 0);
    config.patch = side("patch_embed.proj.weight", 2);
    config.hidden = side("blocks.0.mlp.fc1.weight", 0);
    config.features = side("decoder_pred.0.weight", 0);
    config.learned = static_cast<int>(std::lround(std::sqrt(std::max(0, side("pos_embed", 1) - 1))));
    config.rows = config.columns = 0;
    int headWidth = 0;
    for (std::size_t i = 0; i < kBlocks; ++i) {
        const std::string rows = blockName(i) + "attn.rel_pos_h", columns = blockName(i) + "attn.rel_pos_w";
        if (!weights.has(rows) || !weights.has(columns) || weights.shape(rows).size() != 2) return std::nullopt;
        config.windows.push_back((side(rows, 0) + 1) / 2);
        config.rows = std::max(config.rows, config.windows.back());
        config.columns = std::max(config.columns, (side(columns, 0) + 1) / 2);
        headWidth = side(rows, 1);
    }
    for (int& window : config.windows)
        if (window == config.rows) window = 0;
    if (headWidth < 1 || config.width % headWidth != 0) return std::nullopt;
    config.heads = config.width / headWidth;
    return config;
}

KeyShapes Painter::Config::expected() const {
    KeyShapes keys;
    for (const char* name : {"mask_token", "segment_token_x", "segment_token_y"}) keys[name] = {1, 1, 1, width};
    keys["pos_embed"] = {1, std::int64_t{learned} * learned + 1, width};
    addLayerKeys(keys, "patch_embed.proj", {width, 3, patch, patch});
    for (std::size_t i = 0; i < kBlocks; ++i) {
        const std::string block = blockName(i);
        const int window = windows.at(i);
        keys[block + "attn.rel_pos_h"] = {2 * (window > 0 ? window : rows) - 1, width / heads};
        keys[block + "attn.rel_pos_w"] = {2 * (window > 0 ? window : columns) - 1, width / heads};
        addLayerKeys(keys, block + "norm1", {width});
        addLayerKeys(keys, block + "attn.qkv", {3 * width, width});
        addLayerKeys(keys, block + "attn.proj", {width, width});
        addLayerKeys(keys, block + "norm2", {width});
        addLayerKeys(keys, block + "mlp.fc1", {hidden, width});
        addLayerKeys(keys, block + "mlp.fc2", {width, hidden});
    }
    addLayerKeys(keys, "norm", {width});
    addLayerKeys(keys, "decoder_embed", {patch * patch * features, static_cast<int>(kTaps.size()) * width});
    addLayerKeys(keys, "decoder_pred.0", {features, features, 3, 3});
    addLayerKeys(keys, "decoder_pred.1", {features});
    addLayerKeys(keys, "decoder_pred.3", {3, features, 1, 1});
    return keys;
}

Painter::Painter(const tensor::Weights& weights, const Config& config) : m_config(config) {
    requireShapes(weights, config.expected());
    m_maskToken = weights.tensor("mask_token");
    m_pictureToken = weights.tensor("segment_token_x");
    m_answerToken = weights.tensor("segment_token_y");
    const nn::Tensor stored = weights.tensor("pos_embed"); // the first is that of a class, which Painter has not
    const nn::Tensor square = pictureOf(nn::narrow(stored, 1, 1, stored.size(1) - 1), config.learned, config.learned);
    m_positions = nn::resizeBicubic(square, config.rows, config.columns).permute({0, 2, 3, 1}).contiguous();
    m_patches = {weights, "patch_embed.proj", {.stride = config.patch, .padding = 0}};
    for (std::size_t i = 0; i < kBlocks; ++i) {
        const tensor::Weights w = weights.sub(blockName(i));
        m_blocks.push_back({.norm1 = {w, "norm1", kEpsilon},
                            .queryKeyValue = {w, "attn.qkv"},
                            .project = {w, "attn.proj"},
                            .rowBias = byPlaces(w.tensor("attn.rel_pos_h")),
                            .columnBias = byPlaces(w.tensor("attn.rel_pos_w")),
                            .norm2 = {w, "norm2", kEpsilon},
                            .up = {w, "mlp.fc1"},
                            .down = {w, "mlp.fc2"},
                            .window = config.windows[i]});
    }
    m_norm = {weights, "norm", kEpsilon};
    m_spread = {weights, "decoder_embed"};
    m_smooth = {weights, "decoder_pred.0"};
    m_smoothNorm = {weights, "decoder_pred.1", kEpsilon};
    m_last = {weights, "decoder_pred.3"};
}

/// masked [N, rows·columns] → [N, rows, columns, 1].
nn::Tensor Painter::maskOf(const nn::Tensor& masked) const {
    return masked.reshape({masked.size(0), m_config.rows, m_config.columns, 1}).to(m_positions);
}

/// → [2·N, rows, columns, width]: pictures, then answers, of which the masked patches are all alike.
nn::Tensor Painter::embed(const nn::Tensor& pictures, const nn::Tensor& answers, const nn::Tensor& masked) const {
    const auto patchesOf = [&](const nn::Tensor& x) {
        return nn::channelsLast(m_patches(nn::channelsLast(x.to(m_positions)))).permute({0, 2, 3, 1}); // [N, rows, columns, width]
    };
    const nn::Tensor mask = maskOf(masked), open = mask.neg().add(1);
    const nn::Tensor seenAnswers = patchesOf(answers).mul(open).add(m_maskToken.mul(mask));
    return nn::cat({patchesOf(pictures).add(m_pictureToken), seenAnswers.add(m_answerToken)}, 0).add(m_positions);
}

/// x [N, rows, columns, width] → the same: each patch looks at all of its window.
nn::Tensor Painter::attend(const Block& block, const nn::Tensor& x) const {
    const std::int64_t count = x.size(0), rows = x.size(1), columns = x.size(2), width = x.size(3);
    const std::int64_t heads = m_config.heads;
    const nn::Tensor all = block.queryKeyValue(x.reshape({count, rows * columns, width})); // [N, T, 3·width]
    const nn::Tensor query = nn::narrow(all, 2, 0, width);
    // [N, heads, rows, columns, D]
    const nn::Tensor places = query.reshape({count, rows, columns, heads, width / heads}).permute({0, 3, 1, 2, 4});
    const nn::Tensor byRow = places.matmul(block.rowBias); // […, rows of keys]
    const nn::Tensor byColumn =
        places.transpose(2, 3).matmul(block.columnBias).transpose(2, 3).contiguous(); // […, columns of keys]
    const nn::Tensor bias =
        byRow.unsqueeze(5).add(byColumn.unsqueeze(4)).reshape({count, heads, rows * columns, rows * columns});
    const nn::Tensor mixed = nn::attention(query, nn::narrow(all, 2, width, width), nn::narrow(all, 2, 2 * width, width),
                                           heads, {.bias = bias});
    return block.project(mixed).view(x.sizes());
}

/// The same in windows side by side, filled up with zeros at the right and below.
nn::Tensor Painter::look(const Block& block, const nn::Tensor& x) const {
    if (block.window == 0) return attend(block, x);
    const std::int64_t side = block.window, count = x.size(0), rows = x.size(1), columns = x.size(2), width = x.size(3);
    const std::int64_t down = (rows + side - 1) / side, across = (columns + side - 1) / side;
    const nn::Tensor padded =
        nn::pad(x.permute({0, 3, 1, 2}), 0, across * side - columns, 0, down * side - rows).permute({0, 2, 3, 1});
    const nn::Tensor windows =
        padded.reshape({count, down, side, across, side, width}).transpose(2, 3).reshape({-1, side, side, width});
    const nn::Tensor mixed = attend(block, windows)
                                 .view({count, down, across, side, side, width})
                                 .transpose(2, 3)
                                 .reshape({count, down * side, across * side, width});
    return nn::narrow(nn::narrow(mixed, 1, 0, rows), 2, 0, columns);
}

nn::Tensor Painter::forward(const nn::Tensor& pictures, const nn::Tensor& answers, const nn::Tensor& masked) const {
    const std::int64_t patch = m_config.patch, rows = m_config.rows, columns = m_config.columns;
    const tensor::Shape wanted{pictures.size(0), 3, rows * patch, columns * patch};
    if (pictures.sizes().vec() != wanted || answers.sizes().vec() != wanted)
        throw Error(fmt::format("Painter: pictures of {} and answers of {}, expected {}",
                                tensor::describe(pictures.sizes().vec()), tensor::describe(answers.sizes().vec()),
                                tensor::describe(wanted)));
    if (masked.sizes().vec() != tensor::Shape{pictures.size(0), rows * columns})
        throw Error(fmt::format("Painter: a mask of {}, expected {}", tensor::describe(masked.sizes().vec()),
                                tensor::describe({pictures.size(0), rows * columns})));
    nn::Tensor x = embed(pictures, answers, masked);
    std::vector<nn::Tensor> taps;
    for (std::size_t i = 0; i < kBlocks; ++i) {
        const Block& block = m_blocks[i];
        x = x.add(look(block, block.norm1(x)));
        x = x.add(block.down(nn::gelu(block.up(block.norm2(x)))));
        if (i == kJoining) x = x.view({2, -1, rows, columns, m_config.width}).mean(kOverPair);
        if (std::find(kTaps.begin(), kTaps.end(), i) != kTaps.end()) taps.push_back(m_norm(x));
    }
    const nn::Tensor spread = m_spread(nn::cat(taps, 3)); // [N, rows, columns, patch·patch·features]
    nn::Tensor map = spread.view({-1, rows, columns, patch, patch, m_config.features})
                         .transpose(2, 3)
                         .reshape({-1, rows * patch, columns * patch, m_config.features})
                         .permute({0, 3, 1, 2}); // [N, features, H, W]
    map = pictureOf(nn::gelu(m_smoothNorm(tokensOf(m_smooth(map)))), rows * patch, columns * patch);
    return m_last(map);
}

nn::Tensor Painter::loss(const nn::Tensor& painted, const nn::Tensor& answers, const nn::Tensor& masked) const {
    const nn::Tensor mask = nn::upsampleNearest(maskOf(masked).permute({0, 3, 1, 2}), m_config.patch); // [N, 1, H, W]
    const nn::Tensor distance = painted.sub(answers).abs();
    const nn::Tensor near = distance.clamp_max(kLossCorner); // n²/2c + (d − n): squares below the corner, lengths above
    const nn::Tensor each = near.square().div(2 * kLossCorner).add(distance.sub(near)).mul(mask);
    return each.sum().div(mask.sum().mul(painted.size(1))).view({1});
}

Image paintLike(const Painter& painter, const Image& picture, const Image& promptBefore, const Image& promptAfter,
                const Cancel& cancel) {
    const Painter::Config& config = painter.config();
    const int width = config.columns * config.patch, height = config.rows * config.patch / 2;
    nn::Tensor painted;
    tensor::run(cancel, [&] {
        const nn::Tensor below = seen(picture, "the picture", width, height, ResizeFilter::Bicubic, cancel);
        const nn::Tensor before =
            seen(promptBefore, "the prompt's first picture", width, height, ResizeFilter::Bicubic, cancel);
        // Answers may be colours that stand for something: no mixtures of them.
        const nn::Tensor after =
            seen(promptAfter, "the prompt's second picture", width, height, ResizeFilter::Nearest, cancel);
        const nn::Tensor places = nn::range(0, std::int64_t{config.rows} * config.columns).unsqueeze(0);
        const nn::Tensor masked = places.ge(config.rows / 2 * config.columns); // the lower half
        painted = painter.forward(nn::cat({before, below}, 2), nn::cat({after, after}, 2), masked);
        painted = nn::narrow(painted, 2, height, height);
        std::vector<nn::Tensor> channels;
        for (std::size_t c = 0; c < kMean.size(); ++c)
            channels.push_back(nn::narrow(painted, 1, static_cast<std::int64_t>(c), 1).mul(kSpread[c]).add(kMean[c]));
        painted = nn::cat(channels).clamp(0, 1);
    });
    Image result = resize(tensor::toImage(painted), picture.width(), picture.height(), ResizeFilter::Nearest, cancel);
    result.setMetadata(picture.metadata());
    return result;
}

} // namespace ochre::models
