// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/language/Mamba.h"

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/NetworkParts.h"
#include "core/tensor/SelectiveScan.h"

namespace ochre::models {
namespace {

constexpr const char* kHead = "lm_head";

std::string inLayer(int index, const char* part) {
    return fmt::format("layers.{}.{}", index, part);
}

bool isOfRank(const tensor::Weights& weights, const std::string& name, std::size_t rank) {
    return weights.has(name) && weights.shape(name).size() == rank;
}

int side(const tensor::Weights& weights, const std::string& name, std::size_t dimension) {
    return static_cast<int>(weights.size(name, dimension));
}

} // namespace

void MambaMixer::Config::expect(const std::string& name, std::map<std::string, tensor::Shape>& keys) const {
    keys[name + ".in_proj.weight"] = {2 * inner, width};
    keys[name + ".conv1d.weight"] = {inner, 1, kernel};
    if (convBias) keys[name + ".conv1d.bias"] = {inner};
    keys[name + ".x_proj.weight"] = {rank + 2 * state, inner};
    keys[name + ".dt_proj.weight"] = {inner, rank};
    keys[name + ".dt_proj.bias"] = {inner};
    keys[name + ".A_log"] = {inner, state};
    keys[name + ".D"] = {inner};
    keys[name + ".out_proj.weight"] = {width, inner};
    if (!linearBias) return;
    keys[name + ".in_proj.bias"] = {2 * inner};
    keys[name + ".out_proj.bias"] = {width};
}

std::optional<MambaMixer::Config> MambaMixer::Config::fromWeights(const tensor::Weights& weights, const std::string& name) {
    if (!isOfRank(weights, name + ".A_log", 2) || !isOfRank(weights, name + ".conv1d.weight", 3) ||
        !isOfRank(weights, name + ".x_proj.weight", 2) || !isOfRank(weights, name + ".dt_proj.weight", 2) ||
        !isOfRank(weights, name + ".out_proj.weight", 2))
        return std::nullopt;
    return Config{.width = side(weights, name + ".out_proj.weight", 0),
                  .inner = side(weights, name + ".A_log", 0),
                  .state = side(weights, name + ".A_log", 1),
                  .rank = side(weights, name + ".dt_proj.weight", 1),
                  .kernel = side(weights, name + ".conv1d.weight", 2),
                  .convBias = weights.has(name + ".conv1d.bias"),
                  .linearBias = weights.has(name + ".in_proj.bias")};
}

MambaMixer::MambaMixer(const tensor::Weights& weights, const Config& config, const std::string& name) : m_config(config) {
    m_in = {weights, name + ".in_proj"};
    m_kernel = weights.tensor(name + ".conv1d.weight").flatten(1);
    if (config.convBias) m_kernelBias = weights.tensor(name + ".conv1d.bias");
    m_select = {weights, name + ".x_proj"};
    m_step = {weights, name + ".dt_proj"};
    m_logDecay = weights.tensor(name + ".A_log");
    m_skip = weights.tensor(name + ".D");
    m_out = {weights, name + ".out_proj"};
}

nn::Tensor MambaMixer::operator()(const nn::Tensor& x) const {
    const std::int64_t inner = m_config.inner, state = m_config.state, rank = m_config.rank;
    const nn::Tensor both = m_in(x); // [N, T, 2·inner]: signal, gate
    const nn::Tensor u = nn::silu(nn::causalConv(both.narrow(2, 0, inner), m_kernel, m_kernelBias));
    const nn::Tensor selected = m_select(u); // [N, T, rank + 2·state]: step, B, C
    const nn::Tensor y = nn::selectiveScan({.u = u,
                                            .delta = nn::softplus(m_step(selected.narrow(2, 0, rank))),
                                            .a = m_logDecay.exp().neg(),
                                            .b = selected.narrow(2, rank, state),
                                            .c = selected.narrow(2, rank + state, state),
                                            .d = m_skip});
    return m_out(y.mul(nn::silu(both.narrow(2, inner, inner))));
}

std::string Mamba::Config::table() const {
    return prefix + (plural ? "embeddings.weight" : "embedding.weight");
}

std::optional<Mamba::Config> Mamba::Config::fromWeights(const tensor::Weights& weights) {
    for (const char* prefix : {"backbone.", ""})
        for (const bool plural : {false, true}) {
            Config config{.prefix = prefix, .plural = plural};
            const auto mixer = MambaMixer::Config::fromWeights(weights, config.prefix + inLayer(0, "mixer"));
            if (!mixer || !isOfRank(weights, config.table(), 2) || !isOfRank(weights, config.prefix + "norm_f.weight", 1))
                continue;
            config.mixer = *mixer;
            config.vocabulary = side(weights, config.table(), 0);
            config.ownHead = weights.has(std::string(kHead) + ".weight");
            config.layers = 1;
            while (weights.has(config.prefix + inLayer(config.layers, "mixer.A_log"))) ++config.layers;
            return config;
        }
    return std::nullopt;
}

std::map<std::string, tensor::Shape> Mamba::Config::expected() const {
    std::map<std::string, tensor::Shape> keys;
    keys[table()] = {vocabulary, mixer.width};
    for (int i = 0; i < layers; ++i) {
        keys[prefix + inLayer(i, "norm.weight")] = {mixer.width};
        mixer.expect(prefix + inLayer(i, "mixer"), keys);
    }
    keys[prefix + "norm_f.weight"] = {mixer.width};
    if (ownHead) keys[std::string(kHead) + ".weight"] = {vocabulary, mixer.width};
    return keys;
}

Mamba::Mamba(const tensor::Weights& weights, const Config& config) : m_config(config) {
    requireShapes(weights, config.expected());
    m_tokens = {weights, config.table()};
    for (int i = 0; i < config.layers; ++i)
        m_layers.push_back({{weights, config.prefix + inLayer(i, "norm"), config.epsilon},
                            {weights, config.mixer, config.prefix + inLayer(i, "mixer")}});
    m_norm = {weights, config.prefix + "norm_f", config.epsilon};
    m_head = config.ownHead ? nn::Linear(weights, kHead) : nn::Linear(m_tokens.table(), {});
}

nn::Tensor Mamba::forward(const nn::Tensor& ids) const {
    if (ids.dim() != 2 || ids.scalar_type() != at::kLong || ids.numel() == 0)
        throw Error(fmt::format("Mamba: tokens are int64 [texts, tokens] of at least one, not {} of {}",
                                tensor::describe(ids.sizes().vec()), c10::toString(ids.scalar_type())));
    const auto least = ids.min().item<std::int64_t>(), most = ids.max().item<std::int64_t>();
    if (least < 0 || most >= m_config.vocabulary)
        throw Error(fmt::format("Mamba: token {} is outside the table of {}", least < 0 ? least : most, m_config.vocabulary),
                    "use the vocabulary that belongs to this model");
    nn::Tensor x = m_tokens(ids); // [N, T, width]
    for (const Layer& layer : m_layers) x = x.add(layer.mixer(layer.norm(x)));
    return m_head(m_norm(x)); // [N, T, vocabulary]
}

} // namespace ochre::models
