// SPDX-License-Identifier: GPL-3.0-or-later
// Which points are near which: groups, and all within reach of some.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/Cancel.h"
#include "core/scene/edit/SplatMask.h"

namespace ochre {

/// For each of the points ([N,3], finite) the size of its group: of all that can be reached by steps of no more than
/// `distance`, which is positive.
std::vector<std::uint32_t> groupSizes(std::span<const float> positions, double distance, const Cancel& cancel = {});

/// All points no farther than `distance` from one of `some`, and these.
SplatMask within(std::span<const float> positions, const SplatMask& some, double distance, const Cancel& cancel = {});

} // namespace ochre
