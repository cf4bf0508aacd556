// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/language/TextClassifier.h"

#include <cmath>
#include <cstdlib>
#include <functional>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/NetworkParts.h"
#include "core/models/language/Mamba.h"
#include "core/tensor/Norm.h"
#include "core/tensor/Recurrent.h"

namespace ochre::models {

/// What happens between the table of tokens and the mean over them.
class SequenceMixer {
public:
    virtual ~SequenceMixer() = default;
    /// [N, T, width] → [N, T, features]. What stands at padding is of no use. `maps`, if given, takes attention.
    virtual nn::Tensor operator()(nn::Tensor x, const nn::Tensor& mask, std::vector<nn::Tensor>* maps) const = 0;
};

namespace {

using Config = TextClassifier::Config;
using Kind = TextClassifier::Kind;
using Keys = std::map<std::string, tensor::Shape>;

constexpr double kUnseen = -1e30; // added to the products of padding
constexpr const char *kTokens = "tokens.weight", *kPositions = "positions.weight", *kRecurrent = "recurrent";
constexpr int kWidening = 4; // of the feed-forward

std::string inLayer(int index, const char* part) {
    return fmt::format("layers.{}.{}", index, part);
}

bool isRecurrent(Kind kind) {
    return kind == Kind::Lstm || kind == Kind::Gru;
}

nn::Recurrent::Kind recurrentKind(Kind kind) {
    return kind == Kind::Lstm ? nn::Recurrent::Kind::Lstm : nn::Recurrent::Kind::Gru;
}

MambaMixer::Config mixerConfig(const Config& config) {
    return {.width = config.width, .inner = config.inner, .state = config.state, .rank = config.rank, .kernel = config.kernel};
}

class TransformerMixer : public SequenceMixer {
public:
    TransformerMixer(const tensor::Weights& w, const Config& config)
        : m_heads(config.heads), m_positions(w, kPositions), m_norm(w, "norm") {
        for (int i = 0; i < config.layers; ++i) {
            Layer& layer = m_layers.emplace_back();
            layer.attentionNorm = {w, inLayer(i, "attention_norm")};
            layer.query = {w, inLayer(i, "attention.query")};
            layer.key = {w, inLayer(i, "attention.key")};
            layer.value = {w, inLayer(i, "attention.value")};
            layer.out = {w, inLayer(i, "attention.out")};
            layer.norm = {w, inLayer(i, "norm")};
            layer.up = {w, inLayer(i, "up")};
            layer.down = {w, inLayer(i, "down")};
        }
    }

    static void expect(const Config& c, Keys& keys) {
        const auto linear = [&](const std::string& name, int in, int out) {
            keys[name + ".weight"] = {out, in};
            keys[name + ".bias"] = {out};
        };
        const auto norm = [&](const std::string& name) { keys[name + ".weight"] = keys[name + ".bias"] = {c.width}; };
        keys[kPositions] = {c.positions, c.width};
        for (int i = 0; i < c.layers; ++i) {
            norm(inLayer(i, "attention_norm"));
            for (const char* part : {"attention.query", "attention.key", "attention.value", "attention.out"})
                linear(inLayer(i, part), c.width, c.width);
            norm(inLayer(i, "norm"));
            linear(inLayer(i, "up"), c.width, c.inner);
            linear(inLayer(i, "down"), c.inner, c.width);
        }
        norm("norm");
    }

    nn::Tensor operator()(nn::Tensor x, const nn::Tensor& mask, std::vector<nn::Tensor>* maps) const override {
        if (x.size(1) > m_positions.count())
            throw Error(fmt::format("text classifier: takes at most {} tokens, was given {}", m_positions.count(), x.size(1)),
                        "cut the text");
        x = x.add(m_positions.table().narrow(0, 0, x.size(1)));
        nn::AttentionOptions options;
        if (mask.defined()) options.bias = mask.eq(0).to(x.scalar_type()).mul(kUnseen).view({mask.size(0), 1, 1, mask.size(1)});
        for (const Layer& layer : m_layers) {
            const nn::Tensor in = layer.attentionNorm(x), q = layer.query(in), k = layer.key(in);
            if (maps) maps->push_back(map(q, k, options.bias));
            x = x.add(layer.out(nn::attention(q, k, layer.value(in), m_heads, options)));
            x = x.add(layer.down(nn::gelu(layer.up(layer.norm(x)))));
        }
        return m_norm(x);
    }

private:
    struct Layer {
        nn::LayerNorm attentionNorm;
        nn::Linear query, key, value, out;
        nn::LayerNorm norm;
        nn::Linear up, down;
    };

    nn::Tensor map(const nn::Tensor& q, const nn::Tensor& k, const nn::Tensor& bias) const {
        const std::int64_t width = q.size(2) / m_heads;
        const auto split = [&](const nn::Tensor& x) { return x.view({x.size(0), x.size(1), m_heads, width}).transpose(1, 2); };
        nn::Tensor products = split(q).matmul(split(k).transpose(2, 3)).mul(1 / std::sqrt(static_cast<double>(width)));
        if (bias.defined()) products = products.add(bias);
        return nn::softmax(products);
    }

