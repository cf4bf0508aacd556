// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/edit/SplatQuery.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Math.h"
#include "core/base/TaskPool.h"
#include "core/scene/SplatTransform.h"
#include "core/scene/SplatValues.h"
#include "core/scene/edit/JsonReader.h"
#include "core/scene/edit/MaskLoop.h"
#include "core/scene/edit/Neighbours.h"
#include "core/scene/edit/ScreenMask.h"

namespace ochre {
namespace {

/// wanted(i) for every splat, or for those of `only`.
template <typename Wanted>
SplatMask collect(std::size_t count, const SplatMask* only, const Cancel& cancel, const Wanted& wanted) {
    SplatMask mask(count);
    const std::span<std::uint64_t> words = mask.words();
    TaskPool::shared().parallelFor(
        words.size(), kMaskWords,
        [&](std::size_t first, std::size_t last) {
            for (std::size_t w = first; w < last; ++w) {
                const std::size_t from = 64 * w, to = std::min(from + 64, count);
                std::uint64_t word = 0;
                if (only) {
                    for (std::uint64_t asked = only->words()[w]; asked != 0; asked &= asked - 1) {
                        const auto bit = static_cast<unsigned>(std::countr_zero(asked));
                        word |= std::uint64_t{wanted(from + bit)} << bit;
                    }
                } else {
                    for (std::size_t i = from; i < to; ++i) word |= std::uint64_t{wanted(i)} << (i - from);
                }
                words[w] = word;
            }
        },
        cancel);
    return mask;
}

/// The floats at which a function that never falls is from min to max.
template <typename Rising>
FloatRange rangeOf(double min, double max, const Rising& rising) {
    const std::uint32_t least = FloatRange::orderOf(-std::numeric_limits<float>::infinity()),
                        most = FloatRange::orderOf(std::numeric_limits<float>::infinity());
    const auto valueAt = [&](std::uint32_t order) {
        return rising(std::bit_cast<float>(order & 0x80000000u ? order & 0x7fffffffu : ~order));
    };
    /// The first for which it is true, or one past the last.
    const auto first = [&](const auto& is) {
        std::uint32_t from = least, to = most + 1;
        while (from < to) {
            const std::uint32_t middle = from + (to - from) / 2;
            if (is(valueAt(middle))) to = middle;
            else from = middle + 1;
        }
        return from;
    };
    return {first([&](double value) { return value >= min; }), first([&](double value) { return value > max; }) - 1};
}

void checkRange(double min, double max, const char* what) {
    if (!(min <= max))
        throw Error(fmt::format("{} from {} to {}: nothing is between them", what, min, max), "the first must not be above the second");
}

void checkPositive(double value, const char* what) {
    if (!(value > 0) || !std::isfinite(value)) throw Error(fmt::format("{} of {}", what, value), "it must be a positive number");
}

Vec3 centerOf(const SplatData& d, std::size_t i) {
    return {d.positions[3 * i], d.positions[3 * i + 1], d.positions[3 * i + 2]};
}

/// What each kind of query asks of a cloud.
struct Asker {
    const SplatData& d;
    const Cancel& cancel;
    const SplatMask* only;
    std::size_t count() const { return d.opacities.size(); }

    template <typename Wanted>
    SplatMask collect(const Wanted& wanted) const {
        return ochre::collect(count(), only, cancel, wanted);
    }
    SplatMask those(SplatMask mask) const {
        if (only) mask &= *only;
        return mask;
    }

    SplatMask operator()(const Everything&) const { return those(SplatMask(count(), true)); }

    SplatMask operator()(const ScreenRegion& region) const {
        const ScreenMask pixels(region);
        const Camera& camera = region.camera;
        return collect([&](std::size_t i) {
            const Vec3 p = camera.toCamera(centerOf(d, i));
            const double depth = camera.orthographic ? 1 : p[2];
            return p[2] >= camera.near && p[2] <= camera.far &&
                   pixels.at(camera.fx * p[0] / depth + camera.cx, camera.fy * p[1] / depth + camera.cy);
        });
    }

