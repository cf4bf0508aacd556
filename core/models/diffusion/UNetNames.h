// SPDX-License-Identifier: GPL-3.0-or-later
// Names of diffusers for the layers of the denoising UNet and its ControlNets, and LDM's for the same.
// Source: huggingface/diffusers scripts/convert_original_stable_diffusion_to_diffusers.py, read as a
// description.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/models/diffusion/ControlNet.h"
#include "core/models/diffusion/UNet.h"

namespace ochre::models {

/// Name in diffusers → name in LDM of every module with weights, without ".weight" and ".bias":
/// "down_blocks.0.resnets.0.conv1" → "input_blocks.1.0.in_layers.2". No two are alike on either side.
std::map<std::string, std::string> diffusersToLdm(const UNet::Config& config);
std::map<std::string, std::string> diffusersToLdm(const ControlNet::Config& config);

/// Stages of a network that is stored in diffusers' names, with their channels; nothing else of the
/// configuration is filled in. Nothing where the names are others.
std::optional<UNet::Config> planOfDiffusersUNet(const tensor::Weights& weights);
std::optional<ControlNet::Config> planOfDiffusersControlNet(const tensor::Weights& weights);

/// The view in which tensors that are stored in diffusers' names are asked for in LDM's.
tensor::Weights inLdmNames(const tensor::Weights& weights, const std::map<std::string, std::string>& modules);
KeyShapes inDiffusersNames(const KeyShapes& keys, const std::map<std::string, std::string>& modules);

} // namespace ochre::models
