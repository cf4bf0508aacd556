// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/UNetTrunk.h"

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::models {
namespace {

constexpr int kPublishedHeads = 8, kPublishedHeadWidth = 64; // SD 1; SD 2 and SDXL

std::string inputBlock(std::size_t index, int part) {
    return fmt::format("input_blocks.{}.{}", index, part);
}

bool isConvolution(const tensor::Weights& weights, const std::string& name) {
    return weights.has(name + ".weight") && weights.shape(name + ".weight").size() == 4;
}

int side(const tensor::Weights& weights, const std::string& name, std::size_t dimension) {
    return static_cast<int>(weights.size(name + ".weight", dimension));
}

std::vector<UNetStage> readInputs(const tensor::Weights& weights) {
    std::vector<UNetStage> stages;
    for (std::size_t i = 1;; ++i) {
        const std::string down = inputBlock(i, 0) + ".op", first = inputBlock(i, 0) + ".in_layers.2";
        const bool resamples = isConvolution(weights, down);
        if (!resamples && !isConvolution(weights, first)) return stages;
        const std::string& layer = resamples ? down : first;
        stages.push_back({.in = side(weights, layer, 1),
                          .out = side(weights, layer, 0),
                          .depth = transformerDepth(weights, inputBlock(i, 1)),
                          .resample = resamples});
    }
}

void check(bool fits, const char* network, const std::string& what, const std::string& hint = {}) {
    if (!fits) throw Error(fmt::format("{}: {}", network, what), hint);
}

std::string describe(const nn::Tensor& x) {
    return x.defined() ? tensor::describe(x.sizes().vec()) : "nothing";
}

} // namespace

int transformerDepth(const tensor::Weights& weights, const std::string& name) {
    int depth = 0;
    while (weights.has(fmt::format("{}.transformer_blocks.{}.norm1.weight", name, depth))) ++depth;
    return depth;
}

void checkHeads(const UNetTrunk::Config& config, const std::vector<UNetStage>& stages,
                const std::string& subject) {
    for (const UNetStage& stage : stages) {
        const std::int64_t heads = config.headsOf(stage.out);
        if (stage.depth > 0 && (heads < 1 || stage.out % heads != 0))
            throw Error(fmt::format("{}: attention over {} channels cannot have {} heads", subject, stage.out,
                                    config.headWidth > 0 ? fmt::format("{}-wide", config.headWidth)
                                                         : fmt::to_string(config.heads)),
                        "give the number of heads that the network was trained with");
    }
}

std::optional<UNetTrunk::Config> UNetTrunk::Config::fromLdm(const tensor::Weights& weights) {
    const std::string prompt = "middle_block.1.transformer_blocks.0.attn2.to_k";
    if (!isConvolution(weights, "input_blocks.0.0") || !weights.has("time_embed.0.weight") ||
        !weights.has(prompt + ".weight") || weights.has("film_emb.weight")) // the last is AudioLDM's
        return std::nullopt;
    Config config;
    config.inChannels = side(weights, "input_blocks.0.0", 1);
    config.channels = side(weights, "input_blocks.0.0", 0);
    config.embedding = side(weights, "time_embed.0", 0);
    config.context = side(weights, prompt, 1);
    if (weights.has("label_emb.0.0.weight")) config.vector = side(weights, "label_emb.0.0", 1);
    config.linearProjection = !isConvolution(weights, "middle_block.1.proj_in");
    if (config.linearProjection) config.headWidth = kPublishedHeadWidth;
    config.heads = kPublishedHeads;
    config.inputs = readInputs(weights);
    config.middleDepth = transformerDepth(weights, "middle_block.1");
    if (config.inputs.empty()) return std::nullopt;
    return config;
}

void UNetTrunk::Config::addKeys(KeyShapes& keys) const {
    addLayerKeys(keys, "time_embed.0", {embedding, channels});
    addLayerKeys(keys, "time_embed.2", {embedding, embedding});
    if (vector > 0) {
        addLayerKeys(keys, "label_emb.0.0", {embedding, vector});
        addLayerKeys(keys, "label_emb.0.2", {embedding, embedding});
    }
    addLayerKeys(keys, "input_blocks.0.0", {channels, inChannels, 3, 3});
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const UNetStage& stage = inputs[i];
        if (stage.resample) {
            addLayerKeys(keys, inputBlock(i + 1, 0) + ".op", {stage.out, stage.in, 3, 3});
            continue;
        }
        UNetResBlock::addKeys(keys, inputBlock(i + 1, 0), stage.in, stage.out, embedding);
        if (stage.depth > 0)
            SpatialTransformer::addKeys(keys, inputBlock(i + 1, 1), stage.out, context, stage.depth,
                                        linearProjection);
    }
    const std::int64_t width = inputs.back().out;
    UNetResBlock::addKeys(keys, "middle_block.0", width, width, embedding);
    SpatialTransformer::addKeys(keys, "middle_block.1", width, context, middleDepth, linearProjection);
    UNetResBlock::addKeys(keys, "middle_block.2", width, width, embedding);
}

