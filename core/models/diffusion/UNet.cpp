// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/UNet.h"

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/diffusion/UNetNames.h"

namespace ochre::models {
namespace {

constexpr const char* kName = "denoising network";

std::string outputBlock(std::size_t index, int part) {
    return fmt::format("output_blocks.{}.{}", index, part);
}

/// The upsampling stands behind the transformer where there is one.
std::string upLayer(std::size_t index, int depth) {
    return outputBlock(index, depth > 0 ? 2 : 1) + ".conv";
}

std::vector<UNetStage> readOutputs(const tensor::Weights& weights) {
    std::vector<UNetStage> stages;
    for (std::size_t i = 0;; ++i) {
        const std::string first = outputBlock(i, 0) + ".in_layers.2.weight";
        if (!weights.has(first)) return stages;
        const int depth = transformerDepth(weights, outputBlock(i, 1));
        stages.push_back({.in = static_cast<int>(weights.size(first, 1)),
                          .out = static_cast<int>(weights.size(first, 0)),
                          .depth = depth,
                          .resample = weights.has(upLayer(i, depth) + ".weight")});
    }
}

std::optional<UNet::Config> readLdm(const tensor::Weights& weights) {
    const auto trunk = UNetTrunk::Config::fromLdm(weights);
    if (!trunk || !weights.has("out.2.weight")) return std::nullopt;
    UNet::Config config{*trunk};
    config.outChannels = static_cast<int>(weights.size("out.2.weight", 0));
    config.outputs = readOutputs(weights);
    // Every map that is kept on the way down is read once on the way up.
    return config.outputs.size() == config.inputs.size() + 1 ? std::optional(config) : std::nullopt;
}

void addControl(nn::Tensor& map, const nn::Tensor& residual) {
    if (residual.sizes() != map.sizes())
        throw Error(fmt::format("{}: control of {} does not fit a map of {}", kName,
                                tensor::describe(residual.sizes().vec()),
                                tensor::describe(map.sizes().vec())),
                    "use a ControlNet of the same family, and a hint of eight times the latent's size");
    map = nn::add(map, residual.to(map.scalar_type())); // the map is still read elsewhere
}

} // namespace

std::optional<UNet::Config> UNet::Config::fromWeights(const tensor::Weights& weights) {
    if (const auto plan = planOfDiffusersUNet(weights)) {
        auto config = readLdm(inLdmNames(weights, diffusersToLdm(*plan)));
        if (config) config->diffusers = true;
        return config;
    }
    return readLdm(weights);
}

KeyShapes UNet::Config::expected() const {
    KeyShapes keys;
    addKeys(keys);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const UNetStage& stage = outputs[i];
        UNetResBlock::addKeys(keys, outputBlock(i, 0), stage.in, stage.out, embedding);
        if (stage.depth > 0)
            SpatialTransformer::addKeys(keys, outputBlock(i, 1), stage.out, context, stage.depth,
                                        linearProjection);
        if (stage.resample) addLayerKeys(keys, upLayer(i, stage.depth), {stage.out, stage.out, 3, 3});
    }
    addLayerKeys(keys, "out.0", {channels});
    addLayerKeys(keys, "out.2", {outChannels, channels, 3, 3});
    return diffusers ? inDiffusersNames(keys, diffusersToLdm(*this)) : keys;
}

UNet::UNet(const tensor::Weights& stored, const Config& config) : m_config(config) {
    const tensor::Weights weights = config.diffusers ? inLdmNames(stored, diffusersToLdm(config)) : stored;
    checkHeads(config, config.outputs, weights.subject());
    m_trunk = {weights, config};
    std::size_t attentions = m_trunk.attentions();
    for (std::size_t i = 0; i < config.outputs.size(); ++i) {
        const UNetStage& plan = config.outputs[i];
        Stage& stage = m_stages.emplace_back();
        stage.step = {.residual = {weights, outputBlock(i, 0)}, .firstKeyValue = attentions};
        if (plan.depth > 0)
            stage.step.transformer = {weights, outputBlock(i, 1), plan.depth, config.headsOf(plan.out)};
        attentions += stage.step.transformer.depth();
        if (plan.resample) stage.up = {weights, upLayer(i, plan.depth)};
    }
    m_norm = {weights, "out.0"};
    m_last = {weights, "out.2"};
}

PromptCache UNet::prepareContext(const nn::Tensor& context) const {
    const nn::Tensor tokens = m_trunk.checkedContext(kName, context);
    PromptCache cache;
    m_trunk.prepare(tokens, cache.keyValues);
    for (const Stage& stage : m_stages) stage.step.transformer.prepare(tokens, cache.keyValues);
    return cache;
}

nn::Tensor UNet::forward(const nn::Tensor& x, const nn::Tensor& timesteps, const PromptCache& prompt,
                         const nn::Tensor& y, const UNetMaps* control) const {
    const UNetTrunk::Inputs inputs = m_trunk.prepareInputs(kName, x, timesteps, prompt, y);
    UNetMaps maps = m_trunk.run(inputs, prompt);
    if (control) {
        if (control->skips.size() != maps.skips.size())
            throw Error(fmt::format("{}: takes control of {} maps, was given {}", kName, maps.skips.size(),
                                    control->skips.size()),
                        "use a ControlNet of the same family");
        addControl(maps.middle, control->middle);
        for (std::size_t i = 0; i < maps.skips.size(); ++i) addControl(maps.skips[i], control->skips[i]);
    }
    nn::Tensor h = std::move(maps.middle);
    for (std::size_t i = 0; i < m_stages.size(); ++i) {
        h = nn::cat({h, maps.skips.back()}); // [N, in, H, W]
        maps.skips.pop_back();
        h = m_stages[i].step(h, inputs.embedding, prompt.keyValues);
        if (!m_config.outputs[i].resample) continue;
        // An odd side was rounded up on the way down: the size of the map that comes next decides.
        const nn::Tensor& next = maps.skips.back();
        h = m_stages[i].up(nn::resizeNearest(h, next.size(2), next.size(3)));
    }
    return m_last(m_norm(h, nn::Activation::silu())).to(at::kFloat); // [N, outChannels, H, W]
}

nn::Tensor UNet::forward(const nn::Tensor& x, const nn::Tensor& timesteps, const nn::Tensor& context,
                         const nn::Tensor& y, const UNetMaps* control) const {
    return forward(x, timesteps, prepareContext(context), y, control);
}

} // namespace ochre::models
