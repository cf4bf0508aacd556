// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/Spz.h"

#include <array>
#include <cmath>
#include <numbers>
#include <optional>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Log.h"
#include "core/base/Math.h"
#include "core/base/TaskPool.h"
#include "core/scene/Compression.h"
#include "core/scene/SplatFilter.h"
#include "core/scene/SplatTransform.h"
#include "core/scene/SplatValues.h"

namespace ochre {
namespace {

using Bytes = std::vector<std::byte>;
using View = std::span<const std::byte>;

constexpr std::uint32_t kMagic = 0x5053474e; // "NGSP"
constexpr std::size_t kHeader = 16, kHeader4 = 32, kGrain = 4096;
constexpr unsigned kAntialiased = 1, kExtensions = 2;
constexpr std::uint32_t kFrameExtension = 0xadbe0003;
constexpr double kColorScale = 0.15;
enum Stream : std::size_t { Positions, Alphas, Colors, Scales, Rotations, Harmonics, StreamCount };
constexpr std::array<const char*, StreamCount> kNames{"positions", "opacities", "colours",
                                                      "scales",    "rotations", "harmonics"};

struct Header {
    std::uint32_t version = 0, count = 0;
    int degree = 0, fractionalBits = 0;
    unsigned flags = 0;
    std::array<std::size_t, StreamCount> sizes{}; ///< in bytes, unpacked
    std::size_t total = 0;
};

Header parseHeader(View bytes, const std::string& subject) {
    Header h;
    h.version = loadAs<std::uint32_t>(&bytes[4]);
    h.count = loadAs<std::uint32_t>(&bytes[8]);
    h.degree = std::to_integer<int>(bytes[12]);
    h.fractionalBits = std::to_integer<int>(bytes[13]);
    h.flags = std::to_integer<unsigned>(bytes[14]);
    if (h.version < 1 || h.version > 4)
        throw broken(fmt::format("{}: version {} of SPZ: 1 to 4 are known", subject, h.version));
    if (h.degree > 4)
        throw broken(fmt::format("{}: harmonics of degree {}: 0 to 4 are known", subject, h.degree));
    if (h.version > 1 && h.fractionalBits > 23)
        throw broken(fmt::format("{}: {} fractional bits: 0 to 23 are known", subject, h.fractionalBits));
    if (h.count > std::uint32_t{0x7fffffff})
        throw broken(fmt::format("{}: {} splats: more than 2147483647", subject, h.count));
    const std::size_t each[StreamCount] = {h.version == 1 ? 6u : 9u, 1, 3, 3, h.version < 3 ? 3u : 4u,
                                           3 * shRestCount(h.degree)};
    for (std::size_t s = 0; s < StreamCount; ++s) {
        h.sizes[s] = each[s] * h.count;
        h.total += h.sizes[s];
    }
    return h;
}

/// The axes that an extension names, as the numbers of the specification; 4 is the standard, 6 that of a
/// .ply.
using Frame = std::uint32_t;
constexpr Frame kStandardFrame = 4;

Frame readExtensions(View records, const std::string& subject) {
    Frame frame = kStandardFrame;
    while (records.size() >= 8) {
        const auto type = loadAs<std::uint32_t>(&records[0]);
        const auto size = loadAs<std::uint32_t>(&records[4]);
        records = records.subspan(8);
        if (size > records.size())
            throw broken(
                fmt::format("{}: an extension of {} bytes where {} are left", subject, size, records.size()));
        if (type == kFrameExtension && size >= 4) {
            frame = loadAs<std::uint32_t>(&records[0]);
            if (frame > 16)
                throw broken(fmt::format("{}: coordinate system {}: 0 to 16 are known", subject, frame));
            if (frame == 0) frame = kStandardFrame;
        } else {
            log::info("{}: the extension {:#x} of {} bytes is left out", subject, type, size);
        }
        records = records.subspan(size);
    }
    return frame;
}

/// From the file's axes to right, down, front. Frames 1 to 8 list their axes as x, y, z; 9 to 16 as x, z, y.
void toPlyFrame(SplatData& d, Frame frame) {
    if (frame <= 8) {
        const unsigned bits = frame - 1; // 1: right, 2: up, 4: front
        flipAxes(d, {bits & 1 ? 1 : -1, bits & 2 ? -1 : 1, bits & 4 ? 1 : -1});
        return;
    }
    const unsigned bits = frame - 9; // 1: right, 2: up, 4: back
    // A quarter turn about x takes (x, y, z) to (x, −z, y): depth and height are then in their places.
    transform(d, {.rotation = rotationOfDegrees({90, 0, 0})});
    flipAxes(d, {bits & 1 ? 1 : -1, bits & 2 ? 1 : -1, bits & 4 ? -1 : 1});
}

// The streams of one file, unpacked.
struct Streams {
    std::array<View, StreamCount> at;
    Bytes storage;
    Frame frame = kStandardFrame;

