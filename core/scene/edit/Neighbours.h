// SPDX-License-Identifier: GPL-3.0-or-later
// Which points are near which: groups, and all within reach of some.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/Cancel.h"
#include "core/scene/edit/SplatMask.h"

namespace ochre {

/// All points ([N,3], finite) of groups of fewer than `fewest`: of a group are all that can be reached by steps of no more than
/// `distance`, which is positive.
SplatMask inSmallGroups(std::span<const float> positions, double distance, std::size_t fewest, const Cancel& cancel = {});

/// All points no farther than `distance` from one of `some`, and these.
SplatMask within(std::span<const float> positions, const SplatMask& some, double distance, const Cancel& cancel = {});

} // namespace ochre
