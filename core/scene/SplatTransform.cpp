// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/SplatTransform.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/TaskPool.h"
#include "core/scene/SplatValues.h"
#include "core/scene/field/PlacedField.h"

namespace ochre {
namespace {

using Quaternion = std::array<double, 4>;
constexpr std::size_t kGrain = 4096;

Quaternion multiply(const Quaternion& a, const Quaternion& b) {
    return {a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
            a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
            a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
            a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0]};
}

Quaternion normalised(const Quaternion& q) {
    const double length = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
    if (!(length > 0) || !std::isfinite(length))
        throw Error(fmt::format("a rotation of {}, {}, {}, {}", q[0], q[1], q[2], q[3]),
                    "a rotation is four numbers w, x, y, z that are not all zero");
    return {q[0] / length, q[1] / length, q[2] / length, q[3] / length};
}

/// With a rotation of length 1.
Similarity checked(Similarity s) {
    if (!(s.scale > 0) || !std::isfinite(s.scale))
        throw Error(fmt::format("a scale of {}", s.scale), "a scale is a positive number");
    for (const double t : s.translation)
        if (!std::isfinite(t)) throw Error(fmt::format("a translation of {}", t), "it must be a number");
    s.rotation = normalised(s.rotation);
    return s;
}

} // namespace

bool Similarity::isIdentity() const {
    return scale == 1 && translation == std::array<double, 3>{} && rotation == Quaternion{1, 0, 0, 0};
}

Quaternion rotationOfDegrees(const std::array<double, 3>& xyz) {
    Quaternion q{1, 0, 0, 0};
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const double half = xyz[axis] * std::numbers::pi / 360;
        Quaternion turn{std::cos(half), 0, 0, 0};
        turn[axis + 1] = std::sin(half);
        q = multiply(turn, q);
    }
    return q;
}

std::array<double, 3> degreesOf(const Quaternion& rotation) {
    constexpr double kDegree = std::numbers::pi / 180;
    const Mat3 m = matrixOf(rotation);
    const double up = std::clamp(-m[6], -1.0, 1.0);
    if (std::abs(up) > 1 - 1e-12) // turns about x and z are the same there: all of it is about z
        return {0, std::asin(up) / kDegree, std::atan2(-m[1], m[4]) / kDegree};
    return {std::atan2(m[7], m[8]) / kDegree, std::asin(up) / kDegree, std::atan2(m[3], m[0]) / kDegree};
}

Mat3 matrixOf(const Quaternion& rotation) {
    const auto [w, x, y, z] = normalised(rotation);
    return {1 - 2 * (y * y + z * z), 2 * (x * y - w * z),     2 * (x * z + w * y),
            2 * (x * y + w * z),     1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
            2 * (x * z - w * y),     2 * (y * z + w * x),     1 - 2 * (x * x + y * y)};
}

std::array<double, 16> similarityMatrix(const Similarity& similarity) {
    const Mat3 turned = matrixOf(similarity.rotation);
    std::array<double, 16> matrix{};
    for (std::size_t row = 0; row < 3; ++row) {
        for (std::size_t column = 0; column < 3; ++column) matrix[4 * row + column] = similarity.scale * turned[3 * row + column];
        matrix[4 * row + 3] = similarity.translation[row];
    }
    matrix[15] = 1;
    return matrix;
}

Similarity Similarity::about(const std::array<double, 3>& pivot) const {
    Similarity moved = *this;
    const Mat3 r = matrixOf(rotation);
    for (std::size_t k = 0; k < 3; ++k)
        moved.translation[k] += pivot[k] - scale * (r[3 * k] * pivot[0] + r[3 * k + 1] * pivot[1] + r[3 * k + 2] * pivot[2]);
    return moved;
}

