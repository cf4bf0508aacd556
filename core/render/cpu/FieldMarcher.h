// SPDX-License-Identifier: GPL-3.0-or-later
// Draws hash fields on the CPU, on all cores: rays through the occupied cells, front to back, until they are full.
//
// A sample costs 21.4 thousand floating-point operations (20.5 thousand in the networks, 0.7 thousand in mixing the features of
// 16 cells, the rest in harmonics and exponentials) and reads 1 KiB of the table in 128 places; the 40 KiB of the networks stay
// in the cache.
#pragma once

#include <cstdint>

#include "core/base/TaskPool.h"
#include "core/render/FieldRenderer.h"

namespace ochre {

constexpr std::uint32_t kFieldOperations = 21400, kFieldBytes = 1024; ///< of a sample, as above

/// The same bytes with any number of threads; processors of different generations differ in last bits. Near and far planes of
/// the camera hold. Throws Error for fields without an occupancy grid, and when cancelled.
FieldFrame renderField(const HashField& field, const Camera& camera, const FieldOptions& options = {}, const Cancel& cancel = {},
                       TaskPool& pool = TaskPool::shared());

} // namespace ochre
