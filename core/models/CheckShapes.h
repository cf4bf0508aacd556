// SPDX-License-Identifier: GPL-3.0-or-later
// A file with weights of another shape than its network has is told before anything is computed.
#pragma once

#include <map>
#include <string>

#include "core/tensor/Weights.h"

namespace ochre::models {

/// Throws Error (Broken) naming file, key and both shapes where a key is missing or of another shape than expected.
void checkShapes(const tensor::Weights& weights, const std::map<std::string, tensor::Shape>& expected);

} // namespace ochre::models
