// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/Detr.h"

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/NetworkParts.h"
#include "core/tensor/Attention.h"
#include "core/tensor/Vision.h"

namespace ochre::models {
namespace {

constexpr double kEpsilon = 1e-5; // of frozen batch norms
constexpr double kUnseen = -1e30; // below all products and yet a number
constexpr const char* kBody = "backbone.0.body.";

std::string inBlock(std::size_t stage, int block, const std::string& part) {
    return fmt::format("{}layer{}.{}.{}", kBody, stage + 1, block, part);
}

std::string inLayer(const char* kind, int index, const char* part) {
    return fmt::format("transformer.{}.layers.{}.{}", kind, index, part);
}

/// One layer of a block of the backbone.
struct BlockLayer {
    std::string conv, norm;
    int in, out, kernel, stride, dilation;
};

/// The layers of one block; the one past them, if `shortcut`, brings its input to its output's shape.
struct BlockPlan {
    std::vector<BlockLayer> layers;
    bool shortcut;
};

std::vector<BlockPlan> backboneOf(const Detr::Config& c) {
    std::vector<BlockPlan> plans;
    int in = c.stem;
    for (std::size_t stage = 0; stage < c.depths.size(); ++stage) {
        const int within = c.width << stage, out = c.bottleneck ? 4 * within : within;
        for (int i = 0; i < c.depths[stage]; ++i) {
            const bool last = stage + 1 == c.depths.size(), first = i == 0;
            const int stride = first && stage > 0 && !(last && c.dilated) ? 2 : 1;
            const int dilation = last && c.dilated && !first ? 2 : 1;
            const auto layer = [&](int number, int from, int to, int kernel, int step) {
                return BlockLayer{inBlock(stage, i, fmt::format("conv{}", number)), inBlock(stage, i, fmt::format("bn{}", number)),
                                  from, to, kernel, step, kernel == 3 ? dilation : 1};
            };
            BlockPlan& plan = plans.emplace_back();
            if (c.bottleneck)
                plan.layers = {layer(1, in, within, 1, 1), layer(2, within, within, 3, stride), layer(3, within, out, 1, 1)};
            else
                plan.layers = {layer(1, in, within, 3, stride), layer(2, within, within, 3, 1)};
            plan.shortcut = first && in != out;
            if (plan.shortcut)
                plan.layers.push_back(
                    {inBlock(stage, i, "downsample.0"), inBlock(stage, i, "downsample.1"), in, out, 1, stride, 1});
            in = out;
        }
    }
    return plans;
}

} // namespace

std::optional<Detr::Config> Detr::Config::fromWeights(const tensor::Weights& weights) {
    const auto side = [&](const std::string& name, std::size_t dimension) {
        return weights.has(name) && weights.shape(name).size() > dimension ? static_cast<int>(weights.size(name, dimension)) : 0;
    };
    Config config;
    config.stem = side(std::string(kBody) + "conv1.weight", 0);
    config.width = side(inBlock(0, 0, "conv1.weight"), 0);
    config.bottleneck = weights.has(inBlock(0, 0, "conv3.weight"));
    for (std::size_t stage = 0; stage < config.depths.size(); ++stage) {
        config.depths[stage] = 0;
        while (weights.has(inBlock(stage, config.depths[stage], "conv1.weight"))) ++config.depths[stage];
        if (config.depths[stage] < 1) return std::nullopt;
    }
    config.channels = side("input_proj.weight", 0);
    config.queries = side("query_embed.weight", 0);
    config.classes = side("class_embed.weight", 0) - 1;
    config.inner = side(inLayer("encoder", 0, "linear1.weight"), 0);
    config.encoders = config.decoders = 0;
    while (weights.has(inLayer("encoder", config.encoders, "linear1.weight"))) ++config.encoders;
    while (weights.has(inLayer("decoder", config.decoders, "linear1.weight"))) ++config.decoders;
    for (const int value : {config.stem, config.width, config.channels, config.queries, config.classes, config.inner,
                            config.decoders})
        if (value < 1) return std::nullopt;
    return config;
}

std::map<std::string, tensor::Shape> Detr::Config::expected() const {
    std::map<std::string, tensor::Shape> keys;
    const auto kernel = [&](const std::string& conv, const std::string& norm, int in, int out, int side) {
        keys[conv + ".weight"] = {out, in, side, side};
        for (const char* of : {".weight", ".bias", ".running_mean", ".running_var"}) keys[norm + of] = {out};
    };
    const auto linear = [&](const std::string& name, int in, int out) {
        keys[name + ".weight"] = {out, in};
        keys[name + ".bias"] = {out};
    };
    const auto attention = [&](const std::string& name) {
        keys[name + ".in_proj_weight"] = {3 * channels, channels};
        keys[name + ".in_proj_bias"] = {3 * channels};
        linear(name + ".out_proj", channels, channels);
    };
    const auto layer = [&](const char* kind, int index, std::initializer_list<const char*> attentions) {
        for (const char* one : attentions) attention(inLayer(kind, index, one));
        linear(inLayer(kind, index, "linear1"), channels, inner);
        linear(inLayer(kind, index, "linear2"), inner, channels);
        for (std::size_t i = 0; i <= attentions.size(); ++i)
            for (const char* of : {".weight", ".bias"})
                keys[inLayer(kind, index, "norm") + std::to_string(i + 1) + of] = {channels};
    };
    kernel(std::string(kBody) + "conv1", std::string(kBody) + "bn1", 3, stem, 7);
    for (const BlockPlan& plan : backboneOf(*this))
        for (const BlockLayer& one : plan.layers) kernel(one.conv, one.norm, one.in, one.out, one.kernel);
    keys["input_proj.weight"] = {channels, (bottleneck ? 4 : 1) * (width << (depths.size() - 1)), 1, 1};
    keys["input_proj.bias"] = {channels};
    for (int i = 0; i < encoders; ++i) layer("encoder", i, {"self_attn"});
    for (int i = 0; i < decoders; ++i) layer("decoder", i, {"self_attn", "multihead_attn"});
    for (const char* of : {".weight", ".bias"}) keys[std::string("transformer.decoder.norm") + of] = {channels};
    keys["query_embed.weight"] = {queries, channels};
    linear("class_embed", channels, classes + 1);
    for (int i = 0; i < 3; ++i) linear(fmt::format("bbox_embed.layers.{}", i), channels, i < 2 ? channels : 4);
    return keys;
}

void Detr::readBackbone(const tensor::Weights& weights) {
    m_stem = nn::foldedConv(weights, std::string(kBody) + "conv1", std::string(kBody) + "bn1", kEpsilon,
                            {.stride = 2, .activation = nn::Activation::relu()});
    for (const BlockPlan& plan : backboneOf(m_config)) {
        Block& block = m_blocks.emplace_back();
        const std::size_t own = plan.layers.size() - (plan.shortcut ? 1 : 0);
        for (std::size_t i = 0; i < plan.layers.size(); ++i) {
            const BlockLayer& layer = plan.layers[i];
            const bool active = i + 1 < own; // the last one's activation comes after the shortcut is added
            nn::Conv2d conv = nn::foldedConv(weights, layer.conv, layer.norm, kEpsilon,
                                             {.stride = layer.stride, .dilation = layer.dilation,
                                              .activation = active ? nn::Activation::relu() : nn::Activation::none()});
            if (i < own)
                block.layers.push_back(std::move(conv));
            else
                block.shortcut = std::move(conv);
        }
    }
}

Detr::Attention Detr::readAttention(const tensor::Weights& weights, const std::string& name) {
    const std::vector<nn::Tensor> matrices = weights.tensor(name + ".in_proj_weight").chunk(3),
                                  biases = weights.tensor(name + ".in_proj_bias").chunk(3);
    return {{matrices[0], biases[0]}, {matrices[1], biases[1]}, {matrices[2], biases[2]}, {weights, name + ".out_proj"}};
}

Detr::Detr(const tensor::Weights& weights, const Config& config) : m_config(config) {
    if (config.heads < 1 || config.channels % config.heads != 0 || config.channels % 4 != 0)
        throw Error(fmt::format("{}: a width of {} is not {} equal heads", weights.subject(), config.channels, config.heads),
                    "choose the weights of a released DETR");
    requireShapes(weights, config.expected());
    readBackbone(weights);
    m_project = {weights, "input_proj"};
    for (int i = 0; i < config.encoders; ++i) {
        const auto name = [i](const char* part) { return inLayer("encoder", i, part); };
        m_encoders.push_back({readAttention(weights, name("self_attn")), {weights, name("linear1")}, {weights, name("linear2")},
                              {weights, name("norm1")}, {weights, name("norm2")}});
    }
    for (int i = 0; i < config.decoders; ++i) {
        const auto name = [i](const char* part) { return inLayer("decoder", i, part); };
        m_decoders.push_back({readAttention(weights, name("self_attn")), readAttention(weights, name("multihead_attn")),
                              {weights, name("linear1")}, {weights, name("linear2")}, {weights, name("norm1")},
                              {weights, name("norm2")}, {weights, name("norm3")}});
    }
    m_norm = {weights, "transformer.decoder.norm"};
    m_queries = weights.tensor("query_embed.weight").unsqueeze(0);
    m_classes = {weights, "class_embed"};
    for (int i = 0; i < 3; ++i) m_box[i] = {weights, fmt::format("bbox_embed.layers.{}", i)};
}

nn::Tensor Detr::backbone(const nn::Tensor& images) const {
    nn::Tensor x = nn::maxPool(m_stem(images), 3, 2, 1); // [N, stem, H/4, W/4]
    for (const Block& block : m_blocks) {
        nn::Tensor y = x;
        for (const nn::Conv2d& layer : block.layers) y = layer(y);
        x = y.add_(block.shortcut ? (*block.shortcut)(x) : x).relu_();
    }
    return x;
}

nn::Tensor Detr::attend(const Attention& attention, const nn::Tensor& q, const nn::Tensor& k, const nn::Tensor& v,
                        const nn::Tensor& bias) const {
    return attention.out(
        nn::attention(attention.query(q), attention.key(k), attention.value(v), m_config.heads, {.bias = bias}));
}

nn::Tensor Detr::encoded(nn::Tensor x, const nn::Tensor& positions, const nn::Tensor& bias) const {
    for (const Encoder& layer : m_encoders) {
        const nn::Tensor placed = x.add(positions);
        x = layer.norm1(attend(layer.self, placed, placed, x, bias).add_(x));
        x = layer.norm2(layer.down(nn::relu(layer.up(x))).add_(x));
    }
    return x;
}

nn::Tensor Detr::decoded(const nn::Tensor& memory, const nn::Tensor& positions, const nn::Tensor& bias) const {
    const nn::Tensor keys = memory.add(positions);
    nn::Tensor x = m_queries.mul(0).repeat({memory.size(0), 1, 1}); // [N, queries, channels]
    for (const Decoder& layer : m_decoders) {
        const nn::Tensor placed = x.add(m_queries);
        x = layer.norm1(attend(layer.self, placed, placed, x, {}).add_(x));
        x = layer.norm2(attend(layer.cross, x.add(m_queries), keys, memory, bias).add_(x));
        x = layer.norm3(layer.down(nn::relu(layer.up(x))).add_(x));
    }
    return m_norm(x);
}

Detr::Output Detr::forward(const nn::Tensor& images, const nn::Tensor& padding) const {
    if (images.dim() != 4 || images.size(1) != 3 || images.numel() == 0)
        throw Error(fmt::format("DETR: pictures are [N, 3, H, W], not {}", tensor::describe(images.sizes().vec())));
    if (padding.defined() && (padding.dim() != 3 || padding.size(0) != images.size(0) || padding.size(1) != images.size(2) ||
                              padding.size(2) != images.size(3)))
        throw Error(fmt::format("DETR: padding of {} does not fit pictures of {}", tensor::describe(padding.sizes().vec()),
                                tensor::describe(images.sizes().vec())));
    const nn::Tensor features = m_project(backbone(images)); // [N, channels, h, w]
    const std::int64_t h = features.size(2), w = features.size(3);
    nn::Tensor seen = features.new_ones({1, h, w}, at::TensorOptions().dtype(at::kFloat)), bias;
    if (padding.defined()) {
        const nn::Tensor unseen = nn::resizeNearest(padding.ne(0).to(at::kFloat).unsqueeze(1), h, w).squeeze(1);
        seen = unseen.neg().add_(1);                                        // [N, h, w]
        bias = unseen.mul(kUnseen).flatten(1).unsqueeze(1).unsqueeze(1);    // [N, 1, 1, h·w]
    }
    const nn::Tensor positions = nn::sinePositions(seen, m_config.channels).to(features.scalar_type());
    const nn::Tensor memory = encoded(features.flatten(2).transpose(1, 2).contiguous(), positions, bias);
    const nn::Tensor answers = decoded(memory, positions, bias);
    const nn::Tensor box = m_box[2](nn::relu(m_box[1](nn::relu(m_box[0](answers)))));
    return {.logits = m_classes(answers), .boxes = box.sigmoid()};
}

} // namespace ochre::models
