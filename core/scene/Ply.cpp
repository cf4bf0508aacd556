// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/Ply.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"

namespace ochre {
namespace {

constexpr float kShC0 = 0.28209479177387814f;

int degreeOf(const PlyElement& vertex, const std::string& subject) {
    std::size_t rest = 0;
    while (rest <= 45 && vertex.find(fmt::format("f_rest_{}", rest))) ++rest;
    for (int degree = 0; degree <= 3; ++degree)
        if (rest == static_cast<std::size_t>(3 * ((degree + 1) * (degree + 1) - 1))) return degree;
    throw broken(fmt::format("{}: {} f_rest properties: 0, 9, 24 or 45 are known", subject,
                             rest > 45 ? "over 45" : std::to_string(rest)),
                 "the file was written by another kind of trainer");
}

bool commentSays(const PlyFile& file, std::string_view text) {
    for (const std::string& c : file.comments())
        if (c == text) return true;
    return false;
}

/// One property of the file and where its values go: the `at`-th of `stride` floats a splat.
struct Column {
    const PlyProperty* property;
    std::vector<float>* target;
    std::size_t stride, at;
};

class Reader {
public:
    Reader(const PlyFile& file, const PlyElement& vertex) : m_file(file), m_vertex(vertex) {}

    SplatData read(const Cancel& cancel, const Progress& progress) {
        SplatData d;
        layOut(d);
        // Rows in blocks that stay in the processor's cache while one column after the other is taken from
        // them.
        constexpr std::size_t kBlock = 1024;
        for (std::size_t first = 0; first < m_vertex.count; first += kBlock) {
            cancel.check();
            progress.report(first, m_vertex.count, "reading splats");
            const std::size_t count = std::min(kBlock, m_vertex.count - first);
            for (const Column& c : m_columns)
                m_file.read(m_vertex, *c.property, first, count, c.target->data() + first * c.stride + c.at,
                            c.stride);
        }
        activateColors(d);
        return d;
    }

private:
    void take(std::vector<float>& target, std::size_t stride, std::size_t at, const std::string& name) {
        m_columns.push_back({&m_file.require(m_vertex, name), &target, stride, at});
    }

    void layOut(SplatData& d) {
        const std::size_t n = m_vertex.count;
        d.shDegree = degreeOf(m_vertex, m_file.subject());
        const auto rest = static_cast<std::size_t>((d.shDegree + 1) * (d.shDegree + 1) - 1);
        d.antialiased = commentSays(m_file, "SplatRenderMode: mip") || commentSays(m_file, "antialiased 1");
        static constexpr const char* kAxes[] = {"x", "y", "z"};
        static constexpr const char* kColors[] = {"red", "green", "blue"};
        m_plainColors = !m_vertex.find("f_dc_0");
        if (m_plainColors && !m_vertex.find("red"))
            throw broken(m_file.subject() + ": \"vertex\" has no colour: neither f_dc_0 nor red");
        for (std::size_t k = 0; k < 3; ++k) {
            take(d.positions, 3, k, kAxes[k]);
            if (k < 2 || m_vertex.find("scale_2")) take(d.logScales, 3, k, fmt::format("scale_{}", k));
            take(d.sh0, 3, k, m_plainColors ? kColors[k] : fmt::format("f_dc_{}", k));
            for (std::size_t j = 0; j < rest; ++j)
                take(d.shRest, 3 * rest, 3 * j + k, fmt::format("f_rest_{}", k * rest + j));
        }
        for (std::size_t k = 0; k < 4; ++k) take(d.rotations, 4, k, fmt::format("rot_{}", k));
        take(d.opacities, 1, 0, "opacity");
        d.positions.resize(3 * n);
        d.logScales.assign(3 * n, -std::numeric_limits<float>::infinity());
        d.rotations.resize(4 * n);
        d.opacities.resize(n);
        d.sh0.resize(3 * n);
        d.shRest.resize(3 * rest * n);
    }

    /// Files without SH hold colours of 0…1, or of 0…255 in bytes.
    void activateColors(SplatData& d) const {
        if (!m_plainColors) return;
        const float scale = m_vertex.find("red")->type == PlyType::Uint8 ? 1 / 255.0f : 1.0f;
        for (float& v : d.sh0) v = (v * scale - 0.5f) / kShC0;
    }

