// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/Sog.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Math.h"
#include "core/base/TaskPool.h"
#include "core/scene/KMeans.h"
#include "core/scene/SplatOrder.h"
#include "core/scene/SplatValues.h"
#include "core/scene/Texture.h"
#include "core/scene/ZipArchive.h"

namespace ochre {
namespace {

constexpr std::size_t kCodebook = 256, kPerRow = 64, kMaxPalette = 65536;
constexpr float kSmallestLogScale = -20; // for flat splats, as other programs clamp them

using SogParts = std::vector<std::pair<std::string, std::vector<std::byte>>>; ///< names and bytes

double toLog(double v) {
    return std::copysign(std::log1p(std::abs(v)), v);
}

Json numbers(std::span<const float> values) {
    Json list = Json::array();
    for (const float v : values) list.push_back(v);
    return list;
}

/// The largest power of two that is no more than the splats: a set of harmonics for one or two of them, until
/// there are more than labels.
std::size_t paletteSize(std::size_t count) {
    std::size_t size = 1;
    while (2 * size <= std::min(count, kMaxPalette)) size *= 2;
    return size;
}

class Writer {
public:
    Writer(const SplatCloud& cloud, const Cancel& cancel)
        : m_cloud(cloud), m_d(cloud.data()), m_cancel(cancel) {
        m_order = mortonOrder(m_d.positions);
        m_meta = {{"version", 2}, {"asset", {{"generator", "Ochre"}}}, {"count", cloud.count()}};
        if (m_d.antialiased) m_meta["antialias"] = true;
    }

