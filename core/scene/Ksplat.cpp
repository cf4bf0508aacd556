// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/Ksplat.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Math.h"
#include "core/scene/SplatFilter.h"
#include "core/scene/SplatValues.h"

namespace ochre {
namespace {

using View = std::span<const std::byte>;
constexpr std::size_t kFileHeader = 4096, kSectionHeader = 1024;

/// How a splat lies in the file: numbers of four bytes at level 0, of two at levels 1 and 2; harmonics of one
/// at 2.
struct Level {
    std::size_t number, scaleAt, rotationAt, colorAt, shAt, harmonic;
};
constexpr std::array<Level, 3> kLevels{
    {{4, 12, 24, 40, 44, 4}, {2, 6, 12, 20, 24, 2}, {2, 6, 12, 20, 24, 1}}};

struct Header {
    std::size_t maxSections = 0, sections = 0, splats = 0, level = 0;
    float minHarmonic = 0, maxHarmonic = 0;
};

struct Section {
    std::size_t splats = 0, maxSplats = 0, bucketCapacity = 0, buckets = 0, fullBuckets = 0,
                partialBuckets = 0;
    std::size_t bucketBytes = 0, bytesPerSplat = 0, bytes = 0;
    double step = 0, range = 0; ///< of quantised positions
    int degree = 0;
    View partialLengths, centers, rows;
};

Header parseHeader(View bytes, const std::string& subject) {
    if (bytes.size() < kFileHeader && subject.ends_with(".ksplat"))
        throw broken(fmt::format("{}: {} bytes: the header alone has {}", subject, bytes.size(), kFileHeader),
                     "the file is cut short or no .ksplat scene");
    if (bytes.size() < kFileHeader || bytes[0] != std::byte{0} || bytes[1] == std::byte{0})
        throw notMine(subject + ": not a .ksplat file");
    Header h;
    h.maxSections = loadAs<std::uint32_t>(&bytes[4]);
    h.sections = loadAs<std::uint32_t>(&bytes[8]);
    h.splats = loadAs<std::uint32_t>(&bytes[16]);
    h.level = loadAs<std::uint16_t>(&bytes[20]);
    if (h.level >= kLevels.size() || h.maxSections == 0) throw notMine(subject + ": not a .ksplat file");
    if (h.maxSections > (bytes.size() - kFileHeader) / kSectionHeader)
        throw broken(
            fmt::format("{}: {} sections do not fit into {} bytes", subject, h.maxSections, bytes.size()),
            "the file is cut short or no .ksplat scene");
    h.minHarmonic = loadAs<float>(&bytes[36]);
    h.maxHarmonic = loadAs<float>(&bytes[40]);
    if (h.minHarmonic == 0) h.minHarmonic = -1.5f;
    if (h.maxHarmonic == 0) h.maxHarmonic = 1.5f;
    return h;
}

Section parseSection(View header, const Header& file, std::size_t index, const std::string& subject) {
    const auto number = [&](std::size_t at) { return std::size_t{loadAs<std::uint32_t>(&header[at])}; };
    const Level& level = kLevels[file.level];
    Section s;
    s.splats = number(0);
    s.maxSplats = number(4);
    s.bucketCapacity = number(8);
    s.buckets = number(12);
    s.bucketBytes = loadAs<std::uint16_t>(&header[20]);
    s.range = static_cast<double>(number(24) ? number(24) : file.level == 0 ? 1 : 32767);
    s.step = loadAs<float>(&header[16]) / 2.0 / s.range;
    s.fullBuckets = number(32);
    s.partialBuckets = number(36);
    s.degree = loadAs<std::uint16_t>(&header[40]);
    const auto fail = [&](const std::string& what) {
        return broken(fmt::format("{}: section {}: {}", subject, index, what));
    };
    if (s.degree > kMaxShDegree)
        throw fail(fmt::format("harmonics of degree {}: 0 to 3 are known", s.degree));
    if (s.splats > s.maxSplats)
        throw fail(fmt::format("{} splats where {} have room", s.splats, s.maxSplats));
    if (s.fullBuckets + s.partialBuckets > s.buckets || (s.buckets > 0 && s.bucketBytes < 12))
        throw fail(
            fmt::format("{} full and {} partial buckets of {}", s.fullBuckets, s.partialBuckets, s.buckets));
    s.bytesPerSplat = level.shAt + 3 * shRestCount(s.degree) * level.harmonic;
    return s;
}

/// All sizes stand in 32 bits or less, so that no sum of their products leaves 64.
void place(Section& s, View data, std::size_t index, const std::string& subject) {
    const std::size_t lengths = 4 * s.partialBuckets, centers = s.bucketBytes * s.buckets;
    s.bytes = lengths + centers + s.bytesPerSplat * s.maxSplats;
    // The room of the last section may be cut off after its splats.
    const std::size_t needed = lengths + centers + s.bytesPerSplat * s.splats;
    if (needed > data.size())
        throw broken(fmt::format("{}: section {}: {} splats and {} buckets take {} bytes, {} are left",
                                 subject, index, s.splats, s.buckets, needed, data.size()),
                     "the file is cut short or its header is wrong");
    s.partialLengths = data.first(lengths);
    s.centers = data.subspan(lengths, centers);
    s.rows = data.subspan(lengths + centers, s.bytesPerSplat * s.splats);
}

std::vector<Section> parseSections(View bytes, const Header& h, const std::string& subject) {
    std::vector<Section> sections;
    std::size_t at = kFileHeader + h.maxSections * kSectionHeader, splats = 0;
    for (std::size_t i = 0; i < h.maxSections; ++i) {
        Section s =
            parseSection(bytes.subspan(kFileHeader + i * kSectionHeader, kSectionHeader), h, i, subject);
        if (s.maxSplats == 0) continue;
        place(s, bytes.subspan(std::min(at, bytes.size())), i, subject);
        at += s.bytes;
        splats += s.splats;
        sections.push_back(s);
    }
    if (splats != h.splats)
        throw broken(
            fmt::format("{}: {} splats in its sections, {} in its header", subject, splats, h.splats));
    return sections;
}

/// Which bucket a splat lies in: the full ones come first, then the others with their lengths.
class Buckets {
public:
    explicit Buckets(const Section& s)
        : m_s(s), m_end(s.fullBuckets * s.bucketCapacity), m_bucket(s.fullBuckets) {
        m_partialStart = m_end;
    }

