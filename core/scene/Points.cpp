// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/Points.h"

#include <algorithm>
#include <cmath>

#include <nanoflann.hpp>

#include "core/base/Error.h"
#include "core/base/TaskPool.h"
#include "core/scene/SplatFilter.h"
#include "core/scene/SplatValues.h"

namespace ochre {
namespace {

constexpr std::size_t kNeighbours = 3;
constexpr double kOpacity = 0.8, kAlone = 0.01,
                 kSmallest = 1e-7; // the size of a point that has no other, and of any

/// What nanoflann asks of a set of points. Distances are taken in double: squares of large floats leave their
/// range.
struct Adaptor {
    const std::vector<float>& positions;

    std::size_t kdtree_get_point_count() const { return positions.size() / 3; }
    double kdtree_get_pt(std::size_t i, std::size_t axis) const { return positions[3 * i + axis]; }
    template <typename Box>
    bool kdtree_get_bbox(Box&) const {
        return false;
    }
};
using Tree = nanoflann::KDTreeSingleIndexAdaptor<nanoflann::L2_Simple_Adaptor<double, Adaptor>, Adaptor, 3,
                                                 std::uint32_t>;

/// Each position once: were many the same, the search for the nearest would look at all of them for each.
std::vector<float> distinct(const std::vector<float>& positions) {
    std::vector<std::array<float, 3>> sorted(positions.size() / 3);
    for (std::size_t i = 0; i < sorted.size(); ++i) std::copy_n(&positions[3 * i], 3, sorted[i].begin());
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    std::vector<float> result;
    result.reserve(3 * sorted.size());
    for (const auto& p : sorted) result.insert(result.end(), p.begin(), p.end());
    return result;
}

/// The mean distance to the nearest others.
double spacing(const Tree& tree, const float* p) {
    const double query[3] = {p[0], p[1], p[2]};
    std::array<std::uint32_t, kNeighbours + 1> indices{};
    std::array<double, kNeighbours + 1> squares{};
    const std::size_t found = tree.knnSearch(query, squares.size(), indices.data(), squares.data());
    double sum = 0; // the first is the point itself
    for (std::size_t k = 1; k < found; ++k) sum += std::sqrt(squares[k]);
    return found > 1 ? sum / static_cast<double>(found - 1) : kAlone;
}

void setSizes(SplatData& d, const Cancel& cancel, const Progress& progress) {
    const std::size_t n = d.opacities.size();
    if (n == 0) return;
    progress.report(0, 2, "ordering points");
    const std::vector<float> places = distinct(d.positions);
    const Adaptor adaptor{places};
    const Tree tree(3, adaptor, nanoflann::KDTreeSingleIndexAdaptorParams(10));
    progress.report(1, 2, "measuring distances");
    TaskPool::shared().parallelFor(
        n, 1024,
        [&](std::size_t first, std::size_t last) {
            for (std::size_t i = first; i < last; ++i) {
                const double size = std::max(spacing(tree, &d.positions[3 * i]), kSmallest);
                for (std::size_t k = 0; k < 3; ++k)
                    d.logScales[3 * i + k] = static_cast<float>(std::log(size));
            }
        },
        cancel);
}

double largestOf(PlyType type) {
    return type == PlyType::Uint8 ? 255 : type == PlyType::Uint16 ? 65535 : 1;
}

} // namespace

SplatCloud splatsFromPoints(const PointCloud& points, const std::string& name, const Cancel& cancel,
                            const Progress& progress) {
    SplatData d;
    const std::size_t n = points.positions.size() / 3;
    d.positions = points.positions;
    d.logScales.assign(3 * n, 0);
    d.opacities.assign(n, logit(kOpacity));
    d.rotations.assign(4 * n, 0);
    for (std::size_t i = 0; i < n; ++i) d.rotations[4 * i] = 1;
    d.sh0.resize(points.colors.size());
    for (std::size_t i = 0; i < d.sh0.size(); ++i) d.sh0[i] = sh0Of(points.colors[i]);
    if (d.positions.size() != 3 * n || d.sh0.size() != 3 * n)
        throw Error(name + ": positions and colours do not agree in number");
    dropUnusable(d);
    setSizes(d, cancel, progress);
    return SplatCloud(std::move(d), name);
}

SplatCloud readPointPly(const PlyFile& file, const Cancel& cancel, const Progress& progress) {
    const PlyElement* vertex = file.find("vertex");
    if (!vertex || !vertex->find("x") || !vertex->find("y") || !vertex->find("z"))
        throw notMine(file.subject() + ": a PLY file, but without points (x, y, z)");
    PointCloud points;
    points.positions.resize(3 * vertex->count);
    points.colors.assign(3 * vertex->count, 0.5f);
    static constexpr const char* kAxes[] = {"x", "y", "z"};
    static constexpr const char* kColors[] = {"red", "green", "blue"};
    for (std::size_t k = 0; k < 3 && vertex->count > 0; ++k) {
        cancel.check();
        file.read(*vertex, file.require(*vertex, kAxes[k]), 0, vertex->count, points.positions.data() + k, 3);
        const PlyProperty* color = vertex->find(kColors[k]);
        if (!color) continue;
        file.read(*vertex, *color, 0, vertex->count, points.colors.data() + k, 3);
        const auto scale = static_cast<float>(1 / largestOf(color->type));
        for (std::size_t i = k; i < points.colors.size(); i += 3) points.colors[i] *= scale;
    }
    return splatsFromPoints(points, file.subject(), cancel, progress);
}

} // namespace ochre
