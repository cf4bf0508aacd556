// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/CompressedPly.h"

#include <array>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Math.h"

namespace ochre {
namespace {

constexpr std::size_t kChunk = 256;
constexpr double kShC0 = 0.28209479177387814;

/// min and max of three values a chunk.
struct Range {
    std::array<std::vector<float>, 3> min, max;

    static Range read(const PlyFile& file, const PlyElement& chunk, const std::array<const char*, 3>& names) {
        Range r;
        for (std::size_t k = 0; k < 3; ++k) {
            r.min[k] = file.floats(chunk, fmt::format("min_{}", names[k]));
            r.max[k] = file.floats(chunk, fmt::format("max_{}", names[k]));
        }
        return r;
    }
    double at(std::size_t chunk, std::size_t axis, double t) const {
        return min[axis][chunk] + (double{max[axis][chunk]} - min[axis][chunk]) * t;
    }
};

double bits(std::uint32_t value, int shift, int width) {
    const std::uint32_t mask = (1u << width) - 1;
    return static_cast<double>(value >> shift & mask) / mask;
}

/// 11, 10 and 11 bits from the top.
std::array<double, 3> unpack111011(std::uint32_t v) {
    return {bits(v, 21, 11), bits(v, 11, 10), bits(v, 0, 11)};
}

/// Two bits say which of w, x, y, z is the largest; the other three follow in order, ten bits each.
std::array<float, 4> unpackRotation(std::uint32_t v) {
    const std::uint32_t largest = v >> 30;
    std::array<float, 4> q{};
    double square = 0;
    int shift = 20;
    for (std::uint32_t k = 0; k < 4; ++k) {
        if (k == largest) continue;
        const double value = (bits(v, shift, 10) - 0.5) * std::numbers::sqrt2;
        q[k] = static_cast<float>(value);
        square += value * value;
        shift -= 10;
    }
    q[largest] = static_cast<float>(std::sqrt(std::max(0.0, 1 - square)));
    return q;
}

float logit(double p) {
    return static_cast<float>(std::log(p / (1 - p))); // ±∞ at 0 and 1: exactly transparent, exactly opaque
}

int degreeOf(const PlyElement& sh, const std::string& subject) {
    for (int degree = 1; degree <= 3; ++degree)
        if (sh.properties.size() == static_cast<std::size_t>(3 * ((degree + 1) * (degree + 1) - 1)))
            return degree;
    throw broken(
        fmt::format("{}: {} properties of \"sh\": 9, 24 or 45 are known", subject, sh.properties.size()));
}

void readSh(const PlyFile& file, const PlyElement& sh, SplatData& d, const Cancel& cancel) {
    d.shDegree = degreeOf(sh, file.subject());
    const auto rest = static_cast<std::size_t>((d.shDegree + 1) * (d.shDegree + 1) - 1);
    d.shRest.resize(sh.count * 3 * rest);
    for (std::size_t channel = 0; channel < 3; ++channel)
        for (std::size_t k = 0; k < rest; ++k) {
            const auto column = file.integers(sh, fmt::format("f_rest_{}", channel * rest + k), cancel);
            for (std::size_t i = 0; i < column.size(); ++i) {
                const double n = column[i] == 0 ? 0 : column[i] >= 255 ? 1 : (column[i] + 0.5) / 256;
                d.shRest[(i * rest + k) * 3 + channel] = static_cast<float>((n - 0.5) * 8);
            }
        }
}

void checkCounts(const PlyFile& file, const PlyElement& vertex, const PlyElement& chunk,
                 const PlyElement* sh) {
    if (chunk.count != ceilDivide(vertex.count, kChunk))
        throw broken(fmt::format("{}: {} chunks for {} splats: {} expected", file.subject(), chunk.count,
                                 vertex.count, ceilDivide(vertex.count, kChunk)));
    if (sh && sh->count != vertex.count)
        throw broken(
            fmt::format("{}: {} rows of \"sh\" for {} splats", file.subject(), sh->count, vertex.count));
}

} // namespace

SplatCloud readCompressedPly(const PlyFile& file, const Cancel& cancel, const Progress& progress) {
    const PlyElement* chunk = file.find("chunk");
    const PlyElement* vertex = file.find("vertex");
    if (!chunk || !vertex || !vertex->find("packed_position"))
        throw notMine(file.subject() + ": a PLY file, but not a compressed one");
    const PlyElement* sh = file.find("sh");
    checkCounts(file, *vertex, *chunk, sh);

    const Range position = Range::read(file, *chunk, {"x", "y", "z"});
    const Range scale = Range::read(file, *chunk, {"scale_x", "scale_y", "scale_z"});
    const bool colored = chunk->find("min_r") != nullptr;
    const Range color = colored ? Range::read(file, *chunk, {"r", "g", "b"}) : Range{};
    const auto positions = file.integers(*vertex, "packed_position", cancel);
    const auto rotations = file.integers(*vertex, "packed_rotation", cancel);
    const auto scales = file.integers(*vertex, "packed_scale", cancel);
    const auto colors = file.integers(*vertex, "packed_color", cancel);

    SplatData d;
    for (std::size_t i = 0; i < vertex->count; ++i) {
        if (i % 65536 == 0) {
            cancel.check();
            progress.report(i, vertex->count, "reading splats");
        }
        const std::size_t c = i / kChunk;
        const auto p = unpack111011(positions[i]), s = unpack111011(scales[i]);
        for (std::size_t k = 0; k < 3; ++k) {
            d.positions.push_back(static_cast<float>(position.at(c, k, p[k])));
            d.logScales.push_back(static_cast<float>(scale.at(c, k, s[k])));
            const double t = bits(colors[i], 24 - 8 * static_cast<int>(k), 8);
            d.sh0.push_back(static_cast<float>(((colored ? color.at(c, k, t) : t) - 0.5) / kShC0));
        }
        for (const float v : unpackRotation(rotations[i])) d.rotations.push_back(v);
        d.opacities.push_back(logit(bits(colors[i], 0, 8)));
    }
    for (const auto* values : {&d.positions, &d.logScales, &d.sh0})
        for (const float v : *values)
            if (!std::isfinite(v))
                throw broken(file.subject() + ": a chunk's range is not a number", "the file is damaged");
    if (sh) readSh(file, *sh, d, cancel);
    return SplatCloud(std::move(d), file.subject());
}

} // namespace ochre
