// SPDX-License-Identifier: GPL-3.0-or-later
// A small Restormer that takes noise and JPEG artifacts out of pictures.
#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/restore/Restormer.h"
#include "core/training/recipes/Recipes.h"
#include "core/training/recipes/Restoring.h"
#include "core/training/recipes/SmallUNet.h"

namespace ochre::training {
namespace {

using models::Restormer;

constexpr double kExpansion = 2; // of the hidden layers
constexpr int kHeadWidth = 24, kMultiple = 8;

/// A count for each level.
template <std::size_t N>
std::array<int, N> countsOf(const Settings& settings, const char* name) {
    const std::vector<int> counts = widthsOf(settings.text(name), 1);
    if (counts.size() != N)
        throw Error(fmt::format("training: {} \"{}\" are {} numbers, not {}", name, settings.text(name), counts.size(), N),
                    "write one for each level, apart by commas");
    std::array<int, N> out{};
    std::copy(counts.begin(), counts.end(), out.begin());
    return out;
}

Restormer::Config configOf(const Settings& settings) {
    Restormer::Config config;
    config.width = static_cast<int>(settings.integer("width"));
    config.blocks = countsOf<4>(settings, "blocks");
    config.decoders = countsOf<3>(settings, "decoders");
    config.refinement = static_cast<int>(settings.integer("refinement"));
    for (std::size_t i = 0; i < 4; ++i) {
        config.hidden[i] = static_cast<int>(kExpansion * (config.width << i));
        config.heads[i] = std::max(1, (config.width << i) / kHeadWidth);
        if ((config.width << i) % config.heads[i] != 0)
            throw Error(fmt::format("training: width {} is no multiple of {}", config.width, kHeadWidth), "choose 24 or 48");
    }
    return config;
}

/// Layers whose result is added to something begin silent.
double gainOf(const std::string& name) {
    return name.ends_with("project_out.weight") || name == "output.weight" ? 0.01 : 1;
}

std::unique_ptr<Recipe> make(const Settings& settings) {
    const Restormer::Config config = configOf(settings);
    const auto side = static_cast<int>(settings.integer("side"));
    if (side % kMultiple != 0) throw Error(fmt::format("training: a side of {} is no multiple of {}", side, kMultiple));
    RestoringNetwork network{.learned = config.expected(), .fixed = {}, .gain = gainOf,
                             .run = [config](const tensor::Weights& weights, const Tensor& pictures) {
                                 return Restormer(weights, config).forward(pictures);
                             }};
    return restoringRecipe("restore", settings, std::move(network), {.side = side, .degradation = Degradation::NoiseJpeg});
}

} // namespace

RecipeInfo restoreRecipe() {
    using graph::ParameterKind;
    std::vector<graph::Parameter> parameters = restoringParameters(
        64, {.steps = 4000, .batch = 8, .warmUp = 50, .learningRate = 2e-3, .weightDecay = 0.0, .average = 0.995, .optimizer = "muon"});
    parameters.push_back({.id = "width", .label = "Width", .help = "Channels of the first level; each has twice that of the one before.",
                          .kind = ParameterKind::Int, .defaultValue = std::int64_t{24}, .min = 8, .max = 96, .group = "Network"});
    parameters.push_back({.id = "blocks", .label = "Blocks", .help = "Of the four levels on the way down.",
                          .kind = ParameterKind::Text, .defaultValue = std::string("1,1,1,2"), .group = "Network"});
    parameters.push_back({.id = "decoders", .label = "Decoders", .help = "Blocks of the three levels on the way back.",
                          .kind = ParameterKind::Text, .defaultValue = std::string("1,1,1"), .group = "Network"});
    parameters.push_back({.id = "refinement", .label = "Refinement", .help = "Blocks behind them, at full size.",
                          .kind = ParameterKind::Int, .defaultValue = std::int64_t{0}, .min = 0, .max = 8, .group = "Network"});
    return {.id = "restore",
            .label = "Noise and JPEG repair",
            .help = "Learns to take noise and JPEG artifacts out of pictures, by a small Restormer on parts of clean pictures that are "
                    "degraded as they are drawn.",
            .parameters = std::move(parameters),
            .make = make};
}

} // namespace ochre::training
