// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/Degradation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/Error.h"
#include "core/image/Color.h"

namespace ochre::training {
namespace {

constexpr double kLeastNoise = 5, kMostNoise = 30;    // of 255
constexpr int kLowestQuality = 35, kHighestQuality = 95;
constexpr double kLeastStops = 2, kMostStops = 4.5, kCast = 0.08;
constexpr double kLeastShot = 2e-5, kMostShot = 4e-4; // variance of light for a unit of it
constexpr double kMostRead = 2e-3;                    // deviation of light
constexpr int kBlock = 8, kSamples = kBlock * kBlock;

using Table = std::array<int, kSamples>;
constexpr Table kLuminance{16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,  14, 13, 16, 24, 40, 57,
                           69, 56, 14, 17, 22,  29,  51,  87,  80, 62, 18, 22, 37,  56,  68,  109, 103, 77, 24, 35, 55, 64,
                           81, 104, 113, 92, 49, 64,  78,  87,  103, 121, 120, 101, 72, 92,  95,  98, 112, 100, 103, 99};
constexpr Table kChrominance{17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99,
                             99, 99, 47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
                             99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99};

/// Nearly normal, of mean 0 and variance 1, from sums alone.
double normal(Draw& draw) {
    std::int64_t sum = 0;
    for (int i = 0; i < 2; ++i)
        for (std::uint64_t bits = draw.bits(), part = 0; part < 4; ++part) sum += static_cast<std::int64_t>((bits >> (16 * part)) & 0xffff);
    constexpr double kMean = 8 * 32767.5, kDeviation = 65536 * 0.816496580927726; // √(8/12)
    return (static_cast<double>(sum) - kMean) / kDeviation;
}

std::uint8_t rounded(double value) {
    return static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0) + 0.5);
}

/// Of a block of samples, in place: rows of the matrix are cosines of rising frequency.
using Matrix = std::array<float, kSamples>;
const Matrix& cosines() {
    static const Matrix matrix = [] {
        Matrix m{};
        for (int k = 0; k < kBlock; ++k)
            for (int i = 0; i < kBlock; ++i)
                m[static_cast<std::size_t>(k * kBlock + i)] = static_cast<float>(
                    (k == 0 ? std::sqrt(0.125) : 0.5) * std::cos((2 * i + 1) * k * std::numbers::pi / (2 * kBlock)));
        return m;
    }();
    return matrix;
}

/// out = a · b, or a · bᵀ.
void multiply(const Matrix& a, const Matrix& b, bool transposed, Matrix& out) {
    for (std::size_t i = 0; i < kBlock; ++i)
        for (std::size_t j = 0; j < kBlock; ++j) {
            float sum = 0;
            for (std::size_t k = 0; k < kBlock; ++k) sum += a[i * kBlock + k] * (transposed ? b[j * kBlock + k] : b[k * kBlock + j]);
            out[i * kBlock + j] = sum;
        }
}

Matrix transposedOf(const Matrix& m) {
    Matrix out{};
    for (std::size_t i = 0; i < kBlock; ++i)
        for (std::size_t j = 0; j < kBlock; ++j) out[j * kBlock + i] = m[i * kBlock + j];
    return out;
}

struct Plane {
    int width = 0, height = 0;
    std::vector<float> values;

    Plane(int w, int h) : width(w), height(h), values(static_cast<std::size_t>(w) * static_cast<std::size_t>(h)) {}
    float& at(int x, int y) { return values[static_cast<std::size_t>(std::min(y, height - 1) * width + std::min(x, width - 1))]; }
};

void quantize(Plane& plane, const Table& table, int quality) {
    const int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    const Matrix &forward = cosines(), backward = transposedOf(forward);
    Matrix block{}, half{};
    for (int top = 0; top < plane.height; top += kBlock)
        for (int left = 0; left < plane.width; left += kBlock) {
            for (int i = 0; i < kSamples; ++i)
                block[static_cast<std::size_t>(i)] = plane.at(left + i % kBlock, top + i / kBlock) - 128;
            multiply(forward, block, false, half);
            multiply(half, forward, true, block);
            for (std::size_t i = 0; i < kSamples; ++i) {
                const auto step = static_cast<float>(std::clamp((table[i] * scale + 50) / 100, 1, 255));
                block[i] = std::nearbyint(block[i] / step) * step;
            }
            multiply(backward, block, false, half);
            multiply(half, backward, true, block);
            for (int i = 0; i < kSamples; ++i)
                if (left + i % kBlock < plane.width && top + i / kBlock < plane.height)
                    plane.at(left + i % kBlock, top + i / kBlock) = std::clamp(block[static_cast<std::size_t>(i)] + 128, 0.0f, 255.0f);
        }
}

