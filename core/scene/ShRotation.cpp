// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/ShRotation.h"

#include <cmath>
#include <cstddef>
#include <numbers>

namespace ochre {
namespace {

// Nodes and weights of Gauss and Legendre over [−1, 1]: with four of them polynomials up to degree 7 are
// integrated exactly, and with eight steps around the axis harmonics of order up to 7. Products of two bands
// 3 have degree 6.
constexpr std::size_t kHeights = 4, kSteps = 8;
constexpr std::array<double, kHeights> kHeight{-0.86113631159405257522, -0.33998104358485626480,
                                               0.33998104358485626480, 0.86113631159405257522};
constexpr std::array<double, kHeights> kWeight{0.34785484513745385737, 0.65214515486254614263,
                                               0.65214515486254614263, 0.34785484513745385737};

template <std::size_t Size>
void accumulate(std::array<double, Size * Size>& matrix, const double* turned, const double* source,
                double weight) {
    for (std::size_t i = 0; i < Size; ++i)
        for (std::size_t j = 0; j < Size; ++j) matrix[i * Size + j] += weight * turned[i] * source[j];
}

template <std::size_t Size>
void multiply(const std::array<double, Size * Size>& matrix, float* coefficients) {
    std::array<double, 3 * Size> result{};
    for (std::size_t i = 0; i < Size; ++i)
        for (std::size_t j = 0; j < Size; ++j)
            for (std::size_t channel = 0; channel < 3; ++channel)
                result[3 * i + channel] += matrix[i * Size + j] * coefficients[3 * j + channel];
    for (std::size_t i = 0; i < result.size(); ++i) coefficients[i] = static_cast<float>(result[i]);
}

} // namespace

std::array<double, 15> shBasis(const std::array<double, 3>& direction) {
    const auto [x, y, z] = direction;
    constexpr double c1 = 0.48860251190291992159;
    constexpr double c2[] = {1.0925484305920790705, 0.31539156525252000603, 0.54627421529603953527};
    constexpr double c3[] = {0.59004358992664351035, 2.8906114426405540554, 0.45704579946446573616,
                             0.37317633259011539141, 1.4453057213202770277};
    const double xx = x * x, yy = y * y, zz = z * z;
    return {-c1 * y,
            c1 * z,
            -c1 * x,
            c2[0] * x * y,
            -c2[0] * y * z,
            c2[1] * (2 * zz - xx - yy),
            -c2[0] * x * z,
            c2[2] * (xx - yy),
            -c3[0] * y * (3 * xx - yy),
            c3[1] * x * y * z,
            -c3[2] * y * (4 * zz - xx - yy),
            c3[3] * z * (2 * zz - 3 * xx - 3 * yy),
            -c3[2] * x * (4 * zz - xx - yy),
            c3[4] * z * (xx - yy),
            -c3[0] * x * (xx - 3 * yy)};
}

ShRotation::ShRotation(const Mat3& r) {
    // A turned function has at R·d the value that the source has at d: project it onto the basis.
    for (std::size_t i = 0; i < kHeights; ++i)
        for (std::size_t j = 0; j < kSteps; ++j) {
            const double angle = 2 * std::numbers::pi * static_cast<double>(j) / kSteps;
            const double z = kHeight[i], radius = std::sqrt(1 - z * z);
            const std::array<double, 3> d{radius * std::cos(angle), radius * std::sin(angle), z};
            const auto source = shBasis(d);
            const auto turned =
                shBasis({r[0] * d[0] + r[1] * d[1] + r[2] * d[2], r[3] * d[0] + r[4] * d[1] + r[5] * d[2],
                         r[6] * d[0] + r[7] * d[1] + r[8] * d[2]});
            const double weight = kWeight[i] * 2 * std::numbers::pi / kSteps;
            accumulate<3>(m_band1, &turned[0], &source[0], weight);
            accumulate<5>(m_band2, &turned[3], &source[3], weight);
            accumulate<7>(m_band3, &turned[8], &source[8], weight);
        }
}

void ShRotation::apply(float* coefficients, int degree) const {
    if (degree >= 1) multiply<3>(m_band1, coefficients);
    if (degree >= 2) multiply<5>(m_band2, coefficients + 3 * 3);
    if (degree >= 3) multiply<7>(m_band3, coefficients + 8 * 3);
}

std::array<float, 15> ShRotation::signs() const {
    std::array<float, 15> result{};
    for (std::size_t i = 0; i < 15; ++i) {
        const double v = i < 3 ? m_band1[4 * i] : i < 8 ? m_band2[6 * (i - 3)] : m_band3[8 * (i - 8)];
        result[i] = v < 0 ? -1.0f : 1.0f;
    }
    return result;
}

} // namespace ochre
