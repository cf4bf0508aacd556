// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/Chart.h"

#include <gtest/gtest.h>

#include "tests/support/Support.h"

namespace ochre {
namespace {

/// Pixels that are darker than this, in a part of the picture.
int darkPixels(const Image& image, int left, int top, int right, int bottom, float limit = 0.3f) {
    int count = 0;
    for (int y = top; y < bottom; ++y)
        for (int x = left; x < right; ++x) count += image.pixel(x, y)[0] < limit;
    return count;
}

int darkPixels(const Image& image) {
    return darkPixels(image, 0, 0, image.width(), image.height());
}

TEST(Chart, AMatrixIsDarkerWhereItsValuesAreLarger) {
    const Image image = draw(MatrixChart{.title = "", .rows = {"a", "b"}, .columns = {"c", "d"}, .values = {1, 0, 0.5f, 0}});
    // Cells lie in the lower right corner, 26 pixels each.
    const auto cell = [&](int row, int column) {
        return image.pixel(image.width() - (2 - column) * 26 + 2, image.height() - (2 - row) * 26 + 2)[0];
    };
    EXPECT_LT(cell(0, 0), cell(1, 0));
    EXPECT_LT(cell(1, 0), cell(0, 1));
    EXPECT_EQ(cell(0, 1), cell(1, 1));
}

TEST(Chart, NamesStandBeforeRowsAndOverColumns) {
    const auto chart = [](const std::string& row, const std::string& column) {
        return draw(MatrixChart{.title = "", .rows = {row}, .columns = {column}, .values = {0}});
    };
    const Image none = chart("", ""), rows = chart("apple", ""), columns = chart("", "apple");
    EXPECT_EQ(darkPixels(none), 0);
    EXPECT_GT(darkPixels(rows, 0, 0, rows.width() - 26, rows.height()), 20);
    EXPECT_GT(darkPixels(columns, 0, 0, columns.width(), columns.height() - 26), 20);
    EXPECT_GT(rows.width() - none.width(), 40) << "words lie before rows";
    EXPECT_GT(columns.height() - none.height(), 40) << "and stand over columns";
    EXPECT_EQ(rows.height(), none.height());
}

TEST(Chart, BarsAreAsLongAsTheirShares) {
    const auto length = [](float value) {
        const Image image = draw(BarChart{.title = "", .names = {""}, .values = {value}, .marked = 0});
        int count = 0;
        for (int x = 0; x < image.width(); ++x) count += image.pixel(x, 17)[0] < 0.2f; // below the letters
        return count;
    };
    EXPECT_EQ(length(0), 0);
    EXPECT_EQ(length(0.5f), 130);
    EXPECT_EQ(length(1), 260);
}

TEST(Chart, ASheetHoldsAllChartsOfItsRows) {
    const Image one = draw(BarChart{.title = "x", .names = {"a"}, .values = {0.4f}});
    const Image sheet = chartSheet({{one, one}, {}, {one}});
    EXPECT_GE(sheet.width(), 2 * one.width());
    EXPECT_GE(sheet.height(), 2 * one.height());
    EXPECT_EQ(darkPixels(sheet), 3 * darkPixels(one));
}

TEST(Chart, CountsThatDoNotFitAreSaid) {
    test::expectError([] { draw(MatrixChart{.title = "", .rows = {"a"}, .columns = {"b"}, .values = {1, 2}}); }, "of 1 fields has 2 values");
    test::expectError([] { draw(MatrixChart{}); }, "of 0 fields has 0 values");
    test::expectError([] { draw(BarChart{.title = "", .names = {"a"}, .values = {}}); }, "of 1 fields has 0 values");
    test::expectError([] { chartSheet({{}}); }, "there is none");
}

} // namespace
} // namespace ochre
