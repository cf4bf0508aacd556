// SPDX-License-Identifier: GPL-3.0-or-later
// Finds NaN and infinite values in stored tensors, at the speed of memory and without LibTorch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/tensor/Checkpoint.h"

namespace ochre::tensor {

/// Row-major index of the first element that is NaN or infinite; nothing where all are finite or whole
/// numbers.
std::optional<std::uint64_t> firstNonFinite(const StoredTensor& tensor);

/// Throws Error (Broken) naming `subject`, the tensor, the place and the value.
void requireFinite(const StoredTensor& tensor, const std::string& subject);

} // namespace ochre::tensor
