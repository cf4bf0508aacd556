// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/SwinIr.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "core/tensor/Fill.h"


namespace ochre::models {
namespace {

using Upsampler = SwinIr::Config::Upsampler;

constexpr float kMean[] = {0.4488f, 0.4371f, 0.4040f}; // of DIV2K, taken off pictures of three channels
constexpr const char* kBiasTable = "attn.relative_position_bias_table";
constexpr double kBodySlope = 0.2, kBeforeSlope = 0.01;
constexpr float kOtherRegion = -100; // added to the products of tokens that a shift has brought side by side
constexpr int kJpegWindow = 7;        // the networks for JPEG artifacts have it, and see 0…255
constexpr std::int64_t kTokensAtOnce = 2048; // of windows that go through a block together, and stay in the cache

std::string inBlock(std::size_t group, int block, const char* part) {
    return fmt::format("layers.{}.residual_group.blocks.{}.{}", group, block, part);
}

std::string convName(const std::string& name, bool threeConvs, int index) {
    return threeConvs ? fmt::format("{}.{}", name, 2 * index) : name;
}

int side(const tensor::Weights& weights, const std::string& name, std::size_t dimension) {
    return static_cast<int>(weights.size(name, dimension));
}

bool hasConv(const tensor::Weights& weights, const std::string& name) {
    return weights.has(name + ".weight") && weights.shape(name + ".weight").size() == 4;
}

/// The convolutions at the end of a group or of the body.
std::vector<nn::Conv2d> endConvs(const tensor::Weights& weights, const std::string& name, bool threeConvs) {
    std::vector<nn::Conv2d> convs;
    for (int i = 0; i < (threeConvs ? 3 : 1); ++i) {
        const bool active = threeConvs && i < 2;
        convs.emplace_back(weights, convName(name, threeConvs, i),
                           nn::Conv2dOptions{.activation = active ? nn::Activation::leakyRelu(kBodySlope)
                                                                  : nn::Activation::none()});
    }
    return convs;
}

nn::Tensor runConvs(const std::vector<nn::Conv2d>& convs, nn::Tensor x) {
    for (const nn::Conv2d& conv : convs) x = conv(x);
    return x;
}

/// "…relative_position_bias_table" [(2w−1)², heads] → [1, heads, w², w²].
nn::Tensor expandBias(const nn::Tensor& table, int window) {
    const int tokens = window * window, across = 2 * window - 1;
    nn::Tensor index = nn::range(0, std::int64_t{tokens} * tokens);
    auto* at = index.mutable_data_ptr<std::int64_t>();
    for (int a = 0; a < tokens; ++a)
        for (int b = 0; b < tokens; ++b)
            *at++ = (a / window - b / window + window - 1) * across + a % window - b % window + window - 1;
    const nn::Tensor expanded = table.index_select(0, index.to(table.device())); // [w⁴, heads]
    return expanded.view({tokens, tokens, -1}).permute({2, 0, 1}).unsqueeze(0).contiguous();
}

/// [w², w²]: what keeps the parts apart that a shift has joined in the windows of the last column, the last row.
nn::Tensor regionMask(int window, bool lastColumn, bool lastRow) {
    const int tokens = window * window, shift = window / 2;
    const auto region = [&](int token) {
        return 2 * (lastRow && token / window >= window - shift) + (lastColumn && token % window >= window - shift);
    };
    std::vector<float> mask;
    for (int a = 0; a < tokens; ++a)
        for (int b = 0; b < tokens; ++b) mask.push_back(region(a) == region(b) ? 0.0f : kOtherRegion);
    return nn::fromValues(mask, {tokens, tokens});
}

/// Pads right and bottom up to multiples of the window by mirroring, or by repeating the edge where there is too
/// little to mirror.
nn::Tensor padToWindow(const nn::Tensor& x, int window) {
    const std::int64_t right = (window - x.size(3) % window) % window, bottom = (window - x.size(2) % window) % window;
    if (right == 0 && bottom == 0) return x;
    const bool room = right < x.size(3) && bottom < x.size(2);
    return nn::pad(x, 0, right, 0, bottom, room ? nn::Padding::Reflect : nn::Padding::Replicate);
}

nn::Tensor meanOf(const nn::Tensor& like) {
    return nn::fromValues(kMean, {1, 3, 1, 1}).to(like.device(), like.scalar_type());
}

} // namespace

/// Where the tokens of pictures lie: row by row as in the picture, or window by window, plain or shifted, of which those
/// in the same place (inside, last column, last row, corner) follow each other. Indices say for each token of one order
/// which of another it is; all of them count over all pictures [N·H·W].
struct SwinIr::Layout {
    std::int64_t batch, height, width, window;
    std::array<std::int64_t, 4> windows; ///< in each of the places
    nn::Tensor pictureToPlain, plainToPicture, plainToShifted, shiftedToPlain, shiftedToPicture;

