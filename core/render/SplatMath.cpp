// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/SplatMath.h"

#include <algorithm>
#include <cmath>

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

double sigmoid(double v) {
    return 1 / (1 + std::exp(-v));
}

struct Covariance2d {
    double xx, xy, yy;
};

/// J W Σ Wᵀ Jᵀ, with the Jacobian taken within the guarded frustum.
Covariance2d projectCovariance(const Covariance& s, const Camera& c, const Vec3& t) {
    const double tanX = 0.5 * c.width / c.fx, tanY = 0.5 * c.height / c.fy;
    const double x = t[2] * std::clamp(t[0] / t[2], -(c.cx / c.fx + kGuard * tanX), (c.width - c.cx) / c.fx + kGuard * tanX);
    const double y = t[2] * std::clamp(t[1] / t[2], -(c.cy / c.fy + kGuard * tanY), (c.height - c.cy) / c.fy + kGuard * tanY);
    const double j00 = c.fx / t[2], j02 = -c.fx * x / (t[2] * t[2]), j11 = c.fy / t[2], j12 = -c.fy * y / (t[2] * t[2]);
    const auto& w = c.worldToCamera;
    const double a[3] = {j00 * w[0] + j02 * w[8], j00 * w[1] + j02 * w[9], j00 * w[2] + j02 * w[10]};
    const double b[3] = {j11 * w[4] + j12 * w[8], j11 * w[5] + j12 * w[9], j11 * w[6] + j12 * w[10]};
    const auto product = [&s](const double* u, const double* v) {
        return u[0] * (s[0] * v[0] + s[1] * v[1] + s[2] * v[2]) + u[1] * (s[1] * v[0] + s[3] * v[1] + s[4] * v[2]) +
               u[2] * (s[2] * v[0] + s[4] * v[1] + s[5] * v[2]);
    };
    return {product(a, a), product(a, b), product(b, b)};
}

} // namespace

Covariance covariance(const SplatData& data, std::size_t index) {
    const float* q = &data.rotations[4 * index];
    const double w = q[0], x = q[1], y = q[2], z = q[3];
    const double r[3][3] = {{1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
                            {2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)},
                            {2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)}};
    double m[3][3];
    for (int k = 0; k < 3; ++k) {
        const double scale = std::exp(double{data.logScales[3 * index + static_cast<std::size_t>(k)]});
        for (int i = 0; i < 3; ++i) m[i][k] = r[i][k] * scale;
    }
    const auto dot = [&m](int a, int b) { return m[a][0] * m[b][0] + m[a][1] * m[b][1] + m[a][2] * m[b][2]; };
    return {dot(0, 0), dot(0, 1), dot(0, 2), dot(1, 1), dot(1, 2), dot(2, 2)};
}

std::array<double, 3> shColor(const SplatData& data, std::size_t index, int degree, const Vec3& direction) {
    const auto count = static_cast<std::size_t>((data.shDegree + 1) * (data.shDegree + 1) - 1);
    const auto used = static_cast<std::size_t>((degree + 1) * (degree + 1) - 1);
    std::array<double, 3> color{};
    for (std::size_t k = 0; k < 3; ++k) color[k] = 0.5 + 0.28209479177387814 * data.sh0[3 * index + k];
    if (used > 0) {
        const std::array<double, 15> basis = harmonics(direction);
        const float* rest = &data.shRest[index * count * 3];
        for (std::size_t j = 0; j < used; ++j)
            for (std::size_t k = 0; k < 3; ++k) color[k] += basis[j] * rest[3 * j + k];
    }
    for (double& v : color) v = std::max(0.0, v);
    return color;
}

bool project(const SplatData& data, std::size_t index, const Camera& camera, const Vec3& cameraPosition, int shDegree,
             bool antialiased, Projected& out) {
    const Vec3 world{data.positions[3 * index], data.positions[3 * index + 1], data.positions[3 * index + 2]};
    const Vec3 t = camera.toCamera(world);
    if (!(t[2] >= camera.near)) return false;
    const Covariance2d raw = projectCovariance(covariance(data, index), camera, t);
    const double xx = raw.xx + kDilation, yy = raw.yy + kDilation, xy = raw.xy, determinant = xx * yy - xy * xy;
    if (!(determinant > 0) || !std::isfinite(determinant)) return false;
    out.opacity = sigmoid(data.opacities[index]);
    if (antialiased) {
        const double before = std::max(0.0, raw.xx * raw.yy - raw.xy * raw.xy);
        out.opacity *= std::sqrt(std::max(0.000025, before / determinant));
    }
    const double reach = 2 * std::log(out.opacity / kAlphaCut); // of dᵀΣ⁻¹d where alpha meets the cut
    if (!(reach > 0)) return false;
    out.x = camera.fx * t[0] / t[2] + camera.cx;
    out.y = camera.fy * t[1] / t[2] + camera.cy;
    out.depth = t[2];
    out.conicA = yy / determinant;
    out.conicB = -xy / determinant;
    out.conicC = xx / determinant;
    out.extentX = std::sqrt(reach * xx);
    out.extentY = std::sqrt(reach * yy);
    Vec3 d{world[0] - cameraPosition[0], world[1] - cameraPosition[1], world[2] - cameraPosition[2]};
    const double length = std::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
    for (double& v : d) v /= length;
    out.color = shColor(data, index, shDegree, d);
    return true;
}

} // namespace ochre::splat
