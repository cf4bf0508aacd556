// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/text/Bert.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/NetworkParts.h"

namespace ochre::models {
namespace {

constexpr int kHeadWidth = 64; // of Google's models
constexpr int kMiniWidth = 384, kMiniHeads = 12;
// Added to the products of padding; far below all others and yet a number, so that a text of padding alone
// gives no NaN.
constexpr double kUnseen = -1e30;
constexpr const char* kWords = "embeddings.word_embeddings.weight";
constexpr const char* kPositions = "embeddings.position_embeddings.weight";
constexpr const char* kTypes = "embeddings.token_type_embeddings.weight";
constexpr const char* kNorm = "embeddings.LayerNorm";
constexpr const char* kPooler = "pooler.dense";

std::string inLayer(int index, const char* part) {
    return fmt::format("encoder.layer.{}.{}", index, part);
}

bool isMatrix(const tensor::Weights& weights, const std::string& name) {
    return weights.has(name) && weights.shape(name).size() == 2;
}

int side(const tensor::Weights& weights, const std::string& name, std::size_t dimension) {
    return static_cast<int>(weights.size(name, dimension));
}

int usualHeads(int width) {
    const bool mini = width == kMiniWidth || width % kHeadWidth != 0;
    return mini && width % kMiniHeads == 0 ? kMiniHeads : std::max(1, width / kHeadWidth);
}

std::vector<std::string> normNames(const Bert::Config& config) {
    std::vector<std::string> names{kNorm};
    for (int i = 0; i < config.layers; ++i) {
        names.push_back(inLayer(i, "attention.output.LayerNorm"));
        names.push_back(inLayer(i, "output.LayerNorm"));
    }
    return names;
}

/// The view that the config describes, in which norms have the names that layers ask for.
tensor::Weights viewOf(const tensor::Weights& weights, const Bert::Config& config) {
    const tensor::Weights view = weights.sub(config.prefix);
    if (!config.oldNorms) return view;
    std::map<std::string, std::string> names;
    for (const std::string& norm : normNames(config)) {
        names[norm + ".weight"] = norm + ".gamma";
        names[norm + ".bias"] = norm + ".beta";
    }
    return view.renamed(std::move(names));
}

void checkIds(const nn::Tensor& ids, int count, const char* what) {
    if (ids.dim() != 2 || ids.scalar_type() != at::kLong || ids.numel() == 0)
        throw Error(fmt::format("BERT: {}s are int64 [texts, tokens] of at least one, not {} of {}", what,
                                tensor::describe(ids.sizes().vec()), c10::toString(ids.scalar_type())));
    const auto least = ids.min().item<std::int64_t>(), most = ids.max().item<std::int64_t>();
    if (least < 0 || most >= count)
        throw Error(
            fmt::format("BERT: {} {} is outside the table of {}", what, least < 0 ? least : most, count),
            "use the vocabulary that belongs to this text encoder");
}

void checkSameSize(const nn::Tensor& ids, const nn::Tensor& other, const char* what) {
    if (other.defined() && other.sizes() != ids.sizes())
        throw Error(fmt::format("BERT: {} of {} do not fit tokens of {}", what,
                                tensor::describe(other.sizes().vec()), tensor::describe(ids.sizes().vec())));
}

/// [N, 1, 1, T]; undefined where nothing is padding, for which attention is faster.
nn::Tensor paddingBias(const nn::Tensor& mask, const nn::Tensor& like) {
    if (!mask.defined() || mask.ne(0).all().item<bool>()) return {};
    return mask.eq(0).to(like.scalar_type()).mul_(kUnseen).view({mask.size(0), 1, 1, mask.size(1)});
}

} // namespace

std::optional<Bert::Config> Bert::Config::fromWeights(const tensor::Weights& weights) {
    Config config;
    const std::string up = inLayer(0, "intermediate.dense.weight");
    const auto fits = [&](const tensor::Weights& view) {
        return isMatrix(view, kWords) && isMatrix(view, kPositions) && isMatrix(view, kTypes) &&
               isMatrix(view, up);
    };
    for (const char* prefix : {"", "bert."}) {
        const tensor::Weights view = weights.sub(prefix);
        if (!fits(view)) continue;
        config.prefix = prefix;
        config.vocabulary = side(view, kWords, 0);
        config.width = side(view, kWords, 1);
        config.positions = side(view, kPositions, 0);
        config.types = side(view, kTypes, 0);
        config.inner = side(view, up, 0);
        config.heads = usualHeads(config.width);
        config.oldNorms = view.has(std::string(kNorm) + ".gamma");
        config.pooler = isMatrix(view, std::string(kPooler) + ".weight");
        config.layers = 0;
        while (isMatrix(view, inLayer(config.layers, "intermediate.dense.weight"))) ++config.layers;
        if (config.types < 2) return std::nullopt;
        return config;
    }
    return std::nullopt;
}

std::map<std::string, tensor::Shape> Bert::Config::expected() const {
    std::map<std::string, tensor::Shape> keys;
    const auto linear = [&](const std::string& name, std::int64_t in, std::int64_t out) {
        keys[prefix + name + ".weight"] = {out, in};
        keys[prefix + name + ".bias"] = {out};
    };
    keys[prefix + kWords] = {vocabulary, width};
    keys[prefix + kPositions] = {positions, width};
    keys[prefix + kTypes] = {types, width};
    for (const std::string& name : normNames(*this)) {
        keys[prefix + name + (oldNorms ? ".gamma" : ".weight")] = {width};
        keys[prefix + name + (oldNorms ? ".beta" : ".bias")] = {width};
    }
    for (int i = 0; i < layers; ++i) {
        for (const char* part : {"attention.self.query", "attention.self.key", "attention.self.value"})
            linear(inLayer(i, part), width, width);
        linear(inLayer(i, "attention.output.dense"), width, width);
        linear(inLayer(i, "intermediate.dense"), width, inner);
        linear(inLayer(i, "output.dense"), inner, width);
    }
    if (pooler) linear(kPooler, width, width);
    return keys;
}

bool Bert::Config::isBeside(const std::string& key) {
    return key.starts_with("cls.") || key.ends_with("embeddings.position_ids");
}

Bert::Bert(const tensor::Weights& weights, const Config& config) : m_config(config) {
    if (config.heads < 1 || config.width % config.heads != 0)
        throw Error(fmt::format("{}: a width of {} is not {} equal heads", weights.subject(), config.width,
                                config.heads),
                    "the number of heads belongs to another model");
    requireShapes(weights, config.expected());
    const tensor::Weights w = viewOf(weights, config);
    m_words = {w, kWords};
    m_positions = {w, kPositions};
    m_types = {w, kTypes};
    m_norm = {w, kNorm, config.epsilon};
    for (int i = 0; i < config.layers; ++i) {
        Layer& layer = m_layers.emplace_back();
        layer.query = {w, inLayer(i, "attention.self.query")};
        layer.key = {w, inLayer(i, "attention.self.key")};
        layer.value = {w, inLayer(i, "attention.self.value")};
        layer.attentionOut = {w, inLayer(i, "attention.output.dense")};
        layer.attentionNorm = {w, inLayer(i, "attention.output.LayerNorm"), config.epsilon};
        layer.up = {w, inLayer(i, "intermediate.dense")};
        layer.down = {w, inLayer(i, "output.dense")};
        layer.norm = {w, inLayer(i, "output.LayerNorm"), config.epsilon};
    }
    if (config.pooler) m_pooler = {w, kPooler};
}

nn::Tensor Bert::embed(const nn::Tensor& ids, const nn::Tensor& types) const {
    nn::Tensor x = m_words(ids); // [N, T, width]
    x.add_(types.defined() ? m_types(types) : m_types.table().narrow(0, 0, 1));
    x.add_(m_positions.table().narrow(0, 0, ids.size(1)));
    return m_norm(x);
}

nn::Tensor Bert::run(const Layer& layer, const nn::Tensor& x, const nn::AttentionOptions& attention) const {
    nn::Tensor y = layer.attentionOut(nn::attention(layer.query(x), layer.key(x), layer.value(x),
                                                    m_config.heads, attention)); // [N, T, width]
    y = layer.attentionNorm(y.add_(x));
    nn::Tensor z = layer.down(nn::gelu(layer.up(y))); // by way of [N, T, inner]
    return layer.norm(z.add_(y));
}

nn::Tensor Bert::forward(const nn::Tensor& ids, const nn::Tensor& mask, const nn::Tensor& types) const {
    checkIds(ids, m_config.vocabulary, "token id");
    if (ids.size(1) > m_config.positions)
        throw Error(
            fmt::format("BERT: takes at most {} tokens, was given {}", m_config.positions, ids.size(1)),
            "cut the text");
    checkSameSize(ids, mask, "masks");
    checkSameSize(ids, types, "types");
    if (types.defined()) checkIds(types, m_config.types, "type");
    nn::Tensor x = embed(ids, types);
    const nn::AttentionOptions attention{.bias = paddingBias(mask, x)};
    for (const Layer& layer : m_layers) x = run(layer, x, attention);
    return x; // [N, T, width]
}

nn::Tensor Bert::pooled(const nn::Tensor& states) const {
    if (!m_config.pooler) throw Error("BERT: this file has no pooler", "use the mean of the states");
    return m_pooler(states.select(1, 0)).tanh(); // [N, width]
}

nn::Tensor Bert::meanPooled(const nn::Tensor& states, const nn::Tensor& mask) {
    if (!mask.defined()) return states.mean({1});
    const nn::Tensor seen = mask.ne(0).to(states.scalar_type()).unsqueeze(-1); // [N, T, 1]
    return states.mul(seen).sum({1}).div(seen.sum({1}).clamp_min(1));          // [N, width]
}

nn::Tensor Bert::normalised(const nn::Tensor& rows) {
    return rows.div(rows.norm(2, {-1}, true).clamp_min(1e-12));
}

} // namespace ochre::models
