// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/recipes/Recipes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/Error.h"
#include "core/base/Hash.h"
#include "core/tensor/Runtime.h"

namespace ochre::training {

const std::vector<RecipeInfo>& recipes() {
    static const std::vector<RecipeInfo> all{autoencoderRecipe(), latentDiffusionRecipe(),   ddpmRecipe(),
                                             loraRecipe(),        textualInversionRecipe(), textClassifierRecipe(),
                                             scorerRecipe(),      restoreRecipe(),          lowLightRecipe(),
                                             segmentRecipe()};
    return all;
}

const RecipeInfo& findRecipe(const std::string& id) {
    std::vector<std::string> names;
    for (const RecipeInfo& recipe : recipes()) {
        if (recipe.id == id) return recipe;
        names.push_back(recipe.id);
    }
    throw Error(fmt::format("training: there is no recipe \"{}\"", id), fmt::format("there are {}", fmt::join(names, ", ")));
}

std::vector<graph::Parameter> datasetParameters(const std::string& dataset, std::int64_t side) {
    return {{.id = "dataset", .label = "Data set",
             .help = "emoji, or a folder: of pictures with captions in .txt files, of MNIST's or CIFAR-10's files.",
             .kind = graph::ParameterKind::Text, .defaultValue = dataset},
            {.id = "side", .label = "Side", .help = "Of the square pictures that are learned from.",
             .kind = graph::ParameterKind::Int, .defaultValue = side, .min = 8, .max = 4096, .unit = "px"}};
}

graph::Parameter fromParameter() {
    return {.id = "from", .label = "Begin with", .help = "A file of weights of the same network; empty: random numbers.",
            .kind = graph::ParameterKind::Text, .defaultValue = std::string(), .advanced = true};
}

graph::Parameter checkpointingParameter(bool automatic) {
    graph::Parameter parameter{.id = "checkpointing", .label = "Checkpointing",
                               .help = "What layers compute is not kept for their gradients but computed again: much less memory, about "
                                       "a third more time, the same result.",
                               .kind = graph::ParameterKind::Choice, .choices = {{"off", "Off"}, {"on", "On"}}, .advanced = true};
    if (automatic) parameter.choices.insert(parameter.choices.begin(), {"auto", "Where memory asks for it"});
    parameter.defaultValue = parameter.choices.front().id;
    return parameter;
}

tensor::Weights autoencoderOf(const tensor::Weights& file) {
    return file.has("first_stage_model.encoder.conv_in.weight") ? file.sub("first_stage_model.") : file;
}

at::Generator generatorOf(const Settings& settings, std::int64_t step, int part) {
    return tensor::generator(Hasher().add(settings.integer("seed")).add(step).add(part).finish().low);
}

} // namespace ochre::training