UNetTrunk::UNetTrunk(const tensor::Weights& weights, const Config& config)
    : m_config(config), m_type(weights.placement().floating), m_time0(weights, "time_embed.0"),
      m_time2(weights, "time_embed.2") {
    checkHeads(config, config.inputs, weights.subject());
    checkHeads(config, {{.out = config.inputs.back().out, .depth = config.middleDepth}}, weights.subject());
    if (config.vector > 0) {
        m_label0 = {weights, "label_emb.0.0"};
        m_label2 = {weights, "label_emb.0.2"};
    }
    m_first = {weights, "input_blocks.0.0"};
    for (std::size_t i = 0; i < config.inputs.size(); ++i) {
        const UNetStage& plan = config.inputs[i];
        Stage& stage = m_stages.emplace_back();
        if (plan.resample) {
            stage.down = {weights, inputBlock(i + 1, 0) + ".op", {.stride = 2}};
            continue;
        }
        stage.step = {.residual = {weights, inputBlock(i + 1, 0)}, .firstKeyValue = m_attentions};
        if (plan.depth > 0)
            stage.step.transformer = {weights, inputBlock(i + 1, 1), plan.depth, config.headsOf(plan.out)};
        m_attentions += stage.step.transformer.depth();
    }
    m_middle.residual = {weights, "middle_block.0"};
    m_middle.transformer = {weights, "middle_block.1", config.middleDepth,
                            config.headsOf(config.inputs.back().out)};
    m_middle.firstKeyValue = m_attentions;
    m_attentions += m_middle.transformer.depth();
    m_middleEnd = {weights, "middle_block.2"};
}

void UNetTrunk::prepare(const nn::Tensor& context, std::vector<nn::Tensor>& keyValues) const {
    for (const Stage& stage : m_stages) stage.step.transformer.prepare(context, keyValues);
    m_middle.transformer.prepare(context, keyValues);
}

nn::Tensor UNetTrunk::checkedContext(const char* network, const nn::Tensor& context) const {
    check(context.defined() && context.dim() == 3 && context.size(2) == m_config.context, network,
          fmt::format("takes a prompt of [N, tokens, {}], was given {}", m_config.context, describe(context)),
          "use the text encoder that belongs to this model");
    return context.to(m_type);
}

UNetTrunk::Inputs UNetTrunk::prepareInputs(const char* network, const nn::Tensor& x,
                                           const nn::Tensor& timesteps, const PromptCache& prompt,
                                           const nn::Tensor& y) const {
    check(x.defined() && x.dim() == 4 && x.size(1) == m_config.inChannels && x.numel() > 0, network,
          fmt::format("takes latents of [N, {}, H, W], was given {}", m_config.inChannels, describe(x)));
    const std::int64_t batch = x.size(0);
    check(
        timesteps.defined() && timesteps.dim() == 1 && (timesteps.size(0) == batch || timesteps.size(0) == 1),
        network, fmt::format("takes one time step a sample ({}), was given {}", batch, describe(timesteps)));
    check(prompt.batch() == batch, network,
          fmt::format("takes one prompt a sample ({}), was given {}", batch, prompt.batch()));
    if (m_config.vector > 0)
        check(y.defined() && y.dim() == 2 && y.size(0) == batch && y.size(1) == m_config.vector, network,
              fmt::format("takes a vector of [{}, {}] beside the prompt, was given {}", batch,
                          m_config.vector, describe(y)),
              "SDXL needs the pooled text and the picture's sizes");
    else
        check(!y.defined(), network, "takes no vector beside the prompt, was given " + describe(y),
              "leave it out: this model is no SDXL");
    return {nn::channelsLast(x.to(m_type)), embed(timesteps.expand({batch}), y)};
}

nn::Tensor UNetTrunk::embed(const nn::Tensor& timesteps, const nn::Tensor& y) const {
    const nn::Tensor wave = nn::timestepEmbedding(timesteps, m_config.channels).to(m_type); // [N, channels]
    nn::Tensor embedding = m_time2(nn::silu(m_time0(wave)));                                // [N, E]
    if (y.defined()) nn::addInPlace(embedding, m_label2(nn::silu(m_label0(y.to(m_type)))));
    return nn::silu(embedding); // every residual block begins with it
}

UNetMaps UNetTrunk::run(const Inputs& inputs, const PromptCache& prompt, const nn::Tensor& hint) const {
    UNetMaps maps;
    nn::Tensor h = m_first(inputs.x); // [N, channels, H, W]
    if (hint.defined()) nn::addInPlace(h, hint);
    maps.skips.push_back(h);
    for (std::size_t i = 0; i < m_stages.size(); ++i) {
        const Stage& stage = m_stages[i];
        h = m_config.inputs[i].resample ? stage.down(h) // [N, C, ⌈H/2⌉, ⌈W/2⌉]
                                        : stage.step(h, inputs.embedding, prompt.keyValues);
        maps.skips.push_back(h);
    }
    maps.middle = m_middleEnd(m_middle(h, inputs.embedding, prompt.keyValues), inputs.embedding);
    return maps;
}

} // namespace ochre::models
