// SPDX-License-Identifier: GPL-3.0-or-later
// A film whose truth is known: a patterned egg that wanders over a patterned ground and grows, drawn by rule.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/image/Image.h"

namespace ochre::test {

struct MovingObject {
    int width = 320, height = 192, frames = 48;
    int hiddenFrom = -1, hiddenTo = -1; ///< frames in which it is not there

    double time(int index) const { return static_cast<double>(index) / (frames - 1); }
    double middleX(int index) const { return width * (0.2 + 0.58 * time(index)); }
    double middleY(int index) const { return height * (0.5 + 0.17 * std::sin(5 * time(index))); }
    double radius(int index) const { return height * (0.14 + 0.05 * time(index)); }

    /// Place within the egg, of which the edge is at 1.
    double inside(int index, double x, double y) const {
        const double u = (x + 0.5 - middleX(index)) / radius(index), v = (y + 0.5 - middleY(index)) / radius(index);
        return std::hypot(u / (1.25 + 0.18 * v), v);
    }
    bool there(int index) const { return index < hiddenFrom || index > hiddenTo; }

    Image frame(int index) const {
        Image image(width, height, 3);
        float* p = image.edit().data();
        std::uint32_t noise = 7u + static_cast<std::uint32_t>(index);
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x) {
                noise = noise * 1664525u + 1013904223u;
                const double grain = 0.04 * (static_cast<double>(noise >> 8) / 16777216.0 - 0.5);
                const double ground = 0.06 * std::sin(x * 0.21) * std::cos(y * 0.17) + 0.1 * x / width;
                const double u = (x - middleX(index)) / radius(index), v = (y - middleY(index)) / radius(index);
                const double stripe = 0.1 * std::sin(9 * u + 4 * v);
                const bool egg = there(index) && inside(index, x, y) < 1;
                const double color[] = {egg ? 0.78 + stripe : 0.22 + ground, egg ? 0.38 + stripe : 0.42 + ground,
                                        egg ? 0.2 - stripe : 0.5 - ground};
                for (const double c : color) *p++ = static_cast<float>(std::clamp(c + grain, 0.0, 1.0));
            }
        return image;
    }

    Image truth(int index) const {
        Image mask(width, height, 1, ColorSpace::Raw);
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x)
                mask.edit()[static_cast<std::size_t>(y * width + x)] = there(index) && inside(index, x, y) < 1 ? 1.0f : 0.0f;
        return mask;
    }
};

/// Of two masks: what both have, as a share of what either has; 1 where both are empty.
inline double intersectionOverUnion(const Image& a, const Image& b) {
    std::size_t both = 0, either = 0;
    for (std::size_t i = 0; i < a.valueCount(); ++i) {
        const bool in = a.values()[i] > 0.5f, on = b.values()[i] > 0.5f;
        both += in && on;
        either += in || on;
    }
    return either == 0 ? 1 : static_cast<double>(both) / static_cast<double>(either);
}

} // namespace ochre::test
