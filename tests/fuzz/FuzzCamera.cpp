// SPDX-License-Identifier: GPL-3.0-or-later
// Any text either is a camera, which then survives a round trip, or gives an Error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/base/Error.h"
#include "core/scene/Camera.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ochre::Camera camera;
    try {
        camera = ochre::cameraFromJson(ochre::parseJson({reinterpret_cast<const char*>(data), size}, "input"),
                                       "input");
    } catch (const ochre::Error&) {
        return 0;
    }
    const ochre::Camera copy = ochre::cameraFromJson(
        ochre::parseJson(ochre::dumpJson(ochre::cameraToJson(camera)), "round trip"), "round trip");
    if (copy.worldToCamera != camera.worldToCamera || copy.fx != camera.fx) std::abort();
    return 0;
}
