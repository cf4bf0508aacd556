// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/Inpaint.h"

#include <gtest/gtest.h>

#include "tests/core/models/diffusion/Wave.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using nn::Tensor;

TEST(Inpaint, GreysWhatTheMaskRoundsTo1) {
    const Tensor pixels = wave({1, 3, 8, 8}).mul(0.5).add(0.5);
    std::vector<float> values(64, 0.4f);
    values[9] = 0.6f;
    values[10] = 0.5f; // rounds to 0, the even number
    const InpaintPicture picture = inpaintPicture(pixels, nn::fromValues(values, {1, 1, 8, 8}));
    const std::vector<float> before = nn::toValues(pixels), after = nn::toValues(picture.hidden);
    for (std::size_t i = 0; i < after.size(); ++i)
        EXPECT_NEAR(after[i], i % 64 == 9 ? 0.5f : before[i], 1e-7f) << i;
    EXPECT_EQ(nn::maxAbsDifference(picture.pixels, pixels), 0);
    EXPECT_NEAR(nn::toValues(picture.mask)[0], 0.4f, 1e-7f) << "the mask itself is not rounded";
}

TEST(Inpaint, CutsToMultiplesOf8AboutTheMiddleAndStretchesTheMask) {
    const Tensor pixels = wave({1, 3, 21, 30});
    const InpaintPicture picture =
        inpaintPicture(pixels, nn::fromValues(std::vector<float>{0, 1}, {1, 1, 1, 2}));
    EXPECT_EQ(picture.pixels.sizes(), at::IntArrayRef({1, 3, 16, 24}));
    EXPECT_EQ(nn::maxAbsDifference(picture.pixels, pixels.narrow(2, 2, 16).narrow(3, 3, 24)), 0);
    EXPECT_EQ(picture.mask.sizes(), at::IntArrayRef({1, 1, 16, 24}));
    const std::vector<float> mask = nn::toValues(picture.mask);
    EXPECT_EQ(mask[0], 0);
    EXPECT_EQ(mask[23], 1);
    EXPECT_NEAR(mask[11] + mask[12], 1, 1e-6) << "between the two it rises";
    test::expectError([] { inpaintPicture(wave({1, 3, 7, 30}), wave({1, 1, 2, 2})); }, "30×7");
}

TEST(Inpaint, GrowsByASquare) {
    std::vector<float> values(35, 0.0f);
    values[2 * 7 + 3] = 0.8f;
    const Tensor mask = nn::fromValues(values, {1, 1, 5, 7});
    const auto span = [&](int grow) { // first row, last row, first column, last column
        const Tensor grown = grownMask(mask, grow).view({5, 7});
        std::array<int, 4> box{5, -1, 7, -1};
        double sum = 0;
        for (int y = 0; y < 5; ++y)
            for (int x = 0; x < 7; ++x)
                if (const float v = grown[y][x].item<float>(); v != 0) {
                    sum += v;
                    box = {std::min(box[0], y), std::max(box[1], y), std::min(box[2], x),
                           std::max(box[3], x)};
                }
        EXPECT_EQ(sum, (box[1] - box[0] + 1) * (box[3] - box[2] + 1)) << "a full rectangle of ones";
        return box;
    };
    EXPECT_EQ(span(0), (std::array<int, 4>{2, 2, 3, 3}));
    EXPECT_EQ(span(1), (std::array<int, 4>{2, 2, 3, 3}));
    EXPECT_EQ(span(2), (std::array<int, 4>{2, 3, 3, 4}));
    EXPECT_EQ(span(3), (std::array<int, 4>{1, 3, 2, 4}));
    EXPECT_EQ(span(6), (std::array<int, 4>{0, 4, 1, 6}));
    EXPECT_EQ(nn::maxAbs(grownMask(mask.mul(0.5), 9)), 0) << "0.4 rounds to 0 before it grows";
    EXPECT_NEAR(mask[0][0][2][3].item<float>(), 0.8f, 1e-7f) << "the input stays";
}

} // namespace
} // namespace ochre::models
