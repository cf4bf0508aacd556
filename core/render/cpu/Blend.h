// SPDX-License-Identifier: GPL-3.0-or-later
// Tiles into the picture.
#pragma once

#include <array>
#include <optional>

#include "core/render/Planes.h"
#include "core/render/cpu/Bin.h"

namespace ochre::raster {

/// Where pixels go: four channels, rows from the top. One of the two is null.
struct Target {
    int width, height;
    float* floats;       ///< premultiplied
    std::uint8_t* bytes; ///< the same rounded
    std::optional<std::array<float, 3>> background;
};

/// Where planes go, and the normals that they need or null.
struct PlaneTarget {
    int width, height;
    const Normal* normals;
    PlaneWriter& writer;
};

/// Draws the rows of tiles that `lists` holds.
void blendTiles(const Kernels& kernels, const Drawn* all, const TileLists& lists, Band band, const Target& target, TaskPool& pool,
                const Cancel& cancel);
void blendTiles(const Kernels& kernels, const Drawn* all, const TileLists& lists, Band band, const PlaneTarget& target, TaskPool& pool,
                const Cancel& cancel);

} // namespace ochre::raster
