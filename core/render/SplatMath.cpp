// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/SplatMath.h"

#include <algorithm>
#include <cmath>

#include "core/scene/SplatValues.h"

namespace ochre::splat {
namespace {

/// Real spherical harmonics with the signs of the 3DGS files, without the constant band.
std::array<double, 15> harmonics(const Vec3& d) {
    const double x = d[0], y = d[1], z = d[2], xx = x * x, yy = y * y, zz = z * z;
    return {-0.4886025119029199 * y,
            0.4886025119029199 * z,
            -0.4886025119029199 * x,
            1.0925484305920792 * x * y,
            -1.0925484305920792 * y * z,
            0.31539156525252005 * (2 * zz - xx - yy),
            -1.0925484305920792 * x * z,
            0.5462742152960396 * (xx - yy),
            -0.5900435899266435 * y * (3 * xx - yy),
            2.890611442640554 * x * y * z,
            -0.4570457994644658 * y * (4 * zz - xx - yy),
            0.3731763325901154 * z * (2 * zz - 3 * xx - 3 * yy),
            -0.4570457994644658 * x * (4 * zz - xx - yy),
            1.445305721320277 * z * (xx - yy),
            -0.5900435899266435 * x * (xx - 3 * yy)};
}

using Matrix3 = std::array<Vec3, 3>; ///< rows

/// From a splat's own axes to those of its cloud.
Matrix3 rotation(const SplatData& data, std::size_t index) {
    const float* q = &data.rotations[4 * index];
    const double w = q[0], x = q[1], y = q[2], z = q[3];
    return {Vec3{1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
            Vec3{2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)},
            Vec3{2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)}};
}

Vec3 placeOf(const SplatData& data, std::size_t index) {
    return {data.positions[3 * index], data.positions[3 * index + 1], data.positions[3 * index + 2]};
}

struct Covariance2d {
    double xx, xy, yy;
};

/// J W Σ Wᵀ Jᵀ, with the Jacobian taken within the guarded frustum.
Covariance2d projectCovariance(const Covariance& s, const ItemView& c, const Vec3& t) {
    double j00 = c.fx, j02 = 0, j11 = c.fy, j12 = 0;
    if (!c.orthographic) {
        const double tanX = 0.5 * c.width / c.fx, tanY = 0.5 * c.height / c.fy;
        const double x = t[2] * std::clamp(t[0] / t[2], -(c.cx / c.fx + kGuard * tanX), (c.width - c.cx) / c.fx + kGuard * tanX);
        const double y = t[2] * std::clamp(t[1] / t[2], -(c.cy / c.fy + kGuard * tanY), (c.height - c.cy) / c.fy + kGuard * tanY);
        j00 = c.fx / t[2], j02 = -c.fx * x / (t[2] * t[2]), j11 = c.fy / t[2], j12 = -c.fy * y / (t[2] * t[2]);
    }
    const Affine& w = c.toCamera;
    const double a[3] = {j00 * w[0] + j02 * w[8], j00 * w[1] + j02 * w[9], j00 * w[2] + j02 * w[10]};
    const double b[3] = {j11 * w[4] + j12 * w[8], j11 * w[5] + j12 * w[9], j11 * w[6] + j12 * w[10]};
    const auto product = [&s](const double* u, const double* v) {
        return u[0] * (s[0] * v[0] + s[1] * v[1] + s[2] * v[2]) + u[1] * (s[1] * v[0] + s[3] * v[1] + s[4] * v[2]) +
               u[2] * (s[2] * v[0] + s[4] * v[1] + s[5] * v[2]);
    };
    return {product(a, a), product(a, b), product(b, b)};
}

/// Within the limits of the camera and of the box.
bool kept(const ItemView& view, const Vec3& place, double z) {
    if (!(z >= view.near && z <= view.far)) return false;
    if (!view.box) return true;
    const Vec3 p = transformed(view.toWorld, place);
    for (std::size_t k = 0; k < 3; ++k)
        if (!(p[k] >= view.box->min[k] && p[k] <= view.box->max[k])) return false;
    return true;
}

std::array<double, 3> colorOf(const SplatData& data, std::size_t index, const ItemView& view, const Vec3& place, const Projected& p) {
    if (view.mode == SplatMode::Opacity) return heat(view.faded(sigmoid(data.opacities[index])));
    if (view.mode == SplatMode::Depth) {
        const double share = (p.depth - view.depthRange[0]) / (view.depthRange[1] - view.depthRange[0]), grey = 1 - std::clamp(share, 0.0, 1.0);
        return {grey, grey, grey};
    }
    Vec3 d = view.sight(place);
    const double length = std::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
    for (double& v : d) v /= length;
    return shColor(data, index, view.shDegree, d, view.look ? &view.look->color : nullptr);
}

} // namespace

Covariance covariance(const SplatData& data, std::size_t index) {
    Matrix3 m = rotation(data, index);
    for (std::size_t k = 0; k < 3; ++k) {
        const double scale = std::exp(double{data.logScales[3 * index + k]});
        for (auto& row : m) row[k] *= scale;
    }
    const auto dot = [&m](std::size_t a, std::size_t b) { return m[a][0] * m[b][0] + m[a][1] * m[b][1] + m[a][2] * m[b][2]; };
    return {dot(0, 0), dot(0, 1), dot(0, 2), dot(1, 1), dot(1, 2), dot(2, 2)};
}

