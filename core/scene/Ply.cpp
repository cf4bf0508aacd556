// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/Ply.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>

#include <fmt/format.h>
#include <sys/mman.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Math.h"
#include "core/base/TaskPool.h"
#include "core/scene/SplatFilter.h"
#include "core/scene/SplatValues.h"

namespace ochre {
namespace {

// Rows are read in blocks that stay in the processor's cache.
constexpr std::size_t kBlock = 1024;

int degreeOf(const PlyElement& vertex, const std::string& subject) {
    std::size_t rest = 0;
    while (rest <= 45 && vertex.find(fmt::format("f_rest_{}", rest))) ++rest;
    for (int degree = 0; degree <= kMaxShDegree; ++degree)
        if (rest == 3 * shRestCount(degree)) return degree;
    throw broken(fmt::format("{}: {} f_rest properties: 0, 9, 24 or 45 are known", subject,
                             rest > 45 ? "over 45" : std::to_string(rest)),
                 "the file was written by another kind of trainer");
}

/// Sized, with as few page faults as the system allows: filling fresh memory page by page takes as long as
/// the reading.
void resizeLarge(std::vector<float>& v, std::size_t size, float value = 0) {
    constexpr std::size_t kHugePage = std::size_t{2} << 20;
    v.reserve(size);
    const auto start = reinterpret_cast<std::uintptr_t>(v.data());
    const std::uintptr_t first = (start + kHugePage - 1) / kHugePage * kHugePage,
                         last = start + size * sizeof(float);
    if (first < last)
        ::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE); // a hint: it may fail
    v.resize(size, value);
}

/// One property of the file and where its values go: the `at`-th of `stride` floats a splat.
struct Column {
    const PlyProperty* property;
    std::vector<float>* target;
    std::size_t stride, at;
};

/// Reads column by column: any type, any order.
class Columns {
public:
    Columns(const PlyFile& file, const PlyElement& vertex, SplatData& d, bool plainColors)
        : m_file(file), m_vertex(vertex) {
        const std::size_t rest = shRestCount(d.shDegree);
        static constexpr const char* kAxes[] = {"x", "y", "z"};
        static constexpr const char* kColors[] = {"red", "green", "blue"};
        for (std::size_t k = 0; k < 3; ++k) {
            take(d.positions, 3, k, kAxes[k]);
            if (k < 2 || m_vertex.find("scale_2")) take(d.logScales, 3, k, fmt::format("scale_{}", k));
            take(d.sh0, 3, k, plainColors ? kColors[k] : fmt::format("f_dc_{}", k));
            for (std::size_t j = 0; j < rest; ++j)
                take(d.shRest, 3 * rest, 3 * j + k, fmt::format("f_rest_{}", k * rest + j));
        }
        for (std::size_t k = 0; k < 4; ++k) take(d.rotations, 4, k, fmt::format("rot_{}", k));
        take(d.opacities, 1, 0, "opacity");
    }

    void read(std::size_t first, std::size_t count) const {
        for (const Column& c : m_columns)
            m_file.read(m_vertex, *c.property, first, count, c.target->data() + first * c.stride + c.at,
                        c.stride);
    }

private:
    void take(std::vector<float>& target, std::size_t stride, std::size_t at, const std::string& name) {
        m_columns.push_back({&m_file.require(m_vertex, name), &target, stride, at});
    }

    const PlyFile& m_file;
    const PlyElement& m_vertex;
    std::vector<Column> m_columns;
};

/// The usual layout, floats whose groups stand together, read row by row: several times as fast as by
/// columns.
class Rows {
public:
    static std::optional<Rows> make(const PlyFile& file, const PlyElement& vertex, SplatData& d) {
        Rows r(file.rows(vertex), vertex.rowBytes, d);
        const std::size_t rest = 3 * shRestCount(d.shDegree);
        const bool usual = r.m_rows && r.group(vertex, "x", {"y", "z"}, r.m_position) &&
                           r.group(vertex, "f_dc_0", {"f_dc_1", "f_dc_2"}, r.m_color) &&
                           r.group(vertex, "opacity", {}, r.m_opacity) &&
                           r.group(vertex, "scale_0", {"scale_1", "scale_2"}, r.m_scale) &&
                           r.group(vertex, "rot_0", {"rot_1", "rot_2", "rot_3"}, r.m_rotation) &&
                           (rest == 0 || r.group(vertex, "f_rest_0", restNames(rest), r.m_rest));
        return usual ? std::optional(r) : std::nullopt;
    }

