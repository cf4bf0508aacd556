// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes after the header of a compressed scene either decode to finite splats, or give an Error.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/base/Error.h"
#include "core/scene/CompressedPly.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const ochre::PlyFile file({reinterpret_cast<const std::byte*>(data), size}, "input.ply");
        const ochre::SplatCloud cloud = ochre::readCompressedPly(file);
        if (cloud.count() > size) std::abort();
        for (const auto* values : {&cloud.data().positions, &cloud.data().logScales, &cloud.data().rotations,
                                   &cloud.data().sh0, &cloud.data().shRest})
            for (const float v : *values)
                if (!std::isfinite(v)) std::abort();
    } catch (const ochre::Error&) {
    }
    return 0;
}
