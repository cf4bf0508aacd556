// SPDX-License-Identifier: GPL-3.0-or-later
// Checkpoints of torch.save, as zip (since PyTorch 1.6) and as the stream of pickles before it. Layout:
// torch/serialization.py.
#pragma once

#include <span>
#include <string>

#include "core/tensor/Checkpoint.h"

namespace ochre::tensor {

bool isTorchZip(std::span<const std::byte> bytes);
bool isTorchLegacy(std::span<const std::byte> bytes);

/// Tensors are named by their path ("state_dict.conv.weight", "optimizer.state.0.exp_avg"; a bare one
/// "tensor"). Numbers and short texts on the way become metadata, other objects are listed as opaque. Spans
/// point into `bytes`; checksums of tensors are left to Checkpoint::verify. Throws Error (Broken).
Checkpoint readTorchZip(std::span<const std::byte> bytes, const std::string& subject);
Checkpoint readTorchLegacy(std::span<const std::byte> bytes, const std::string& subject);

} // namespace ochre::tensor
