// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/Recolor.h"

#include <cmath>

#include "tests/core/training/Emoji.h"

namespace ochre::training {
namespace {

TEST(NamedColor, LabComesBack) {
    for (int r = 0; r < 256; r += 51)
        for (int g = 0; g < 256; g += 51)
            for (int b = 0; b < 256; b += 51) {
                const auto back = rgbOf(labOf(static_cast<std::uint8_t>(r), static_cast<std::uint8_t>(g),
                                              static_cast<std::uint8_t>(b)));
                EXPECT_NEAR(back[0], r, 0.6);
                EXPECT_NEAR(back[1], g, 0.6);
                EXPECT_NEAR(back[2], b, 0.6);
            }
}

// CSS Color 4's figures for sRGB red.
TEST(NamedColor, LabAgreesWithTheReference) {
    const Lab red = labOf(255, 0, 0);
    EXPECT_NEAR(red.l, 0.62796, 1e-3);
    EXPECT_NEAR(red.chroma(), 0.25768, 1e-3);
    EXPECT_NEAR(red.hue(), 29.234, 0.1);
}

TEST(NamedColor, EachIsWhatItIsCalledAndNoOther) {
    for (std::size_t i = 0; i < kNamedColorCount; ++i)
        for (std::size_t k = 0; k < kNamedColorCount; ++k)
            EXPECT_EQ(agrees(typical(namedColorAt(i)), namedColorAt(k)), i == k)
                << name(namedColorAt(i)) << " " << name(namedColorAt(k));
    EXPECT_EQ(namedColor("gray"), NamedColor::Grey);
    EXPECT_FALSE(namedColor("mauve"));
}

TEST(NamedColor, HuesGoRound) {
    EXPECT_NEAR(hueBetween(350, 10), 20, 1e-4);
    EXPECT_NEAR(hueBetween(10, 350), -20, 1e-4);
    EXPECT_NEAR(hueBetween(0, 180), -180, 1e-4);
}

/// Mean hue of the pixels that changed much, weighed by alpha and chroma; −1 where none did.
float changedHue(const Sprite& before, const Sprite& after) {
    double a = 0, b = 0;
    for (std::size_t i = 0; i < before.rgba.size(); i += 4) {
        if (before.rgba[i + 3] < 250) continue;
        const Lab from = labOf(before.rgba[i], before.rgba[i + 1], before.rgba[i + 2]);
        const Lab to = labOf(after.rgba[i], after.rgba[i + 1], after.rgba[i + 2]);
        if (std::hypot(to.a - from.a, to.b - from.b) < 0.03f) continue;
        a += to.a;
        b += to.b;
    }
    return a == 0 && b == 0 ? -1 : Lab{0, static_cast<float>(a), static_cast<float>(b)}.hue();
}

TEST(Recolor, ChangedPixelsHaveTheNamedHue) {
    OCHRE_EMOJI_OR_SKIP(set);
    for (const char* name :
         {"red apple", "cat", "snowman", "grinning face", "frog", "rocket", "penguin", "automobile", "house",
          "tulip", "shark", "elephant", "wine glass", "guitar", "black cat"}) {
        const Sprite sprite = set.bitmap(set.find(name).value());
        for (std::size_t c = 0; c < kNamedColorCount; ++c) {
            const NamedColor color = namedColorAt(c);
            if (naturalColor(sprite) == color) continue;
            const Sprite other = recolored(sprite, color);
            EXPECT_GT(shareOf(other, color), 0.4) << name << " in " << training::name(color);
            if (!hasHue(color)) continue;
            const float hue = changedHue(sprite, other);
            ASSERT_GE(hue, 0) << name;
            EXPECT_LT(std::fabs(hueBetween(typical(color).hue(), hue)), 18)
                << name << " in " << training::name(color);
        }
    }
}

TEST(Recolor, AlphaAndPremultiplicationStay) {
    OCHRE_EMOJI_OR_SKIP(set);
    const Sprite sprite = set.bitmap(set.find("red apple").value()),
                 other = recolored(sprite, NamedColor::White);
    for (std::size_t i = 0; i < sprite.rgba.size(); i += 4) {
        ASSERT_EQ(other.rgba[i + 3], sprite.rgba[i + 3]);
        for (std::size_t c = 0; c < 3; ++c) ASSERT_LE(other.rgba[i + c], other.rgba[i + 3]);
    }
}

TEST(Recolor, ShadingStays) {
    OCHRE_EMOJI_OR_SKIP(set);
    const Sprite sprite = set.bitmap(set.find("red apple").value()),
                 other = recolored(sprite, NamedColor::Blue);
    // Lightness before and after go together.
    double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
    for (std::size_t i = 0; i < sprite.rgba.size(); i += 4) {
        if (sprite.rgba[i + 3] < 250) continue;
        const double from = labOf(sprite.rgba[i], sprite.rgba[i + 1], sprite.rgba[i + 2]).l;
        const double to = labOf(other.rgba[i], other.rgba[i + 1], other.rgba[i + 2]).l;
        ++n;
        x += from;
        y += to;
        xx += from * from;
        yy += to * to;
        xy += from * to;
    }
    EXPECT_GT((n * xy - x * y) / std::sqrt((n * xx - x * x) * (n * yy - y * y)), 0.8);
}

TEST(Recolor, NaturalColoursAreSeen) {
    OCHRE_EMOJI_OR_SKIP(set);
    const struct {
        const char* name;
        NamedColor color;
    } cases[] = {{"fire engine", NamedColor::Red}, {"grinning face", NamedColor::Yellow},
                 {"broccoli", NamedColor::Green},  {"tangerine", NamedColor::Orange},
                 {"eggplant", NamedColor::Purple}, {"blue heart", NamedColor::Blue}};
    for (const auto& c : cases)
        EXPECT_EQ(naturalColor(set.bitmap(set.find(c.name).value())), c.color) << c.name;
    EXPECT_FALSE(naturalColor(set.bitmap(set.find("rainbow").value())));
}

} // namespace
} // namespace ochre::training