void addNoise(Pixels& pixels, double deviation, Draw& draw) {
    for (std::uint8_t& value : pixels.rgb) value = rounded(value + deviation * normal(draw));
}

void darken(Pixels& pixels, Draw& draw) {
    const double exposure = std::exp2(-draw.between(kLeastStops, kMostStops));
    std::array<double, 3> gains{};
    for (double& gain : gains) gain = exposure * draw.between(1 - kCast, 1 + kCast);
    const double shot = draw.between(kLeastShot, kMostShot), read = draw.between(0, kMostRead);
    for (std::size_t i = 0; i < pixels.rgb.size(); ++i) {
        const double light = gains[i % 3] * static_cast<double>(srgbToLinear(static_cast<float>(pixels.rgb[i]) / 255.0f));
        const double noisy = light + std::sqrt(shot * light + read * read) * normal(draw);
        pixels.rgb[i] = rounded(255 * static_cast<double>(linearToSrgb(static_cast<float>(std::clamp(noisy, 0.0, 1.0)))));
    }
}

} // namespace

const std::vector<std::string>& degradationNames() {
    static const std::vector<std::string> names{"noise_jpeg", "low_light"};
    return names;
}

Degradation degradationFromName(const std::string& name) {
    const auto it = std::ranges::find(degradationNames(), name);
    if (it == degradationNames().end())
        throw Error(fmt::format("\"{}\" is no degradation", name), fmt::format("there are {}", fmt::join(degradationNames(), ", ")));
    return static_cast<Degradation>(it - degradationNames().begin());
}

void degrade(Pixels& pixels, Degradation kind, Draw& draw) {
    if (kind == Degradation::LowLight) {
        darken(pixels, draw);
        return;
    }
    addNoise(pixels, draw.between(kLeastNoise, kMostNoise), draw);
    compressAsJpeg(pixels, kLowestQuality + static_cast<int>(draw.below(kHighestQuality - kLowestQuality + 1)));
}

void compressAsJpeg(Pixels& pixels, int quality) {
    Plane y(pixels.width, pixels.height), blue((pixels.width + 1) / 2, (pixels.height + 1) / 2), red(blue.width, blue.height);
    const auto at = [&](int x, int row) { return &pixels.rgb[3 * static_cast<std::size_t>(row * pixels.width + x)]; };
    for (int row = 0; row < pixels.height; ++row)
        for (int x = 0; x < pixels.width; ++x) {
            const std::uint8_t* p = at(x, row);
            y.at(x, row) = 0.299f * static_cast<float>(p[0]) + 0.587f * static_cast<float>(p[1]) + 0.114f * static_cast<float>(p[2]);
        }
    for (int row = 0; row < blue.height; ++row)
        for (int x = 0; x < blue.width; ++x) {
            float b = 0, r = 0, light = 0;
            for (int part = 0; part < 4; ++part) {
                const int px = std::min(2 * x + part % 2, pixels.width - 1), py = std::min(2 * row + part / 2, pixels.height - 1);
                light += y.at(px, py) / 4;
                r += static_cast<float>(at(px, py)[0]) / 4;
                b += static_cast<float>(at(px, py)[2]) / 4;
            }
            blue.at(x, row) = 128 + 0.564f * (b - light);
            red.at(x, row) = 128 + 0.713f * (r - light);
        }
    quantize(y, kLuminance, quality);
    quantize(blue, kChrominance, quality);
    quantize(red, kChrominance, quality);
    for (int row = 0; row < pixels.height; ++row)
        for (int x = 0; x < pixels.width; ++x) {
            const float light = y.at(x, row), b = blue.at(x / 2, row / 2) - 128, r = red.at(x / 2, row / 2) - 128;
            std::uint8_t* p = at(x, row);
            p[0] = rounded(static_cast<double>(light + 1.402f * r));
            p[1] = rounded(static_cast<double>(light - 0.344f * b - 0.714f * r));
            p[2] = rounded(static_cast<double>(light + 1.772f * b));
        }
}

} // namespace ochre::training
