// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/text/ClipText.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::models {
namespace {

constexpr int kHeadWidth = 64;     // of every published CLIP
constexpr int kOpenAiWidest = 768; // wider ones are OpenCLIP's

/// Names of the parts in the two spellings.
struct Names {
    std::string tokens, positions, layer, norm1, norm2, out, up, down, finalNorm;

    std::string in(int index, const std::string& part) const {
        return fmt::format("{}{}.{}", layer, index, part);
    }
};

Names namesOf(const ClipText::Config& config) {
    const std::string& p = config.prefix;
    if (config.fused)
        return {p + "token_embedding.weight",
                p + "positional_embedding",
                p + "transformer.resblocks.",
                "ln_1",
                "ln_2",
                "attn.out_proj",
                "mlp.c_fc",
                "mlp.c_proj",
                p + "ln_final"};
    return {p + "embeddings.token_embedding.weight",
            p + "embeddings.position_embedding.weight",
            p + "encoder.layers.",
            "layer_norm1",
            "layer_norm2",
            "self_attn.out_proj",
            "mlp.fc1",
            "mlp.fc2",
            p + "final_layer_norm"};
}

bool isMatrix(const tensor::Weights& weights, const std::string& name) {
    return weights.has(name) && weights.shape(name).size() == 2;
}

int side(const tensor::Weights& weights, const std::string& name, std::size_t dimension) {
    return static_cast<int>(weights.size(name, dimension));
}

/// Where the spelling shows: prefix and whether q, k and v are one.
bool spell(const tensor::Weights& weights, ClipText::Config& config) {
    for (const char* prefix : {"text_model.", ""})
        for (const bool fused : {false, true}) {
            config.fused = fused;
            config.prefix = prefix;
            const Names names = namesOf(config);
            if (isMatrix(weights, names.tokens) && isMatrix(weights, names.positions) &&
                isMatrix(weights, names.in(0, names.up) + ".weight"))
                return true;
        }
    return false;
}

void findProjection(const tensor::Weights& weights, ClipText::Config& config) {
    for (const auto& [key, transposed] :
         {std::pair{"text_projection.weight", true}, std::pair{"text_projection", false}})
        if (isMatrix(weights, key)) {
            config.projectionKey = key;
            config.projectionTransposed = transposed;
            config.projection = side(weights, key, transposed ? 0 : 1);
            return;
        }
}

nn::Tensor causalInput(const nn::Tensor& tokens, const nn::Tensor& positions) {
    return tokens.add(positions.narrow(0, 0, tokens.size(1))); // [N, T, width] + [T, width]
}

} // namespace

std::optional<ClipText::Config> ClipText::Config::fromWeights(const tensor::Weights& weights) {
    Config config;
    if (!spell(weights, config)) return std::nullopt;
    const Names names = namesOf(config);
    config.layers = 0;
    while (isMatrix(weights, names.in(config.layers, names.up) + ".weight")) ++config.layers;
    config.vocabulary = side(weights, names.tokens, 0);
    config.width = side(weights, names.tokens, 1);
    config.positions = side(weights, names.positions, 0);
    config.inner = side(weights, names.in(0, names.up) + ".weight", 0);
    config.heads = std::max(1, config.width / kHeadWidth);
    config.quickGelu = config.width <= kOpenAiWidest;
    findProjection(weights, config);
    return config;
}

std::map<std::string, tensor::Shape> ClipText::Config::expected() const {
    const Names names = namesOf(*this);
    std::map<std::string, tensor::Shape> keys;
    const auto linear = [&keys](const std::string& name, std::int64_t in, std::int64_t out) {
        keys[name + ".weight"] = {out, in};
        keys[name + ".bias"] = {out};
    };
    const auto norm = [this, &keys](const std::string& name) {
        keys[name + ".weight"] = keys[name + ".bias"] = {width};
    };
    keys[names.tokens] = {vocabulary, width};
    keys[names.positions] = {positions, width};
    for (int i = 0; i < layers; ++i) {
        norm(names.in(i, names.norm1));
        if (fused) {
            keys[names.in(i, "attn.in_proj_weight")] = {3 * width, width};
            keys[names.in(i, "attn.in_proj_bias")] = {3 * width};
        } else {
            for (const char* part : {"q", "k", "v"})
                linear(names.in(i, fmt::format("self_attn.{}_proj", part)), width, width);
        }
        linear(names.in(i, names.out), width, width);
        norm(names.in(i, names.norm2));
        linear(names.in(i, names.up), width, inner);
        linear(names.in(i, names.down), inner, width);
    }
    norm(names.finalNorm);
    if (projection > 0)
        keys[projectionKey] =
            projectionTransposed ? tensor::Shape{projection, width} : tensor::Shape{width, projection};
    return keys;
}

bool ClipText::Config::isBeside(const std::string& key) {
    for (const char* tower : {"visual.", "vision_model.", "visual_projection."})
        if (key.starts_with(tower)) return true;
    for (const char* buffer :
         {"logit_scale", "logit_bias", "input_resolution", "context_length", "vocab_size"})
        if (key == buffer) return true;
    return key.ends_with("position_ids") || key.ends_with("attn_mask");
}