    std::int64_t m_heads;
    nn::Embedding m_positions;
    std::vector<Layer> m_layers;
    nn::LayerNorm m_norm;
};

class RecurrentMixer : public SequenceMixer {
public:
    RecurrentMixer(const tensor::Weights& w, const Config& c) : m_layers(w, kRecurrent, recurrentKind(c.kind), c.layers) {}

    static void expect(const Config& c, Keys& keys) {
        const int rows = nn::gatesOf(recurrentKind(c.kind)) * c.inner;
        for (int i = 0; i < c.layers; ++i) {
            keys[fmt::format("{}.weight_ih_l{}", kRecurrent, i)] = {rows, i == 0 ? c.width : c.inner};
            keys[fmt::format("{}.weight_hh_l{}", kRecurrent, i)] = {rows, c.inner};
            keys[fmt::format("{}.bias_ih_l{}", kRecurrent, i)] = {rows};
            keys[fmt::format("{}.bias_hh_l{}", kRecurrent, i)] = {rows};
        }
    }

    nn::Tensor operator()(nn::Tensor x, const nn::Tensor&, std::vector<nn::Tensor>*) const override { return m_layers(x); }

private:
    nn::Recurrent m_layers;
};

class ScanMixer : public SequenceMixer {
public:
    ScanMixer(const tensor::Weights& w, const Config& c) : m_norm(w, "norm_f") {
        for (int i = 0; i < c.layers; ++i)
            m_layers.push_back({{w, inLayer(i, "norm")}, {w, mixerConfig(c), inLayer(i, "mixer")}});
    }

    static void expect(const Config& c, Keys& keys) {
        for (int i = 0; i < c.layers; ++i) {
            keys[inLayer(i, "norm.weight")] = {c.width};
            mixerConfig(c).expect(inLayer(i, "mixer"), keys);
        }
        keys["norm_f.weight"] = {c.width};
    }