    Layout(const nn::Tensor& picture, int windowSide)
        : batch(picture.size(0)), height(picture.size(2)), width(picture.size(3)), window(windowSide) {
        const std::int64_t down = height / window, across = width / window;
        windows = {batch * (down - 1) * (across - 1), batch * (down - 1), batch * (across - 1), batch};
        pictureToPlain = order(0);
        plainToPicture = inverse(pictureToPlain);
        const nn::Tensor pictureToShifted = order(window / 2);
        shiftedToPicture = inverse(pictureToShifted);
        plainToShifted = plainToPicture.index_select(0, pictureToShifted);
        shiftedToPlain = shiftedToPicture.index_select(0, pictureToPlain);
        for (nn::Tensor* index : {&pictureToPlain, &plainToPicture, &plainToShifted, &shiftedToPlain, &shiftedToPicture})
            *index = index->to(picture.device());
    }

private:
    static nn::Tensor inverse(const nn::Tensor& order) {
        nn::Tensor places = nn::range(0, order.size(0));
        const auto* from = order.const_data_ptr<std::int64_t>();
        auto* to = places.mutable_data_ptr<std::int64_t>();
        for (std::int64_t i = 0; i < order.size(0); ++i) to[from[i]] = i;
        return places;
    }

    nn::Tensor order(std::int64_t shift) const {
        nn::Tensor index = nn::range(0, batch * height * width);
        auto* at = index.mutable_data_ptr<std::int64_t>();
        const std::int64_t down = height / window, across = width / window;
        for (const bool lastRow : {false, true})
            for (const bool lastColumn : {false, true})
                for (std::int64_t n = 0; n < batch; ++n)
                    for (std::int64_t y = lastRow ? down - 1 : 0; y < (lastRow ? down : down - 1); ++y)
                        for (std::int64_t x = lastColumn ? across - 1 : 0; x < (lastColumn ? across : across - 1); ++x)
                            for (std::int64_t t = 0; t < window * window; ++t)
                                *at++ = (n * height + (y * window + t / window + shift) % height) * width +
                                        (x * window + t % window + shift) % width;
        return index;
    }
};

std::optional<SwinIr::Config> SwinIr::Config::fromWeights(const tensor::Weights& weights) {
    const auto table = [&](std::size_t group, int block) {
        const std::string name = inBlock(group, block, kBiasTable);
        return weights.has(name) && weights.shape(name).size() == 2 ? name : std::string();
    };
    const std::string hidden = inBlock(0, 0, "mlp.fc1.weight");
    if (!hasConv(weights, "conv_first") || table(0, 0).empty() || !weights.has(hidden)) return std::nullopt;
    Config config;
    config.width = side(weights, "conv_first.weight", 0);
    config.channels = side(weights, "conv_first.weight", 1);
    config.hidden = side(weights, hidden, 0);
    const int rows = side(weights, table(0, 0), 0);
    config.window = (static_cast<int>(std::lround(std::sqrt(rows))) + 1) / 2;
    if (config.window < 2 || (2 * config.window - 1) * (2 * config.window - 1) != rows) return std::nullopt;
    while (!table(config.depths.size(), 0).empty()) {
        const std::size_t group = config.depths.size();
        config.heads.push_back(side(weights, table(group, 0), 1));
        int depth = 0;
        while (!table(group, depth).empty()) ++depth;
        config.depths.push_back(depth);
        if (config.heads.back() < 1 || config.width % config.heads.back() != 0) return std::nullopt;
    }
    config.threeConvs = hasConv(weights, "conv_after_body.0");
    config.range = config.window == kJpegWindow ? 255 : 1;
    const bool before = hasConv(weights, "conv_before_upsample.0");
    if (before) config.features = side(weights, "conv_before_upsample.0.weight", 0);
    if (before && hasConv(weights, "conv_up1")) {
        config.upsampler = Upsampler::NearestConv;
        config.upscale = hasConv(weights, "conv_up2") ? 4 : 2;
        return config;
    }
    if (!hasConv(weights, "upsample.0")) return config;
    config.upsampler = before ? Upsampler::Shuffle : Upsampler::OneStep;
    for (int i = 0; hasConv(weights, fmt::format("upsample.{}", 2 * i)); ++i) {
        const double more = static_cast<double>(side(weights, fmt::format("upsample.{}.weight", 2 * i), 0)) /
                            (before ? config.features : config.channels);
        const int factor = static_cast<int>(std::lround(std::sqrt(more)));
        if (factor < 1 || factor > 8 || factor * factor != more || config.upscale * factor > 16) return std::nullopt;
        config.steps.push_back(factor);
        config.upscale *= factor;
    }
    return config;
}

bool SwinIr::Config::isBeside(const std::string& key) {
    return key.ends_with(".attn_mask") || key.ends_with(".attn.relative_position_index");
}

KeyShapes SwinIr::Config::expected() const {
    KeyShapes keys;
    const auto layer = [&keys](const std::string& name, const tensor::Shape& shape) { addLayerKeys(keys, name, shape); };
    const auto end = [&](const std::string& name) {
        const std::int64_t narrow = width / 4;
        if (!threeConvs) return layer(name, {width, width, 3, 3});
        layer(convName(name, true, 0), {narrow, width, 3, 3});
        layer(convName(name, true, 1), {narrow, narrow, 1, 1});
        layer(convName(name, true, 2), {width, narrow, 3, 3});
    };
    layer("conv_first", {width, channels, 3, 3});
    layer("patch_embed.norm", {width});
    for (std::size_t group = 0; group < depths.size(); ++group) {
        for (int i = 0; i < depths[group]; ++i) {
            layer(inBlock(group, i, "norm1"), {width});
            const std::int64_t across = 2 * window - 1;
            keys[inBlock(group, i, kBiasTable)] = {across * across, heads[group]};
            layer(inBlock(group, i, "attn.qkv"), {3 * width, width});
            layer(inBlock(group, i, "attn.proj"), {width, width});
            layer(inBlock(group, i, "norm2"), {width});
            layer(inBlock(group, i, "mlp.fc1"), {hidden, width});
            layer(inBlock(group, i, "mlp.fc2"), {width, hidden});
        }
        end(fmt::format("layers.{}.conv", group));
    }
    layer("norm", {width});
    end("conv_after_body");
    const std::int64_t out = channels;
    if (upsampler == Upsampler::OneStep) {
        layer("upsample.0", {out * upscale * upscale, width, 3, 3});
        return keys;
    }
    const bool none = upsampler == Upsampler::None;
    if (!none) layer("conv_before_upsample.0", {features, width, 3, 3});
    for (std::size_t i = 0; i < steps.size(); ++i)
        layer(fmt::format("upsample.{}", 2 * i), {std::int64_t{features} * steps[i] * steps[i], features, 3, 3});
    if (upsampler == Upsampler::NearestConv)
        for (const char* name : {"conv_up1", "conv_up2", "conv_hr"})
            if (upscale == 4 || name != std::string("conv_up2")) layer(name, {features, features, 3, 3});
    layer("conv_last", {out, none ? width : features, 3, 3});
    return keys;
}

SwinIr::SwinIr(const tensor::Weights& weights, const Config& config) : m_config(config) {
    requireShapes(weights, config.expected());
    m_first = {weights, "conv_first"};
    m_patchNorm = {weights, "patch_embed.norm"};
    for (std::size_t i = 0; i < config.depths.size(); ++i) {
        Group& group = m_groups.emplace_back();
        group.heads = config.heads[i];
        for (int b = 0; b < config.depths[i]; ++b)
            group.blocks.push_back(
                {.norm1 = {weights, inBlock(i, b, "norm1")},
                 .queryKeyValue = {weights, inBlock(i, b, "attn.qkv")},
                 .project = {weights, inBlock(i, b, "attn.proj")},
                 .norm2 = {weights, inBlock(i, b, "norm2")},
                 .up = {weights, inBlock(i, b, "mlp.fc1"), {.kind = nn::Activation::Kind::Gelu}},
                 .down = {weights, inBlock(i, b, "mlp.fc2")},
                 .bias = expandBias(weights.tensor(inBlock(i, b, kBiasTable)), config.window)});
        group.convs = endConvs(weights, fmt::format("layers.{}.conv", i), config.threeConvs);
    }
    m_norm = {weights, "norm"};
    m_bodyEnd = endConvs(weights, "conv_after_body", config.threeConvs);
    const nn::Conv2dOptions active{.activation = nn::Activation::leakyRelu(kBodySlope)};
    const bool maps = config.upsampler == Upsampler::Shuffle || config.upsampler == Upsampler::NearestConv;
    if (maps) m_before = {weights, "conv_before_upsample.0", {.activation = nn::Activation::leakyRelu(kBeforeSlope)}};
    if (config.upsampler == Upsampler::NearestConv) {
        m_upsample.emplace_back(weights, "conv_up1", active);
        if (config.upscale == 4) m_upsample.emplace_back(weights, "conv_up2", active);
        m_high = {weights, "conv_hr", active};
    }
    for (std::size_t i = 0; i < config.steps.size(); ++i)
        m_upsample.emplace_back(weights, fmt::format("upsample.{}", 2 * i));
    if (config.upsampler != Upsampler::OneStep) m_last = {weights, "conv_last"};
    const nn::Tensor& like = m_groups.front().blocks.front().bias;
    for (const auto& [lastColumn, lastRow] : {std::pair(true, false), {false, true}, {true, true}})
        m_masks.push_back(regionMask(config.window, lastColumn, lastRow).to(like.device(), like.scalar_type()));
}

/// tokens [N·H·W, width], window by window, in place. Windows are worked on some at a time: no step of a block looks
/// beyond.
void SwinIr::runBlock(const Block& block, int heads, bool shifted, const Layout& layout,
                      const nn::Tensor& tokens) const {
    const std::int64_t inWindow = layout.window * layout.window, width = m_config.width;
    const std::int64_t atOnce = std::max<std::int64_t>(1, kTokensAtOnce / inWindow);
    std::int64_t first = 0;
    for (std::size_t place = 0; place < layout.windows.size(); ++place) {
        const nn::Tensor bias = shifted && place > 0 ? block.bias.add(m_masks[place - 1]) : block.bias;
        const std::int64_t end = first + layout.windows[place];
        for (std::int64_t count; first < end; first += count) {
            count = std::min(atOnce, end - first);
            nn::Tensor part = nn::narrow(tokens, 0, first * inWindow, count * inWindow).view({count, inWindow, width});
            const nn::Tensor qkv = block.queryKeyValue(block.norm1(part)); // [windows, T, 3·width]
            part.add_(block.project(nn::attention(nn::narrow(qkv, 2, 0, width), nn::narrow(qkv, 2, width, width),
                                                  nn::narrow(qkv, 2, 2 * width, width), heads, {.bias = bias})));
            part.add_(block.down(block.up(block.norm2(part)))); // by way of [windows, T, hidden]
        }
    }
}

/// shallow [N, width, H, W] → the same: all groups and the last norm.
nn::Tensor SwinIr::runBody(const nn::Tensor& shallow) const {
    const Layout layout(shallow, m_config.window);
    const std::int64_t width = m_config.width;
    const auto flat = [&](const nn::Tensor& picture) { return picture.permute({0, 2, 3, 1}).reshape({-1, width}); };
    const auto asPicture = [&](const nn::Tensor& tokens) {
        return tokens.view({layout.batch, layout.height, layout.width, width}).permute({0, 3, 1, 2});
    };
    nn::Tensor x = m_patchNorm(flat(shallow)); // [N·H·W, width], as the picture
    for (const Group& group : m_groups) {
        nn::Tensor inside = x.index_select(0, layout.pictureToPlain);
        for (std::size_t i = 0; i < group.blocks.size(); ++i) {
            if (i > 0) inside = inside.index_select(0, i % 2 ? layout.plainToShifted : layout.shiftedToPlain);
            runBlock(group.blocks[i], group.heads, i % 2 == 1, layout, inside);
        }
        inside = inside.index_select(0, group.blocks.size() % 2 ? layout.plainToPicture : layout.shiftedToPicture);
        x.add_(flat(runConvs(group.convs, asPicture(inside))));
    }
    return asPicture(m_norm(x));
}

/// x [N, width, H, W] → [N, C, H·scale, W·scale].
nn::Tensor SwinIr::enlarge(nn::Tensor x) const {
    if (m_config.upsampler == Upsampler::None) return m_last(x);
    if (m_config.upsampler == Upsampler::OneStep) return nn::pixelShuffle(m_upsample.front()(x), m_config.upscale);
    x = m_before(x); // [N, features, H, W]
    if (m_config.upsampler == Upsampler::NearestConv) {
        for (const nn::Conv2d& up : m_upsample) x = up(nn::upsampleNearest(x, 2)); // [N, features, 2H, 2W] each
        return m_last(m_high(x));
    }
    for (std::size_t i = 0; i < m_upsample.size(); ++i) x = nn::pixelShuffle(m_upsample[i](x), m_config.steps[i]);
    return m_last(x);
}

nn::Tensor SwinIr::forward(const nn::Tensor& image) const {
    nn::Tensor x = padToWindow(image, m_config.window);
    const nn::Tensor mean = x.size(1) == 3 ? meanOf(x) : nn::Tensor();
    if (mean.defined()) x = x.sub(mean);
    if (m_config.range != 1) x = x.mul(m_config.range);
    nn::Tensor shallow = m_first(nn::channelsLast(x)); // [N, width, H, W]
    shallow = shallow.add(runConvs(m_bodyEnd, runBody(shallow)));
    nn::Tensor out = enlarge(shallow);
    if (m_config.upsampler == Upsampler::None) out = out.add(x);
    if (m_config.range != 1) out = out.div(m_config.range);
    if (mean.defined()) out = out.add(mean);
    const std::int64_t scale = m_config.upscale;
    return nn::narrow(nn::narrow(out, 2, 0, image.size(2) * scale), 3, 0, image.size(3) * scale);
}

} // namespace ochre::models
