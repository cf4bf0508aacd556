// SPDX-License-Identifier: GPL-3.0-or-later
// Small charts as pictures, for results that are to be looked at where pictures are: matrices and bars, labelled with the
// letters of Lettering.h, dark on light.
#pragma once

#include <string>
#include <vector>

#include "core/image/Image.h"

namespace ochre {

/// Values 0…1 as strength of colour with their percent inside, row by row; names before the rows and, turned, over the columns.
struct MatrixChart {
    std::string title;
    std::vector<std::string> rows, columns;
    std::vector<float> values;
};
/// Throws Error where there are not rows · columns values, or none.
Image draw(const MatrixChart& chart);

/// Shares of a whole, a bar below the other, with their percent behind them; `marked`: one that stands out, −1: none.
struct BarChart {
    std::string title;
    std::vector<std::string> names;
    std::vector<float> values; ///< 0…1
    int marked = -1;
};
/// Throws Error where there are not as many values as names, or none.
Image draw(const BarChart& chart);

/// Charts row by row on one sheet, from the left; rows may differ in length. Throws Error where there is none.
Image chartSheet(const std::vector<std::vector<Image>>& rows);

} // namespace ochre