ClipText::ClipText(const tensor::Weights& weights, const Config& config) : m_config(config) {
    if (config.heads < 1 || config.width % config.heads != 0)
        throw Error(fmt::format("{}: a width of {} is not {} equal heads", weights.subject(), config.width,
                                config.heads),
                    "the number of heads belongs to another model");
    const Names names = namesOf(config);
    m_tokens = {weights, names.tokens};
    m_positions = {weights, names.positions};
    for (int i = 0; i < config.layers; ++i) {
        Layer& layer = m_layers.emplace_back();
        layer.norm1 = {weights, names.in(i, names.norm1), config.epsilon};
        if (config.fused) {
            layer.qkv = {weights.tensor(names.in(i, "attn.in_proj_weight")),
                         weights.tensor(names.in(i, "attn.in_proj_bias"))};
        } else {
            layer.q = {weights, names.in(i, "self_attn.q_proj")};
            layer.k = {weights, names.in(i, "self_attn.k_proj")};
            layer.v = {weights, names.in(i, "self_attn.v_proj")};
        }
        layer.out = {weights, names.in(i, names.out)};
        layer.norm2 = {weights, names.in(i, names.norm2), config.epsilon};
        layer.up = {weights, names.in(i, names.up)};
        layer.down = {weights, names.in(i, names.down)};
    }
    m_finalNorm = {weights, names.finalNorm, config.epsilon};
    if (config.projection > 0) {
        const nn::Tensor matrix = weights.tensor(config.projectionKey);
        m_projection = {config.projectionTransposed ? matrix : matrix.t(), {}};
    }
}

nn::Tensor ClipText::attend(const Layer& layer, const nn::Tensor& x) const {
    const nn::AttentionOptions causal{.causal = true};
    if (!m_config.fused)
        return layer.out(nn::attention(layer.q(x), layer.k(x), layer.v(x), m_config.heads, causal));
    const std::vector<nn::Tensor> parts = layer.qkv(x).chunk(3, -1); // 3 of [N, T, width]
    return layer.out(nn::attention(parts[0], parts[1], parts[2], m_config.heads, causal));
}

nn::Tensor ClipText::run(const Layer& layer, const nn::Tensor& x) const {
    nn::Tensor y = attend(layer, layer.norm1(x)); // [N, T, width]
    nn::addInPlace(y, x);
    const nn::Tensor wide = layer.up(layer.norm2(y)); // [N, T, inner]
    return layer.down(m_config.quickGelu ? nn::quickGelu(wide) : nn::gelu(wide)).add_(y);
}

nn::Tensor ClipText::embed(const nn::Tensor& ids) const {
    if (ids.dim() != 2 || ids.scalar_type() != at::kLong)
        throw Error(fmt::format("CLIP text: token ids are int64 [texts, tokens], not {} dimensions of {}",
                                ids.dim(), c10::toString(ids.scalar_type())));
    if (ids.numel() > 0) {
        const auto least = ids.min().item<std::int64_t>(), most = ids.max().item<std::int64_t>();
        if (least < 0 || most >= m_config.vocabulary)
            throw Error(fmt::format("CLIP text: token id {} is outside the vocabulary of {}",
                                    least < 0 ? least : most, m_config.vocabulary),
                        "use the tokenizer that belongs to this text encoder");
    }
    return m_tokens(ids);
}

nn::Tensor ClipText::endPositions(const nn::Tensor& ids) const {
    // The first of equal ones: padding may repeat the end token.
    return m_config.endToken < 0 ? ids.argmax(-1) : ids.eq(m_config.endToken).to(at::kInt).argmax(-1);
}

ClipText::Output ClipText::forward(const nn::Tensor& ids, const Options& options) const {
    const nn::Tensor tokens = embed(ids);
    return forward(tokens, endPositions(ids), options);
}

ClipText::Output ClipText::forward(const nn::Tensor& tokens, const nn::Tensor& ends,
                                   const Options& options) const {
    if (tokens.dim() != 3 || tokens.size(2) != m_config.width || tokens.size(1) > m_config.positions)
        throw Error(fmt::format("CLIP text: takes at most {} tokens of width {}, was given {}",
                                m_config.positions, m_config.width, tensor::describe(tokens.sizes().vec())),
                    "split the prompt into pieces");
    if (options.clipSkip < 1 || options.clipSkip > m_config.layers + 1)
        throw Error(
            fmt::format("CLIP text: clip skip {} is not in 1...{}", options.clipSkip, m_config.layers + 1));
    const int wanted = m_config.layers + 1 - options.clipSkip; // layers behind `states`
    const int needed = options.pooled || options.keepHidden ? m_config.layers : wanted;
    Output output;
    nn::Tensor x = causalInput(tokens, m_positions.table());
    for (int i = 0;; ++i) {
        if (options.keepHidden) output.hidden.push_back(x);
        if (i == wanted) output.states = options.finalNorm ? m_finalNorm(x) : x;
        if (i == needed) break;
        x = run(m_layers[static_cast<std::size_t>(i)], x);
    }
    if (!options.pooled) return output;
    output.last = wanted == m_config.layers && options.finalNorm ? output.states : m_finalNorm(x);
    const nn::Tensor rows = ends.view({-1, 1, 1}).expand({-1, 1, m_config.width});
    output.pooled = output.last.gather(1, rows).squeeze(1); // [N, width]
    if (m_config.projection > 0) output.projected = m_projection(output.pooled);
    return output;
}

std::vector<tensor::Weights> findClipTexts(const tensor::Weights& weights) {
    std::vector<tensor::Weights> found;
    for (const char* prefix : {"", "cond_stage_model.transformer.", "cond_stage_model.model.",
                               "conditioner.embedders.0.transformer.", "conditioner.embedders.0.model.",
                               "conditioner.embedders.1.model.", "text_encoders.clip_l.transformer.",
                               "text_encoders.clip_g.transformer.", "clip_l.transformer.",
                               "clip_g.transformer.", "text_encoder.", "text_encoder_2.", "text."})
        if (const tensor::Weights view = weights.sub(prefix); ClipText::Config::fromWeights(view))
            found.push_back(view);
    return found;
}

} // namespace ochre::models