    SplatMask operator()(const SphereRegion& sphere) const {
        checkPositive(sphere.radius, "a sphere with a radius");
        const double square = sphere.radius * sphere.radius;
        return collect([&](std::size_t i) {
            const Vec3 p = centerOf(d, i);
            const double x = p[0] - sphere.center[0], y = p[1] - sphere.center[1], z = p[2] - sphere.center[2];
            return x * x + y * y + z * z <= square;
        });
    }

    SplatMask operator()(const BoxRegion& box) const {
        for (const double half : box.half) checkPositive(half, "a box with half a side");
        const Mat3 r = matrixOf(box.rotation);
        return collect([&](std::size_t i) {
            const Vec3 p = centerOf(d, i);
            const double x = p[0] - box.center[0], y = p[1] - box.center[1], z = p[2] - box.center[2];
            for (std::size_t k = 0; k < 3; ++k) // into the box's axes: the transpose
                if (std::abs(r[k] * x + r[3 + k] * y + r[6 + k] * z) > box.half[k]) return false;
            return true;
        });
    }

    SplatMask operator()(const ColorRange& range) const {
        if (!(range.tolerance >= 0)) throw Error(fmt::format("a colour tolerance of {}", range.tolerance), "it must not be below 0");
        const double square = range.tolerance * range.tolerance;
        return collect([&](std::size_t i) {
            double sum = 0;
            for (std::size_t k = 0; k < 3; ++k) {
                const double difference = colorOf(d.sh0[3 * i + k]) - range.color[k];
                sum += difference * difference;
            }
            return sum <= square;
        });
    }

    SplatMask operator()(const OpacityRange& range) const {
        return collect([&, stored = *storedRange(range)](std::size_t i) { return stored.holds(d.opacities[i]); });
    }
    SplatMask operator()(const SizeRange& range) const {
        return collect([&, stored = *storedRange(range)](std::size_t i) {
            return stored.holds(std::max({d.logScales[3 * i], d.logScales[3 * i + 1], d.logScales[3 * i + 2]}));
        });
    }
    SplatMask operator()(const LuminanceRange& range) const {
        checkRange(range.min, range.max, "luminances");
        return collect([&](std::size_t i) {
            const double value = valueOf(d, i, SplatValue::Luminance);
            return value >= range.min && value <= range.max;
        });
    }

    SplatMask operator()(const Floaters& floaters) const {
        const std::vector<std::uint32_t> sizes = groupSizes(d.positions, floaters.distance, cancel);
        return collect([&](std::size_t i) { return sizes[i] < floaters.fewest; });
    }