Similarity Similarity::then(const Similarity& next) const {
    const Mat3 r = matrixOf(next.rotation);
    Similarity both{.rotation = multiply(normalised(next.rotation), normalised(rotation)), .scale = next.scale * scale, .translation = next.translation};
    for (std::size_t k = 0; k < 3; ++k)
        both.translation[k] += next.scale * (r[3 * k] * translation[0] + r[3 * k + 1] * translation[1] + r[3 * k + 2] * translation[2]);
    return both;
}

Similarity Similarity::inverse() const {
    const auto [w, x, y, z] = normalised(rotation);
    const Similarity back{.rotation = {w, -x, -y, -z}, .scale = 1 / scale};
    return Similarity{.translation = {-translation[0], -translation[1], -translation[2]}}.then(back);
}

SplatMover::SplatMover(const Similarity& similarity)
    : m_similarity(checked(similarity)), m_matrix(matrixOf(m_similarity.rotation)), m_sh(m_matrix),
      m_larger(static_cast<float>(std::log(m_similarity.scale))),
      m_turns(m_similarity.rotation != Quaternion{1, 0, 0, 0}) {}

void SplatMover::place(float* p, float* logScales) const {
    const Mat3& r = m_matrix;
    const std::array<double, 3> from{p[0], p[1], p[2]};
    for (std::size_t k = 0; k < 3; ++k) {
        p[k] = static_cast<float>(
            m_similarity.scale * (r[3 * k] * from[0] + r[3 * k + 1] * from[1] + r[3 * k + 2] * from[2]) +
            m_similarity.translation[k]);
        if (m_larger != 0) logScales[k] += m_larger;
    }
}

void SplatMover::turn(float* q, float* shRest, int shDegree) const {
    if (!m_turns) return;
    const Quaternion turned = multiply(m_similarity.rotation, {q[0], q[1], q[2], q[3]});
    for (std::size_t k = 0; k < 4; ++k) q[k] = static_cast<float>(turned[k]);
    m_sh.apply(shRest, shDegree);
}

void SplatMover::move(SplatData& d, std::size_t i) const {
    place(&d.positions[3 * i], &d.logScales[3 * i]);
    turn(&d.rotations[4 * i], d.shRest.data() + 3 * shRestCount(d.shDegree) * i, d.shDegree);
}

void transform(SplatData& d, const Similarity& s) {
    const SplatMover mover(s);
    TaskPool::shared().parallelFor(d.opacities.size(), kGrain, [&](std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) mover.move(d, i);
    });
}

SplatCloud transform(const SplatCloud& cloud, const Similarity& similarity) {
    if (checked(similarity).isIdentity()) return cloud;
    SplatData data = cloud.data();
    transform(data, similarity);
    std::vector<PlacedField> fields = cloud.fields();
    for (PlacedField& placed : fields) placed.toWorld = multiplied(similarityMatrix(similarity), placed.toWorld);
    return SplatCloud(std::move(data), cloud.name()).withFields(std::move(fields));
}

void flipAxes(SplatData& d, const std::array<int, 3>& signs) {
    const auto [x, y, z] = signs;
    if (x == 1 && y == 1 && z == 1) return;
    // The axis of a rotation is mirrored like a product of two directions.
    const std::array<float, 4> ofRotation{1, static_cast<float>(y * z), static_cast<float>(x * z),
                                          static_cast<float>(x * y)};
    const std::array<float, 15> ofSh =
        ShRotation({double(x), 0, 0, 0, double(y), 0, 0, 0, double(z)}).signs();
    const std::size_t rest = shRestCount(d.shDegree);
    TaskPool::shared().parallelFor(d.opacities.size(), kGrain, [&](std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) {
            for (std::size_t k = 0; k < 3; ++k) d.positions[3 * i + k] *= static_cast<float>(signs[k]);
            for (std::size_t k = 0; k < 4; ++k) d.rotations[4 * i + k] *= ofRotation[k];
            float* sh = d.shRest.data() + 3 * rest * i;
            for (std::size_t k = 0; k < rest; ++k)
                for (std::size_t channel = 0; channel < 3; ++channel) sh[3 * k + channel] *= ofSh[k];
        }
    });
}

} // namespace ochre
