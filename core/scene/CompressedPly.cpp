// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/CompressedPly.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Math.h"
#include "core/base/TaskPool.h"
#include "core/scene/Ply.h"
#include "core/scene/SplatOrder.h"
#include "core/scene/SplatValues.h"

namespace ochre {
namespace {

constexpr std::size_t kChunk = 256;
constexpr double kLargestLogScale = 20; // in either direction

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

int degreeOf(const PlyElement& sh, const std::string& subject) {
    for (int degree = 1; degree <= kMaxShDegree; ++degree)
        if (sh.properties.size() == 3 * shRestCount(degree)) return degree;
    throw broken(
        fmt::format("{}: {} properties of \"sh\": 9, 24 or 45 are known", subject, sh.properties.size()));
}

void readSh(const PlyFile& file, const PlyElement& sh, SplatData& d, const Cancel& cancel) {
    d.shDegree = degreeOf(sh, file.subject());
    const std::size_t rest = shRestCount(d.shDegree);
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

// --- writing ---

struct Span {
    float min = std::numeric_limits<float>::max(), max = std::numeric_limits<float>::lowest();

    void include(double v) {
        min = std::min(min, static_cast<float>(v));
        max = std::max(max, static_cast<float>(v));
    }
    /// The nearest of 0…steps.
    std::uint32_t step(double v, std::uint32_t steps) const {
        const double t = max > min ? (v - min) / (double{max} - min) : 0;
        return static_cast<std::uint32_t>(std::clamp(t, 0.0, 1.0) * steps + 0.5);
    }
};

std::uint32_t pack111011(const Span* spans, const double* values) {
    return spans[0].step(values[0], 2047) << 21 | spans[1].step(values[1], 1023) << 11 |
           spans[2].step(values[2], 2047);
}

std::uint32_t packRotation(const float* q) {
    const auto largest = static_cast<std::uint32_t>(
        std::max_element(q, q + 4, [](float a, float b) { return std::abs(a) < std::abs(b); }) - q);
    const double sign = q[largest] < 0 ? -1 : 1;
    std::uint32_t v = largest;
    for (std::uint32_t k = 0; k < 4; ++k)
        if (k != largest)
            v = v << 10 | static_cast<std::uint32_t>(std::clamp(
                              (sign * q[k] / std::numbers::sqrt2 + 0.5) * 1023 + 0.5, 0.0, 1023.0));
    return v;
}

/// The nine values of a splat that are packed within their chunk: position, log-scale, colour.
std::array<double, 9> valuesOf(const SplatData& d, std::size_t i) {
    std::array<double, 9> v{};
    for (std::size_t k = 0; k < 3; ++k) {
        v[k] = d.positions[3 * i + k];
        v[3 + k] = std::clamp(double{d.logScales[3 * i + k]}, -kLargestLogScale, kLargestLogScale);
        v[6 + k] = colorOf(d.sh0[3 * i + k]);
    }
    return v;
}

/// One chunk's 18 floats, and its splats' four words each.
void packChunk(const SplatData& d, std::span<const std::uint32_t> splats, float* ranges,
               std::uint32_t* words) {
    std::array<Span, 9> spans;
    for (const std::uint32_t i : splats) {
        const auto v = valuesOf(d, i);
        for (std::size_t k = 0; k < 9; ++k) spans[k].include(v[k]);
    }
    for (std::size_t k = 0; k < 9; ++k) {
        ranges[k / 3 * 6 + k % 3] = spans[k].min;
        ranges[k / 3 * 6 + 3 + k % 3] = spans[k].max;
    }
    for (const std::uint32_t i : splats) {
        const auto v = valuesOf(d, i);
        *words++ = pack111011(&spans[0], &v[0]);
        *words++ = packRotation(&d.rotations[4 * i]);
        *words++ = pack111011(&spans[3], &v[3]);
        *words++ = spans[6].step(v[6], 255) << 24 | spans[7].step(v[7], 255) << 16 |
                   spans[8].step(v[8], 255) << 8 | toByte(255 * sigmoid(d.opacities[i]));
    }
}

std::string makeHeader(const SplatCloud& cloud, std::size_t chunks) {
    std::string text = "ply\nformat binary_little_endian 1.0\ncomment Written by Ochre\n";
    if (cloud.data().antialiased) text += kAntialiasedComment;
    text += fmt::format("element chunk {}\n", chunks);
    for (const char* values : {"", "scale_"})
        for (const char* bound : {"min", "max"})
            for (const char* axis : {"x", "y", "z"})
                text += fmt::format("property float {}_{}{}\n", bound, values, axis);
    for (const char* bound : {"min", "max"})
        for (const char* channel : {"r", "g", "b"})
            text += fmt::format("property float {}_{}\n", bound, channel);
    text += fmt::format("element vertex {}\n", cloud.count());
    for (const char* name : {"position", "rotation", "scale", "color"})
        text += fmt::format("property uint packed_{}\n", name);
    if (cloud.shDegree() > 0) text += fmt::format("element sh {}\n", cloud.count());
    for (std::size_t k = 0; k < 3 * cloud.restCount(); ++k)
        text += fmt::format("property uchar f_rest_{}\n", k);
    return text + "end_header\n";
}

template <typename T>
void append(std::string& text, const std::vector<T>& values) {
    text.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
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

    const std::size_t n = vertex->count;
    SplatData d;
    d.antialiased = saysAntialiased(file);
    d.positions.resize(3 * n);
    d.logScales.resize(3 * n);
    d.rotations.resize(4 * n);
    d.opacities.resize(n);
    d.sh0.resize(3 * n);
    progress.report(0, 1, "reading splats");
    const auto decode = [&](std::size_t i) {
        const std::size_t c = i / kChunk;
        const auto p = unpack111011(positions[i]), s = unpack111011(scales[i]);
        for (std::size_t k = 0; k < 3; ++k) {
            d.positions[3 * i + k] = static_cast<float>(position.at(c, k, p[k]));
            d.logScales[3 * i + k] = static_cast<float>(scale.at(c, k, s[k]));
            const double t = bits(colors[i], 24 - 8 * static_cast<int>(k), 8);
            d.sh0[3 * i + k] = sh0Of(colored ? color.at(c, k, t) : t);
        }
        const auto rotation = unpackRotation(rotations[i]);
        std::copy(rotation.begin(), rotation.end(), &d.rotations[4 * i]);
        d.opacities[i] = logit(bits(colors[i], 0, 8));
    };
    TaskPool::shared().parallelFor(
        n, 16 * kChunk,
        [&](std::size_t first, std::size_t last) {
            for (std::size_t i = first; i < last; ++i) decode(i);
        },
        cancel);
    for (const auto* values : {&d.positions, &d.logScales, &d.sh0})
        for (const float v : *values)
            if (!std::isfinite(v))
                throw broken(file.subject() + ": a chunk's range is not a number", "the file is damaged");
    if (sh) readSh(file, *sh, d, cancel);
    return SplatCloud(std::move(d), file.subject());
}

void writeCompressedPly(const SplatCloud& cloud, const std::filesystem::path& path, const Cancel& cancel) {
    const SplatData& d = cloud.data();
    const std::size_t n = cloud.count(), chunks = ceilDivide(n, kChunk), rest = cloud.restCount();
    const auto order = mortonOrder(d.positions);
    std::vector<float> ranges(18 * chunks);
    std::vector<std::uint32_t> words(4 * n);
    std::vector<unsigned char> sh(3 * rest * n);
    const auto packSh = [&](std::size_t place) {
        for (std::size_t k = 0; k < rest; ++k)
            for (std::size_t channel = 0; channel < 3; ++channel) {
                const double v = d.shRest[(order[place] * rest + k) * 3 + channel];
                sh[3 * rest * place + channel * rest + k] =
                    static_cast<unsigned char>(std::clamp((v / 8 + 0.5) * 256, 0.0, 255.0));
            }
    };
    TaskPool::shared().parallelFor(
        chunks, 16,
        [&](std::size_t first, std::size_t last) {
            for (std::size_t c = first; c < last; ++c) {
                const std::size_t begin = c * kChunk, end = std::min(n, begin + kChunk);
                packChunk(d, std::span(order).subspan(begin, end - begin), &ranges[18 * c],
                          &words[4 * begin]);
                for (std::size_t place = begin; place < end; ++place) packSh(place);
            }
        },
        cancel);
    std::string text = makeHeader(cloud, chunks);
    append(text, ranges);
    append(text, words);
    append(text, sh);
    writeFileAtomic(path, text);
}

} // namespace ochre