    SplatMask operator()(const Listed& listed) const {
        if (listed.splats.size() != count())
            throw Error(fmt::format("a set of {} splats of a cloud of {}", listed.splats.size(), count()), "the edits belong to another cloud");
        return those(listed.splats);
    }
};

constexpr std::array<const char*, 3> kShapes{"rectangle", "lasso", "brush"};

struct Writer {
    Json operator()(const Everything&) const { return {{"kind", "all"}}; }
    Json operator()(const ScreenRegion& r) const {
        Json json{{"kind", kShapes[static_cast<std::size_t>(r.shape)]}, {"camera", cameraToJson(r.camera)}, {"points", r.points}};
        if (r.shape == ScreenRegion::Shape::Brush) json["radius"] = r.radius;
        return json;
    }
    Json operator()(const SphereRegion& s) const { return {{"kind", "sphere"}, {"center", s.center}, {"radius", s.radius}}; }
    Json operator()(const BoxRegion& b) const {
        return {{"kind", "box"}, {"center", b.center}, {"half", b.half}, {"rotation", b.rotation}};
    }
    Json operator()(const ColorRange& c) const { return {{"kind", "color"}, {"color", c.color}, {"tolerance", c.tolerance}}; }
    Json operator()(const OpacityRange& r) const { return {{"kind", "opacity"}, {"min", r.min}, {"max", r.max}}; }
    Json operator()(const SizeRange& r) const { return {{"kind", "size"}, {"min", r.min}, {"max", r.max}}; }
    Json operator()(const LuminanceRange& r) const { return {{"kind", "luminance"}, {"min", r.min}, {"max", r.max}}; }
    Json operator()(const Floaters& f) const { return {{"kind", "floaters"}, {"distance", f.distance}, {"fewest", f.fewest}}; }
    Json operator()(const Listed& l) const { return {{"kind", "splats"}, {"runs", toJson(l.splats)}}; }
};

} // namespace

double valueOf(const SplatData& d, std::size_t i, SplatValue which) {
    if (which == SplatValue::Opacity) return sigmoid(d.opacities[i]);
    if (which == SplatValue::Size) return std::exp(double{std::max({d.logScales[3 * i], d.logScales[3 * i + 1], d.logScales[3 * i + 2]})});
    return 0.2126 * colorOf(d.sh0[3 * i]) + 0.7152 * colorOf(d.sh0[3 * i + 1]) + 0.0722 * colorOf(d.sh0[3 * i + 2]);
}

SplatMask answer(const SplatQuery& query, const SplatData& data, const Cancel& cancel, const SplatMask* only) {
    return std::visit(Asker{data, cancel, only}, query);
}

std::optional<FloatRange> storedRange(const SplatQuery& query) {
    if (const auto* range = std::get_if<OpacityRange>(&query)) {
        checkRange(range->min, range->max, "opacities");
        return rangeOf(range->min, range->max, [](float logit) { return sigmoid(logit); });
    }
    if (const auto* range = std::get_if<SizeRange>(&query)) {
        checkRange(range->min, range->max, "sizes");
        return rangeOf(range->min, range->max, [](float logarithm) { return std::exp(double{logarithm}); });
    }
    return std::nullopt;
}

Json toJson(const SplatQuery& query) {
    return std::visit(Writer{}, query);
}

SplatQuery queryFromJson(const Json& json, std::size_t count, std::string_view subject) {
    const JsonReader read{json, subject};
    const std::string kind = read.text("kind");
    if (kind == "all") return Everything{};
    for (std::size_t i = 0; i < kShapes.size(); ++i)
        if (kind == kShapes[i]) {
            ScreenRegion region{.camera = cameraFromJson(read.object("camera"), subject), .shape = static_cast<ScreenRegion::Shape>(i)};
            for (const Json& point : read.list("points")) region.points.push_back(JsonReader::numbers<2>(point, subject, "points"));
            if (region.shape == ScreenRegion::Shape::Brush) region.radius = read.number("radius");
            return region;
        }
    if (kind == "sphere") return SphereRegion{read.numbers<3>("center"), read.number("radius")};
    if (kind == "box") return BoxRegion{read.numbers<3>("center"), read.numbers<3>("half"), read.numbers<4>("rotation")};
    if (kind == "color") return ColorRange{read.numbers<3>("color"), read.number("tolerance")};
    if (kind == "opacity") return OpacityRange{read.number("min"), read.number("max")};
    if (kind == "size") return SizeRange{read.number("min"), read.number("max")};
    if (kind == "luminance") return LuminanceRange{read.number("min"), read.number("max")};
    if (kind == "floaters") return Floaters{read.number("distance"), static_cast<std::size_t>(std::max(0.0, read.number("fewest")))};
    if (kind == "splats") return Listed{maskFromJson(read.list("runs"), count, subject)};
    throw broken(fmt::format("{}: kind: \"{}\" is no way to select splats", subject, kind),
                 "they are all, rectangle, lasso, brush, sphere, box, color, opacity, size, luminance, floaters and splats");
}

} // namespace ochre
