// SPDX-License-Identifier: GPL-3.0-or-later
// Clouds of our own making, and how far two of them are apart.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "core/base/File.h"
#include "core/scene/SplatCloud.h"
#include "core/scene/SplatFilter.h"
#include "core/scene/SplatOrder.h"
#include "core/scene/SplatValues.h"

namespace ochre::test {

/// Positions within ±3, log-scales −7…−1, all rotations, opacities 2…98 %, colours and harmonics that can be
/// shown.
inline SplatCloud makeCloud(std::size_t count, int degree, unsigned seed = 1) {
    std::mt19937 random(seed);
    const auto uniform = [&](double low, double high) {
        return static_cast<float>(low + (high - low) * static_cast<double>(random()) / 4294967296.0);
    };
    SplatData d;
    d.shDegree = degree;
    for (std::size_t i = 0; i < count; ++i) {
        for (int k = 0; k < 3; ++k) {
            d.positions.push_back(uniform(-3, 3));
            d.logScales.push_back(uniform(-7, -1));
            d.sh0.push_back(sh0Of(uniform(0.02, 0.98)));
        }
        for (int k = 0; k < 4; ++k) d.rotations.push_back(uniform(-1, 1));
        d.opacities.push_back(logit(uniform(0.02, 0.98)));
        for (std::size_t k = 0; k < 3 * shRestCount(degree); ++k) d.shRest.push_back(uniform(-0.9, 0.9));
    }
    return SplatCloud(std::move(d), "made");
}

/// The largest differences of two clouds, splat by splat.
struct Differences {
    double position = 0, logScale = 0, rotation = 0, color = 0, opacity = 0, sh1 = 0, shRest = 0;
};

inline double largest(const std::vector<float>& a, const std::vector<float>& b) {
    double worst = a.size() == b.size() ? 0 : INFINITY;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        if (a[i] != b[i]) worst = std::max(worst, std::abs(double{a[i]} - b[i]));
    return worst;
}

/// Rotations as 1 − |q·q'|, colours and opacities as they are shown.
inline Differences compare(const SplatCloud& a, const SplatCloud& b) {
    Differences w;
    w.position = largest(a.data().positions, b.data().positions);
    w.logScale = largest(a.data().logScales, b.data().logScales);
    w.color = kShC0 * largest(a.data().sh0, b.data().sh0);
    for (std::size_t i = 0; i < std::min(a.count(), b.count()); ++i) {
        double dot = 0;
        for (std::size_t k = 0; k < 4; ++k)
            dot += double{a.data().rotations[4 * i + k]} * b.data().rotations[4 * i + k];
        w.rotation = std::max(w.rotation, 1 - std::abs(dot));
        w.opacity =
            std::max(w.opacity, std::abs(sigmoid(a.data().opacities[i]) - sigmoid(b.data().opacities[i])));
    }
    if (a.data().shRest.size() != b.data().shRest.size()) {
        w.sh1 = w.shRest = INFINITY;
        return w;
    }
    const std::size_t each = 3 * a.restCount();
    for (std::size_t i = 0; i < a.data().shRest.size(); ++i) {
        double& worst = i % each < 9 ? w.sh1 : w.shRest;
        worst = std::max(worst, std::abs(double{a.data().shRest[i]} - b.data().shRest[i]));
    }
    return w;
}

/// As the writers that follow Morton's curve order it.
inline SplatCloud inMortonOrder(const SplatCloud& cloud) {
    return select(cloud, mortonOrder(cloud.data().positions));
}

inline std::vector<std::byte> bytesOf(const std::filesystem::path& path) {
    return readFile(path, 1u << 30);
}

template <typename T>
void put(std::vector<std::byte>& bytes, std::size_t at, T value) {
    bytes.resize(std::max(bytes.size(), at + sizeof value));
    std::memcpy(&bytes[at], &value, sizeof value);
}

} // namespace ochre::test
