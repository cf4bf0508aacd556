// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/ColmapPoints.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/scene/SplatValues.h"

namespace ochre {
namespace {

// u64 id, 3 f64 position, 3 u8 colour, f64 error, u64 length of the track; the track has 8 bytes an entry.
constexpr std::size_t kRecord = 8 + 24 + 3 + 8 + 8, kTrackEntry = 8, kPositionAt = 8, kColorAt = 32,
                      kTrackAt = 43;

void append(PointCloud& points, const double* position, const double* color) {
    for (std::size_t k = 0; k < 3; ++k) {
        points.positions.push_back(asFloat(position[k]));
        points.colors.push_back(static_cast<float>(color[k] / 255));
    }
}

/// The numbers of a line, eight at most; how many there are.
std::size_t numbersOf(std::string_view line, double (&numbers)[8]) {
    const char* p = line.data();
    const char* end = p + line.size();
    std::size_t count = 0;
    while (count < 8) {
        while (p < end && (*p == ' ' || *p == '\t')) ++p;
        const auto parsed = std::from_chars(p, end, numbers[count]);
        if (parsed.ec != std::errc()) break;
        p = parsed.ptr;
        ++count;
    }
    return count;
}

} // namespace

PointCloud readColmapPointsBin(std::span<const std::byte> bytes, const std::string& subject,
                               const Cancel& cancel) {
    const bool named = subject.ends_with("points3D.bin");
    const auto refuse = [&](const std::string& why) {
        return named ? broken(subject + ": " + why, "the file is cut short or no list of points")
                     : notMine(subject + ": no points of COLMAP");
    };
    if (bytes.size() < 8) throw refuse(fmt::format("{} bytes: too short for a count", bytes.size()));
    const auto count = loadAs<std::uint64_t>(bytes.data());
    if (count > (bytes.size() - 8) / kRecord)
        throw refuse(fmt::format("{} points do not fit into {} bytes", count, bytes.size()));
    PointCloud points;
    std::size_t at = 8;
    for (std::uint64_t i = 0; i < count; ++i) {
        if (i % 65536 == 0) cancel.check();
        if (bytes.size() - at < kRecord) throw refuse(fmt::format("point {} of {} is cut off", i, count));
        const std::byte* record = &bytes[at];
        const auto track = loadAs<std::uint64_t>(record + kTrackAt);
        at += kRecord;
        if (track > (bytes.size() - at) / kTrackEntry)
            throw refuse(fmt::format("point {}: seen in {} pictures, which reaches past the end", i, track));
        at += track * kTrackEntry;
        double position[3], color[3];
        for (std::size_t k = 0; k < 3; ++k) {
            position[k] = loadAs<double>(record + kPositionAt + 8 * k);
            color[k] = std::to_integer<int>(record[kColorAt + k]);
        }
        append(points, position, color);
    }
    if (at != bytes.size()) throw refuse(fmt::format("{} bytes after the last point", bytes.size() - at));
    return points;
}

PointCloud readColmapPointsText(std::span<const std::byte> bytes, const std::string& subject,
                                const Cancel& cancel) {
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (!text.starts_with("# 3D point list") && !subject.ends_with("points3D.txt"))
        throw notMine(subject + ": no points of COLMAP");
    PointCloud points;
    for (std::size_t number = 1; !text.empty(); ++number) {
        if (number % 4096 == 0) cancel.check();
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty() || line[0] == '#' || line == "\r") continue;
        double n[8]; // id, x, y, z, r, g, b, error
        if (const std::size_t found = numbersOf(line, n); found < 8)
            throw broken(
                fmt::format("{}: line {}: {} numbers: a point has 8 at least", subject, number, found),
                "the file is cut short or no list of points");
        for (std::size_t k = 4; k < 7; ++k)
            if (!(n[k] >= 0 && n[k] <= 255))
                throw broken(
                    fmt::format("{}: line {}: a colour of {}: 0 to 255 are known", subject, number, n[k]));
        append(points, n + 1, n + 4);
    }
    return points;
}

} // namespace ochre
