// SPDX-License-Identifier: GPL-3.0-or-later
// Splats by their depth.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/TaskPool.h"
#include "core/render/cpu/Pages.h"

namespace ochre::raster {

/// Turns depths of at least `near` into whole numbers that order them as they are: to one part in 2²⁸ or better of the depth,
/// finer where `far` is less than 16 times `near`.
class DepthKeys {
public:
    DepthKeys(double near, double far); ///< near > 0; what is further than `far` may share its key
    std::uint32_t operator()(double depth) const;

private:
    std::uint64_t m_first;
    int m_shift = 0;
};

struct Entry {
    std::uint32_t key, index;
};

/// Sorts by the key; equal keys keep their order. `room` is scratch memory that may be kept from call to call.
void sortEntries(Pages<Entry>& entries, Pages<Entry>& room, TaskPool& pool, const Cancel& cancel = {});

} // namespace ochre::raster