    void read(std::size_t first, std::size_t count) const {
        switch (m_d.shDegree) {
        case 0:
            return readAs<0>(first, count);
        case 1:
            return readAs<3>(first, count);
        case 2:
            return readAs<8>(first, count);
        default:
            return readAs<15>(first, count);
        }
    }

private:
    Rows(const std::byte* rows, std::size_t rowBytes, SplatData& d)
        : m_rows(rows), m_rowBytes(rowBytes), m_d(d) {}

    static std::vector<std::string> restNames(std::size_t rest) {
        std::vector<std::string> names;
        for (std::size_t k = 1; k < rest; ++k) names.push_back(fmt::format("f_rest_{}", k));
        return names;
    }

    static bool group(const PlyElement& vertex, const std::string& name,
                      const std::vector<std::string>& others, std::size_t& offset) {
        const PlyProperty* first = vertex.find(name);
        if (!first || first->type != PlyType::Float32) return false;
        offset = first->offset;
        for (std::size_t k = 0; k < others.size(); ++k) {
            const PlyProperty* p = vertex.find(others[k]);
            if (!p || p->type != PlyType::Float32 || p->offset != offset + (k + 1) * sizeof(float))
                return false;
        }
        return true;
    }

    template <std::size_t Rest>
    void readAs(std::size_t first, std::size_t count) const {
        const std::byte* row = m_rows + first * m_rowBytes;
        for (std::size_t i = first; i < first + count; ++i, row += m_rowBytes) {
            std::memcpy(&m_d.positions[3 * i], row + m_position, 3 * sizeof(float));
            std::memcpy(&m_d.sh0[3 * i], row + m_color, 3 * sizeof(float));
            std::memcpy(&m_d.opacities[i], row + m_opacity, sizeof(float));
            std::memcpy(&m_d.logScales[3 * i], row + m_scale, 3 * sizeof(float));
            std::memcpy(&m_d.rotations[4 * i], row + m_rotation, 4 * sizeof(float));
            if constexpr (Rest > 0) {
                float channels[3 * Rest];
                std::memcpy(channels, row + m_rest, sizeof channels);
                float* out = &m_d.shRest[3 * Rest * i];
                for (std::size_t k = 0; k < Rest; ++k)
                    for (std::size_t channel = 0; channel < 3; ++channel)
                        out[3 * k + channel] = channels[channel * Rest + k];
            }
        }
    }

    const std::byte* m_rows;
    std::size_t m_rowBytes;
    SplatData& m_d;
    std::size_t m_position = 0, m_color = 0, m_opacity = 0, m_scale = 0, m_rotation = 0, m_rest = 0;
};

/// Whether a value of splats [first, first + count) is NaN or infinite.
bool anySpecial(const SplatData& d, std::size_t first, std::size_t count) {
    const auto special = [&](const std::vector<float>& v, std::size_t each) {
        std::uint32_t largest = 0;
        for (std::size_t i = first * each; i < (first + count) * each; ++i)
            largest = std::max(largest, std::bit_cast<std::uint32_t>(v[i]) & 0x7fffffffu);
        return largest >= 0x7f800000u;
    };
    return special(d.positions, 3) || special(d.logScales, 3) || special(d.rotations, 4) ||
           special(d.opacities, 1) || special(d.sh0, 3) || special(d.shRest, 3 * shRestCount(d.shDegree));
}

SplatData allocate(const PlyElement& vertex, int degree) {
    const std::size_t n = vertex.count;
    SplatData d;
    d.shDegree = degree;
    resizeLarge(d.positions, 3 * n);
    resizeLarge(d.logScales, 3 * n,
                -std::numeric_limits<float>::infinity()); // flat where the file has no scale_2
    resizeLarge(d.rotations, 4 * n);
    resizeLarge(d.opacities, n);
    resizeLarge(d.sh0, 3 * n);
    resizeLarge(d.shRest, 3 * shRestCount(degree) * n);
    return d;
}

void readAll(const PlyFile& file, const PlyElement& vertex, SplatData& d, const Cancel& cancel,
             const Progress& progress) {
    const bool plainColors = !vertex.find("f_dc_0");
    if (plainColors && !vertex.find("red"))
        throw broken(file.subject() + ": \"vertex\" has no colour: neither f_dc_0 nor red");
    const Columns columns(file, vertex, d, plainColors);
    const std::optional<Rows> rows = Rows::make(file, vertex, d);
    std::atomic<bool> special{false};
    std::atomic<std::size_t> done{0};
    TaskPool::shared().parallelFor(
        ceilDivide(vertex.count, kBlock), 16,
        [&](std::size_t firstBlock, std::size_t lastBlock) {
            for (std::size_t b = firstBlock; b < lastBlock; ++b) {
                const std::size_t first = b * kBlock, count = std::min(kBlock, vertex.count - first);
                if (rows)
                    rows->read(first, count);
                else
                    columns.read(first, count);
                if (anySpecial(d, first, count)) special = true;
                progress.report(done += count, vertex.count, "reading splats");
            }
        },
        cancel);
    if (special) dropUnusable(d);
    if (!plainColors) return;
    // Files without SH hold colours of 0…1, or of 0…255 in bytes.
    const float scale = vertex.find("red")->type == PlyType::Uint8 ? 1 / 255.0f : 1.0f;
    for (float& v : d.sh0) v = sh0Of(v * scale);
}

} // namespace

