// SPDX-License-Identifier: GPL-3.0-or-later
// Moves, turns, scales and mirrors a cloud as a whole: centres, sizes, rotations and harmonics together.
#pragma once

#include <array>

#include "core/scene/ShRotation.h"
#include "core/scene/SplatCloud.h"

namespace ochre {

/// A point goes to scale · rotation · point + translation.
struct Similarity {
    std::array<double, 4> rotation{1, 0, 0, 0}; ///< w,x,y,z; normalised before use
    double scale = 1;                           ///< positive
    std::array<double, 3> translation{};

    bool operator==(const Similarity&) const = default;
    bool isIdentity() const;
    /// The same turning and scaling about a point that stays where it is but for the translation.
    Similarity about(const std::array<double, 3>& pivot) const;
    Similarity then(const Similarity& next) const; ///< this one first. Throws Error where a rotation is zero
    Similarity inverse() const;
};

/// Moves splats one by one. Safe to use from several threads.
class SplatMover {
public:
    /// Throws Error when the numbers are not finite, the scale not positive or the rotation zero.
    explicit SplatMover(const Similarity& similarity);

    bool turns() const { return m_turns; } ///< else rotations and harmonics stay
    void move(SplatData& data, std::size_t splat) const;
    // The parts of it, to the numbers of one splat: three and three; four, and K coefficients of r, g, b.
    void place(float* position, float* logScales) const;
    void turn(float* rotation, float* shRest, int shDegree) const;

private:
    Similarity m_similarity;
    std::array<double, 9> m_matrix;
    ShRotation m_sh;
    float m_larger;
    bool m_turns;
};

/// Turns about the x axis first, then y, then z, the axes standing still; degrees, right-handed.
std::array<double, 4> rotationOfDegrees(const std::array<double, 3>& xyz);
/// The way back: y from −90 to 90.
std::array<double, 3> degreesOf(const std::array<double, 4>& rotation);
Mat3 matrixOf(const std::array<double, 4>& rotation);
std::array<double, 16> similarityMatrix(const Similarity& similarity); ///< row-major, of points (x, y, z, 1)

/// Splats and fields. Throws Error when the numbers are not finite, the scale not positive or the rotation zero.
SplatCloud transform(const SplatCloud& cloud, const Similarity& similarity);
void transform(SplatData& data, const Similarity& similarity);

/// Changes the sign of axes (±1 each) of everything: between frames of other programs and ours.
void flipAxes(SplatData& data, const std::array<int, 3>& signs);

} // namespace ochre
