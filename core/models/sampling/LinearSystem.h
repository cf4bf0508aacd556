// SPDX-License-Identifier: GPL-3.0-or-later
// Systems of a few linear equations, for the weights of multistep samplers.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace ochre::models::sampling {

/// x with Σ_j powers_j^i · x_j = right_i for i = 0 … n−1: a transposed Vandermonde system. Equal points make it
/// unsolvable: the result is then not finite. By elimination with row exchange.
inline std::vector<double> solveVandermonde(const std::vector<double>& points, std::vector<double> right) {
    const std::size_t n = points.size();
    std::vector<std::vector<double>> rows(n, std::vector<double>(n, 1.0));
    for (std::size_t i = 1; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) rows[i][j] = rows[i - 1][j] * points[j];
    for (std::size_t column = 0; column < n; ++column) {
        std::size_t pivot = column;
        for (std::size_t i = column; i < n; ++i)
            if (std::abs(rows[i][column]) > std::abs(rows[pivot][column])) pivot = i;
        std::swap(rows[column], rows[pivot]);
        std::swap(right[column], right[pivot]);
        for (std::size_t i = column + 1; i < n; ++i) {
            const double factor = rows[i][column] / rows[column][column];
            for (std::size_t j = column; j < n; ++j) rows[i][j] -= factor * rows[column][j];
            right[i] -= factor * right[column];
        }
    }
    for (std::size_t i = n; i-- > 0;) {
        for (std::size_t j = i + 1; j < n; ++j) right[i] -= rows[i][j] * right[j];
        right[i] /= rows[i][i];
    }
    return right;
}

} // namespace ochre::models::sampling
