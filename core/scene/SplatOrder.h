// SPDX-License-Identifier: GPL-3.0-or-later
// The order of splats along Morton's curve: neighbours in the file are neighbours in space, which packs well.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ochre {

/// Indices of the positions ([N,3], finite) in that order; 21 bits an axis over their bounds, equal ones as
/// they were.
std::vector<std::uint32_t> mortonOrder(std::span<const float> positions);

} // namespace ochre
