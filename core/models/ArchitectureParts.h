// SPDX-License-Identifier: GPL-3.0-or-later
// What the lists of architectures have in common, one list a folder: configurations of weights, inputs of a parity case.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/Architectures.h"
#include "core/tensor/Weights.h"

namespace ochre::models {

std::vector<Architecture> restoreArchitectures();
std::vector<Architecture> textArchitectures();
std::vector<Architecture> diffusionArchitectures();
std::vector<Architecture> fieldArchitectures();
std::vector<Architecture> visionArchitectures();

template <typename Model>
std::optional<std::map<std::string, tensor::Shape>> recogniseAs(const tensor::Weights& weights) {
    const auto config = Model::Config::fromWeights(weights);
    if (!config) return std::nullopt;
    return config->expected();
}

template <typename Model>
typename Model::Config configOf(const tensor::Weights& weights, const char* name) {
    const auto config = Model::Config::fromWeights(weights);
    if (!config) throw Error(weights.subject() + ": is no " + name, "choose the weights of that network");
    return *config;
}

inline const nn::Tensor& input(const Tensors& inputs, const char* name) {
    const auto it = inputs.find(name);
    if (it == inputs.end()) throw Error(fmt::format("case: has no input \"{}\"", name));
    return it->second;
}

inline nn::Tensor inputOrNone(const Tensors& inputs, const char* name) {
    const auto it = inputs.find(name);
    return it == inputs.end() ? nn::Tensor() : it->second;
}

} // namespace ochre::models