    void divide(View body, const Header& h) {
        for (std::size_t s = 0, from = 0; s < StreamCount; from += h.sizes[s++])
            at[s] = body.subspan(from, h.sizes[s]);
    }
};

/// Versions 1 to 3 without gzip, as some programs hold them.
Streams takeRaw(View bytes, const Header& h, const std::string& subject) {
    if (bytes.size() - kHeader < h.total)
        throw broken(fmt::format("{}: {} splats take {} bytes, {} are there", subject, h.count, h.total,
                                 bytes.size() - kHeader),
                     "the file is cut short or its header is wrong");
    Streams s;
    s.divide(bytes.subspan(kHeader), h);
    if (h.flags & kExtensions) s.frame = readExtensions(bytes.subspan(kHeader + h.total), subject);
    return s;
}

Streams unpackGzip(GzipReader& gzip, const Header& h, const std::string& subject) {
    Streams s;
    s.storage.resize(h.total);
    gzip.require(s.storage, "splats");
    s.divide(s.storage, h);
    Bytes extensions(std::size_t{64} << 10);
    extensions.resize(gzip.read(extensions));
    if (!gzip.atEnd()) {
        std::byte more[1];
        if (gzip.read(more) > 0)
            throw broken(fmt::format("{}: holds more than the {} splats of its header", subject, h.count));
    }
    if (h.flags & kExtensions) s.frame = readExtensions(extensions, subject);
    return s;
}

Streams unpackZstdStreams(View bytes, const Header& h, const std::string& subject) {
    if (bytes.size() < kHeader4) throw broken(subject + ": the header is cut short");
    const std::size_t count = std::to_integer<std::size_t>(bytes[15]);
    const std::size_t expected = h.degree > 0 && h.count > 0 ? 6 : 5;
    const std::size_t table = loadAs<std::uint32_t>(&bytes[16]);
    if (count != expected && !(h.count == 0 && count <= 6))
        throw broken(fmt::format("{}: {} streams: {} expected", subject, count, expected));
    if (table < kHeader4 || table > bytes.size() || (bytes.size() - table) / 16 < count)
        throw broken(fmt::format("{}: the table of streams at byte {} reaches past the end", subject, table));
    Streams s;
    s.storage.resize(h.total);
    s.divide(s.storage, h);
    if (h.flags & kExtensions) s.frame = readExtensions(bytes.subspan(kHeader4, table - kHeader4), subject);
    if (h.count == 0) return s;
    std::array<View, StreamCount> packed;
    std::size_t at = table + 16 * count;
    for (std::size_t k = 0; k < count; ++k) {
        const auto size = loadAs<std::uint64_t>(&bytes[table + 16 * k]);
        const auto unpacked = loadAs<std::uint64_t>(&bytes[table + 16 * k + 8]);
        if (size > bytes.size() - at || unpacked != h.sizes[k])
            throw broken(fmt::format("{}: {}: {} bytes that expand to {}; {} are left and {} splats take {}",
                                     subject, kNames[k], size, unpacked, bytes.size() - at, h.count,
                                     h.sizes[k]));
        packed[k] = bytes.subspan(at, size);
        at += size;
    }
    TaskPool::shared().parallelFor(count, 1, [&](std::size_t first, std::size_t last) {
        for (std::size_t k = first; k < last; ++k) {
            std::byte* target = s.storage.data() + (s.at[k].data() - s.storage.data());
            unpackZstd(packed[k], {target, h.sizes[k]}, subject, kNames[k]);
        }
    });
    return s;
}

double component(const std::byte* p) {
    return std::to_integer<int>(*p) / 127.5 - 1;
}

void unpackFirstThree(const std::byte* p, float* q) {
    const double x = component(p), y = component(p + 1), z = component(p + 2);
    q[0] = static_cast<float>(std::sqrt(std::max(0.0, 1 - x * x - y * y - z * z)));
    q[1] = static_cast<float>(x);
    q[2] = static_cast<float>(y);
    q[3] = static_cast<float>(z);
}

/// Of x, y, z, w the largest is left out, its index on top; the others from the last to the first, 9 bits and
/// a sign.
void unpackSmallestThree(std::uint32_t v, float* q) {
    const std::uint32_t largest = v >> 30;
    double square = 0;
    std::array<double, 4> xyzw{};
    for (std::uint32_t i = 4; i-- > 0;) {
        if (i == largest) continue;
        const double magnitude = std::numbers::sqrt2 / 2 * (v & 511u) / 511;
        xyzw[i] = v & 512u ? -magnitude : magnitude;
        square += magnitude * magnitude;
        v >>= 10;
    }
    xyzw[largest] = std::sqrt(std::max(0.0, 1 - square));
    for (std::size_t k = 0; k < 4; ++k) q[k] = static_cast<float>(xyzw[(k + 3) % 4]);
}

std::int32_t load24(const std::byte* p) {
    const auto v = std::to_integer<std::uint32_t>(p[0]) | std::to_integer<std::uint32_t>(p[1]) << 8 |
                   std::to_integer<std::uint32_t>(p[2]) << 16;
    return static_cast<std::int32_t>(v << 8) >> 8;
}

class Decoder {
public:
    Decoder(const Header& h, const Streams& s, SplatData& d) : m_h(h), m_s(s), m_d(d) {
        d.shDegree = std::min(h.degree, kMaxShDegree);
        d.antialiased = h.flags & kAntialiased;
        m_rest = shRestCount(d.shDegree);
        d.positions.resize(std::size_t{3} * h.count);
        d.logScales.resize(std::size_t{3} * h.count);
        d.rotations.resize(std::size_t{4} * h.count);
        d.opacities.resize(h.count);
        d.sh0.resize(std::size_t{3} * h.count);
        d.shRest.resize(3 * m_rest * h.count);
    }

