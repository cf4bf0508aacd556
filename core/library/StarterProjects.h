// SPDX-License-Identifier: GPL-3.0-or-later
// The starter projects of resources/graphs, as they suit the models that are on this machine.
#pragma once

#include <filesystem>
#include <vector>

namespace ochre::library {

/// Sorted by name. Those that generate stand there twice: for checkpoints of Stable Diffusion, and by the same name in
/// graphs/starter for the model that comes with the program, which is smaller in all things. Without a checkpoint of
/// the user's own the latter are given, as far as that model is there. starter.ochre, the first steps with it, is
/// left out where it is not, and takes the place of text_to_image.ochre where it is all there is.
std::vector<std::filesystem::path> starterProjects();

/// The picture of such a project: beside it, else that of its twin in graphs; empty where there is none.
std::filesystem::path starterPicture(const std::filesystem::path& project);

} // namespace ochre::library