bool saysAntialiased(const PlyFile& file) {
    return std::any_of(file.comments().begin(), file.comments().end(), [](const std::string& c) {
        return c == "SplatRenderMode: mip" || c == "antialiased 1";
    });
}

SplatCloud readPly(const PlyFile& file, const Cancel& cancel, const Progress& progress) {
    const PlyElement* vertex = file.find("vertex");
    if (!vertex || !vertex->find("scale_0") || !vertex->find("rot_0") || !vertex->find("opacity"))
        throw notMine(file.subject() + ": a PLY file, but without splats (scale_0, rot_0, opacity)");
    SplatData data = allocate(*vertex, degreeOf(*vertex, file.subject()));
    data.antialiased = saysAntialiased(file);
    readAll(file, *vertex, data, cancel, progress);
    return SplatCloud(std::move(data), file.subject());
}

void writePly(const SplatCloud& cloud, const std::filesystem::path& path, const Cancel& cancel) {
    const SplatData& d = cloud.data();
    const std::size_t rest = cloud.restCount(), columns = 17 + 3 * rest;
    std::string text =
        fmt::format("ply\nformat binary_little_endian 1.0\ncomment Written by Ochre\n{}element vertex {}\n",
                    d.antialiased ? kAntialiasedComment : "", cloud.count());
    const auto property = [&](const std::string& name) { text += "property float " + name + "\n"; };
    for (const char* name : {"x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2"}) property(name);
    for (std::size_t k = 0; k < 3 * rest; ++k) property(fmt::format("f_rest_{}", k));
    for (const char* name : {"opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"})
        property(name);
    text += "end_header\n";

    AtomicFile atomic(path);
    std::ofstream file(atomic.temporary(), std::ios::binary);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    std::vector<float> rows(kBlock * columns);
    for (std::size_t first = 0; first < cloud.count() && file; first += kBlock) {
        cancel.check();
        const std::size_t count = std::min(kBlock, cloud.count() - first);
        for (std::size_t i = first; i < first + count; ++i) {
            float* row = &rows[(i - first) * columns];
            std::copy_n(&d.positions[3 * i], 3, row);
            std::copy_n(&d.sh0[3 * i], 3, row + 6);
            for (std::size_t channel = 0; channel < 3; ++channel)
                for (std::size_t k = 0; k < rest; ++k)
                    row[9 + channel * rest + k] = d.shRest[(i * rest + k) * 3 + channel];
            row[9 + 3 * rest] = d.opacities[i];
            std::copy_n(&d.logScales[3 * i], 3, row + 10 + 3 * rest);
            std::copy_n(&d.rotations[4 * i], 4, row + 13 + 3 * rest);
        }
        file.write(reinterpret_cast<const char*>(rows.data()),
                   static_cast<std::streamsize>(count * columns * sizeof(float)));
    }
    file.close();
    if (!file)
        throw Error(path.string() + ": cannot be written",
                    "check the path, its permissions and the space on the disk");
    atomic.commit();
}

} // namespace ochre
