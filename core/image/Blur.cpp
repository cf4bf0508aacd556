// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/Color.h"
#include "core/image/Filter.h"
#include "core/image/Pixels.h"

namespace ochre {
namespace {

constexpr float kMaxSigma = 4096;

std::vector<float> gaussianKernel(float sigma) {
    const int radius = static_cast<int>(std::ceil(sigma * (sigma < 8 ? 4 : 3)));
    std::vector<double> weights;
    double sum = 0;
    for (int i = -radius; i <= radius; ++i) {
        weights.push_back(std::exp(-0.5 * i * i / (static_cast<double>(sigma) * sigma)));
        sum += weights.back();
    }
    std::vector<float> kernel;
    for (const double w : weights) kernel.push_back(static_cast<float>(w / sum));
    return kernel;
}

/// The row with `radius` copies of its end pixels on both sides.
void paddedRow(const float* row, std::size_t width, std::size_t channels, std::size_t radius,
               std::vector<float>& out) {
    out.resize((width + 2 * radius) * channels);
    for (std::size_t i = 0; i < radius; ++i) {
        std::copy_n(row, channels, &out[i * channels]);
        std::copy_n(row + (width - 1) * channels, channels, &out[(radius + width + i) * channels]);
    }
    std::copy_n(row, width * channels, &out[radius * channels]);
}

Image convolve(const Image& image, const std::vector<float>& kernel, const Cancel& cancel) {
    const std::size_t channels = static_cast<std::size_t>(image.channels()),
                      width = static_cast<std::size_t>(image.width());
    const std::size_t stride = width * channels, radius = kernel.size() / 2;
    Image across(image.width(), image.height(), image.channels(), image.colorSpace());
    float* mid = across.edit().data();
    pixels::forEachRow(
        image,
        [&](int y) {
            thread_local std::vector<float> row;
            paddedRow(image.pixel(0, y), width, channels, radius, row);
            float* to = mid + static_cast<std::size_t>(y) * stride;
            for (std::size_t k = 0; k < kernel.size(); ++k) {
                const float w = kernel[k];
                const float* from = row.data() + k * channels;
                for (std::size_t i = 0; i < stride; ++i) to[i] += w * from[i];
            }
        },
        cancel);
    Image out(image.width(), image.height(), image.channels(), image.colorSpace());
    float* values = out.edit().data();
    pixels::forEachRow(
        out,
        [&](int y) {
            float* to = values + static_cast<std::size_t>(y) * stride;
            for (std::size_t k = 0; k < kernel.size(); ++k) {
                const int from =
                    std::clamp(y + static_cast<int>(k) - static_cast<int>(radius), 0, image.height() - 1);
                const float* row = mid + static_cast<std::size_t>(from) * stride;
                const float w = kernel[k];
                for (std::size_t i = 0; i < stride; ++i) to[i] += w * row[i];
            }
        },
        cancel);
    out.setMetadata(image.metadata());
    return out;
}

Image weighted(const Image& image, const std::vector<float>& kernel, const Cancel& cancel) {
    if (!image.hasAlpha()) return convolve(image, kernel, cancel);
    return unpremultiplied(convolve(premultiplied(image, cancel), kernel, cancel), cancel);
}

/// Largest (or smallest) value over 2·radius+1 neighbours in a row, in time that does not grow with the
/// radius: van Herk (1992), Gil and Werman (1993).
void extremeRow(const float* in, float* out, int n, int radius, bool largest, std::vector<float>& work) {
    const auto better = [&](float a, float b) { return largest ? std::max(a, b) : std::min(a, b); };
    const int window = 2 * radius + 1, padded = (n + 2 * radius + window - 1) / window * window;
    const float worst =
        largest ? -std::numeric_limits<float>::infinity() : std::numeric_limits<float>::infinity();
    work.assign(static_cast<std::size_t>(padded) * 2, worst);
    float* forward = work.data();
    float* backward = forward + padded;
    std::copy_n(in, n, forward + radius);
    std::copy_n(in, n, backward + radius);
    for (int i = 1; i < padded; ++i)
        if (i % window) forward[i] = better(forward[i], forward[i - 1]);
    for (int i = padded - 2; i >= 0; --i)
        if ((i + 1) % window) backward[i] = better(backward[i], backward[i + 1]);
    for (int i = 0; i < n; ++i) out[i] = better(backward[i], forward[i + window - 1]);
}

} // namespace

Image gaussianBlur(const Image& image, float sigma, const Cancel& cancel) {
    if (!(sigma >= 0) || sigma > kMaxSigma)
        throw Error(fmt::format("a blur of {} pixels is not within 0…{}", sigma, kMaxSigma));
    if (sigma == 0 || image.empty()) return image;
    return weighted(image, gaussianKernel(sigma), cancel);
}

Image boxBlur(const Image& image, int radius, const Cancel& cancel) {
    if (radius < 0 || radius > kMaxSigma)
        throw Error(fmt::format("a blur of {} pixels is not within 0…{}", radius, kMaxSigma));
    if (radius == 0 || image.empty()) return image;
    const auto size = static_cast<std::size_t>(2 * radius + 1);
    return weighted(image, std::vector<float>(size, 1.0f / static_cast<float>(size)), cancel);
}

Image sharpen(const Image& image, float sigma, float amount, float threshold, const Cancel& cancel) {
    if (amount == 0 || sigma == 0) return image;
    const Image soft = gaussianBlur(image, sigma, cancel);
    Image out = image;
    const float* from = soft.values().data();
    float* const values = out.edit().data();
    pixels::forEachPixel(
        out,
        [&](float* p, int colors) {
            const float* s = from + (p - values);
            for (int c = 0; c < colors; ++c) {
                const float difference = p[c] - s[c];
                if (std::fabs(difference) > threshold) p[c] += amount * difference;
            }
        },
        cancel);
    return out;
}

Image growMask(const Image& mask, int radius, const Cancel& cancel) {
    if (radius > kMaxSigma || radius < -kMaxSigma)
        throw Error(fmt::format("a mask cannot grow by {} pixels", radius), "use at most 4096");
    Image in = mask.channels() == 1 ? mask : luminance(mask, cancel);
    if (radius == 0) return in;
    const bool largest = radius > 0;
    const int r = std::abs(radius), height = in.height();
    const auto width = static_cast<std::size_t>(in.width());
    Image out(in.width(), height, 1, in.colorSpace());
    float* values = out.edit().data();
    // A disc as horizontal bars: row y + d contributes its extremes over ±√(r² − d²).
    pixels::forEachRow(
        out,
        [&](int y) {
            thread_local std::vector<float> bar, work;
            bar.resize(width);
            float* to = values + static_cast<std::size_t>(y) * width;
            std::copy_n(in.pixel(0, y), width, to);
            for (int d = -r; d <= r; ++d) {
                if (y + d < 0 || y + d >= height) continue;
                const int half =
                    static_cast<int>(std::sqrt(static_cast<double>(r) * r - static_cast<double>(d) * d));
                extremeRow(in.pixel(0, y + d), bar.data(), in.width(), half, largest, work);
                for (std::size_t x = 0; x < width; ++x)
                    to[x] = largest ? std::max(to[x], bar[x]) : std::min(to[x], bar[x]);
            }
        },
        cancel);
    out.setMetadata(mask.metadata());
    return out;
}

Image featherMask(const Image& mask, float radius, const Cancel& cancel) {
    return gaussianBlur(mask, radius / 2, cancel);
}

} // namespace ochre