    void decode(std::size_t i) const {
        for (std::size_t k = 3 * i; k < 3 * i + 3; ++k) {
            m_d.positions[k] = position(k);
            m_d.logScales[k] = std::to_integer<int>(m_s.at[Scales][k]) / 16.0f - 10;
            m_d.sh0[k] =
                static_cast<float>((std::to_integer<int>(m_s.at[Colors][k]) / 255.0 - 0.5) / kColorScale);
        }
        m_d.opacities[i] = logit(std::to_integer<int>(m_s.at[Alphas][i]) / 255.0);
        const std::size_t each = m_h.version < 3 ? 3 : 4;
        const std::byte* rotation = &m_s.at[Rotations][each * i];
        if (each == 3)
            unpackFirstThree(rotation, &m_d.rotations[4 * i]);
        else
            unpackSmallestThree(loadAs<std::uint32_t>(rotation), &m_d.rotations[4 * i]);
        const std::size_t stride = 3 * shRestCount(m_h.degree), wanted = 3 * m_rest;
        for (std::size_t k = 0; k < wanted; ++k)
            m_d.shRest[wanted * i + k] =
                static_cast<float>(std::to_integer<int>(m_s.at[Harmonics][stride * i + k]) - 128) / 128;
    }

private:
    float position(std::size_t k) const {
        if (m_h.version == 1) return halfToFloat(loadAs<std::uint16_t>(&m_s.at[Positions][2 * k]));
        return static_cast<float>(std::ldexp(load24(&m_s.at[Positions][3 * k]), -m_h.fractionalBits));
    }

