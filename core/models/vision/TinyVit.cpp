// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/TinyVit.h"

#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/NetworkParts.h"
#include "core/tensor/Attention.h"
#include "core/tensor/Vision.h"

namespace ochre::models {
namespace {

constexpr double kEpsilon = 1e-5;
constexpr std::size_t kStages = 4;
constexpr nn::Activation kGelu{nn::Activation::Kind::Gelu, 0};

std::string inBlock(std::size_t stage, int index, const char* part) {
    return fmt::format("layers.{}.blocks.{}.{}", stage, index, part);
}

std::string between(std::size_t stage, const char* part) {
    return fmt::format("layers.{}.downsample.{}", stage, part);
}

/// The last step between stages keeps the resolution.
int strideOf(std::size_t stage) {
    return stage + 2 == kStages ? 1 : 2;
}

nn::Conv2d readConv(const tensor::Weights& weights, const std::string& name, const nn::Conv2dOptions& options) {
    return nn::foldedConv(weights, name + ".c", name + ".bn", kEpsilon, options);
}

/// The file has query, key and value of each head together; here all queries stand first. [3·heads·D, …].
nn::Tensor byKind(const nn::Tensor& qkv, std::int64_t heads) {
    const nn::Tensor parts = qkv.unflatten(0, {heads, 3, qkv.size(0) / (3 * heads)});
    return parts.transpose(0, 1).reshape(qkv.sizes());
}

/// [heads, window²], by the distance down and across → [heads, window², window²], of each query and key.
nn::Tensor biasOf(const nn::Tensor& table, std::int64_t window) {
    const nn::Tensor places = nn::range(0, window);
    const nn::Tensor distance = places.unsqueeze(1).sub(places.unsqueeze(0)).abs(); // [window, window]
    const nn::Tensor index = distance.mul(window).view({window, 1, window, 1}).add(distance.view({1, window, 1, window}));
    return table.index_select(1, index.flatten()).view({table.size(0), window * window, window * window});
}

} // namespace

std::optional<TinyVit::Config> TinyVit::Config::fromWeights(const tensor::Weights& weights) {
    const auto side = [&](const std::string& name, std::size_t dimension) {
        return weights.has(name) && weights.shape(name).size() > dimension ? static_cast<int>(weights.size(name, dimension)) : 0;
    };
    Config config;
    config.outChannels = side("neck.2.weight", 0);
    if (config.outChannels < 1 || side("patch_embed.seq.2.c.weight", 3) != 3) return std::nullopt;
    for (std::size_t i = 0; i < kStages; ++i) {
        Stage stage{.depth = 0};
        const bool first = i == 0;
        const char* part = first ? "conv1.c.weight" : "attn.qkv.weight";
        stage.width = side(inBlock(i, 0, part), 1);
        stage.inner = side(inBlock(i, 0, first ? part : "mlp.fc1.weight"), 0);
        stage.heads = side(inBlock(i, 0, "attn.attention_biases"), 0);
        stage.window = static_cast<int>(std::lround(std::sqrt(side(inBlock(i, 0, "attn.attention_biases"), 1))));
        while (weights.has(inBlock(i, stage.depth, part))) ++stage.depth;
        if (stage.depth < 1 || (!first && (stage.heads < 1 || stage.window < 1 || stage.width % stage.heads != 0)))
            return std::nullopt;
        config.stages.push_back(stage);
    }
    return config;
}

std::map<std::string, tensor::Shape> TinyVit::Config::expected() const {
    std::map<std::string, tensor::Shape> keys;
    const auto norm = [&](const std::string& name, int width) {
        for (const char* of : {".weight", ".bias"}) keys[name + of] = {width};
    };
    const auto conv = [&](const std::string& name, int in, int out, int kernel) {
        keys[name + ".c.weight"] = {out, in, kernel, kernel};
        for (const char* of : {"weight", "bias", "running_mean", "running_var"}) keys[name + ".bn." + of] = {out};
    };
    const auto linear = [&](const std::string& name, int in, int out) {
        keys[name + ".weight"] = {out, in};
        keys[name + ".bias"] = {out};
    };
    conv("patch_embed.seq.0", 3, stages[0].width / 2, 3);
    conv("patch_embed.seq.2", stages[0].width / 2, stages[0].width, 3);
    for (std::size_t s = 0; s < kStages; ++s) {
        const auto& [width, depth, inner, heads, window] = stages[s];
        for (int i = 0; i < depth; ++i) {
            if (s == 0) {
                conv(inBlock(s, i, "conv1"), width, inner, 1);
                conv(inBlock(s, i, "conv2"), 1, inner, 3);
                conv(inBlock(s, i, "conv3"), inner, width, 1);
                continue;
            }
            keys[inBlock(s, i, "attn.attention_biases")] = {heads, window * window};
            norm(inBlock(s, i, "attn.norm"), width);
            linear(inBlock(s, i, "attn.qkv"), width, 3 * width);
            linear(inBlock(s, i, "attn.proj"), width, width);
            conv(inBlock(s, i, "local_conv"), 1, width, 3);
            norm(inBlock(s, i, "mlp.norm"), width);
            linear(inBlock(s, i, "mlp.fc1"), width, inner);
            linear(inBlock(s, i, "mlp.fc2"), inner, width);
        }
        if (s + 1 == kStages) break;
        const int next = stages[s + 1].width;
        conv(between(s, "conv1"), width, next, 1);
        conv(between(s, "conv2"), 1, next, 3);
        conv(between(s, "conv3"), next, next, 1);
    }
    SamNeck::addKeys(keys, stages.back().width, outChannels);
    return keys;
}

bool TinyVit::Config::isBeside(const std::string& key) {
    return key.starts_with("head.") || key.starts_with("norm_head.") || key.ends_with(".num_batches_tracked") ||
           key.ends_with(".attention_bias_idxs");
}

TinyVit::TinyVit(const tensor::Weights& weights, const Config& config) : m_config(config) {
    requireShapes(weights, config.expected());
    m_patches[0] = readConv(weights, "patch_embed.seq.0", {.stride = 2, .activation = kGelu});
    m_patches[1] = readConv(weights, "patch_embed.seq.2", {.stride = 2});
    for (int i = 0; i < config.stages[0].depth; ++i)
        m_first.push_back({readConv(weights, inBlock(0, i, "conv1"), {.activation = kGelu}),
                           readConv(weights, inBlock(0, i, "conv2"), {.groups = config.stages[0].inner, .activation = kGelu}),
                           readConv(weights, inBlock(0, i, "conv3"), {})});
    for (std::size_t s = 0; s + 1 < kStages; ++s)
        m_between.push_back({readConv(weights, between(s, "conv1"), {.activation = kGelu}),
                             readConv(weights, between(s, "conv2"),
                                      {.stride = strideOf(s), .groups = config.stages[s + 1].width, .activation = kGelu}),
                             readConv(weights, between(s, "conv3"), {})});
    for (std::size_t s = 1; s < kStages; ++s) {
        const Stage& stage = config.stages[s];
        std::vector<Block>& blocks = m_stages.emplace_back();
        for (int i = 0; i < stage.depth; ++i) {
            const auto tensor = [&](const char* part) { return weights.tensor(inBlock(s, i, part)); };
            Block& block = blocks.emplace_back();
            block.window = stage.window;
            block.heads = stage.heads;
            block.attentionNorm = {weights, inBlock(s, i, "attn.norm"), kEpsilon};
            block.qkv = {byKind(tensor("attn.qkv.weight"), stage.heads), byKind(tensor("attn.qkv.bias"), stage.heads)};
            block.out = {weights, inBlock(s, i, "attn.proj")};
            block.bias = biasOf(tensor("attn.attention_biases"), stage.window);
            block.local = readConv(weights, inBlock(s, i, "local_conv"), {.groups = stage.width});
            block.norm = {weights, inBlock(s, i, "mlp.norm"), kEpsilon};
            block.up = {weights, inBlock(s, i, "mlp.fc1")};
            block.down = {weights, inBlock(s, i, "mlp.fc2")};
        }
    }
    m_neck = SamNeck(weights);
}

nn::Tensor TinyVit::run(const Bottleneck& block, const nn::Tensor& x) {
    return block.narrow(block.mix(block.widen(x)));
}

/// x [N, C, H, W], channels-last. Windows are filled up with zeros before the norm, as the release does.
nn::Tensor TinyVit::run(const Block& block, const nn::Tensor& x) {
    const nn::Tensor picture = x.permute({0, 2, 3, 1}); // [N, H, W, C]
    const bool whole = x.size(2) == block.window && x.size(3) == block.window;
    const nn::Tensor windows = whole ? picture.flatten(1, 2) : nn::splitWindows(picture, block.window);
    const std::vector<nn::Tensor> qkv = block.qkv(block.attentionNorm(windows)).chunk(3, -1);
    const nn::Tensor mixed =
        block.out(nn::attention(qkv[0], qkv[1], qkv[2], block.heads, {.bias = block.bias.unsqueeze(0)}));
    const nn::Tensor attended =
        whole ? mixed.view(picture.sizes()) : nn::joinWindows(mixed, block.window, x.size(2), x.size(3));
    nn::Tensor y = block.local(nn::add(picture, attended).permute({0, 3, 1, 2})).permute({0, 2, 3, 1}); // [N, H, W, C]
    y = y.add(block.down(nn::gelu(block.up(block.norm(y)))));
    return y.permute({0, 3, 1, 2});
}

nn::Tensor TinyVit::forward(const nn::Tensor& image) const {
    if (image.dim() != 4 || image.size(1) != 3 || image.numel() == 0 || image.size(2) % kReduction || image.size(3) % kReduction)
        throw Error(fmt::format("TinyViT: pictures are [N, 3, H, W] with sides that are multiples of {}, not {}", kReduction,
                                tensor::describe(image.sizes().vec())));
    nn::Tensor x = m_patches[1](m_patches[0](image)); // [N, C, H/4, W/4]
    for (const Bottleneck& block : m_first) x = nn::gelu(run(block, x).add_(x));
    for (std::size_t s = 0; s < m_stages.size(); ++s) {
        x = run(m_between[s], x);
        for (const Block& block : m_stages[s]) x = run(block, x);
    }
    return m_neck(x);
}

} // namespace ochre::models
