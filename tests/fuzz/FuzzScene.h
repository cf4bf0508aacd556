// SPDX-License-Identifier: GPL-3.0-or-later
// What every reader of scenes must keep, whatever its bytes: an Error, or arrays that agree and hold numbers
// only.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>

#include "core/base/Error.h"
#include "core/base/Log.h"
#include "core/scene/SplatCloud.h"

namespace ochre::fuzz {

inline std::span<const std::byte> asBytes(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const std::byte*>(data), size};
}

inline void check(const SplatCloud& cloud) {
    const SplatData& d = cloud.data();
    if (d.positions.size() != 3 * cloud.count() || d.shRest.size() != 3 * cloud.restCount() * cloud.count())
        std::abort();
    for (const auto* values : {&d.positions, &d.rotations, &d.sh0, &d.shRest})
        for (const float v : *values)
            if (!std::isfinite(v)) std::abort();
    for (const float v : d.logScales)
        if (std::isnan(v) || v == std::numeric_limits<float>::infinity()) std::abort();
    for (const float v : d.opacities)
        if (std::isnan(v)) std::abort();
}

/// Runs a reader that gives a cloud.
template <typename Read>
int run(const Read& read) {
    static const bool quiet = (log::setConsoleLevel(log::Level::Error), true);
    (void)quiet;
    try {
        check(read());
    } catch (const Error&) {
    }
    return 0;
}

} // namespace ochre::fuzz
