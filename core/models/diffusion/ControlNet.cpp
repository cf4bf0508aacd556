// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/ControlNet.h"

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/diffusion/UNetNames.h"

namespace ochre::models {
namespace {

constexpr const char* kName = "ControlNet";

std::string hintLayer(std::size_t index) {
    return fmt::format("input_hint_block.{}", 2 * index); // activations stand in between
}

int hintStride(std::size_t index, std::size_t count) {
    return index >= 2 && index % 2 == 0 && index + 1 < count ? 2 : 1;
}

std::optional<ControlNet::Config> readLdm(const tensor::Weights& weights) {
    const auto trunk = UNetTrunk::Config::fromLdm(weights);
    if (!trunk || !weights.has("zero_convs.0.0.weight") || !weights.has("middle_block_out.0.weight") ||
        !weights.has(hintLayer(0) + ".weight"))
        return std::nullopt;
    ControlNet::Config config{*trunk};
    config.hintChannels = static_cast<int>(weights.size(hintLayer(0) + ".weight", 1));
    config.hintWidths.clear();
    for (std::size_t i = 0; weights.has(hintLayer(i) + ".weight"); ++i)
        config.hintWidths.push_back(static_cast<int>(weights.size(hintLayer(i) + ".weight", 0)));
    return config;
}

nn::Tensor onPixels(const nn::Linear& layer, const nn::Tensor& x) {
    return pictureOf(layer(tokensOf(x)), x.size(2), x.size(3));
}

void addScaled(nn::Tensor& total, const nn::Tensor& map, double strength) {
    if (total.sizes() != map.sizes())
        throw Error(fmt::format("{}: maps of {} and {} cannot be added", kName,
                                tensor::describe(total.sizes().vec()), tensor::describe(map.sizes().vec())),
                    "use ControlNets of the same family");
    total.add_(map, strength);
}

} // namespace

int ControlNet::Config::hintScale() const {
    int scale = 1;
    for (std::size_t i = 0; i < hintWidths.size(); ++i) scale *= hintStride(i, hintWidths.size());
    return scale;
}

std::optional<ControlNet::Config> ControlNet::Config::fromWeights(const tensor::Weights& weights) {
    for (const char* prefix : {"", "control_model."}) {
        const tensor::Weights view = weights.sub(prefix);
        const auto plan = planOfDiffusersControlNet(view);
        auto config = readLdm(plan ? inLdmNames(view, diffusersToLdm(*plan)) : view);
        if (!config) continue;
        config->prefix = prefix;
        config->diffusers = plan.has_value();
        return config;
    }
    return std::nullopt;
}

KeyShapes ControlNet::Config::expected() const {
    KeyShapes keys;
    addKeys(keys);
    std::int64_t width = channels;
    for (std::size_t i = 0; i <= inputs.size(); ++i) {
        if (i > 0) width = inputs[i - 1].out;
        addLayerKeys(keys, fmt::format("zero_convs.{}.0", i), {width, width, 1, 1});
    }
    addLayerKeys(keys, "middle_block_out.0", {width, width, 1, 1});
    for (std::size_t i = 0; i < hintWidths.size(); ++i)
        addLayerKeys(keys, hintLayer(i), {hintWidths[i], i == 0 ? hintChannels : hintWidths[i - 1], 3, 3});
    if (diffusers) keys = inDiffusersNames(keys, diffusersToLdm(*this));
    KeyShapes prefixed;
    for (auto& [key, shape] : keys) prefixed[prefix + key] = std::move(shape);
    return prefixed;
}

ControlNet::ControlNet(const tensor::Weights& stored, const Config& config) : m_config(config) {
    const tensor::Weights view = stored.sub(config.prefix);
    const tensor::Weights weights = config.diffusers ? inLdmNames(view, diffusersToLdm(config)) : view;
    m_trunk = {weights, config};
    for (std::size_t i = 0; i <= config.inputs.size(); ++i)
        m_zero.emplace_back(weights, fmt::format("zero_convs.{}.0", i));
    const std::size_t count = config.hintWidths.size();
    for (std::size_t i = 0; i < count; ++i)
        m_hint.emplace_back(
            weights, hintLayer(i),
            nn::Conv2dOptions{.stride = hintStride(i, count),
                              .activation = i + 1 < count ? nn::Activation::silu() : nn::Activation::none()});
    m_middle = {weights, "middle_block_out.0"};
}

PromptCache ControlNet::prepareContext(const nn::Tensor& context) const {
    PromptCache cache;
    m_trunk.prepare(m_trunk.checkedContext(kName, context), cache.keyValues);
    return cache;
}

nn::Tensor ControlNet::prepareHint(const nn::Tensor& hint) const {
    if (!hint.defined() || hint.dim() != 4 || hint.size(1) != m_config.hintChannels || hint.numel() == 0)
        throw Error(fmt::format("{}: takes a hint of [N, {}, H, W], was given {}", kName,
                                m_config.hintChannels,
                                hint.defined() ? tensor::describe(hint.sizes().vec()) : "nothing"));
    nn::Tensor h = nn::channelsLast(hint.to(m_trunk.type()));
    for (const nn::Conv2d& layer : m_hint) h = layer(h);
    return h;
}

UNetMaps ControlNet::forward(const nn::Tensor& x, const nn::Tensor& hint, const nn::Tensor& timesteps,
                             const PromptCache& prompt, const nn::Tensor& y) const {
    const UNetTrunk::Inputs inputs = m_trunk.prepareInputs(kName, x, timesteps, prompt, y);
    const tensor::Shape wanted{hint.defined() && hint.dim() == 4 && hint.size(0) == 1 ? 1 : x.size(0),
                               m_config.channels, x.size(2), x.size(3)};
    if (!hint.defined() || hint.sizes() != wanted)
        throw Error(fmt::format("{}: a prepared hint of {} does not fit latents of {}", kName,
                                hint.defined() ? tensor::describe(hint.sizes().vec()) : "nothing",
                                tensor::describe(x.sizes().vec())),
                    fmt::format("the hint's sides are {} times those of the latent", m_config.hintScale()));
    UNetMaps maps = m_trunk.run(inputs, prompt, hint);
    for (std::size_t i = 0; i < maps.skips.size(); ++i) maps.skips[i] = onPixels(m_zero[i], maps.skips[i]);
    maps.middle = onPixels(m_middle, maps.middle);
    return maps;
}

void addControl(UNetMaps& total, const UNetMaps& maps, double strength) {
    if (total.skips.empty()) {
        for (const nn::Tensor& map : maps.skips) total.skips.push_back(map.mul(strength));
        total.middle = maps.middle.mul(strength);
        return;
    }
    if (total.skips.size() != maps.skips.size())
        throw Error(fmt::format("{}: control of {} and of {} maps cannot be added", kName, total.skips.size(),
                                maps.skips.size()),
                    "use ControlNets of the same family");
    for (std::size_t i = 0; i < maps.skips.size(); ++i) addScaled(total.skips[i], maps.skips[i], strength);
    addScaled(total.middle, maps.middle, strength);
}

} // namespace ochre::models
