// SPDX-License-Identifier: GPL-3.0-or-later
// How splats are to look.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/scene/SplatCloud.h"

namespace ochre {

/// How splats are shown. Colours for numbers go from blue over cyan, green and yellow to red.
enum class SplatMode : std::uint8_t {
    Color,    ///< as they were made to look
    Centres,  ///< a disc of `pointSize` each, the nearest in front
    Rings,    ///< the outline of each at twice its standard deviation, a pixel wide
    Opacity,  ///< each in a colour for its opacity
    Overdraw, ///< for each pixel, how many splats are blended until it is full: from 0 to 1000, logarithmically
    Depth,    ///< each in a grey for its depth, white where `depthRange` begins and black where it ends
};

struct SplatTint { ///< a marked splat's colour moves towards `color` by `share`, 0…1; display sRGB
    std::array<float, 3> color{};
    float share = 0;
    bool operator==(const SplatTint&) const = default;
};

struct SplatOptions {
    int shDegree = 3;                                        ///< bands above this are left out
    std::optional<std::array<float, 3>> background = {};     ///< display sRGB; none: transparent
    bool antialiased = false;                                ///< mip-splatting's opacity compensation, also when the cloud says so
    SplatMode mode = SplatMode::Color;
    double pointSize = 3;                                    ///< pixels across, of Centres
    std::optional<std::array<double, 2>> depthRange = {};    ///< of Depth, z in the camera; none: that of the bulk of the scene
    std::size_t most = 0;                                    ///< about so many splats suffice for now, larger ones in place of the others; 0: all. What cannot leave any out draws all
    std::optional<Bounds> box = {};                          ///< of the world: splats whose centre lies outside are not drawn
    SplatTint selected = {{1, 0.6f, 0}, 0.7f}, locked = {{0.5f, 0.5f, 0.5f}, 0.7f}; ///< in all modes but Overdraw
};

/// How the splats of an item differ from those of its cloud, without another cloud.
struct ItemLook {
    std::array<double, 12> color{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}; ///< three rows of r, g, b, 1; of the colour before it is cut at 0
    double opacity = 1, mostOpacity = 1; ///< min(mostOpacity, opacity times that of each splat); positive
    double size = 1;                     ///< times that of each splat, in place; positive
    bool operator==(const ItemLook&) const = default;
};

} // namespace ochre
