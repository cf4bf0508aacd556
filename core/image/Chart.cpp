// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/Chart.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Math.h"
#include "core/image/Lettering.h"

namespace ochre {
namespace {

using Ink = std::array<float, 4>;

constexpr Ink kPaper{0.97f, 0.97f, 0.96f, 1}, kInk{0.13f, 0.13f, 0.15f, 1}, kFaint{0.88f, 0.88f, 0.87f, 1},
    kStrong{0.10f, 0.32f, 0.62f, 1}, kQuiet{0.62f, 0.68f, 0.76f, 1};
constexpr int kScale = 2, kTextHeight = kLetterHeight * kScale; // of names and titles; figures in cells are half as large
constexpr int kGap = 6, kCell = 26, kLongestName = 14 * kLetterAdvance * kScale;
constexpr int kBarLength = 260, kBarHeight = 18, kSheetGap = 22;
constexpr float kDark = 0.55f; // values from which figures are light on them
constexpr float kLeastFigure = 0.005f;

/// Of light paper.
Image paper(int width, int height) {
    Image image(width, height, 3);
    const auto values = image.edit();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = kPaper[i % 3];
    return image;
}

void fill(Image& image, int x, int y, int width, int height, const Ink& color) {
    float* const values = image.edit().data();
    for (int row = y; row < y + height; ++row)
        for (int column = x; column < x + width; ++column)
            for (std::size_t c = 0; c < 3; ++c)
                values[3 * (static_cast<std::size_t>(row) * static_cast<std::size_t>(image.width()) + static_cast<std::size_t>(column)) + c] =
                    color[c];
}

void copyOnto(Image& to, const Image& from, int x, int y) {
    float* const values = to.edit().data();
    for (int row = 0; row < from.height(); ++row)
        std::copy_n(from.pixel(0, row), 3 * from.width(),
                    values + 3 * (static_cast<std::size_t>(y + row) * static_cast<std::size_t>(to.width()) + static_cast<std::size_t>(x)));
}

/// A line that reads from below to above, its start at (x, y).
void drawUpright(Image& image, const std::string& text, int x, int y) {
    const int length = std::min(letteringWidth(text, kScale), kLongestName);
    if (length == 0) return;
    Image line = paper(length, kTextHeight);
    drawLettering(line, text, 0, 0, length, kScale, kInk);
    for (int i = 0; i < length; ++i)
        for (int j = 0; j < kTextHeight; ++j) {
            const float* p = line.pixel(i, j);
            fill(image, x + j, y - i, 1, 1, {p[0], p[1], p[2], 1});
        }
}

int widest(const std::vector<std::string>& names) {
    int width = 0;
    for (const std::string& name : names) width = std::max(width, letteringWidth(name, kScale));
    return std::min(width, kLongestName);
}

Ink shade(float value) {
    const float strength = std::clamp(value, 0.0f, 1.0f);
    Ink color{0, 0, 0, 1};
    for (std::size_t c = 0; c < 3; ++c) color[c] = mix(kFaint[c], kStrong[c], strength);
    return color;
}

std::string percent(float value) {
    return fmt::format("{:.0f}", 100 * value);
}

void requireCount(const char* what, std::size_t values, std::size_t wanted) {
    if (wanted == 0 || values != wanted)
        throw Error(fmt::format("chart: {} of {} fields has {} values", what, wanted, values), "this is a fault in the caller");
}

} // namespace

Image draw(const MatrixChart& chart) {
    const auto rows = static_cast<int>(chart.rows.size()), columns = static_cast<int>(chart.columns.size());
    requireCount("a matrix", chart.values.size(), chart.rows.size() * chart.columns.size());
    const int left = widest(chart.rows) + kGap, top = kTextHeight + 2 * kGap + widest(chart.columns);
    Image image = paper(std::max(left + columns * kCell, letteringWidth(chart.title, kScale)), top + kGap + rows * kCell);
    drawLettering(image, chart.title, 0, 0, image.width(), kScale, kInk);
    for (int column = 0; column < columns; ++column)
        drawUpright(image, chart.columns[static_cast<std::size_t>(column)], left + column * kCell + (kCell - kTextHeight) / 2, top - 1);
    for (int row = 0; row < rows; ++row) {
        const std::string& name = chart.rows[static_cast<std::size_t>(row)];
        const int y = top + kGap + row * kCell, width = std::min(letteringWidth(name, kScale), kLongestName);
        drawLettering(image, name, left - kGap - width, y + (kCell - kTextHeight) / 2, width, kScale, kInk);
        for (int column = 0; column < columns; ++column) {
            const float value = chart.values[static_cast<std::size_t>(row * columns + column)];
            const int x = left + column * kCell;
            fill(image, x, y, kCell - 1, kCell - 1, shade(value));
            if (value < kLeastFigure) continue;
            const std::string figure = percent(value);
            drawLettering(image, figure, x + (kCell - letteringWidth(figure, 1)) / 2, y + (kCell - kLetterHeight) / 2, kCell, 1,
                          value < kDark ? kInk : kPaper);
        }
    }
    return image;
}

Image draw(const BarChart& chart) {
    requireCount("a chart of bars", chart.values.size(), chart.names.size());
    int left = kGap;
    for (const std::string& name : chart.names) left = std::max(left, letteringWidth(name, kScale) + kGap);
    const int room = letteringWidth("100.0 %", kScale) + kGap, top = chart.title.empty() ? 0 : kTextHeight + 2 * kGap;
    const int height = top + static_cast<int>(chart.names.size()) * (kBarHeight + kGap);
    Image image = paper(std::max(left + kBarLength + room, letteringWidth(chart.title, kScale)), height);
    drawLettering(image, chart.title, 0, 0, image.width(), kScale, kInk);
    for (std::size_t i = 0; i < chart.names.size(); ++i) {
        const int y = top + static_cast<int>(i) * (kBarHeight + kGap), text = y + (kBarHeight - kTextHeight) / 2;
        const int length = static_cast<int>(std::lround(kBarLength * std::clamp(chart.values[i], 0.0f, 1.0f)));
        drawLettering(image, chart.names[i], left - kGap - letteringWidth(chart.names[i], kScale), text, image.width(), kScale, kInk);
        fill(image, left, y, kBarLength, kBarHeight, kFaint);
        fill(image, left, y, length, kBarHeight, static_cast<int>(i) == chart.marked ? kStrong : kQuiet);
        drawLettering(image, fmt::format("{:.1f} %", 100 * chart.values[i]), left + kBarLength + kGap, text, room, kScale, kInk);
    }
    return image;
}

Image chartSheet(const std::vector<std::vector<Image>>& rows) {
    int width = 0, height = kSheetGap;
    for (const std::vector<Image>& row : rows) {
        int across = kSheetGap, tallest = 0;
        for (const Image& chart : row) {
            across += chart.width() + kSheetGap;
            tallest = std::max(tallest, chart.height());
        }
        width = std::max(width, across);
        height += row.empty() ? 0 : tallest + kSheetGap;
    }
    if (height == kSheetGap) throw Error("chart: there is none to put on a sheet");
    Image sheet = paper(width, height);
    int y = kSheetGap;
    for (const std::vector<Image>& row : rows) {
        int x = kSheetGap, tallest = 0;
        for (const Image& chart : row) {
            copyOnto(sheet, chart, x, y);
            x += chart.width() + kSheetGap;
            tallest = std::max(tallest, chart.height());
        }
        y += row.empty() ? 0 : tallest + kSheetGap;
    }
    return sheet;
}

} // namespace ochre
