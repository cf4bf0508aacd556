// SPDX-License-Identifier: GPL-3.0-or-later
// Latents in files: the .latent of comfyanonymous/ComfyUI (nodes.py SaveLatent, LoadLatent), a safetensors
// with "latent_tensor" and "latent_format_version_0"; without the latter, values are those of before 2023 and
// are divided by 0.18215.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/models/diffusion/Latent.h"

namespace ochre::models {

/// Atomic. Throws Error.
void saveLatent(const std::filesystem::path& path, const LatentBatch& latent,
                const std::map<std::string, std::string>& metadata = {});
/// Throws Error: NotMine for other files, Broken where damaged or of a shape that no latent has.
LatentBatch loadLatent(const std::filesystem::path& path);

} // namespace ochre::models
