// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/Compare.h"

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/Pixels.h"

namespace ochre {
namespace {

constexpr int kWindow = 11;

void checkAlike(const Image& a, const Image& b) {
    if (a.empty() || b.empty()) throw Error("there is no picture to compare");
    if (a.width() != b.width() || a.height() != b.height() || a.channels() != b.channels())
        throw Error(fmt::format("pictures of {}×{}×{} and {}×{}×{} cannot be compared", a.width(), a.height(),
                                a.channels(), b.width(), b.height(), b.channels()),
                    "resize one to the other");
}

std::array<double, kWindow> window() {
    std::array<double, kWindow> w{};
    double sum = 0;
    for (int i = 0; i < kWindow; ++i) {
        const double d = i - kWindow / 2;
        sum += w[static_cast<std::size_t>(i)] = std::exp(-d * d / (2 * 1.5 * 1.5));
    }
    for (double& v : w) v /= sum;
    return w;
}

/// Weighted sums over the window of a, b, a², b², ab.
struct Moments {
    double a = 0, b = 0, aa = 0, bb = 0, ab = 0;
    void add(double weight, double x, double y) {
        a += weight * x;
        b += weight * y;
        aa += weight * x * x;
        bb += weight * y * y;
        ab += weight * x * y;
    }
    void add(double weight, const Moments& m) {
        a += weight * m.a;
        b += weight * m.b;
        aa += weight * m.aa;
        bb += weight * m.bb;
        ab += weight * m.ab;
    }
    double ssim() const {
        constexpr double kC1 = 0.01 * 0.01, kC2 = 0.03 * 0.03;
        const double varianceA = aa - a * a, varianceB = bb - b * b, covariance = ab - a * b;
        return (2 * a * b + kC1) * (2 * covariance + kC2) /
               ((a * a + b * b + kC1) * (varianceA + varianceB + kC2));
    }
};

} // namespace

double meanSquareError(const Image& a, const Image& b, const Cancel& cancel) {
    checkAlike(a, b);
    // A sum a row, added in order: the same whatever the threads do.
    std::vector<double> rows(static_cast<std::size_t>(a.height()));
    const std::size_t stride = static_cast<std::size_t>(a.width()) * static_cast<std::size_t>(a.channels());
    pixels::forEachRow(
        a,
        [&](int y) {
            const float* p = a.pixel(0, y);
            const float* q = b.pixel(0, y);
            double sum = 0;
            for (std::size_t i = 0; i < stride; ++i) {
                const double d = static_cast<double>(p[i]) - q[i];
                sum += d * d;
            }
            rows[static_cast<std::size_t>(y)] = sum;
        },
        cancel);
    double sum = 0;
    for (const double r : rows) sum += r;
    return sum / static_cast<double>(a.valueCount());
}

double psnr(const Image& a, const Image& b, const Cancel& cancel) {
    const double mse = meanSquareError(a, b, cancel);
    return mse == 0 ? std::numeric_limits<double>::infinity() : -10 * std::log10(mse);
}

double ssim(const Image& a, const Image& b, const Cancel& cancel) {
    checkAlike(a, b);
    if (a.width() < kWindow || a.height() < kWindow)
        throw Error(fmt::format("SSIM needs {} pixels a side, the pictures have {}×{}", kWindow, a.width(),
                                a.height()),
                    "compare larger pictures");
    const auto weights = window();
    const int colors = pixels::colorChannels(a), columns = a.width() - kWindow + 1,
              lines = a.height() - kWindow + 1;
    std::vector<double> rows(static_cast<std::size_t>(lines));
    pixels::forEachRow(
        a,
        [&](int y) {
            if (y >= lines) return;
            std::vector<Moments> down(static_cast<std::size_t>(a.width()));
            double sum = 0;
            for (int c = 0; c < colors; ++c) {
                for (int x = 0; x < a.width(); ++x) {
                    Moments m;
                    for (int k = 0; k < kWindow; ++k)
                        m.add(weights[static_cast<std::size_t>(k)], a.pixel(x, y + k)[c],
                              b.pixel(x, y + k)[c]);
                    down[static_cast<std::size_t>(x)] = m;
                }
                for (int x = 0; x < columns; ++x) {
                    Moments m;
                    for (int k = 0; k < kWindow; ++k)
                        m.add(weights[static_cast<std::size_t>(k)], down[static_cast<std::size_t>(x + k)]);
                    sum += m.ssim();
                }
            }
            rows[static_cast<std::size_t>(y)] = sum;
        },
        cancel);
    double sum = 0;
    for (const double r : rows) sum += r;
    return sum / (static_cast<double>(colors) * columns * lines);
}

double maxDifference(const Image& a, const Image& b) {
    checkAlike(a, b);
    double most = 0;
    for (std::size_t i = 0; i < a.valueCount(); ++i)
        most = std::max(most, std::fabs(static_cast<double>(a.values()[i]) - b.values()[i]));
    return most;
}

} // namespace ochre
