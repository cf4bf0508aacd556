// SPDX-License-Identifier: GPL-3.0-or-later
// The recipes, each in a source of its own, and what their descriptions share.
#pragma once

#include <ATen/core/Generator.h>

#include "core/training/Recipe.h"

namespace ochre::training {

RecipeInfo autoencoderRecipe();
RecipeInfo latentDiffusionRecipe();
RecipeInfo textClassifierRecipe();
RecipeInfo ddpmRecipe();
RecipeInfo loraRecipe();
RecipeInfo textualInversionRecipe();
RecipeInfo scorerRecipe();
RecipeInfo restoreRecipe();
RecipeInfo lowLightRecipe();
RecipeInfo segmentRecipe();

/// "dataset" and "side".
std::vector<graph::Parameter> datasetParameters(const std::string& dataset, std::int64_t side);
graph::Parameter fromParameter(); ///< "from": weights to begin with
/// "checkpointing": whether blocks of the network are computed once more for their gradients (nn::Recomputing): "off", "on" or,
/// where there is something to choose by, "auto", which then is the default.
graph::Parameter checkpointingParameter(bool automatic = false);

/// The autoencoder of a file of its own, or within a checkpoint.
tensor::Weights autoencoderOf(const tensor::Weights& file);

/// Noise of a part of a step, which follows from the seed and the two numbers.
at::Generator generatorOf(const Settings& settings, std::int64_t step, int part);

} // namespace ochre::training