    nn::Tensor operator()(nn::Tensor x, const nn::Tensor&, std::vector<nn::Tensor>*) const override {
        for (const Layer& layer : m_layers) x = x.add(layer.mixer(layer.norm(x)));
        return m_norm(x);
    }

private:
    struct Layer {
        nn::RmsNorm norm;
        MambaMixer mixer;
    };
    std::vector<Layer> m_layers;
    nn::RmsNorm m_norm;
};

template <typename Mixer>
std::shared_ptr<const SequenceMixer> make(const tensor::Weights& weights, const Config& config) {
    return std::make_shared<const Mixer>(weights, config);
}

/// What there is to know of a kind.
struct KindInfo {
    Kind kind;
    const char *name, *label;
    int blocks; ///< a layer
    void (*expect)(const Config&, Keys&);
    std::shared_ptr<const SequenceMixer> (*make)(const tensor::Weights&, const Config&);
};
const KindInfo kKinds[] = {
    {Kind::Transformer, "transformer", "Transformer", 1, TransformerMixer::expect, make<TransformerMixer>},
    {Kind::Lstm, "lstm", "LSTM", 1, RecurrentMixer::expect, make<RecurrentMixer>},
    {Kind::Gru, "gru", "GRU", 1, RecurrentMixer::expect, make<RecurrentMixer>},
    {Kind::Mamba, "mamba", "Mamba", 2, ScanMixer::expect, make<ScanMixer>},
};

const KindInfo& infoOf(Kind kind) {
    for (const KindInfo& info : kKinds)
        if (info.kind == kind) return info;
    throw Error(fmt::format("text classifier: there is no kind {}", static_cast<int>(kind)));
}

int side(const tensor::Weights& weights, const std::string& name, std::size_t dimension) {
    return static_cast<int>(weights.size(name, dimension));
}

int countLayers(const tensor::Weights& weights, const std::function<std::string(int)>& keyOf) {
    int layers = 0;
    while (weights.has(keyOf(layers))) ++layers;
    return layers;
}

} // namespace

Config Config::balanced(Kind kind, int vocabulary, int classes, int width, int layers, int positions) {
    Config config{.vocabulary = vocabulary, .classes = classes, .width = width, .layers = layers, .inner = kWidening * width,
                  .positions = positions};
    if (kind == Kind::Transformer) return config;
    const std::int64_t wanted = config.weightCount();
    config.kind = kind;
    config.layers = layers * infoOf(kind).blocks;
    config.rank = (width + 15) / 16; // as the published models
    Config best = config;
    for (int inner = 1; inner <= 2 * kWidening * width; ++inner) {
        config.inner = inner;
        if (inner == 1 || std::abs(config.weightCount() - wanted) < std::abs(best.weightCount() - wanted)) best = config;
    }
    return best;
}

std::optional<Config> Config::fromWeights(const tensor::Weights& weights) {
    Config config;
    const std::string hidden = std::string(kRecurrent) + ".weight_hh_l0", up = inLayer(0, "up.weight");
    if (!weights.has(kTokens) || !weights.has("head.weight") || weights.shape(kTokens).size() != 2) return std::nullopt;
    config.vocabulary = side(weights, kTokens, 0);
    config.width = side(weights, kTokens, 1);
    config.classes = side(weights, "head.weight", 0);
    if (weights.has(kPositions) && weights.has(up)) {
        config.positions = side(weights, kPositions, 0);
        config.inner = side(weights, up, 0);
        config.layers = countLayers(weights, [](int i) { return inLayer(i, "up.weight"); });
    } else if (weights.has(hidden)) {
        config.inner = side(weights, hidden, 1);
        config.kind = side(weights, hidden, 0) == 4 * config.inner ? Kind::Lstm : Kind::Gru;
        config.layers = countLayers(weights, [](int i) { return fmt::format("{}.weight_hh_l{}", kRecurrent, i); });
    } else if (const auto mixer = MambaMixer::Config::fromWeights(weights, inLayer(0, "mixer"))) {
        config.kind = Kind::Mamba;
        config.inner = mixer->inner;
        config.state = mixer->state;
        config.rank = mixer->rank;
        config.kernel = mixer->kernel;
        config.layers = countLayers(weights, [](int i) { return inLayer(i, "mixer.A_log"); });
    } else {
        return std::nullopt;
    }
    return config;
}

int Config::features() const {
    return isRecurrent(kind) ? inner : width;
}

Keys Config::expected() const {
    Keys keys;
    keys[kTokens] = {vocabulary, width};
    infoOf(kind).expect(*this, keys);
    keys["head.weight"] = {classes, features()};
    keys["head.bias"] = {classes};
    return keys;
}

std::int64_t Config::weightCount() const {
    std::int64_t count = 0;
    for (const auto& [key, shape] : expected()) count += static_cast<std::int64_t>(tensor::elementCount(shape).value_or(0));
    return count;
}

TextClassifier::TextClassifier(const tensor::Weights& weights, const Config& config) : m_config(config) {
    if (config.kind == Kind::Transformer && (config.heads < 1 || config.width % config.heads != 0))
        throw Error(fmt::format("text classifier: a width of {} is not {} equal heads", config.width, config.heads),
                    "choose a width that is a multiple of the heads");
    requireShapes(weights, config.expected(), "choose weights of the recipe text_classifier");
    m_tokens = {weights, kTokens};
    m_mixer = infoOf(config.kind).make(weights, config);
    m_head = {weights, "head"};
}

nn::Tensor TextClassifier::embed(const nn::Tensor& ids) const {
    if (ids.dim() != 2 || ids.scalar_type() != at::kLong || ids.numel() == 0)
        throw Error(fmt::format("text classifier: ids are int64 [texts, tokens] of at least one, not {}",
                                tensor::describe(ids.sizes().vec())));
    const auto least = ids.min().item<std::int64_t>(), most = ids.max().item<std::int64_t>();
    if (least < 0 || most >= m_config.vocabulary)
        throw Error(fmt::format("text classifier: id {} is outside the table of {}", least < 0 ? least : most, m_config.vocabulary));
    return m_tokens(ids);
}

nn::Tensor TextClassifier::forward(const nn::Tensor& ids, const nn::Tensor& mask) const {
    const nn::Tensor states = (*m_mixer)(embed(ids), mask, nullptr); // [N, T, features]
    if (!mask.defined()) return m_head(states.mean({1}));
    const nn::Tensor seen = mask.ne(0).to(states.scalar_type()).unsqueeze(-1); // [N, T, 1]
    return m_head(states.mul(seen).sum({1}).div(seen.sum({1}).clamp_min(1)));
}

std::vector<nn::Tensor> TextClassifier::attentionMaps(const nn::Tensor& ids, const nn::Tensor& mask) const {
    std::vector<nn::Tensor> maps;
    if (m_config.kind == Kind::Transformer) (*m_mixer)(embed(ids), mask, &maps);
    return maps;
}

const char* nameOf(Kind kind) {
    return infoOf(kind).name;
}

const char* labelOf(Kind kind) {
    return infoOf(kind).label;
}

const std::vector<Kind>& textClassifierKinds() {
    static const std::vector<Kind> all{Kind::Transformer, Kind::Lstm, Kind::Gru, Kind::Mamba};
    return all;
}

Kind textClassifierKind(const std::string& name) {
    for (const KindInfo& info : kKinds)
        if (name == info.name) return info.kind;
    throw Error(fmt::format("text classifier: there is no network \"{}\"", name), "there are transformer, lstm, gru, mamba");
}

} // namespace ochre::models
