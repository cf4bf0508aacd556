// SPDX-License-Identifier: GPL-3.0-or-later
// Names and shapes of whole published checkpoints, and of small ones of the same build, for makeCheckpoint.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/models/diffusion/MakeCheckpoint.h"

namespace ochre::models {

/// "sd15", "sd15-inpaint", "sd2", "sdxl", "sdxl-refiner", "starter", each also with "-small" behind it; and for tests
/// what stands beside a starter model: "minilm-small", "upscaler-small".
std::vector<std::string> checkpointKinds();

/// The networks of that kind: denoising network, text encoders, autoencoder. The small ones have the levels,
/// blocks and key names of the large ones with 32 or 64 channels and 2 text layers; their text width is no
/// published one, so that the family is told by the build. Throws Error that lists the kinds.
std::vector<CheckpointPart> checkpointParts(std::string_view kind);

/// What the file of that kind says beside its weights.
std::map<std::string, std::string> checkpointMetadata(std::string_view kind);

/// A ControlNet for a checkpoint of that kind.
std::vector<CheckpointPart> controlNetParts(std::string_view kind);

} // namespace ochre::models
