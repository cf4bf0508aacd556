// SPDX-License-Identifier: GPL-3.0-or-later
// Masks of two values as lengths of runs, row after row: some kilobytes in place of megabytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/image/Image.h"

namespace ochre {

using MaskRuns = std::vector<std::uint32_t>; ///< pixels that are 0, then 1, then 0, …; together all of the mask

MaskRuns runsOf(const Image& mask, float above = 0.5f); ///< of one channel; 1 is what is above
Image maskOfRuns(const MaskRuns& runs, int width, int height); ///< one channel, raw, 0 or 1
std::size_t areaOf(const MaskRuns& runs);                      ///< pixels that are 1

} // namespace ochre
