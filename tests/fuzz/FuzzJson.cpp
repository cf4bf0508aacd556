// SPDX-License-Identifier: GPL-3.0-or-later
// Any text either parses, and then survives a round trip, or gives an Error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/base/Error.h"
#include "core/base/Json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const ochre::Json json = ochre::parseJson({reinterpret_cast<const char*>(data), size}, "input");
        if (ochre::parseJson(ochre::dumpJson(json), "round trip") != json) std::abort();
    } catch (const ochre::Error&) {
    }
    return 0;
}
