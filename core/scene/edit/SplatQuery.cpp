// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/edit/SplatQuery.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Math.h"
#include "core/base/TaskPool.h"
#include "core/scene/SplatTransform.h"
#include "core/scene/SplatValues.h"
#include "core/scene/edit/JsonReader.h"
#include "core/scene/edit/Neighbours.h"
#include "core/scene/edit/ScreenMask.h"

namespace ochre {
namespace {

constexpr std::size_t kWords = 256; // of a mask, for one piece of work

/// wanted(i) for every splat.
template <typename Wanted>
SplatMask collect(std::size_t count, const Cancel& cancel, const Wanted& wanted) {
    SplatMask mask(count);
    const std::span<std::uint64_t> words = mask.words();
    TaskPool::shared().parallelFor(
        words.size(), kWords,
        [&](std::size_t first, std::size_t last) {
            for (std::size_t w = first; w < last; ++w) {
                std::uint64_t word = 0;
                const std::size_t from = 64 * w, to = std::min(from + 64, count);
                for (std::size_t i = from; i < to; ++i) word |= std::uint64_t{wanted(i)} << (i - from);
                words[w] = word;
            }
        },
        cancel);
    return mask;
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
    std::size_t count() const { return d.opacities.size(); }

    SplatMask operator()(const Everything&) const { return SplatMask(count(), true); }

    SplatMask operator()(const ScreenRegion& region) const {
        const ScreenMask pixels(region);
        const Camera& camera = region.camera;
        return collect(count(), cancel, [&](std::size_t i) {
            const Vec3 p = camera.toCamera(centerOf(d, i));
            const double depth = camera.orthographic ? 1 : p[2];
            return p[2] >= camera.near && p[2] <= camera.far &&
                   pixels.at(camera.fx * p[0] / depth + camera.cx, camera.fy * p[1] / depth + camera.cy);
        });
    }

    SplatMask operator()(const SphereRegion& sphere) const {
        checkPositive(sphere.radius, "a sphere with a radius");
        const double square = sphere.radius * sphere.radius;
        return collect(count(), cancel, [&](std::size_t i) {
            const Vec3 p = centerOf(d, i);
            const double x = p[0] - sphere.center[0], y = p[1] - sphere.center[1], z = p[2] - sphere.center[2];
            return x * x + y * y + z * z <= square;
        });
    }

    SplatMask operator()(const BoxRegion& box) const {
        for (const double half : box.half) checkPositive(half, "a box with half a side");
        const Mat3 r = matrixOf(box.rotation);
        return collect(count(), cancel, [&](std::size_t i) {
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
        return collect(count(), cancel, [&](std::size_t i) {
            double sum = 0;
            for (std::size_t k = 0; k < 3; ++k) {
                const double difference = colorOf(d.sh0[3 * i + k]) - range.color[k];
                sum += difference * difference;
            }
            return sum <= square;
        });
    }

    SplatMask operator()(const OpacityRange& range) const { return between(range.min, range.max, SplatValue::Opacity, "opacities"); }
    SplatMask operator()(const SizeRange& range) const { return between(range.min, range.max, SplatValue::Size, "sizes"); }
    SplatMask operator()(const LuminanceRange& range) const { return between(range.min, range.max, SplatValue::Luminance, "luminances"); }

    SplatMask between(double min, double max, SplatValue which, const char* what) const {
        checkRange(min, max, what);
        return collect(count(), cancel, [&](std::size_t i) {
            const double value = valueOf(d, i, which);
            return value >= min && value <= max;
        });
    }

    SplatMask operator()(const Floaters& floaters) const {
        const std::vector<std::uint32_t> sizes = groupSizes(d.positions, floaters.distance, cancel);
        return collect(count(), cancel, [&](std::size_t i) { return sizes[i] < floaters.fewest; });
    }

    SplatMask operator()(const Listed& listed) const {
        if (listed.splats.size() != count())
            throw Error(fmt::format("a set of {} splats of a cloud of {}", listed.splats.size(), count()), "the edits belong to another cloud");
        return listed.splats;
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

SplatMask answer(const SplatQuery& query, const SplatData& data, const Cancel& cancel) {
    return std::visit(Asker{data, cancel}, query);
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
