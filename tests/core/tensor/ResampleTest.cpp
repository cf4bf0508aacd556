// SPDX-License-Identifier: GPL-3.0-or-later
// Values are those of PyTorch 2.13 and of ComfyUI's rules computed with it.
#include "core/tensor/Resample.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/tensor/Fill.h"

namespace ochre::nn {
namespace {

/// [1, 3, 2, 3], with two vectors that point away from each other and one of length 0.
Tensor sample() {
    std::vector<float> values;
    for (int i = 0; i < 18; ++i) values.push_back(static_cast<float>(std::sin(0.37 * i + 0.1)));
    for (std::size_t c = 0; c < 3; ++c) {
        values[6 * c + 4] = -2 * values[6 * c + 1];
        values[6 * c + 5] = 0;
    }
    return fromValues(values, {1, 3, 2, 3});
}

void expectValues(const Tensor& tensor, const std::vector<float>& expected) {
    const std::vector<float> seen = toValues(tensor);
    ASSERT_EQ(seen.size(), expected.size());
    for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_NEAR(seen[i], expected[i], 2e-6f) << i;
}

TEST(Resample, NearestExactTakesThePixelWhoseCentreIsNearest) {
    expectValues(resizeNearestExact(sample().narrow(1, 0, 1), 3, 4),
                 {0.099833414f, 0.452886283f, 0.452886283f, 0.744643092f, 0.935616016f, -0.905772567f,
                  -0.905772567f, 0, 0.935616016f, -0.905772567f, -0.905772567f, 0});
}

TEST(Resample, AreaIsTheMeanOfWhatAPixelCovers) {
    expectValues(resizeArea(sample().narrow(1, 1, 1), 3, 4),
                 {0.732231438f, 0.58431524f, 0.258950621f, 0.0815021545f, 0.223902866f, 0.00285165012f,
                  -0.0887242258f, 0.0407510772f, -0.284425706f, -0.57861191f, -0.436399072f, 0});
}

TEST(Resample, BicubicByAScaleKeepsToItAndSmoothTakesAWiderKernel) {
    expectValues(resizeBicubicBy(sample().narrow(1, 0, 1), 3, 4, 3.1 / 2, 4.1 / 3),
                 {-0.0169505328f, 0.334592044f, 0.7097947f, 0.821223199f, 0.537534595f, 0.020359803f, -0.0720402598f,
                  0.42257911f, 1.14122975f, -0.321760565f, -0.923263013f, -0.0114450036f});
    expectValues(resizeBicubicSmooth(sample().narrow(1, 0, 1), 3, 2),
                 {0.208819449f, 0.725637317f, 0.233298212f, 0.132939667f, 0.257776976f, -0.459758222f});
}

TEST(Resample, BislerpTurnsVectorsAndMixesTheirLengths) {
    expectValues(resizeBislerp(sample(), 3, 4),
                 {0.099833414f,  0.330436021f,  0.577101409f,  0.744643092f,  0.65427655f,   1.29608595f,
                  0.844815195f,  0.263271064f,  0.935616016f,  0.590427041f,  -0.470701486f, 0,
                  0.732231438f,  0.553769708f,  0.306409389f,  0.0815021545f, 0.251428008f,  -0.614474475f,
                  -0.813356221f, 0.0288153607f, -0.284425706f, -1.40521491f,  -0.453565717f, 0,
                  -0.985177755f, -1.00000143f,  -0.947582364f, -0.843187749f, -0.958279252f, -0.553122222f,
                  0.138617963f,  -0.298111856f, -0.591715574f, 1.10862458f,   1.01910985f,   0});
}

TEST(Resample, MaxPoolTakesTheLargestOfEachSquare) {
    std::vector<float> values;
    for (int i = 0; i < 30; ++i) values.push_back(static_cast<float>(i * 7 % 30));
    const Tensor pooled = maxPool(fromValues(values, {1, 1, 5, 6}), 3, 2);
    EXPECT_EQ(pooled.sizes(), at::IntArrayRef({1, 1, 2, 2}));
    expectValues(pooled, {26, 28, 25, 27});
}

TEST(Resample, BislerpKeepsWhatIsTheSameEverywhere) {
    const Tensor flat = fromValues(std::vector<float>{1, 1, 1, 1, -2, -2, -2, -2}, {1, 2, 2, 2});
    const Tensor large = resizeBislerp(flat, 5, 7);
    EXPECT_EQ(large.sizes(), at::IntArrayRef({1, 2, 5, 7}));
    EXPECT_EQ(maxAbsDifference(large, flat.narrow(2, 0, 1).narrow(3, 0, 1).expand({1, 2, 5, 7})), 0);
}

} // namespace
} // namespace ochre::nn