    /// The files of the scene, meta.json first.
    SogParts write(const Progress& progress) {
        progress.report(0, 10, "packing positions");
        means();
        progress.report(1, 10, "packing rotations");
        rotations();
        progress.report(2, 10, "packing scales");
        scales();
        progress.report(3, 10, "packing colours");
        colors();
        if (m_cloud.shDegree() > 0) harmonics(progress.part(0.4, 1));
        const std::string text = dumpJson(m_meta);
        const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
        m_files.insert(m_files.begin(), {"meta.json", {bytes, bytes + text.size()}});
        return std::move(m_files);
    }

private:
    /// A texel a splat, opaque; the padding after the last is clear.
    Texture make() const {
        const std::size_t n = m_order.size();
        Texture t;
        t.width = std::max<std::size_t>(
            4, ceilDivide(static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(n)))),
                          std::size_t{4}) *
                   4);
        t.height = std::max<std::size_t>(1, ceilDivide(n, t.width));
        t.rgba.resize(4 * t.count());
        for (std::size_t i = 0; i < n; ++i) t.texel(i)[3] = 255;
        return t;
    }

    template <typename Each>
    void fill(Texture& texture, const Each& each) const {
        TaskPool::shared().parallelFor(
            m_order.size(), 4096,
            [&](std::size_t first, std::size_t last) {
                for (std::size_t i = first; i < last; ++i) each(std::size_t{m_order[i]}, texture.texel(i));
            },
            m_cancel);
    }

    void add(const char* name, const Texture& texture) {
        m_cancel.check();
        m_files.emplace_back(name, writeTexture(texture));
    }

    void means() {
        std::array<double, 3> low{}, high{};
        for (std::size_t k = 0; k < 3; ++k) {
            const Bounds b = m_cloud.bounds();
            low[k] = toLog(b.min[k]);
            high[k] = toLog(b.max[k]);
        }
        Texture lower = make(), upper = make();
        const auto step = [&](std::size_t splat, std::size_t k) {
            const double t =
                high[k] > low[k] ? (toLog(m_d.positions[3 * splat + k]) - low[k]) / (high[k] - low[k]) : 0;
            return static_cast<unsigned>(std::clamp(t, 0.0, 1.0) * 65535 + 0.5);
        };
        fill(lower, [&](std::size_t splat, std::uint8_t* texel) {
            for (std::size_t k = 0; k < 3; ++k) texel[k] = static_cast<std::uint8_t>(step(splat, k) & 255u);
        });
        fill(upper, [&](std::size_t splat, std::uint8_t* texel) {
            for (std::size_t k = 0; k < 3; ++k) texel[k] = static_cast<std::uint8_t>(step(splat, k) >> 8);
        });
        add("means_l.webp", lower);
        add("means_u.webp", upper);
        m_meta["means"] = {
            {"mins", low}, {"maxs", high}, {"files", Json::array({"means_l.webp", "means_u.webp"})}};
    }

    void rotations() {
        Texture t = make();
        fill(t, [&](std::size_t splat, std::uint8_t* texel) {
            const float* q = &m_d.rotations[4 * splat];
            const auto largest = static_cast<std::size_t>(
                std::max_element(q, q + 4, [](float a, float b) { return std::abs(a) < std::abs(b); }) - q);
            const double sign = q[largest] < 0 ? -1 : 1;
            for (std::size_t k = 0, to = 0; k < 4; ++k)
                if (k != largest) texel[to++] = toByte((sign * q[k] / std::numbers::sqrt2 + 0.5) * 255);
            texel[3] = static_cast<std::uint8_t>(252 + largest);
        });
        add("quats.webp", t);
        m_meta["quats"] = {{"files", Json::array({"quats.webp"})}};
    }

    void scales() {
        std::vector<float> values = m_d.logScales;
        for (float& v : values) v = std::max(v, kSmallestLogScale);
        const std::vector<float> codebook = codebookOf(values, kCodebook);
        Texture t = make();
        fill(t, [&](std::size_t splat, std::uint8_t* texel) {
            for (std::size_t k = 0; k < 3; ++k)
                texel[k] = static_cast<std::uint8_t>(nearestIn(codebook, values[3 * splat + k]));
        });
        add("scales.webp", t);
        m_meta["scales"] = {{"codebook", numbers(codebook)}, {"files", Json::array({"scales.webp"})}};
    }

    void colors() {
        const std::vector<float> codebook = codebookOf(m_d.sh0, kCodebook);
        Texture t = make();
        fill(t, [&](std::size_t splat, std::uint8_t* texel) {
            for (std::size_t k = 0; k < 3; ++k)
                texel[k] = static_cast<std::uint8_t>(nearestIn(codebook, m_d.sh0[3 * splat + k]));
            texel[3] = toByte(255 * sigmoid(m_d.opacities[splat]));
        });
        add("sh0.webp", t);
        m_meta["sh0"] = {{"codebook", numbers(codebook)}, {"files", Json::array({"sh0.webp"})}};
    }

    void harmonics(const Progress& progress) {
        const std::size_t rest = m_cloud.restCount(), dimension = 3 * rest;
        const Palette palette =
            paletteOf(m_d.shRest, dimension, paletteSize(m_cloud.count()), m_cancel, progress);
        const std::size_t sets = palette.centers.size() / dimension;
        const std::vector<float> codebook = codebookOf(palette.centers, kCodebook);
        Texture centroids{kPerRow * rest, std::max<std::size_t>(1, ceilDivide(sets, kPerRow)), {}};
        centroids.rgba.resize(4 * centroids.count());
        // Sets follow each other row by row: 64 of them fill one.
        for (std::size_t i = 0; i < sets * rest; ++i) {
            for (std::size_t channel = 0; channel < 3; ++channel)
                centroids.texel(i)[channel] =
                    static_cast<std::uint8_t>(nearestIn(codebook, palette.centers[3 * i + channel]));
            centroids.texel(i)[3] = 255;
        }
        Texture labels = make();
        fill(labels, [&](std::size_t splat, std::uint8_t* texel) {
            texel[0] = static_cast<std::uint8_t>(palette.labels[splat] & 255u);
            texel[1] = static_cast<std::uint8_t>(palette.labels[splat] >> 8);
        });
        add("shN_centroids.webp", centroids);
        add("shN_labels.webp", labels);
        m_meta["shN"] = {{"count", sets},
                         {"bands", m_cloud.shDegree()},
                         {"codebook", numbers(codebook)},
                         {"files", Json::array({"shN_centroids.webp", "shN_labels.webp"})}};
    }

    const SplatCloud& m_cloud;
    const SplatData& m_d;
    const Cancel& m_cancel;
    std::vector<std::uint32_t> m_order;
    Json m_meta;
    SogParts m_files;
};

} // namespace

void writeSog(const SplatCloud& cloud, const std::filesystem::path& path, const Cancel& cancel,
              const Progress& progress) {
    const SogParts files = Writer(cloud, cancel).write(progress);
    if (path.filename() != "meta.json") {
        writeFileAtomic(path, makeZip(files));
        return;
    }
    for (auto file = files.rbegin(); file != files.rend(); ++file)
        writeFileAtomic(path.parent_path() / file->first, file->second);
}

} // namespace ochre
