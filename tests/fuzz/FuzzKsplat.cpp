// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes either are a .ksplat scene, or give an Error.
#include "core/scene/Ksplat.h"
#include "tests/fuzz/FuzzScene.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return ochre::fuzz::run(
        [&] { return ochre::readKsplat(ochre::fuzz::asBytes(data, size), "input.ksplat"); });
}
