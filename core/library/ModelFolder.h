// SPDX-License-Identifier: GPL-3.0-or-later
// The checkpoints in the user's models folder, and in those of other programs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace ochre::library {

struct ModelFile {
    std::string name; ///< stem of the file: what a Model parameter holds
    std::filesystem::path path;
    std::uint64_t bytes = 0;
    std::string format; ///< "safetensors", "PyTorch", "ncnn"
    std::string kind;   ///< folder that it stands in, "checkpoints", "loras", …; empty: none that is known
};

/// Files with a checkpoint's extension under paths::models() and the folders of other programs
/// (paths::foreignModelFolders), any depth, each once, by path. Absent folders have none.
std::vector<ModelFile> listModels();

} // namespace ochre::library
