// SPDX-License-Identifier: GPL-3.0-or-later
// The parameters of nodes that cut a rectangle out of a picture or a mask, and the cut.
#pragma once

#include <algorithm>
#include <utility>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Filter.h"
#include "core/nodes/Describe.h"

namespace ochre::nodes {

inline graph::NodeDeclaration withRectangle(graph::NodeDeclaration declaration) {
    return std::move(declaration)
        .parameter(pixels("x", "Left", "First column of the part.", 0, {.max = 65535}))
        .parameter(pixels("y", "Top", "First row of the part.", 0, {.max = 65535}))
        .parameter(pixels("width", "Width", "Of the part; 0 goes to the right edge.", 0))
        .parameter(pixels("height", "Height", "Of the part; 0 goes to the lower edge.", 0));
}

/// What lies in the rectangle that the parameters say, of `image`.
inline Image cropToRectangle(const Image& image, const graph::RunContext& run) {
    const auto x = static_cast<int>(run.integer("x")), y = static_cast<int>(run.integer("y"));
    const auto length = [](std::int64_t wanted, int from, int whole) {
        const int rest = whole - from;
        return wanted == 0 ? rest : static_cast<int>(std::min<std::int64_t>(wanted, rest));
    };
    return crop(image, x, y, length(run.integer("width"), x, image.width()),
                length(run.integer("height"), y, image.height()));
}

} // namespace ochre::nodes
