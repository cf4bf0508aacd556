// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/ScaleNorm.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/base/Error.h"
#include "core/tensor/Fill.h"
#include "tests/support/Support.h"

namespace ochre::nn {
namespace {

/// Rows whose mean is ten times their deviation.
std::vector<float> rowsOf(int rows, int width) {
    std::vector<float> values;
    for (int i = 0; i < rows * width; ++i) values.push_back(static_cast<float>(7 + std::sin(1.7 * i)));
    return values;
}

TEST(ScaleNorm, DividesByTheDeviationAndKeepsTheMean) {
    for (const int width : {1, 5, 16, 48, 67}) {
        const std::vector<float> values = rowsOf(3, width), weight = rowsOf(1, width);
        const std::vector<float> seen =
            toValues(ScaleNorm(fromValues(weight, {width}))(fromValues(values, {3, width})));
        for (int row = 0; row < 3; ++row) {
            double sum = 0, squares = 0;
            for (int i = 0; i < width; ++i) sum += values[static_cast<std::size_t>(row * width + i)];
            for (int i = 0; i < width; ++i)
                squares += std::pow(values[static_cast<std::size_t>(row * width + i)] - sum / width, 2);
            for (int i = 0; i < width; ++i) {
                const auto at = static_cast<std::size_t>(row * width + i);
                const double expected = values[at] / std::sqrt(squares / width + 1e-5) * weight[static_cast<std::size_t>(i)];
                ASSERT_NEAR(seen[at], expected, 1e-5 * expected) << "width " << width << " at " << row << ", " << i;
            }
        }
    }
}

TEST(ScaleNorm, OtherTypesAndOrdersGiveTheSame) {
    const Tensor x = fromValues(rowsOf(6, 20), {2, 3, 20});
    const ScaleNorm norm(fromValues(rowsOf(1, 20), {20}));
    EXPECT_LT(maxAbsDifference(norm(x.to(at::kDouble)), norm(x)), 1e-4);
    EXPECT_EQ(maxAbsDifference(norm(x.transpose(0, 1)), norm(x).transpose(0, 1)), 0);
    test::expectError([&] { norm(x.narrow(2, 0, 19)); }, "takes 20 channels, was given 19");
}

} // namespace
} // namespace ochre::nn
