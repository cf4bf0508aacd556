// SPDX-License-Identifier: GPL-3.0-or-later
// What recipes of networks that restore pictures share: pairs, the loss in decibels, figures and samples.
#pragma once

#include <functional>
#include <map>

#include "core/training/Recipe.h"
#include "core/training/data/PicturePairs.h"

namespace ochre::training {

struct RestoringNetwork {
    Shapes learned;                      ///< of the file's tensors; those that do not learn stand beside
    std::map<std::string, Tensor> fixed;
    std::function<double(const std::string& name)> gain;
    std::map<std::string, Tensor> first; ///< what some begin with
    /// [N, 3, H, W] in 0…1 → what it makes of it. The weights change from call to call.
    std::function<Tensor(const tensor::Weights& weights, const Tensor& pictures)> run;
};

/// Loss: 10·log10 of the mean square error of each picture, in 0…1, whose negative is the PSNR.
std::unique_ptr<Recipe> restoringRecipe(const std::string& id, const Settings& settings, RestoringNetwork network,
                                        const PicturePairOptions& options);

/// "dataset" and "side".
std::vector<graph::Parameter> restoringParameters(std::int64_t side, const CommonDefaults& defaults);

} // namespace ochre::training
