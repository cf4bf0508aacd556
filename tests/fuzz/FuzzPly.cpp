// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes either are a cloud of splats whose arrays agree, or give an Error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/base/Error.h"
#include "core/base/Log.h"
#include "core/scene/SceneIo.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const bool quiet = (ochre::log::setConsoleLevel(ochre::log::Level::Error), true);
    (void)quiet;
    try {
        const ochre::SplatCloud cloud =
            ochre::decodeSplats({reinterpret_cast<const std::byte*>(data), size}, "input.ply");
        // A splat takes some bytes of its own where nothing is packed, so no small file can make a large cloud.
        if (data[0] == 'p' && cloud.count() + cloud.data().dropped > size) std::abort();
        if (cloud.data().positions.size() != 3 * cloud.count()) std::abort();
        if (cloud.data().shRest.size() != 3 * cloud.restCount() * cloud.count()) std::abort();
    } catch (const ochre::Error&) {
    }
    return 0;
}
