// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/SplatTransform.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/core/scene/Clouds.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using Vector = std::array<double, 3>;

Vector times(const Mat3& m, const Vector& v) {
    return {m[0] * v[0] + m[1] * v[1] + m[2] * v[2], m[3] * v[0] + m[4] * v[1] + m[5] * v[2],
            m[6] * v[0] + m[7] * v[1] + m[8] * v[2]};
}

Mat3 transposed(const Mat3& m) {
    return {m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]};
}

/// The colour's view-dependent part of splat i in a direction, as the formula of 3DGS has it, one channel.
double evaluate(const SplatData& d, std::size_t i, std::size_t channel, const Vector& direction) {
    const auto basis = shBasis(direction);
    const std::size_t rest = shRestCount(d.shDegree);
    double sum = 0;
    for (std::size_t k = 0; k < rest; ++k) sum += basis[k] * d.shRest[(i * rest + k) * 3 + channel];
    return sum;
}

const Vector kDirections[] = {{1, 0, 0},      {0, 1, 0},          {0, 0, 1},
                              {0.6, -0.8, 0}, {0.48, 0.6, -0.64}, {-2 / 3.0, 2 / 3.0, 1 / 3.0}};

TEST(ShBasis, HasThePublishedSignsAndConstants) {
    // Band 1 is −y, z, −x; the first of band 3 is −y(3x²−y²), its middle z(2z²−3x²−3y²).
    const auto b = shBasis({0.48, 0.6, -0.64});
    EXPECT_NEAR(b[0], -0.4886025119029199 * 0.6, 1e-12);
    EXPECT_NEAR(b[1], 0.4886025119029199 * -0.64, 1e-12);
    EXPECT_NEAR(b[2], -0.4886025119029199 * 0.48, 1e-12);
    EXPECT_NEAR(b[3], 1.0925484305920792 * 0.48 * 0.6, 1e-12);
    EXPECT_NEAR(b[4], -1.0925484305920792 * 0.6 * -0.64, 1e-12);
    EXPECT_NEAR(b[8], -0.5900435899266435 * 0.6 * (3 * 0.48 * 0.48 - 0.36), 1e-12);
    EXPECT_NEAR(b[11], 0.3731763325901154 * -0.64 * (2 * 0.4096 - 3 * 0.2304 - 3 * 0.36), 1e-12);
}

TEST(ShRotation, TheTurnedFunctionHasItsValuesInTheTurnedDirections) {
    for (int degree = 1; degree <= 3; ++degree)
        for (const Vector angles : {Vector{90, 0, 0}, {0, -35, 0}, {10, 20, 130}, {180, 0, 45}}) {
            const SplatCloud cloud = test::makeCloud(3, degree);
            const Similarity turn{.rotation = rotationOfDegrees(angles)};
            const Mat3 r = matrixOf(turn.rotation);
            const SplatCloud turned = transform(cloud, turn);
            for (const Vector& direction : kDirections)
                for (std::size_t channel = 0; channel < 3; ++channel)
                    EXPECT_NEAR(evaluate(turned.data(), 2, channel, times(r, direction)),
                                evaluate(cloud.data(), 2, channel, direction), 1e-6);
        }
}

TEST(ShRotation, MirroredAxesOnlyChangeSigns) {
    const SplatCloud cloud = test::makeCloud(3, 3);
    for (const std::array<int, 3> signs : {std::array{1, -1, -1}, {-1, 1, 1}, {1, -1, 1}, {-1, -1, -1}}) {
        SplatData d = cloud.data();
        flipAxes(d, signs);
        for (const Vector& v : kDirections)
            EXPECT_NEAR(evaluate(d, 1, 0, {signs[0] * v[0], signs[1] * v[1], signs[2] * v[2]}),
                        evaluate(cloud.data(), 1, 0, v), 1e-6);
    }
}

Mat3 covariance(const SplatData& d, std::size_t i) {
    const float* q = &d.rotations[4 * i];
    const Mat3 r = matrixOf({q[0], q[1], q[2], q[3]});
    Mat3 c{};
    for (std::size_t a = 0; a < 3; ++a)
        for (std::size_t b = 0; b < 3; ++b)
            for (std::size_t k = 0; k < 3; ++k)
                c[3 * a + b] += r[3 * a + k] * r[3 * b + k] * std::exp(2.0 * d.logScales[3 * i + k]);
    return c;
}

