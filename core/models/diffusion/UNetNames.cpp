// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/UNetNames.h"

#include <utility>

#include <fmt/format.h>

namespace ochre::models {
namespace {

using Names = std::map<std::string, std::string>;

constexpr std::pair<const char*, const char*> kResidual[] = {
    {"norm1", "in_layers.0"},  {"conv1", "in_layers.2"},  {"time_emb_proj", "emb_layers.1"},
    {"norm2", "out_layers.0"}, {"conv2", "out_layers.3"},
};
constexpr const char* kTransformerBlock[] = {
    "norm1",          "norm2",          "norm3",      "attn1.to_q", "attn1.to_k",
    "attn1.to_v",     "attn1.to_out.0", "attn2.to_q", "attn2.to_k", "attn2.to_v",
    "attn2.to_out.0", "ff.net.0.proj",  "ff.net.2",
};

void addResidual(Names& names, const std::string& diffusers, const std::string& ldm, bool hasSkip) {
    for (const auto& [theirs, ours] : kResidual) names[diffusers + '.' + theirs] = ldm + '.' + ours;
    if (hasSkip) names[diffusers + ".conv_shortcut"] = ldm + ".skip_connection";
}

void addTransformer(Names& names, const std::string& diffusers, const std::string& ldm, int depth) {
    for (const char* layer : {".norm", ".proj_in", ".proj_out"}) names[diffusers + layer] = ldm + layer;
    for (int i = 0; i < depth; ++i)
        for (const char* layer : kTransformerBlock) {
            const std::string inner = fmt::format(".transformer_blocks.{}.{}", i, layer);
            names[diffusers + inner] = ldm + inner;
        }
}

/// Both layouts list the same blocks in the same order; LDM numbers them through, diffusers within a level.
void addStage(Names& names, const UNetStage& stage, const std::string& level, int index,
              const std::string& ldm) {
    addResidual(names, fmt::format("{}.resnets.{}", level, index), ldm + ".0", stage.in != stage.out);
    if (stage.depth > 0)
        addTransformer(names, fmt::format("{}.attentions.{}", level, index), ldm + ".1", stage.depth);
}

void addTrunk(Names& names, const UNetTrunk::Config& config) {
    names["time_embedding.linear_1"] = "time_embed.0";
    names["time_embedding.linear_2"] = "time_embed.2";
    if (config.vector > 0) {
        names["add_embedding.linear_1"] = "label_emb.0.0";
        names["add_embedding.linear_2"] = "label_emb.0.2";
    }
    names["conv_in"] = "input_blocks.0.0";
    int level = 0, index = 0;
    for (std::size_t i = 0; i < config.inputs.size(); ++i) {
        const std::string block = fmt::format("down_blocks.{}", level);
        const std::string ldm = fmt::format("input_blocks.{}", i + 1);
        if (config.inputs[i].resample) {
            names[block + ".downsamplers.0.conv"] = ldm + ".0.op";
            ++level;
            index = 0;
        } else {
            addStage(names, config.inputs[i], block, index++, ldm);
        }
    }
    addResidual(names, "mid_block.resnets.0", "middle_block.0", false);
    addTransformer(names, "mid_block.attentions.0", "middle_block.1", config.middleDepth);
    addResidual(names, "mid_block.resnets.1", "middle_block.2", false);
}

/// The residual block and transformer of a level in diffusers' names, or nothing behind the last.
std::optional<UNetStage> stageAt(const tensor::Weights& weights, const std::string& level, int index) {
    const std::string first = fmt::format("{}.resnets.{}.conv1.weight", level, index);
    if (!weights.has(first) || weights.shape(first).size() != 4) return std::nullopt;
    return UNetStage{.in = static_cast<int>(weights.size(first, 1)),
                     .out = static_cast<int>(weights.size(first, 0)),
                     .depth = transformerDepth(weights, fmt::format("{}.attentions.{}", level, index))};
}

bool readTrunk(const tensor::Weights& weights, UNetTrunk::Config& config) {
    config.diffusers = true;
    config.middleDepth = transformerDepth(weights, "mid_block.attentions.0");
    if (!weights.has("conv_in.weight") || config.middleDepth == 0) return false;
    config.vector = weights.has("add_embedding.linear_1.weight")
                        ? static_cast<int>(weights.size("add_embedding.linear_1.weight", 1))
                        : 0;
    for (int level = 0;; ++level) {
        const std::string block = fmt::format("down_blocks.{}", level);
        if (!stageAt(weights, block, 0)) break;
        for (int i = 0; const auto stage = stageAt(weights, block, i); ++i) config.inputs.push_back(*stage);
        const int width = config.inputs.back().out;
        if (weights.has(block + ".downsamplers.0.conv.weight"))
            config.inputs.push_back({.in = width, .out = width, .resample = true});
    }
    return !config.inputs.empty();
}

} // namespace

Names diffusersToLdm(const UNet::Config& config) {
    Names names;
    addTrunk(names, config);
    int level = 0, index = 0;
    for (std::size_t i = 0; i < config.outputs.size(); ++i) {
        const UNetStage& stage = config.outputs[i];
        const std::string block = fmt::format("up_blocks.{}", level),
                          ldm = fmt::format("output_blocks.{}", i);
        addStage(names, stage, block, index++, ldm);
        if (!stage.resample) continue;
        names[block + ".upsamplers.0.conv"] = ldm + (stage.depth > 0 ? ".2.conv" : ".1.conv");
        ++level;
        index = 0;
    }
    names["conv_norm_out"] = "out.0";
    names["conv_out"] = "out.2";
    return names;
}

Names diffusersToLdm(const ControlNet::Config& config) {
    Names names;
    addTrunk(names, config);
    const std::size_t last = config.hintWidths.size() - 1;
    for (std::size_t i = 0; i <= last; ++i) {
        const std::string layer = i == 0      ? "conv_in"
                                  : i == last ? "conv_out"
                                              : fmt::format("blocks.{}", i - 1);
        names["controlnet_cond_embedding." + layer] = fmt::format("input_hint_block.{}", 2 * i);
    }
    for (std::size_t i = 0; i <= config.inputs.size(); ++i)
        names[fmt::format("controlnet_down_blocks.{}", i)] = fmt::format("zero_convs.{}.0", i);
    names["controlnet_mid_block"] = "middle_block_out.0";
    return names;
}

std::optional<UNet::Config> planOfDiffusersUNet(const tensor::Weights& weights) {
    UNet::Config config;
    if (!readTrunk(weights, config)) return std::nullopt;
    for (int level = 0;; ++level) {
        const std::string block = fmt::format("up_blocks.{}", level);
        if (!stageAt(weights, block, 0)) break;
        for (int i = 0; const auto stage = stageAt(weights, block, i); ++i) config.outputs.push_back(*stage);
        config.outputs.back().resample = weights.has(block + ".upsamplers.0.conv.weight");
    }
    return config;
}

std::optional<ControlNet::Config> planOfDiffusersControlNet(const tensor::Weights& weights) {
    ControlNet::Config config;
    const std::string hint = "controlnet_cond_embedding.";
    if (!weights.has(hint + "conv_in.weight") || !readTrunk(weights, config)) return std::nullopt;
    std::size_t between = 0;
    while (weights.has(fmt::format("{}blocks.{}.weight", hint, between))) ++between;
    config.hintWidths.assign(between + 2, 0);
    return config;
}

tensor::Weights inLdmNames(const tensor::Weights& weights, const Names& modules) {
    Names names;
    for (const auto& [theirs, ours] : modules)
        for (const char* end : {".weight", ".bias"}) names[ours + end] = theirs + end;
    return weights.renamed(std::move(names));
}

KeyShapes inDiffusersNames(const KeyShapes& keys, const Names& modules) {
    Names theirs;
    for (const auto& [diffusers, ldm] : modules) theirs[ldm] = diffusers;
    KeyShapes renamed;
    for (const auto& [key, shape] : keys) {
        const std::size_t dot = key.rfind('.');
        renamed[theirs.at(key.substr(0, dot)) + key.substr(dot)] = shape;
    }
    return renamed;
}

} // namespace ochre::models
