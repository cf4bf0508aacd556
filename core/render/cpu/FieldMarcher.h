// SPDX-License-Identifier: GPL-3.0-or-later
// Draws hash fields on the CPU, on all cores: rays through the occupied cells, front to back, until they are full.
//
// A sample costs 21.4 thousand floating-point operations (20.5 thousand in the networks, 0.7 thousand in mixing the features of
// 16 cells, the rest in harmonics and exponentials) and reads 1 KiB of the table in 128 places; the 40 KiB of the networks stay
// in the cache.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/base/Cancel.h"
#include "core/base/TaskPool.h"
#include "core/image/Image.h"
#include "core/scene/Camera.h"
#include "core/scene/field/HashField.h"

namespace ochre {

struct FieldOptions {
    std::optional<std::array<float, 3>> background = {}; ///< display sRGB; none: transparent
    int steps = 1024; ///< along the diagonal of the box
};

struct FieldFrame {
    Image color;               ///< premultiplied RGBA, display sRGB values labelled Raw
    Image depth;               ///< one channel: Σwz / Σw with z in the camera, 0 where nothing is hit
    std::uint64_t samples = 0; ///< that were looked up
};

/// The same bytes with any number of threads; processors of different generations differ in last bits. Near and far planes of
/// the camera hold. Throws Error for fields without an occupancy grid, and when cancelled.
FieldFrame renderField(const HashField& field, const Camera& camera, const FieldOptions& options = {}, const Cancel& cancel = {},
                       TaskPool& pool = TaskPool::shared());

} // namespace ochre
