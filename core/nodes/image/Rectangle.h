// SPDX-License-Identifier: GPL-3.0-or-later
// The parameters of nodes that cut a rectangle out of a picture or a mask, and the cut.
#pragma once

#include <algorithm>
#include <utility>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Filter.h"

namespace ochre::nodes {

inline graph::NodeDeclaration withRectangle(graph::NodeDeclaration declaration) {
    return std::move(declaration)
        .parameter({.id = "x",
                    .label = "Left",
                    .help = "First column of the part.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 65535,
                    .softMin = 0,
                    .softMax = 4096,
                    .unit = "px"})
        .parameter({.id = "y",
                    .label = "Top",
                    .help = "First row of the part.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 65535,
                    .softMin = 0,
                    .softMax = 4096,
                    .unit = "px"})
        .parameter({.id = "width",
                    .label = "Width",
                    .help = "Of the part; 0 goes to the right edge.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 65536,
                    .softMin = 0,
                    .softMax = 4096,
                    .unit = "px"})
        .parameter({.id = "height",
                    .label = "Height",
                    .help = "Of the part; 0 goes to the lower edge.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 65536,
                    .softMin = 0,
                    .softMax = 4096,
                    .unit = "px"});
}

/// What lies in the rectangle that the parameters say, of `image`.
inline Image cropToRectangle(const Image& image, const graph::RunContext& run) {
    const auto x = static_cast<int>(run.integer("x")), y = static_cast<int>(run.integer("y"));
    const auto length = [](std::int64_t wanted, int from, int whole) {
        const int rest = whole - from;
        return wanted == 0 ? rest : static_cast<int>(std::min<std::int64_t>(wanted, rest));
    };
    return crop(image, x, y, length(run.integer("width"), x, image.width()), length(run.integer("height"), y, image.height()));
}

} // namespace ochre::nodes
