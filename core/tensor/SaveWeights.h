// SPDX-License-Identifier: GPL-3.0-or-later
// Tensors of this process as a .safetensors file.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include <ATen/core/Tensor.h>

namespace ochre::tensor {

/// Writes atomically, each tensor in its type, row by row.
void saveWeights(const std::filesystem::path& file, const std::map<std::string, at::Tensor>& tensors,
                 const std::map<std::string, std::string>& metadata);

} // namespace ochre::tensor