/// m · c · mᵀ
Mat3 conjugate(const Mat3& m, const Mat3& c) {
    Mat3 half{}, result{};
    for (std::size_t a = 0; a < 3; ++a)
        for (std::size_t b = 0; b < 3; ++b)
            for (std::size_t k = 0; k < 3; ++k) half[3 * a + b] += m[3 * a + k] * c[3 * k + b];
    const Mat3 t = transposed(m);
    for (std::size_t a = 0; a < 3; ++a)
        for (std::size_t b = 0; b < 3; ++b)
            for (std::size_t k = 0; k < 3; ++k) result[3 * a + b] += half[3 * a + k] * t[3 * k + b];
    return result;
}

TEST(SplatTransform, CentresAndShapesGoWhereTheSimilarityTakesThem) {
    const SplatCloud cloud = test::makeCloud(20, 0);
    const Similarity s{rotationOfDegrees({10, -20, 70}), 2.5, {1, -2, 3}};
    const SplatCloud moved = transform(cloud, s);
    Mat3 m = matrixOf(s.rotation);
    for (double& v : m) v *= s.scale;
    for (std::size_t i = 0; i < cloud.count(); ++i) {
        const float* p = &cloud.data().positions[3 * i];
        const Vector expected = times(m, {p[0], p[1], p[2]});
        const Mat3 before = conjugate(m, covariance(cloud.data(), i)), after = covariance(moved.data(), i);
        for (std::size_t k = 0; k < 3; ++k)
            EXPECT_NEAR(moved.data().positions[3 * i + k], expected[k] + s.translation[k], 1e-5);
        for (std::size_t k = 0; k < 9; ++k)
            EXPECT_NEAR(after[k], before[k], 1e-5 * (1 + std::abs(before[k])));
    }
    EXPECT_EQ(moved.data().opacities, cloud.data().opacities);
}

TEST(SplatTransform, AMirrorMirrorsShapes) {
    const SplatCloud cloud = test::makeCloud(20, 0);
    SplatData d = cloud.data();
    flipAxes(d, {-1, 1, -1});
    for (std::size_t i = 0; i < cloud.count(); ++i) {
        const Mat3 before = conjugate({-1, 0, 0, 0, 1, 0, 0, 0, -1}, covariance(cloud.data(), i)),
                   after = covariance(d, i);
        for (std::size_t k = 0; k < 9; ++k) EXPECT_NEAR(after[k], before[k], 1e-6);
    }
    flipAxes(d, {-1, 1, -1});
    EXPECT_EQ(SplatCloud(d, "made").hash(), cloud.hash());
}

TEST(SplatTransform, ThereAndBackIsTheSameAndNothingChangesNothing) {
    const SplatCloud cloud = test::makeCloud(200, 3);
    const SplatCloud back = transform(transform(cloud, {rotationOfDegrees({0, 90, 0}), 4, {}}),
                                      {rotationOfDegrees({0, -90, 0}), 0.25, {}});
    const test::Differences d = test::compare(cloud, back);
    EXPECT_LE(std::max({d.position, d.logScale, d.rotation, d.sh1, d.shRest}), 1e-5);
    EXPECT_EQ(transform(cloud, {}).hash(), cloud.hash());
    EXPECT_EQ(transform(SplatCloud(), {.scale = 2}).count(), 0u);
}

TEST(SplatTransform, AnglesTurnAboutXThenYThenZRightHanded) {
    const auto near = [](const Vector& a, const Vector& b) {
        for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(a[k], b[k], 1e-12);
    };
    near(times(matrixOf(rotationOfDegrees({90, 0, 0})), {0, 1, 0}), {0, 0, 1});
    near(times(matrixOf(rotationOfDegrees({0, 90, 0})), {0, 0, 1}), {1, 0, 0});
    near(times(matrixOf(rotationOfDegrees({90, 0, 90})), {0, 1, 0}), {0, 0, 1});
    near(times(matrixOf(rotationOfDegrees({90, 90, 0})), {0, 1, 0}), {1, 0, 0});
}

TEST(SplatTransform, ImpossibleOnesAreRefused) {
    const SplatCloud cloud = test::makeCloud(1, 0);
    test::expectError([&] { transform(cloud, {.scale = 0}); }, "scale");
    test::expectError([&] { transform(cloud, {.scale = NAN}); }, "scale");
    test::expectError([&] { transform(cloud, {.rotation = {0, 0, 0, 0}}); }, "rotation");
    test::expectError([&] { transform(cloud, {.translation = {INFINITY, 0, 0}}); }, "translation");
}

} // namespace
} // namespace ochre
