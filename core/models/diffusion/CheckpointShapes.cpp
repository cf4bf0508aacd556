// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/CheckpointShapes.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/Error.h"
#include "core/models/diffusion/AutoencoderKl.h"
#include "core/models/diffusion/ControlNet.h"
#include "core/models/diffusion/SmallModel.h"
#include "core/models/diffusion/StarterText.h"
#include "core/models/diffusion/UNet.h"
#include "core/models/restore/SrvggNetCompact.h"
#include "core/models/text/Bert.h"
#include "core/models/text/ClipText.h"

namespace ochre::models {
namespace {

/// A text encoder: where it lies, and in whose names.
struct Text {
    const char* prefix;
    bool open; ///< OpenCLIP's names, with a projection
    int width, layers;
};

struct Plan {
    std::string name;
    int channels;
    std::vector<int> multipliers, depths; ///< by level; depth 0: no attention
    int middleDepth, context, vector;
    bool linear;
    int inChannels;
    std::vector<Text> texts;
};

constexpr const char* kSd1Text = "cond_stage_model.transformer.";
constexpr const char* kSd2Text = "cond_stage_model.model.";
constexpr const char* kFirstText = "conditioner.embedders.0.transformer.";
constexpr const char* kFirstOpenText = "conditioner.embedders.0.model.";
constexpr const char* kSecondText = "conditioner.embedders.1.model.";

const std::vector<Plan>& plans() {
    static const std::vector<Plan> all{
        {"sd15", 320, {1, 2, 4, 4}, {1, 1, 1, 0}, 1, 768, 0, false, 4, {{kSd1Text, false, 768, 12}}},
        {"sd15-inpaint", 320, {1, 2, 4, 4}, {1, 1, 1, 0}, 1, 768, 0, false, 9, {{kSd1Text, false, 768, 12}}},
        {"sd2", 320, {1, 2, 4, 4}, {1, 1, 1, 0}, 1, 1024, 0, true, 4, {{kSd2Text, true, 1024, 24}}},
        {"sdxl",
         320,
         {1, 2, 4},
         {0, 2, 10},
         10,
         2048,
         2816,
         true,
         4,
         {{kFirstText, false, 768, 12}, {kSecondText, true, 1280, 32}}},
        {"sdxl-refiner",
         384,
         {1, 2, 4, 4},
         {0, 4, 4, 0},
         4,
         1280,
         2560,
         true,
         4,
         {{kFirstOpenText, true, 1280, 32}}},
        {"sd15-small", 32, {1, 2, 4, 4}, {1, 1, 1, 0}, 1, 64, 0, false, 4, {{kSd1Text, false, 64, 2}}},
        {"sd15-inpaint-small",
         32,
         {1, 2, 4, 4},
         {1, 1, 1, 0},
         1,
         64,
         0,
         false,
         9,
         {{kSd1Text, false, 64, 2}}},
        {"sd2-small", 64, {1, 2, 4, 4}, {1, 1, 1, 0}, 1, 64, 0, true, 4, {{kSd2Text, true, 64, 2}}},
        // Pooled vectors of 64 stand before 6 (the refiner: 5) sizes of 256.
        {"sdxl-small",
         64,
         {1, 2, 4},
         {0, 1, 2},
         2,
         128,
         1600,
         true,
         4,
         {{kFirstText, false, 64, 2}, {kSecondText, true, 64, 2}}},
        {"sdxl-refiner-small",
         64,
         {1, 2, 4, 4},
         {0, 1, 1, 0},
         1,
         64,
         1344,
         true,
         4,
         {{kFirstOpenText, true, 64, 2}}},
    };
    return all;
}

const Plan& planOf(std::string_view kind) {
    for (const Plan& plan : plans())
        if (plan.name == kind) return plan;
    throw Error(fmt::format("a checkpoint of the kind \"{}\" is not known", kind),
                fmt::format("it is one of {}", fmt::join(checkpointKinds(), ", ")));
}

template <typename Config>
Config trunkOf(const Plan& plan) {
    Config config;
    config.inChannels = plan.inChannels;
    config.channels = plan.channels;
    config.embedding = 4 * plan.channels;
    config.context = plan.context;
    config.vector = plan.vector;
    config.linearProjection = plan.linear;
    config.middleDepth = plan.middleDepth;
    int width = plan.channels;
    for (std::size_t level = 0; level < plan.multipliers.size(); ++level) {
        const int out = plan.channels * plan.multipliers[level];
        for (int block = 0; block < 2; ++block) {
            config.inputs.push_back({.in = width, .out = out, .depth = plan.depths[level]});
            width = out;
        }
        if (level + 1 < plan.multipliers.size())
            config.inputs.push_back({.in = out, .out = out, .resample = true});
    }
    return config;
}

UNet::Config unetOf(const Plan& plan) {
    auto config = trunkOf<UNet::Config>(plan);
    std::vector<int> skips{plan.channels};
    for (const UNetStage& stage : config.inputs) skips.push_back(stage.out);
    int width = config.inputs.back().out;
    for (std::size_t level = plan.multipliers.size(); level-- > 0;)
        for (int block = 0; block < 3; ++block) {
            const int out = plan.channels * plan.multipliers[level];
            config.outputs.push_back({.in = width + skips.back(),
                                      .out = out,
                                      .depth = plan.depths[level],
                                      .resample = block == 2 && level > 0});
            skips.pop_back();
            width = out;
        }
    return config;
}

ClipText::Config textOf(const Text& text) {
    ClipText::Config config;
    config.fused = text.open;
    config.prefix = text.open ? "" : "text_model.";
    config.width = text.width;
    config.layers = text.layers;
    config.inner = 4 * text.width;
    if (text.open) {
        config.projectionKey = "text_projection";
        config.projection = text.width;
    }
    return config;
}

/// The program's own small model, as the recipes autoencoder and latent_diffusion make it. `outer` and `inner`: channels
/// of the two levels; `autoencoder`: of the autoencoder's two.
std::vector<CheckpointPart> starterParts(int outer, int inner, int embedding, const std::vector<int>& autoencoder, int latent) {
    const UNet::Config unet = smallUNet({outer, inner}, 1, latent, embedding, static_cast<int>(kStarterWidth), false,
                                        static_cast<int>(kStarterWidth));
    const AutoencoderKl::Config pictures = smallAutoencoder(autoencoder, 1, latent);
    return {{"model.diffusion_model.", unet.expected()}, {"first_stage_model.", pictures.expected()}, {"", {{"ztsnr", {1}}}}};
}

std::vector<CheckpointPart> smallSentenceEncoder() {
    Bert::Config config;
    config.layers = 1;
    return {{"", config.expected()}};
}

std::vector<CheckpointPart> smallUpscaler() {
    SrvggNetCompact::Config config;
    config.features = 8;
    config.convolutions = 1;
    return {{"", config.expected()}};
}

struct SpecialKind {
    const char* name;
    std::vector<CheckpointPart> (*parts)();
};
constexpr SpecialKind kSpecialKinds[] = {
    {"starter", [] { return starterParts(192, 256, 512, {128, 192}, 8); }},
    {"starter-small", [] { return starterParts(64, 128, 128, {32, 32}, 8); }},
    {"minilm-small", smallSentenceEncoder},
    {"upscaler-small", smallUpscaler},
};

} // namespace

std::vector<std::string> checkpointKinds() {
    std::vector<std::string> kinds;
    for (const Plan& plan : plans()) kinds.push_back(plan.name);
    for (const SpecialKind& special : kSpecialKinds) kinds.emplace_back(special.name);
    return kinds;
}

std::map<std::string, std::string> checkpointMetadata(std::string_view kind) {
    if (kind != "starter" && kind != "starter-small") return {};
    return {{"modelspec.prediction_type", "v"}};
}

std::vector<CheckpointPart> checkpointParts(std::string_view kind) {
    for (const SpecialKind& special : kSpecialKinds)
        if (special.name == kind) return special.parts();
    const Plan& plan = planOf(kind);
    std::vector<CheckpointPart> parts{{"model.diffusion_model.", unetOf(plan).expected()}};
    for (const Text& text : plan.texts) parts.push_back({text.prefix, textOf(text).expected()});
    AutoencoderKl::Config autoencoder;
    if (plan.channels < 320) {
        autoencoder.widths = {32, 32, 64, 64};
        autoencoder.stem = autoencoder.widths.front();
    }
    parts.push_back({"first_stage_model.", autoencoder.expected()});
    return parts;
}

std::vector<CheckpointPart> controlNetParts(std::string_view kind) {
    const Plan& plan = planOf(kind);
    auto config = trunkOf<ControlNet::Config>(plan);
    config.inChannels = 4;
    config.hintWidths.back() = plan.channels;
    return {{"control_model.", config.expected()}};
}

} // namespace ochre::models
