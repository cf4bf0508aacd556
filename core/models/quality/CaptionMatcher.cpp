// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/quality/CaptionMatcher.h"

#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/NetworkParts.h"

namespace ochre::models {
namespace {

using Config = CaptionMatcher::Config;

constexpr double kUnseen = -1e30;                // added to the products of padding
constexpr double kStartScale = 14.3, kMostScale = 100; // of the cosines, as CLIP has them
constexpr std::size_t kMostLevels = 8;
constexpr int kWidening = 4;                     // of the feed-forward
const char* const kLayerParts[] = {"query", "key", "value", "out"};

std::string block(std::size_t level, int index) {
    return fmt::format("picture.levels.{}.blocks.{}", level, index);
}

std::string down(std::size_t level) {
    return fmt::format("picture.levels.{}.down", level);
}

std::string layer(int index, const char* part) {
    return fmt::format("text.layers.{}.{}", index, part);
}

nn::Tensor unit(const nn::Tensor& rows) {
    return rows.div(rows.square().sum({1}, true).add(1e-12).sqrt());
}

} // namespace

std::optional<Config> Config::fromWeights(const tensor::Weights& w) {
    const char *stem = "picture.stem.weight", *position = "picture.position", *in = "text.in.weight", *positions = "text.positions";
    if (!w.has(stem) || !w.has(position) || !w.has(in) || !w.has(positions) || !w.has("text.out.weight")) return std::nullopt;
    if (w.shape(stem).size() != 4 || w.shape(position).size() != 4 || w.shape(in).size() != 2 || w.shape(positions).size() != 2)
        return std::nullopt;
    const auto size = [&](const std::string& name, std::size_t dimension) { return static_cast<int>(w.size(name, dimension)); };
    Config config;
    config.unshuffle = static_cast<int>(std::lround(std::sqrt(size(stem, 1) / 3.0)));
    config.widths = {size(stem, 0)};
    for (std::size_t level = 0; w.has(down(level) + ".weight"); ++level) config.widths.push_back(size(down(level) + ".weight", 0));
    if (config.unshuffle < 1 || config.widths.size() > kMostLevels) return std::nullopt;
    config.blocks = 0;
    while (w.has(block(0, config.blocks) + ".conv1.weight")) ++config.blocks;
    config.side = size(position, 2) * (config.unshuffle << config.widths.size());
    config.width = size(in, 0);
    config.states = size(in, 1);
    config.tokens = size(positions, 0);
    config.layers = 0;
    while (w.has(layer(config.layers, "up.weight"))) ++config.layers;
    config.embedding = size("text.out.weight", 0);
    return config;
}

std::map<std::string, tensor::Shape> Config::expected() const {
    std::map<std::string, tensor::Shape> keys;
    const auto add = [&](const std::string& name, tensor::Shape weight) {
        keys[name + ".bias"] = {weight[0]};
        keys[name + ".weight"] = std::move(weight);
    };
    add("picture.stem", {widths.front(), 3 * unshuffle * unshuffle, 3, 3});
    for (std::size_t level = 0; level < widths.size(); ++level) {
        const int c = widths[level];
        for (int i = 0; i < blocks; ++i)
            for (const char* half : {"1", "2"}) {
                add(block(level, i) + ".norm" + half, {c});
                add(block(level, i) + ".conv" + half, {c, c, 3, 3});
            }
        if (level + 1 < widths.size()) add(down(level), {widths[level + 1], c, 3, 3});
    }
    keys["picture.position"] = {1, widths.back(), lastSide(), lastSide()};
    add("picture.norm", {widths.back()});
    add("picture.out", {embedding, widths.back()});
    add("text.in", {width, states});
    keys["text.positions"] = {tokens, width};
    for (int i = 0; i < layers; ++i) {
        add(layer(i, "attention_norm"), {width});
        for (const char* part : kLayerParts) add(layer(i, part), {width, width});
        add(layer(i, "norm"), {width});
        add(layer(i, "up"), {kWidening * width, width});
        add(layer(i, "down"), {width, kWidening * width});
    }
    add("text.norm", {width});
    add("text.out", {embedding, width});
    keys["logit_scale"] = {1};
    return keys;
}

CaptionMatcher::CaptionMatcher(const tensor::Weights& weights, const Config& config) : m_config(config) {
    requireShapes(weights, config.expected(), "choose weights of the recipe scorer");
    const tensor::Weights& w = weights;
    m_stem = {w, "picture.stem", {.stride = 2}};
    for (std::size_t level = 0; level < config.widths.size(); ++level) {
        Level& made = m_levels.emplace_back();
        for (int i = 0; i < config.blocks; ++i) made.blocks.emplace_back(w, block(level, i));
        if (level + 1 < config.widths.size()) made.down = {w, down(level), {.stride = 2}};
    }
    m_position = w.tensor("picture.position");
    m_pictureNorm = {w, "picture.norm", kMultiple};
    m_pictureOut = {w, "picture.out"};
    m_textIn = {w, "text.in"};
    m_positions = {w, "text.positions"};
    for (int i = 0; i < config.layers; ++i) {
        Layer& made = m_layers.emplace_back();
        made.attentionNorm = {w, layer(i, "attention_norm")};
        made.query = {w, layer(i, "query")};
        made.key = {w, layer(i, "key")};
        made.value = {w, layer(i, "value")};
        made.out = {w, layer(i, "out")};
        made.norm = {w, layer(i, "norm")};
        made.up = {w, layer(i, "up")};
        made.down = {w, layer(i, "down")};
    }
    m_textNorm = {w, "text.norm"};
    m_textOut = {w, "text.out"};
    m_scale = w.tensor("logit_scale");
}

nn::Tensor CaptionMatcher::pictures(const nn::Tensor& pictures) const {
    if (pictures.dim() != 4 || pictures.size(1) != 3 || pictures.size(2) != m_config.side || pictures.size(3) != m_config.side)
        throw Error(fmt::format("caption matcher: takes pictures [N, 3, {0}, {0}], was given {1}", m_config.side,
                                tensor::describe(pictures.sizes().vec())));
    nn::Tensor x = m_stem(nn::channelsLast(nn::pixelUnshuffle(pictures, m_config.unshuffle)));
    for (std::size_t level = 0; level < m_levels.size(); ++level) {
        const bool last = level + 1 == m_levels.size();
        if (last) x = x.add(m_position);
        for (const ResBlock& res : m_levels[level].blocks) x = res.whole(x);
        if (!last) x = m_levels[level].down(x);
    }
    return unit(m_pictureOut(m_pictureNorm(x, nn::Activation::silu()).mean({2, 3})));
}

nn::Tensor CaptionMatcher::captions(const nn::Tensor& states, const nn::Tensor& mask) const {
    if (states.dim() != 3 || states.size(2) != m_config.states || states.size(1) > m_config.tokens || mask.dim() != 2)
        throw Error(fmt::format("caption matcher: takes states [N, up to {}, {}] with a mask, was given {}", m_config.tokens,
                                m_config.states, tensor::describe(states.sizes().vec())),
                    "choose the text encoder that the matcher was trained with");
    nn::Tensor x = m_textIn(states).add(m_positions.table().narrow(0, 0, states.size(1)));
    nn::AttentionOptions options;
    options.bias = mask.eq(0).to(x.scalar_type()).mul(kUnseen).view({mask.size(0), 1, 1, mask.size(1)});
    for (const Layer& each : m_layers) {
        const nn::Tensor in = each.attentionNorm(x);
        x = x.add(each.out(nn::attention(each.query(in), each.key(in), each.value(in), kHeads, options)));
        x = x.add(each.down(nn::gelu(each.up(each.norm(x)))));
    }
    const nn::Tensor seen = mask.ne(0).to(x.scalar_type()).unsqueeze(-1); // [M, T, 1]
    return unit(m_textOut(m_textNorm(x).mul(seen).sum({1}).div(seen.sum({1}).clamp_min(1))));
}

nn::Tensor CaptionMatcher::logits(const nn::Tensor& pictures, const nn::Tensor& captions) const {
    return pictures.matmul(captions.t()).mul(m_scale.exp().mul(kStartScale).clamp_max(kMostScale));
}

} // namespace ochre::models
