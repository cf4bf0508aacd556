// SPDX-License-Identifier: GPL-3.0-or-later
// Ochre's own small models, which come with the program: starter (text to picture), denoise, low-light and segment.
#pragma once

#include <filesystem>

namespace ochre::paths {

/// models/NAME.safetensors of the resources; empty where it is not there. Model parameters may name them so ("denoise"), unless
/// the user has a file of that name.
std::filesystem::path ownModel(const std::filesystem::path& name);
/// models/starter.safetensors of the resources; empty where it is not there. As a Model parameter its name is "starter",
/// unless the user has a file of that name.
std::filesystem::path starterModel();

} // namespace ochre::paths
