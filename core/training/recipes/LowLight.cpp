// SPDX-License-Identifier: GPL-3.0-or-later
// IAT, which brightens pictures that are too dark, on pictures that are made so.
#include "core/models/restore/Iat.h"
#include "core/tensor/Fill.h"
#include "core/training/recipes/Recipes.h"
#include "core/training/recipes/Restoring.h"

namespace ochre::training {
namespace {

using models::Iat;

constexpr double kLeastWindow = 0.25; // of the shorter side: from single things to how bright all of it is
constexpr double kLocalShare = 0.1;  // with which the blocks of the local branches begin

/// Statistics of batch normalisations stay 0 and 1: what they would do, weight and bias learn.
bool isStatistic(const std::string& name) {
    return name.ends_with(".running_mean") || name.ends_with(".running_var");
}

double gainOf(const std::string& name) {
    for (const char* quiet : {"_end.0.weight", "color_linear.weight", "gamma_linear.weight"})
        if (name.ends_with(quiet)) return 0.01;
    return 1;
}

/// Every part begins as what changes nothing, or little.
std::map<std::string, Tensor> firstOf(const models::KeyShapes& shapes) {
    std::map<std::string, Tensor> first;
    const auto is = [](const std::string& name, const char* part) { return name.find(part) != std::string::npos; };
    for (const auto& [name, shape] : shapes) {
        if (name.ends_with(".alpha") || is(name, "gamma_base") || name == "local_net.mul_end.0.bias")
            first[name] = nn::zeros(shape).add(1);
        else if (name.ends_with(".beta"))
            first[name] = nn::zeros(shape);
        else if (name.ends_with(".color") || is(name, "color_base"))
            first[name] = nn::zeros(shape).fill_diagonal_(1);
        else if (is(name, ".gamma_1") || is(name, ".gamma_2"))
            first[name] = nn::zeros(shape).add(kLocalShare);
    }
    return first;
}

std::unique_ptr<Recipe> make(const Settings& settings) {
    Iat::Config config;
    config.features = static_cast<int>(settings.integer("features"));
    config.blocks = static_cast<int>(settings.integer("blocks"));
    config.width = static_cast<int>(settings.integer("width"));
    RestoringNetwork network{.gain = gainOf, .run = [config](const tensor::Weights& weights, const Tensor& pictures) {
                                 const Iat model(weights, config);
                                 return model.forward(pictures, model.toneOf(pictures));
                             }};
    for (const auto& [name, shape] : config.expected()) {
        if (isStatistic(name))
            network.fixed[name] = nn::zeros(shape).add(name.ends_with("var") ? 1 : 0);
        else
            network.learned[name] = shape;
    }
    network.first = firstOf(network.learned);
    return restoringRecipe("low_light", settings, std::move(network),
                           {.side = static_cast<int>(settings.integer("side")), .degradation = Degradation::LowLight, .least = kLeastWindow});
}

} // namespace

RecipeInfo lowLightRecipe() {
    using graph::ParameterKind;
    std::vector<graph::Parameter> parameters = restoringParameters(
        128, {.steps = 2000, .batch = 8, .warmUp = 50, .learningRate = 1e-3, .weightDecay = 0.0, .average = 0.995, .optimizer = "adamw"});
    parameters.push_back({.id = "features", .label = "Features", .help = "Channels of the two local branches.", .kind = ParameterKind::Int,
                          .defaultValue = std::int64_t{16}, .min = 4, .max = 128, .group = "Network"});
    parameters.push_back({.id = "blocks", .label = "Blocks", .help = "Of each local branch.", .kind = ParameterKind::Int,
                          .defaultValue = std::int64_t{3}, .min = 1, .max = 16, .group = "Network"});
    parameters.push_back({.id = "width", .label = "Width", .help = "Of the tokens of the global branch; a multiple of 8.",
                          .kind = ParameterKind::Int, .defaultValue = std::int64_t{64}, .min = 8, .max = 512, .step = 8, .group = "Network"});
    return {.id = "low_light",
            .label = "Low light",
            .help = "Learns to brighten pictures that are too dark, by IAT on clean pictures that are darkened and made noisy as they are "
                    "drawn.",
            .parameters = std::move(parameters),
            .make = make};
}

} // namespace ochre::training
