// SPDX-License-Identifier: GPL-3.0-or-later
// Tensors of this process as a .safetensors file, and found again there.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/tensor/Weights.h"

namespace ochre::tensor {

/// Writes atomically, each tensor in its type, row by row.
void saveWeights(const std::filesystem::path& file, const std::map<std::string, at::Tensor>& tensors,
                 const std::map<std::string, std::string>& metadata);

/// The tensors of `file` where it is there and its metadata has this "identity": of what it was computed.
std::optional<Weights> keptWeights(const std::filesystem::path& file, const std::string& identity, Placement placement = {});

} // namespace ochre::tensor
