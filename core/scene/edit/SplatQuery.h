// SPDX-License-Identifier: GPL-3.0-or-later
// What can be selected: questions to a cloud, small enough to be kept with a project and asked again of another cloud. Each
// splat answers by its centre or its own numbers; the answers are the same on every machine.
#pragma once

#include <array>
#include <bit>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/Cancel.h"
#include "core/scene/Camera.h"
#include "core/scene/edit/SplatMask.h"

namespace ochre {

using Point2 = std::array<double, 2>; ///< pixels; the centre of the first pixel is at 0.5

struct Everything {};

/// Those whose centre is seen inside: a rectangle between two corners, a closed lasso (even-odd), or within `radius` of the
/// strokes of a brush.
struct ScreenRegion {
    enum class Shape { Rectangle, Lasso, Brush };
    Camera camera;
    Shape shape = Shape::Rectangle;
    std::vector<Point2> points; ///< two corners; at least three of a lasso; at least one of a brush
    double radius = 0;          ///< of the brush, pixels
};

struct SphereRegion {
    Vec3 center{};
    double radius = 1;
};

struct BoxRegion {
    Vec3 center{}, half{1, 1, 1};             ///< half: of its sides
    std::array<double, 4> rotation{1, 0, 0, 0}; ///< w,x,y,z
};

/// By the base colour: within `tolerance` in display sRGB, 0…√3.
struct ColorRange {
    Vec3 color{};
    double tolerance = 0.1;
};

struct OpacityRange {
    double min = 0, max = 1;
};

/// By the length of the longest axis, one standard deviation, in the scene's units.
struct SizeRange {
    double min = 0, max = 1;
};

/// By the luminance of the base colour in display sRGB (Rec. 709 weights), 0…1 where it can be shown.
struct LuminanceRange {
    double min = 0, max = 1;
};

/// Those of groups of fewer than `fewest`: of a group are all that can be reached by steps of no more than `distance`.
struct Floaters {
    double distance = 0.1;
    std::size_t fewest = 100;
};

/// These and no others; of one cloud alone.
struct Listed {
    SplatMask splats;
};

using SplatQuery = std::variant<Everything, ScreenRegion, SphereRegion, BoxRegion, ColorRange, OpacityRange, SizeRange, LuminanceRange, Floaters, Listed>;

/// What the ranges ask of a splat.
enum class SplatValue { Opacity, Size, Luminance };
double valueOf(const SplatData& data, std::size_t splat, SplatValue which);

/// Throws Error where a query's numbers make no sense. `only`: no others are asked, nor found.
SplatMask answer(const SplatQuery& query, const SplatData& data, const Cancel& cancel = {}, const SplatMask* only = nullptr);

/// Floats from one to another, as whole numbers in the order of floats: −∞ to ∞, and NaN outside.
struct FloatRange {
    std::uint32_t low = 1, high = 0; ///< none, where low is above high

    static std::uint32_t orderOf(float value) {
        const auto bits = std::bit_cast<std::uint32_t>(value);
        return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
    }
    bool holds(float value) const {
        const std::uint32_t order = orderOf(value);
        return order >= low && order <= high;
    }
};
/// The stored opacities or longest logarithms of scales that a range finds, exactly; nothing of other queries.
std::optional<FloatRange> storedRange(const SplatQuery& query);

Json toJson(const SplatQuery& query);
/// Throws Error with `subject`; `count`: splats of the cloud.
SplatQuery queryFromJson(const Json& json, std::size_t count, std::string_view subject);

} // namespace ochre
