// SPDX-License-Identifier: GPL-3.0-or-later
// The checkpoints in the user's models folder.
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
};

/// Files with a checkpoint's extension under paths::models(), any depth, by name. An absent folder gives an empty list.
std::vector<ModelFile> listModels();

} // namespace ochre::library
