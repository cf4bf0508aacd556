// SPDX-License-Identifier: GPL-3.0-or-later
// What artists do to a cloud, one step after the other: select, then change what is selected. A list of steps is all that a
// project keeps of its edits; applied again to the same cloud it gives the same splats.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/scene/SplatTransform.h"
#include "core/scene/edit/SplatQuery.h"

namespace ochre {

namespace edits {

enum class Combine { Replace, Add, Subtract, Intersect };

struct Select {
    SplatQuery query;
    Combine combine = Combine::Replace;
};
struct Invert {};
struct Grow { ///< all within the distance of what is selected
    double distance = 0.1;
};
struct Shrink { ///< only what is farther than the distance from what is not
    double distance = 0.1;
};
struct Hide {}; ///< is not shown and not selected, but belongs to the result
struct ShowAll {};
struct Lock {}; ///< is shown, but not selected
struct UnlockAll {};
struct Delete {};
struct Keep {};      ///< deletes all but what is selected
struct Duplicate {}; ///< the copies are then selected, at the same place
struct Move {        ///< about `pivot`: a point p goes to similarity(p − pivot) + pivot
    Similarity similarity;
    Vec3 pivot{};
};
/// Colours, and with them how they change with the direction of view; in display sRGB and in this order.
struct Grade {
    double black = 0, white = 1; ///< what becomes 0 and 1
    double contrast = 1;         ///< around a half
    double brightness = 0;       ///< added
    double temperature = 0;      ///< −1 blue … 1 red
    double saturation = 1;       ///< 0: grey of the same luminance
    Vec3 tint{1, 1, 1};          ///< multiplied
};
struct Opacity { ///< times the factor, at most 1
    double factor = 1;
};
struct Size { ///< of each splat, in place
    double factor = 1;
};

} // namespace edits

using SplatEdit = std::variant<edits::Select, edits::Invert, edits::Grow, edits::Shrink, edits::Hide, edits::ShowAll, edits::Lock,
                               edits::UnlockAll, edits::Delete, edits::Keep, edits::Duplicate, edits::Move, edits::Grade,
                               edits::Opacity, edits::Size>;

/// What undoing shows: "Select by brush", "Delete".
std::string labelOf(const SplatEdit& edit);

Json toJson(const SplatEdit& edit);
/// Throws Error with `subject`; `count`: splats at hand when the step is reached.
SplatEdit editFromJson(const Json& json, std::size_t count, std::string_view subject);

/// The rows of a matrix and an offset, by which Grade changes a colour.
struct ColorMap {
    Mat3 matrix;
    Vec3 offset;
};
/// Throws Error where black is not below white.
ColorMap colorMapOf(const edits::Grade& grade);

/// What stands a plane through the selected centres, which must be three at least and not on a line, level at height 0 (y = 0; y
/// points down) with the rest of the cloud above it: the step that does so to the whole cloud.
Similarity levelling(const SplatData& data, const SplatMask& floor);

} // namespace ochre
