// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/ClassicRestore.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/image/Compare.h"

namespace ochre::models {
namespace {

/// A grey step with grain, or without.
Image step(float grain, int width = 48, int height = 32) {
    Image image(width, height, 3);
    float* p = image.edit().data();
    std::uint32_t noise = 3;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (int c = 0; c < 3; ++c) {
                noise = noise * 1664525 + 1013904223;
                *p++ = (x < width / 2 ? 0.3f : 0.7f) + grain * (static_cast<float>(noise >> 8) / 16777216.0f - 0.5f);
            }
    return image;
}

TEST(ClassicRestore, NonLocalMeansTakesGrainAwayAndKeepsEdges) {
    const Image clean = step(0), noisy = step(0.2f);
    const Image after = nonLocalMeans(noisy, 14);
    EXPECT_GT(psnr(after, clean), psnr(noisy, clean) + 6);
    EXPECT_NEAR(after.pixel(22, 16)[1], 0.3f, 0.04f);
    EXPECT_NEAR(after.pixel(25, 16)[1], 0.7f, 0.04f);
    EXPECT_GT(psnr(nonLocalMeans(noisy, 0.1), noisy), 38) << "without strength little but the colours' rounding happens";
}

TEST(ClassicRestore, EqualisingSpreadsWhatIsDark) {
    Image dark = step(0.2f);
    for (float& v : dark.edit()) v *= 0.15f;
    const Image after = equalised(dark, 8);
    const auto brightest = [](const Image& image) { return *std::ranges::max_element(image.values()); };
    EXPECT_GT(brightest(after), 2 * brightest(dark));
    EXPECT_GE(*std::ranges::min_element(after.values()), 0);
}

} // namespace
} // namespace ochre::models
