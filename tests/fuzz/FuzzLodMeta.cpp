// SPDX-License-Identifier: GPL-3.0-or-later
// Any text either is a lod-meta.json whose files are not there, or gives an Error.
#include "core/scene/LodMeta.h"
#include "tests/fuzz/FuzzScene.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return ochre::fuzz::run([&] {
        const ochre::Json meta =
            ochre::parseJson({reinterpret_cast<const char*>(data), size}, "lod-meta.json");
        return ochre::readLodMeta(meta, "/nonexistent/lod-meta.json");
    });
}
