// SPDX-License-Identifier: GPL-3.0-or-later
// What NeRF does along a ray: where it looks, and how the samples become a pixel. Plain numbers, one ray at a time.
// Paper: arXiv 2003.08934, sections 4 and 5.2. Reference: yenchenlin/nerf-pytorch run_nerf.py.
#pragma once

#include <array>
#include <span>

namespace ochre::models {

/// origin + t·direction; the direction's length counts.
struct Ray {
    std::array<float, 3> origin, direction;

    std::array<float, 3> at(float t) const;
    float length() const; ///< of the direction
};

/// As many samples as `z` has, evenly from near to far, both included.
void placeEvenly(float near, float far, std::span<float> z);

/// What a ray gathers. Colours are premultiplied: without a background.
struct RayResult {
    std::array<float, 3> color{};
    float depth = 0;   ///< Σ w·z
    float opacity = 0; ///< Σ w

    float disparity() const; ///< 1 / max(1e-10, depth / opacity)
};

/// raw [S][4] of a network at the samples z [S] → the result, and the share w [S] that each has in it. The last interval has no
/// end.
RayResult composite(std::span<const float> raw, std::span<const float> z, float rayLength, std::span<float> weights);

/// More samples where the shares are large: the inverse of their distribution at even steps. bins [B], weights [B − 1].
void placeByWeight(std::span<const float> bins, std::span<const float> weights, std::span<float> samples);

/// The importance samples of a ray: by the shares w [S] of the samples z [S] but the first and the last, between the middles of
/// neighbours.
void placeImportance(std::span<const float> z, std::span<const float> weights, std::span<float> samples);

/// Normalised device coordinates of forward-facing scenes, whose cameras look along −z: what is between z = −1 and infinity lies
/// between t = 0 and 1. scale: width/(2·fx), height/(2·fy). False where the ray does not look there.
bool toNdc(Ray& ray, const std::array<float, 2>& scale);
/// t of the ray that went in, for t of the ray that came out.
float fromNdc(const Ray& before, float t);

} // namespace ochre::models
