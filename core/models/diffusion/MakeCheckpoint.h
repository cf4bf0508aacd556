// SPDX-License-Identifier: GPL-3.0-or-later
// Writes checkpoints of given names and shapes filled with random numbers: true sizes for measurements where
// no trained weights are at hand, small ones for tests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/Cancel.h"
#include "core/base/Progress.h"
#include "core/tensor/Checkpoint.h"

namespace ochre::models {

/// One network of the file: an architecture's Config::expected(), behind the prefix that checkpoints give it
/// ("model.diffusion_model.").
struct CheckpointPart {
    std::string prefix;
    std::map<std::string, tensor::Shape> keys;
};

struct MakeCheckpointOptions {
    std::uint64_t seed = 0;
    tensor::Dtype dtype = tensor::Dtype::F16; ///< F16, BF16 or F32
    std::map<std::string, std::string> metadata;
};

/// Values by what a tensor is, so that signals neither die nor grow: weights of layers normal·1/√fan-in, of
/// norms 1, biases 0, tables of embeddings normal·0.02, logit_scale ln(1/0.07), position_ids 0, 1, 2, … as
/// whole numbers. A tensor's values follow from seed, full name and shape alone, whatever else is in the
/// file. Streams to disk in a few MiB of memory; atomic. Returns the bytes written. Throws Error, also when
/// cancelled; nothing is left behind then.
std::uint64_t makeCheckpoint(const std::filesystem::path& path, const std::vector<CheckpointPart>& parts,
                             const MakeCheckpointOptions& options = {}, const Progress& progress = {},
                             const Cancel& cancel = {});

} // namespace ochre::models
