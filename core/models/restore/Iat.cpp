// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/Iat.h"

#include <fmt/format.h>

#include "core/tensor/Vision.h"

namespace ochre::models {
namespace {

constexpr double kSlope = 0.2; // of the leaky ReLU
constexpr double kDarkest = 1e-8, kNormEpsilon = 1e-5;
constexpr int kQueries = 10; // one for gamma, nine for the colour matrix
constexpr const char* kFactor = "local_net.mul";
constexpr const char* kOffset = "local_net.add";

std::string blockName(const char* branch, int index, const char* part) {
    return fmt::format("{}_blocks.{}.{}", branch, index, part);
}

/// "name.alpha", "name.beta" [1, 1, C], "name.color" [C, C], and behind it the 1×1 convolution "conv", as one.
TokenLinear normAndConv(const tensor::Weights& weights, const std::string& norm, const std::string& conv,
                        const nn::Activation& activation = {}) {
    const nn::Tensor scale = weights.tensor(norm + ".alpha").view({-1, 1});
    const nn::Tensor matrix = weights.tensor(norm + ".color").mul(scale);  // [C, C]
    const nn::Tensor kernel = weights.tensor(conv + ".weight").flatten(1); // [out, C]
    const nn::Tensor shift = kernel.matmul(weights.tensor(norm + ".beta").flatten());
    return {kernel.matmul(matrix), shift.add(weights.tensor(conv + ".bias")), activation};
}

/// The 1×1 convolution "conv", and "gamma" [1, C, 1, 1] that scales its result, as one.
TokenLinear convAndScale(const tensor::Weights& weights, const std::string& conv, const std::string& gamma) {
    const nn::Tensor scale = weights.tensor(gamma).flatten();
    const nn::Tensor kernel = weights.tensor(conv + ".weight").flatten(1);
    return {kernel.mul(scale.unsqueeze(1)), weights.tensor(conv + ".bias").mul(scale)};
}

} // namespace

std::optional<Iat::Config> Iat::Config::fromWeights(const tensor::Weights& weights) {
    const std::string first = "local_net.conv1.weight", query = "global_net.generator.attn.q";
    for (const std::string& name : {first, query, std::string("local_net.mul_end.0.weight")})
        if (!weights.has(name)) return std::nullopt;
    if (weights.shape(first).size() != 4 || weights.shape(query).size() != 3) return std::nullopt;
    Config config;
    config.features = static_cast<int>(weights.size(first, 0));
    config.width = static_cast<int>(weights.size(query, 2));
    config.blocks = 0;
    while (weights.has(blockName(kFactor, config.blocks, "gamma_1"))) ++config.blocks;
    if (config.width % config.heads != 0 || config.width % 2 != 0) return std::nullopt;
    return config;
}

KeyShapes Iat::Config::expected() const {
    KeyShapes keys;
    const std::int64_t c = features, w = width, hidden = 4 * c, wide = 4 * w;
    addLayerKeys(keys, "local_net.conv1", {c, 3, 3, 3});
    for (const char* branch : {kFactor, kOffset}) {
        for (int i = 0; i < blocks; ++i) {
            const auto in = [&](const char* part) { return blockName(branch, i, part); };
            addLayerKeys(keys, in("pos_embed"), {c, 1, 3, 3});
            addLayerKeys(keys, in("attn"), {c, 1, 5, 5});
            addLayerKeys(keys, in("conv1"), {c, c, 1, 1});
            addLayerKeys(keys, in("conv2"), {c, c, 1, 1});
            addLayerKeys(keys, in("mlp.fc1"), {hidden, c, 1, 1});
            addLayerKeys(keys, in("mlp.fc2"), {c, hidden, 1, 1});
            for (const char* gamma : {"gamma_1", "gamma_2"}) keys[in(gamma)] = {1, c, 1, 1};
            for (const char* norm : {"norm1", "norm2"}) {
                keys[in(norm) + ".alpha"] = keys[in(norm) + ".beta"] = {1, 1, c};
                keys[in(norm) + ".color"] = {c, c};
            }
        }
        addLayerKeys(keys, std::string(branch) + "_end.0", {3, c, 3, 3});
    }
    const std::string global = "global_net.", generator = global + "generator.";
    keys[global + "gamma_base"] = {1};
    keys[global + "color_base"] = {3, 3};
    addLayerKeys(keys, global + "conv_large.proj.0", {w / 2, 3, 3, 3});
    addBatchNormKeys(keys, global + "conv_large.proj.1", w / 2);
    addLayerKeys(keys, global + "conv_large.proj.3", {w, w / 2, 3, 3});
    addBatchNormKeys(keys, global + "conv_large.proj.4", w);
    addLayerKeys(keys, generator + "pos_embed", {w, 1, 3, 3});
    addLayerKeys(keys, generator + "norm1", {w});
    keys[generator + "attn.q"] = {1, kQueries, w};
    addLayerKeys(keys, generator + "attn.k", {w, w}, false);
    addLayerKeys(keys, generator + "attn.v", {w, w}, false);
    addLayerKeys(keys, generator + "attn.proj", {w, w});
    addLayerKeys(keys, generator + "norm2", {w});
    addLayerKeys(keys, generator + "mlp.fc1", {wide, w});
    addLayerKeys(keys, generator + "mlp.fc2", {w, wide});
    addLayerKeys(keys, global + "gamma_linear", {1, w});
    addLayerKeys(keys, global + "color_linear", {1, w});
    return keys;
}

Iat::Iat(const tensor::Weights& weights, const Config& config) : m_config(config) {
    requireShapes(weights, config.expected());
    m_first = {weights, "local_net.conv1", {.activation = nn::Activation::leakyRelu(kSlope)}};
    for (const char* branch : {kFactor, kOffset})
        for (int i = 0; i < config.blocks; ++i) {
            const auto in = [&](const char* part) { return blockName(branch, i, part); };
            const nn::Conv2dOptions eachChannel{.groups = config.features};
            (branch == kFactor ? m_factor : m_offset)
                .push_back({.position = {weights, in("pos_embed"), eachChannel},
                            .attention = {weights, in("attn"), eachChannel},
                            .before = normAndConv(weights, in("norm1"), in("conv1")),
                            .after = convAndScale(weights, in("conv2"), in("gamma_1")),
                            .up = normAndConv(weights, in("norm2"), in("mlp.fc1"), {.kind = nn::Activation::Kind::Gelu}),
                            .down = convAndScale(weights, in("mlp.fc2"), in("gamma_2"))});
        }
    m_factorEnd = {weights, "local_net.mul_end.0", {.activation = nn::Activation::relu()}};
    m_offsetEnd = {weights, "local_net.add_end.0"};
    const tensor::Weights global = weights.sub("global_net."), generator = global.sub("generator.");
    m_embed[0] = nn::foldedConv(global, "conv_large.proj.0", "conv_large.proj.1", kNormEpsilon, {.stride = 2});
    m_embed[1] = nn::foldedConv(global, "conv_large.proj.3", "conv_large.proj.4", kNormEpsilon, {.stride = 2});
    m_position = {generator, "pos_embed", {.groups = config.width}};
    m_norm1 = {generator, "norm1"};
    m_query = generator.tensor("attn.q");
    m_key = {generator, "attn.k"};
    m_value = {generator, "attn.v"};
    m_project = {generator, "attn.proj"};
    m_norm2 = {generator, "norm2"};
    m_up = {generator, "mlp.fc1"};
    m_down = {generator, "mlp.fc2"};
    m_gamma = {global, "gamma_linear"};
    m_color = {global, "color_linear"};
    m_gammaBase = global.tensor("gamma_base");
    m_colorBase = global.tensor("color_base");
}

Iat::Tone Iat::toneOf(const nn::Tensor& image) const {
    nn::Tensor x = m_embed[1](nn::gelu(m_embed[0](nn::channelsLast(image)))); // [N, width, H/4, W/4]
    x = m_norm1(tokensOf(x.add(m_position(x))));                              // [N, H/4·W/4, width]
    const nn::Tensor query = m_query.expand({x.size(0), -1, -1});
    x = m_project(nn::attention(query, m_key(x), m_value(x), m_config.heads)); // [N, 10, width]
    x = x.add(m_down(nn::gelu(m_up(m_norm2(x)))));
    const nn::Tensor color = m_color(nn::narrow(x, 1, 1, kQueries - 1)).view({-1, 3, 3});
    return {.color = color.add(m_colorBase), .gamma = m_gamma(x.select(1, 0)).add(m_gammaBase)};
}

/// shallow [N, features, H, W] → the same, with what the blocks add to it.
nn::Tensor Iat::runBranch(const std::vector<Block>& blocks, const nn::Tensor& shallow) const {
    nn::Tensor x = shallow;
    for (const Block& block : blocks) {
        x = x.add(block.position(x));
        nn::Tensor tokens = tokensOf(x); // the same memory, [N, H·W, features]
        const nn::Tensor inside = pictureOf(block.before(tokens), x.size(2), x.size(3));
        tokens = tokens.add(block.after(tokensOf(block.attention(inside))));
        tokens = tokens.add(block.down(block.up(tokens))); // by way of [N, H·W, 4·features]
        x = pictureOf(tokens, x.size(2), x.size(3));
    }
    return x.add(shallow);
}

nn::Tensor Iat::forward(const nn::Tensor& image, const Tone& tone) const {
    const nn::Tensor shallow = m_first(nn::channelsLast(image));
    const nn::Tensor factor = m_factorEnd(runBranch(m_factor, shallow)); // [N, 3, H, W]
    const nn::Tensor offset = m_offsetEnd(runBranch(m_offset, shallow)).tanh();
    const nn::Tensor local = tokensOf(image.mul(factor).add(offset)); // [N, H·W, 3]
    const nn::Tensor colored = local.matmul(tone.color.transpose(1, 2)).clamp(kDarkest, 1);
    return pictureOf(colored.pow(tone.gamma.unsqueeze(2)), image.size(2), image.size(3));
}

} // namespace ochre::models
