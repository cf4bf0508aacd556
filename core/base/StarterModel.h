// SPDX-License-Identifier: GPL-3.0-or-later
// Ochre's own small text-to-picture model, which comes with the program.
#pragma once

#include <filesystem>

namespace ochre::paths {

/// models/starter.safetensors of the resources; empty where it is not there. As a Model parameter its name is "starter",
/// unless the user has a file of that name.
std::filesystem::path starterModel();

} // namespace ochre::paths