    const Header& m_h;
    const Streams& m_s;
    SplatData& m_d;
    std::size_t m_rest = 0;
};

// --- writing ---

struct Encoded {
    std::array<Bytes, StreamCount> at;
    int fractionalBits = 12;
};

/// As many bits after the point as the farthest splat leaves room for, 12 at most.
int fractionalBitsFor(const SplatData& d, const std::string& name) {
    double farthest = 0;
    for (const float p : d.positions) farthest = std::max(farthest, std::abs(double{p}));
    int bits = 12;
    while (bits > 0 && std::ldexp(farthest, bits) > 0x7fffff) --bits;
    if (farthest > 0x7fffff)
        log::warning("{}: splats beyond ±8388607 are moved to there: SPZ holds no farther ones", name);
    return bits;
}

void store(Bytes& bytes, std::size_t at, std::uint32_t value, std::size_t size) {
    for (std::size_t k = 0; k < size; ++k) bytes[at + k] = static_cast<std::byte>(value >> 8 * k);
}

std::uint32_t packSmallestThree(const float* q) {
    const std::array<float, 4> xyzw{q[1], q[2], q[3], q[0]};
    std::uint32_t largest = 0;
    for (std::uint32_t i = 1; i < 4; ++i)
        if (std::abs(xyzw[i]) > std::abs(xyzw[largest])) largest = i;
    const bool negate = xyzw[largest] < 0;
    std::uint32_t v = largest;
    for (std::uint32_t i = 0; i < 4; ++i) {
        if (i == largest) continue;
        const bool negative = (xyzw[i] < 0) != negate;
        const auto magnitude =
            static_cast<std::uint32_t>(511 * std::min(1.0, std::abs(xyzw[i]) * std::numbers::sqrt2) + 0.5);
        v = v << 10 | (negative ? 512u : 0u) | magnitude;
    }
    return v;
}

/// Degree 1 keeps 5 bits and the others 4: the rest of a byte would only cost space.
std::byte packHarmonic(float value, std::size_t coefficient) {
    const int step = coefficient < 3 ? 8 : 16;
    const double nearest = std::round(value * 128.0 / step) * step + 128;
    return static_cast<std::byte>(std::clamp(nearest, 0.0, 255.0));
}

Encoded encode(const SplatData& d, const std::string& name, const Cancel& cancel) {
    Encoded e;
    const std::size_t n = d.opacities.size(), rest = 3 * shRestCount(d.shDegree);
    const std::size_t each[StreamCount] = {9, 1, 3, 3, 4, rest};
    for (std::size_t s = 0; s < StreamCount; ++s) e.at[s].resize(n * each[s]);
    e.fractionalBits = fractionalBitsFor(d, name);
    TaskPool::shared().parallelFor(
        n, kGrain,
        [&](std::size_t first, std::size_t last) {
            for (std::size_t i = first; i < last; ++i) {
                for (std::size_t k = 3 * i; k < 3 * i + 3; ++k) {
                    const double fixed =
                        std::clamp(std::round(std::ldexp(double{d.positions[k]}, e.fractionalBits)),
                                   -8388607.0, 8388607.0);
                    store(e.at[Positions], 3 * k,
                          static_cast<std::uint32_t>(static_cast<std::int32_t>(fixed)), 3);
                    e.at[Colors][k] = static_cast<std::byte>(toByte((d.sh0[k] * kColorScale + 0.5) * 255));
                    e.at[Scales][k] = static_cast<std::byte>(toByte((d.logScales[k] + 10.0) * 16));
                }
                e.at[Alphas][i] = static_cast<std::byte>(toByte(255 * sigmoid(d.opacities[i])));
                store(e.at[Rotations], 4 * i, packSmallestThree(&d.rotations[4 * i]), 4);
                for (std::size_t k = 0; k < rest; ++k)
                    e.at[Harmonics][rest * i + k] = packHarmonic(d.shRest[rest * i + k], k / 3);
            }
        },
        cancel);
    return e;
}

Bytes makeHeader(const SplatData& d, int version, int fractionalBits) {
    Bytes header(kHeader);
    store(header, 0, kMagic, 4);
    store(header, 4, static_cast<std::uint32_t>(version), 4);
    store(header, 8, static_cast<std::uint32_t>(d.opacities.size()), 4);
    store(header, 12, static_cast<std::uint32_t>(d.shDegree), 1);
    store(header, 13, static_cast<std::uint32_t>(fractionalBits), 1);
    store(header, 14, d.antialiased ? kAntialiased : 0u, 1);
    return header;
}

Bytes packVersion4(const SplatData& d, const Encoded& e) {
    Bytes file = makeHeader(d, 4, e.fractionalBits);
    const std::size_t count = e.at[Harmonics].empty() ? 5 : 6;
    store(file, 15, static_cast<std::uint32_t>(count), 1);
    file.resize(kHeader4 + 16 * count);
    store(file, 16, kHeader4, 4);
    std::array<Bytes, StreamCount> packed;
    TaskPool::shared().parallelFor(count, 1, [&](std::size_t first, std::size_t last) {
        for (std::size_t s = first; s < last; ++s) packed[s] = packZstd(e.at[s]);
    });
    for (std::size_t s = 0; s < count; ++s) {
        const std::uint64_t sizes[2] = {packed[s].size(), e.at[s].size()};
        std::memcpy(&file[kHeader4 + 16 * s], sizes, sizeof sizes);
        file.insert(file.end(), packed[s].begin(), packed[s].end());
    }
    return file;
}

} // namespace

SplatCloud readSpz(std::span<const std::byte> bytes, const std::string& subject, SpzFrame frame,
                   const Cancel& cancel, const Progress& progress) {
    std::array<std::byte, kHeader> start{};
    std::optional<GzipReader> gzip;
    if (isGzip(bytes)) {
        gzip.emplace(bytes, subject);
        if (gzip->read(start) != start.size() || loadAs<std::uint32_t>(start.data()) != kMagic)
            throw notMine(subject + ": gzip data, but no SPZ scene");
    } else if (bytes.size() >= kHeader && loadAs<std::uint32_t>(bytes.data()) == kMagic) {
        std::copy_n(bytes.begin(), kHeader, start.begin());
    } else {
        throw notMine(subject + ": not an SPZ file");
    }
    const Header h = parseHeader(start, subject);
    if (gzip && h.version == 4) throw broken(subject + ": version 4 of SPZ inside gzip: it is not packed so");
    checkExpansion(bytes.size(), h.total, subject);
    progress.report(0, 2, "unpacking splats");
    const Streams streams = gzip             ? unpackGzip(*gzip, h, subject)
                            : h.version == 4 ? unpackZstdStreams(bytes, h, subject)
                                             : takeRaw(bytes, h, subject);
    SplatData d;
    const Decoder decoder(h, streams, d);
    progress.report(1, 2, "reading splats");
    TaskPool::shared().parallelFor(
        h.count, kGrain,
        [&](std::size_t first, std::size_t last) {
            for (std::size_t i = first; i < last; ++i) decoder.decode(i);
        },
        cancel);
    dropUnusable(d); // version 1 has half floats
    toPlyFrame(d, frame == SpzFrame::AsPly ? Frame{6} : streams.frame);
    if (h.degree > kMaxShDegree)
        log::warning("{}: harmonics of degree {}: read as degree {}", subject, h.degree, kMaxShDegree);
    return SplatCloud(std::move(d), subject);
}

void writeSpz(const SplatCloud& cloud, const std::filesystem::path& path, int version, const Cancel& cancel) {
    if (version != 3 && version != 4)
        throw Error(fmt::format("version {} of SPZ is not written", version), "choose 3 or 4");
    SplatData d = cloud.data();
    flipAxes(d, {1, -1, -1});
    const Encoded e = encode(d, path.filename().string(), cancel);
    if (version == 4) {
        writeFileAtomic(path, packVersion4(d, e));
        return;
    }
    Bytes body = makeHeader(d, 3, e.fractionalBits);
    for (const Bytes& stream : e.at) body.insert(body.end(), stream.begin(), stream.end());
    cancel.check();
    writeFileAtomic(path, packGzip(body));
}

} // namespace ochre