    /// Splats must be asked for in their order. s.buckets where there is none.
    std::size_t of(std::size_t splat) {
        if (splat < m_partialStart) return splat / m_s.bucketCapacity;
        while (splat >= m_end) {
            if (m_next == m_s.partialBuckets) return m_s.buckets;
            m_bucket = m_s.fullBuckets + m_next;
            m_end += loadAs<std::uint32_t>(&m_s.partialLengths[4 * m_next++]);
        }
        return m_bucket;
    }

private:
    const Section& m_s;
    std::size_t m_partialStart, m_end, m_bucket, m_next = 0;
};

class Decoder {
public:
    Decoder(const Header& h, SplatData& d) : m_h(h), m_level(kLevels[h.level]), m_d(d) {}

    void section(const Section& s, std::size_t index, const std::string& subject, const Cancel& cancel) {
        Buckets buckets(s);
        for (std::size_t i = 0; i < s.splats; ++i) {
            if (i % 65536 == 0) cancel.check();
            const std::byte* row = &s.rows[i * s.bytesPerSplat];
            const std::size_t bucket = m_h.level == 0 ? 0 : buckets.of(i);
            if (m_h.level > 0 && bucket >= s.buckets)
                throw broken(fmt::format("{}: section {}: splat {} lies in none of {} buckets", subject,
                                         index, i, s.buckets));
            position(s, row, bucket);
            splat(row);
            harmonics(row + m_level.shAt, s.degree);
        }
    }

private:
    float number(const std::byte* row, std::size_t at, std::size_t k) const {
        return m_level.number == 4 ? loadAs<float>(row + at + 4 * k)
                                   : halfToFloat(loadAs<std::uint16_t>(row + at + 2 * k));
    }

    void position(const Section& s, const std::byte* row, std::size_t bucket) {
        for (std::size_t k = 0; k < 3; ++k) {
            if (m_h.level == 0) {
                m_d.positions.push_back(loadAs<float>(row + 4 * k));
                continue;
            }
            const double steps = loadAs<std::uint16_t>(row + 2 * k) - s.range;
            const double center = loadAs<float>(&s.centers[bucket * s.bucketBytes + 4 * k]);
            m_d.positions.push_back(asFloat(center + steps * s.step));
        }
    }

    void splat(const std::byte* row) {
        for (std::size_t k = 0; k < 3; ++k) {
            m_d.logScales.push_back(std::log(number(row, m_level.scaleAt, k)));
            m_d.sh0.push_back(sh0Of(std::to_integer<int>(row[m_level.colorAt + k]) / 255.0));
        }
        for (std::size_t k = 0; k < 4; ++k) m_d.rotations.push_back(number(row, m_level.rotationAt, k));
        m_d.opacities.push_back(logit(std::to_integer<int>(row[m_level.colorAt + 3]) / 255.0));
    }

    float harmonic(const std::byte* p) const {
        if (m_level.harmonic == 4) return loadAs<float>(p);
        if (m_level.harmonic == 2) return halfToFloat(loadAs<std::uint16_t>(p));
        return mix(m_h.minHarmonic, m_h.maxHarmonic, static_cast<float>(std::to_integer<int>(*p)) / 255);
    }

    /// Band after band, and within a band channel after channel.
    void harmonics(const std::byte* from, int degree) {
        const std::size_t rest = shRestCount(m_d.shDegree), start = m_d.shRest.size();
        m_d.shRest.resize(start + 3 * rest);
        for (int band = 1; band <= degree; ++band) {
            const std::size_t before = shRestCount(band - 1), size = static_cast<std::size_t>(2 * band + 1);
            for (std::size_t channel = 0; channel < 3; ++channel)
                for (std::size_t k = 0; k < size; ++k)
                    m_d.shRest[start + 3 * (before + k) + channel] =
                        harmonic(from + (3 * before + channel * size + k) * m_level.harmonic);
        }
    }

    const Header& m_h;
    const Level& m_level;
    SplatData& m_d;
};

} // namespace

SplatCloud readKsplat(std::span<const std::byte> bytes, const std::string& subject, const Cancel& cancel,
                      const Progress& progress) {
    const Header h = parseHeader(bytes, subject);
    const std::vector<Section> sections = parseSections(bytes, h, subject);
    SplatData d;
    for (const Section& s : sections) d.shDegree = std::max(d.shDegree, s.degree);
    Decoder decoder(h, d);
    for (std::size_t i = 0; i < sections.size(); ++i) {
        progress.report(i, sections.size(), "reading splats");
        decoder.section(sections[i], i, subject, cancel);
    }
    dropUnusable(d);
    return SplatCloud(std::move(d), subject);
}

} // namespace ochre
