// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes either are an .spz scene, or give an Error. Those of versions 1 to 3 are also packed: gzip's
// checksum would otherwise keep changed bytes from the reader.
#include <vector>

#include "core/scene/Compression.h"
#include "core/scene/Spz.h"
#include "tests/fuzz/FuzzScene.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = ochre::fuzz::asBytes(data, size);
    ochre::fuzz::run([&] { return ochre::readSpz(bytes, "input.spz"); });
    if (size < 5 || data[4] > 3 || ochre::isGzip(bytes)) return 0;
    const auto packed = ochre::packGzip(bytes);
    return ochre::fuzz::run([&] { return ochre::readSpz(packed, "input.spz", ochre::SpzFrame::AsPly); });
}