Vec3 normal(const SplatData& data, std::size_t index, const Vec3& sight) {
    const float* scales = &data.logScales[3 * index];
    const auto shortest = static_cast<std::size_t>(std::min_element(scales, scales + 3) - scales);
    const Matrix3 r = rotation(data, index);
    const Vec3 n{r[0][shortest], r[1][shortest], r[2][shortest]};
    const double away = n[0] * sight[0] + n[1] * sight[1] + n[2] * sight[2];
    return away > 0 ? Vec3{-n[0], -n[1], -n[2]} : n;
}

Vec3 worldNormal(const SplatData& data, std::size_t index, const ItemView& view) {
    const Vec3 n = normal(data, index, view.sight(placeOf(data, index)));
    const Affine& m = view.toWorld;
    return {(m[0] * n[0] + m[1] * n[1] + m[2] * n[2]) / view.scale, (m[4] * n[0] + m[5] * n[1] + m[6] * n[2]) / view.scale,
            (m[8] * n[0] + m[9] * n[1] + m[10] * n[2]) / view.scale};
}

std::array<double, 3> shColor(const SplatData& data, std::size_t index, int degree, const Vec3& direction, const Affine* map) {
    const auto count = static_cast<std::size_t>((data.shDegree + 1) * (data.shDegree + 1) - 1);
    const auto used = static_cast<std::size_t>((degree + 1) * (degree + 1) - 1);
    std::array<double, 3> color{};
    for (std::size_t k = 0; k < 3; ++k) color[k] = ochre::colorOf(data.sh0[3 * index + k]);
    if (used > 0) {
        const std::array<double, 15> basis = harmonics(direction);
        const float* rest = &data.shRest[index * count * 3];
        for (std::size_t j = 0; j < used; ++j)
            for (std::size_t k = 0; k < 3; ++k) color[k] += basis[j] * rest[3 * j + k];
    }
    if (map) color = transformed(*map, color);
    for (double& v : color) v = std::max(0.0, v);
    return color;
}

bool project(const SplatData& data, std::size_t index, const ItemView& view, Projected& out) {
    if (view.mark(index) == SplatMark::Hidden) return false;
    const Vec3 place = placeOf(data, index), t = transformed(view.toCamera, place);
    if (!kept(view, place, t[2])) return false;
    Covariance own = covariance(data, index);
    if (view.look)
        for (double& v : own) v *= view.look->size * view.look->size;
    const Covariance2d raw = projectCovariance(own, view, t);
    const double xx = raw.xx + kDilation, yy = raw.yy + kDilation, xy = raw.xy, determinant = xx * yy - xy * xy;
    if (!(determinant > 0) || !std::isfinite(determinant)) return false;
    out.opacity = view.faded(sigmoid(data.opacities[index]));
    if (view.antialiased) {
        const double before = std::max(0.0, raw.xx * raw.yy - raw.xy * raw.xy);
        out.opacity *= std::sqrt(std::max(0.000025, before / determinant));
    }
    double reach = 2 * std::log(out.opacity / kAlphaCut); // of dᵀΣ⁻¹d where alpha meets the cut
    if (!(reach > 0)) return false;
    double more = 0;
    if (view.mode == SplatMode::Rings) reach = kRing * kRing, more = 1;
    out.radius = view.pointRadius;
    const double perspective = view.orthographic ? 1 : 1 / t[2];
    out.x = view.fx * t[0] * perspective + view.cx;
    out.y = view.fy * t[1] * perspective + view.cy;
    out.depth = t[2];
    out.conicA = yy / determinant;
    out.conicB = -xy / determinant;
    out.conicC = xx / determinant;
    out.extentX = view.mode == SplatMode::Centres ? out.radius : std::sqrt(reach * xx) + more;
    out.extentY = view.mode == SplatMode::Centres ? out.radius : std::sqrt(reach * yy) + more;
    out.color = colorOf(data, index, view, place, out);
    view.tint(view.mark(index), out.color);
    out.normal = worldNormal(data, index, view);
    return true;
}

double coverage(const Projected& s, double dx, double dy, SplatMode mode) {
    if (mode == SplatMode::Centres) return dx * dx + dy * dy <= s.radius * s.radius ? kAlphaCap : 0;
    if (mode == SplatMode::Rings) {
        // The distance in pixels from the outline, to first order.
        const double gx = s.conicA * dx + s.conicB * dy, gy = s.conicB * dx + s.conicC * dy, square = dx * gx + dy * gy;
        if (!(square > 0)) return 0;
        const double m = std::sqrt(square);
        return std::clamp(1 - std::abs(m - kRing) * m / std::sqrt(gx * gx + gy * gy), 0.0, kAlphaCap);
    }
    const double power = -0.5 * (s.conicA * dx * dx + s.conicC * dy * dy) - s.conicB * dx * dy;
    return power > 0 ? 0 : std::min(kAlphaCap, s.opacity * std::exp(power));
}

std::array<double, 3> heat(double share) {
    const auto band = [share](double middle) { return std::clamp(1.5 - std::abs(4 * share - middle), 0.0, 1.0); };
    return {band(3), band(2), band(1)};
}

std::array<double, 3> layersColor(double layers) {
    return heat(std::min(1.0, std::log(1 + layers) / std::log(1 + kManyLayers)));
}

} // namespace ochre::splat
