// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/Image.h"

#include <gtest/gtest.h>

#include "tests/support/Support.h"

namespace ochre {
namespace {

TEST(Image, CopiesShareUntilOneIsEdited) {
    Image a(4, 3, 3);
    const Image b = a;
    EXPECT_EQ(a.values().data(), b.values().data());
    a.edit()[0] = 1;
    EXPECT_EQ(b.values()[0], 0);
    EXPECT_EQ(a.values()[0], 1);
    const float* const own = a.values().data();
    a.edit()[1] = 1;
    EXPECT_EQ(a.values().data(), own);
}

TEST(Image, RefusesSizesBeyondTheLimits) {
    for (const auto& [w, h, c] : {std::tuple{0, 1, 1},
                                  {1, 0, 1},
                                  {-1, 5, 3},
                                  {65537, 1, 1},
                                  {40000, 40000, 1},
                                  {1, 1, 0},
                                  {1, 1, 65}})
        EXPECT_FALSE(test::expectError([&, w = w, h = h, c = c] { Image(w, h, c); }).hint().empty());
}

TEST(Image, NamesOfColourSpacesReadBack) {
    for (const ColorSpace space : {ColorSpace::Srgb, ColorSpace::Linear, ColorSpace::Rec709, ColorSpace::Raw})
        EXPECT_EQ(colorSpaceFromName(name(space)), space);
    test::expectError([] { colorSpaceFromName("purple"); }, "purple");
}

} // namespace
} // namespace ochre
