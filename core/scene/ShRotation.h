// SPDX-License-Identifier: GPL-3.0-or-later
// Spherical harmonics that turn with their splat: the coefficients of a function after its directions were
// turned.
#pragma once

#include <array>

namespace ochre {

/// Row-major, orthogonal: a rotation, or one with a mirror.
using Mat3 = std::array<double, 9>;

/// The real basis of bands 1 to 3 in the order and with the signs of 3DGS, in a unit direction. Orthonormal.
std::array<double, 15> shBasis(const std::array<double, 3>& direction);

/// Matrices of one rotation for bands 1 to 3. Made exactly, by a quadrature over the sphere that is exact for
/// products of two such functions.
class ShRotation {
public:
    explicit ShRotation(const Mat3& rotation);

    /// Of one splat: K coefficients of r, g, b each, as SplatData holds them, for degree 0 to 3.
    void apply(float* coefficients, int degree) const;

    /// Where `rotation` only changes signs of axes: +1 or −1 a coefficient.
    std::array<float, 15> signs() const;

private:
    std::array<double, 9> m_band1{};
    std::array<double, 25> m_band2{};
    std::array<double, 49> m_band3{};
};

} // namespace ochre