    const PlyFile& m_file;
    const PlyElement& m_vertex;
    std::vector<Column> m_columns;
    bool m_plainColors = false;
};

/// A scale may be −∞ (flat); everything else must be finite.
bool usable(const SplatData& d, std::size_t i, std::size_t rest) {
    const auto finite = [](const float* v, std::size_t n) {
        for (std::size_t k = 0; k < n; ++k)
            if (!std::isfinite(v[k])) return false;
        return true;
    };
    for (std::size_t k = 0; k < 3; ++k) {
        const float s = d.logScales[3 * i + k];
        if (std::isnan(s) || s == std::numeric_limits<float>::infinity()) return false;
    }
    return finite(&d.positions[3 * i], 3) && finite(&d.rotations[4 * i], 4) && finite(&d.sh0[3 * i], 3) &&
           !std::isnan(d.opacities[i]) && finite(d.shRest.data() + 3 * rest * i, 3 * rest);
}

template <typename T>
void keep(std::vector<T>& v, std::size_t each, const std::vector<std::size_t>& kept) {
    for (std::size_t to = 0; to < kept.size(); ++to)
        if (kept[to] != to && each > 0) std::memmove(&v[to * each], &v[kept[to] * each], each * sizeof(T));
    v.resize(kept.size() * each);
}

void dropUnusable(SplatData& d) {
    const auto rest = static_cast<std::size_t>((d.shDegree + 1) * (d.shDegree + 1) - 1);
    const std::size_t n = d.opacities.size();
    std::vector<std::size_t> kept;
    kept.reserve(n);
    for (std::size_t i = 0; i < n; ++i)
        if (usable(d, i, rest)) kept.push_back(i);
    if (kept.size() == n) return;
    d.dropped = n - kept.size();
    keep(d.positions, 3, kept);
    keep(d.logScales, 3, kept);
    keep(d.rotations, 4, kept);
    keep(d.opacities, 1, kept);
    keep(d.sh0, 3, kept);
    keep(d.shRest, 3 * rest, kept);
}

} // namespace

SplatCloud readPly(const PlyFile& file, const Cancel& cancel, const Progress& progress) {
    const PlyElement* vertex = file.find("vertex");
    if (!vertex || !vertex->find("scale_0") || !vertex->find("rot_0") || !vertex->find("opacity"))
        throw notMine(file.subject() + ": a PLY file, but without splats (scale_0, rot_0, opacity)");
    SplatData data = Reader(file, *vertex).read(cancel, progress);
    dropUnusable(data);
    return SplatCloud(std::move(data), file.subject());
}

void writePly(const SplatCloud& cloud, const std::filesystem::path& path) {
    const SplatData& d = cloud.data();
    const std::size_t rest = cloud.restCount(), columns = 17 + 3 * rest;
    std::string text =
        fmt::format("ply\nformat binary_little_endian 1.0\ncomment Written by Ochre\n{}element vertex {}\n",
                    d.antialiased ? "comment SplatRenderMode: mip\n" : "", cloud.count());
    const auto property = [&](const std::string& name) { text += "property float " + name + "\n"; };
    for (const char* name : {"x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2"}) property(name);
    for (std::size_t k = 0; k < 3 * rest; ++k) property(fmt::format("f_rest_{}", k));
    for (const char* name : {"opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"})
        property(name);
    text += "end_header\n";

    const std::size_t header = text.size();
    text.resize(header + cloud.count() * columns * sizeof(float));
    std::vector<float> row(columns, 0.0f);
    for (std::size_t i = 0; i < cloud.count(); ++i) {
        std::copy_n(&d.positions[3 * i], 3, &row[0]);
        std::copy_n(&d.sh0[3 * i], 3, &row[6]);
        for (std::size_t channel = 0; channel < 3; ++channel)
            for (std::size_t k = 0; k < rest; ++k)
                row[9 + channel * rest + k] = d.shRest[(i * rest + k) * 3 + channel];
        row[9 + 3 * rest] = d.opacities[i];
        std::copy_n(&d.logScales[3 * i], 3, &row[10 + 3 * rest]);
        std::copy_n(&d.rotations[4 * i], 4, &row[13 + 3 * rest]);
        std::memcpy(text.data() + header + i * columns * sizeof(float), row.data(), columns * sizeof(float));
    }
    writeFileAtomic(path, text);
}

} // namespace ochre
