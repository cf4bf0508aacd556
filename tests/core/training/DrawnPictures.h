// SPDX-License-Identifier: GPL-3.0-or-later
// Folders of small pictures and cut-outs that are drawn by a rule, each another.
#pragma once

#include <cmath>
#include <filesystem>
#include <numbers>

#include <fmt/format.h>

#include "core/image/ImageIo.h"
#include "core/training/data/Draw.h"

namespace ochre::training {

/// Soft hills of colour with a few discs of hard edges.
inline Image drawnPicture(std::uint64_t seed, int width, int height) {
    Draw draw(seed, 0, 0);
    Image image(width, height, 3);
    struct Wave {
        double x, y, phase;
        double color[3];
    } waves[4];
    for (Wave& wave : waves) {
        wave = {draw.between(-0.1, 0.1), draw.between(-0.1, 0.1), draw.between(0, 6), {}};
        for (double& c : wave.color) c = draw.between(0.02, 0.15);
    }
    struct Disc {
        double x, y, radius, color[3];
    } discs[5];
    for (Disc& disc : discs) {
        disc = {draw.between(0, width), draw.between(0, height), draw.between(0.05, 0.2) * height, {}};
        for (double& c : disc.color) c = draw.unit();
    }
    float* p = image.edit().data();
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (int c = 0; c < 3; ++c) {
                double value = 0.5;
                for (const Wave& wave : waves) value += wave.color[c] * std::sin(wave.x * x + wave.y * y + wave.phase);
                for (const Disc& disc : discs)
                    if (std::hypot(x - disc.x, y - disc.y) < disc.radius) value = disc.color[c];
                *p++ = static_cast<float>(std::min(1.0, std::max(0.0, value)));
            }
    return image;
}

inline std::filesystem::path makePictures(const std::filesystem::path& folder, int count, int width, int height) {
    std::filesystem::create_directories(folder);
    for (int i = 0; i < count; ++i)
        writeImage(drawnPicture(static_cast<std::uint64_t>(i) + 1, width, height), folder / fmt::format("picture{}.png", i));
    return folder;
}

/// Stars of two colours on a clear ground, in a pattern of stripes.
inline std::filesystem::path makeCutouts(const std::filesystem::path& folder, int count, int side = 64) {
    std::filesystem::create_directories(folder);
    for (int i = 0; i < count; ++i) {
        Draw draw(static_cast<std::uint64_t>(i) + 100, 0, 0);
        const double points = 3 + static_cast<double>(draw.below(5)), red = draw.unit(), green = draw.unit(), blue = draw.unit();
        Image image(side, side, 4);
        float* p = image.edit().data();
        for (int y = 0; y < side; ++y)
            for (int x = 0; x < side; ++x, p += 4) {
                const double dx = x + 0.5 - 0.5 * side, dy = y + 0.5 - 0.5 * side;
                const double edge = side * (0.35 + 0.12 * std::cos(points * std::atan2(dy, dx)));
                const double stripe = (x / 6 + y / 9) % 2 ? 1 : 0.6;
                p[0] = static_cast<float>(red * stripe);
                p[1] = static_cast<float>(green * stripe);
                p[2] = static_cast<float>(blue * stripe);
                p[3] = std::hypot(dx, dy) < edge ? 1.0f : 0.0f;
            }
        writeImage(image, folder / fmt::format("star{}.png", i));
    }
    return folder;
}

} // namespace ochre::training
