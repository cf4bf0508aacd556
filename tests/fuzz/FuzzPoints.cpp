// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes either are points (a .ply, or COLMAP's in binary or text), or give an Error. No small file makes
// a large cloud.
#include "core/scene/ColmapPoints.h"
#include "core/scene/Points.h"
#include "tests/fuzz/FuzzScene.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return ochre::fuzz::run([&] {
        const auto bytes = ochre::fuzz::asBytes(data, size);
        if (size > 0 && data[0] == 'p') return ochre::readPointPly(ochre::PlyFile(bytes, "input.ply"));
        const bool text = size > 0 && (data[0] == '#' || (data[0] >= '0' && data[0] <= '9'));
        const ochre::PointCloud points = text ? ochre::readColmapPointsText(bytes, "points3D.txt")
                                              : ochre::readColmapPointsBin(bytes, "points3D.bin");
        if (points.positions.size() > size) std::abort();
        return ochre::splatsFromPoints(points, "input");
    });
}
