// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/sampling/BetaQuantile.h"

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::models::sampling {
namespace {

/// The continued fraction of DLMF 8.17.22, by Lentz's method; it converges fast for x < (a + 1)/(a + b + 2).
double continuedFraction(double x, double a, double b) {
    constexpr double tiny = 1e-300;
    constexpr int mostTerms = 10000;
    const auto away = [](double value) { return std::abs(value) < tiny ? tiny : value; };
    double c = 1, d = 1 / away(1 - (a + b) * x / (a + 1)), result = d;
    for (int m = 1; m < mostTerms; ++m) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double change = 1;
        for (const double term : {even, odd}) {
            d = 1 / away(1 + term * d);
            c = away(1 + term / c);
            change = c * d;
            result *= change;
        }
        if (std::abs(change - 1) < std::numeric_limits<double>::epsilon()) break;
    }
    return result;
}

double logBeta(double a, double b) { return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b); }

/// I_x(a, b) where `y` = 1 − x is known better than the subtraction would give it.
double share(double x, double y, double a, double b) {
    if (x <= 0) return 0;
    if (y <= 0) return 1;
    if (x > (a + 1) / (a + b + 2)) return 1 - share(y, x, b, a);
    const double front = std::exp(a * std::log(x) + b * std::log(y) - logBeta(a, b));
    return front * continuedFraction(x, a, b) / a;
}

} // namespace

double betaShare(double x, double a, double b) { return share(x, 1 - x, a, b); }

double betaQuantile(double part, double a, double b) {
    if (!(part >= 0 && part <= 1) || !(a > 0) || !(b > 0))
        throw Error(fmt::format("beta distribution: share {}, alpha {}, beta {}", part, a, b),
                    "the share lies in 0…1, alpha and beta above 0");
    if (part == 0 || part == 1) return part;
    // In the lower half x itself is found, in the upper 1 − x, so that either is precise.
    const bool upper = part > betaShare(0.5, a, b);
    if (upper) std::swap(a, b);
    const double wanted = upper ? 1 - part : part;
    double low = 0, high = 0.5;
    double x = std::min(0.25, std::exp((std::log(wanted * a) + logBeta(a, b)) / a));
    for (int step = 0; step < 200 && x > 0; ++step) {
        const double error = share(x, 1 - x, a, b) - wanted;
        (error > 0 ? high : low) = x;
        const double density = std::exp((a - 1) * std::log(x) + (b - 1) * std::log1p(-x) - logBeta(a, b));
        double next = x - error / density;
        if (!(next > low && next < high)) next = (low + high) / 2; // Newton left the bracket
        if (std::abs(next - x) <= 2 * std::numeric_limits<double>::epsilon() * x) break;
        x = next;
    }
    return upper ? 1 - x : x;
}

} // namespace ochre::models::sampling
