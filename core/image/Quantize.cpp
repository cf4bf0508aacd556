// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/Quantize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/Color.h"
#include "core/image/Pixels.h"

namespace ochre {
namespace {

using Bytes = std::array<std::uint8_t, 3>;
using Numbers = std::array<float, 3>; ///< 0…255

struct Counted {
    Bytes color;
    std::uint64_t pixels;
};

/// A run of the list of colours, and how far it reaches.
struct Box {
    std::size_t begin = 0, end = 0;
    int axis = 0;      ///< the longest side
    double weight = 0; ///< its length squared for each pixel; 0: one colour
};

std::uint8_t byteOf(float value) {
    return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0F, 1.0F) * 255.0F));
}

/// Grey pictures have it three times.
Bytes bytesAt(const float* pixel, int colors) {
    return {byteOf(pixel[0]), byteOf(pixel[colors > 1 ? 1 : 0]), byteOf(pixel[colors > 2 ? 2 : 0])};
}

std::vector<Counted> countColors(const Image& image, const Cancel& cancel) {
    const int colors = pixels::colorChannels(image);
    std::vector<std::uint32_t> keys;
    keys.reserve(image.pixelCount());
    for (int y = 0; y < image.height(); ++y) {
        cancel.check();
        for (int x = 0; x < image.width(); ++x) {
            const Bytes b = bytesAt(image.pixel(x, y), colors);
            keys.push_back(std::uint32_t{b[0]} << 16 | std::uint32_t{b[1]} << 8 | b[2]);
        }
    }
    std::sort(keys.begin(), keys.end());
    std::vector<Counted> counted;
    for (std::size_t i = 0; i < keys.size();) {
        const std::size_t first = i;
        while (i < keys.size() && keys[i] == keys[first]) ++i;
        const auto byte = [&](int shift) { return static_cast<std::uint8_t>(keys[first] >> shift & 255); };
        counted.push_back({{byte(16), byte(8), byte(0)}, i - first});
    }
    return counted;
}

Box boxOf(const std::vector<Counted>& colors, std::size_t begin, std::size_t end) {
    Box box{begin, end};
    std::uint64_t pixels = 0;
    Bytes low{255, 255, 255}, high{0, 0, 0};
    for (std::size_t i = begin; i < end; ++i) {
        pixels += colors[i].pixels;
        for (std::size_t c = 0; c < 3; ++c) {
            low[c] = std::min(low[c], colors[i].color[c]);
            high[c] = std::max(high[c], colors[i].color[c]);
        }
    }
    int longest = 0;
    for (int c = 0; c < 3; ++c) {
        const int side = high[static_cast<std::size_t>(c)] - low[static_cast<std::size_t>(c)];
        if (side > longest) longest = side, box.axis = c;
    }
    box.weight = static_cast<double>(longest) * longest * static_cast<double>(pixels);
    return box;
}

/// Where half of the box's pixels lie on either side; both parts have at least one colour.
std::size_t cutOf(std::vector<Counted>& colors, const Box& box) {
    const auto axis = static_cast<std::size_t>(box.axis);
    const auto at = [&](std::size_t i) { return colors.begin() + static_cast<std::ptrdiff_t>(i); };
    std::stable_sort(at(box.begin), at(box.end),
                     [&](const Counted& a, const Counted& b) { return a.color[axis] < b.color[axis]; });
    std::uint64_t all = 0, before = 0;
    for (std::size_t i = box.begin; i < box.end; ++i) all += colors[i].pixels;
    std::size_t cut = box.begin;
    while (cut + 1 < box.end && 2 * (before + colors[cut].pixels) <= all) before += colors[cut++].pixels;
    return std::max(cut, box.begin + 1);
}

Numbers meanOf(const std::vector<Counted>& colors, const Box& box) {
    std::array<double, 3> sum{};
    double pixels = 0;
    for (std::size_t i = box.begin; i < box.end; ++i) {
        const auto count = static_cast<double>(colors[i].pixels);
        for (std::size_t c = 0; c < 3; ++c) sum[c] += count * colors[i].color[c];
        pixels += count;
    }
    Numbers mean{};
    for (std::size_t c = 0; c < 3; ++c) mean[c] = static_cast<float>(std::round(sum[c] / pixels));
    return mean;
}

std::vector<Numbers> paletteOf(std::vector<Counted> colors, int count, const Cancel& cancel) {
    std::vector<Box> boxes{boxOf(colors, 0, colors.size())};
    while (boxes.size() < static_cast<std::size_t>(count)) {
        cancel.check();
        const auto widest = std::max_element(boxes.begin(), boxes.end(), [](const Box& a, const Box& b) {
            return a.weight < b.weight;
        });
        if (widest->weight == 0) break;
        const Box box = *widest;
        const std::size_t cut = cutOf(colors, box);
        *widest = boxOf(colors, box.begin, cut);
        boxes.push_back(boxOf(colors, cut, box.end));
    }
    std::vector<Numbers> palette;
    for (const Box& box : boxes) palette.push_back(meanOf(colors, box));
    return palette;
}

const Numbers& nearest(const std::vector<Numbers>& palette, const Numbers& color) {
    const Numbers* best = &palette.front();
    float least = INFINITY;
    for (const Numbers& p : palette) {
        const float r = p[0] - color[0], g = p[1] - color[1], b = p[2] - color[2];
        const float distance = r * r + g * g + b * b;
        if (distance < least) least = distance, best = &p;
    }
    return *best;
}

Numbers numbersAt(const float* pixel, int colors) {
    const Bytes b = bytesAt(pixel, colors);
    return {static_cast<float>(b[0]), static_cast<float>(b[1]), static_cast<float>(b[2])};
}

void put(float* pixel, int colors, const Numbers& color) {
    for (int c = 0; c < std::min(colors, 3); ++c) pixel[c] = color[static_cast<std::size_t>(c)] / 255.0F;
}

/// Of Bayer's matrix with 2ⁿ rows, around 0: each level of bits adds a quarter of the one above it.
float threshold(int x, int y, int order) {
    constexpr float kCorners[2][2] = {{-1.5F, 0.5F}, {1.5F, -0.5F}};
    float value = 0, share = 0.25F;
    for (int bit = 1; bit < order; bit *= 2, share /= 4)
        value += kCorners[(y & bit) != 0][(x & bit) != 0] * share;
    return value;
}

void placeEach(Image& image, const std::vector<Numbers>& palette, int order, const Cancel& cancel) {
    const int colors = pixels::colorChannels(image), channels = image.channels();
    const float spread = 2 * 256.0F / static_cast<float>(palette.size());
    float* const values = image.edit().data();
    pixels::forEachRow(
        image,
        [&](int y) {
            for (int x = 0; x < image.width(); ++x) {
                float* pixel =
                    values + (static_cast<std::ptrdiff_t>(y) * image.width() + x) * channels;
                Numbers color = numbersAt(pixel, colors);
                if (order > 0)
                    for (float& v : color)
                        v = std::clamp(std::floor(v + spread * threshold(x, y, order) + 0.5F), 0.0F, 255.0F);
                put(pixel, colors, nearest(palette, color));
            }
        },
        cancel);
}

/// What a pixel is off by goes to those right of it and below (Floyd and Steinberg, 1976): 7, 3, 5 and 1 of 16.
void spreadErrors(Image& image, const std::vector<Numbers>& palette, const Cancel& cancel) {
    const int colors = pixels::colorChannels(image), channels = image.channels(), width = image.width();
    float* const values = image.edit().data();
    const auto side = static_cast<std::size_t>(width) + 2; // a pixel beyond each end
    std::vector<Numbers> here(side), below(side);
    for (int y = 0; y < image.height(); ++y) {
        cancel.check();
        std::fill(below.begin(), below.end(), Numbers{});
        for (int x = 0; x < width; ++x) {
            float* pixel = values + (static_cast<std::ptrdiff_t>(y) * width + x) * channels;
            const auto at = static_cast<std::size_t>(x) + 1;
            Numbers color = numbersAt(pixel, colors);
            for (std::size_t c = 0; c < 3; ++c) color[c] = std::clamp(color[c] + here[at][c], 0.0F, 255.0F);
            const Numbers& chosen = nearest(palette, color);
            for (std::size_t c = 0; c < 3; ++c) {
                const float error = (color[c] - chosen[c]) / 16;
                here[at + 1][c] += error * 7;
                below[at - 1][c] += error * 3;
                below[at][c] += error * 5;
                below[at + 1][c] += error;
            }
            put(pixel, colors, chosen);
        }
        std::swap(here, below);
    }
}

} // namespace

Image quantized(const Image& image, int colors, Dither dither, int order, const Cancel& cancel) {
    if (colors < 1 || colors > 256)
        throw Error(fmt::format("quantize: {} colours", colors), "choose 1 to 256");
    if (dither == Dither::Bayer && order != 2 && order != 4 && order != 8 && order != 16)
        throw Error(fmt::format("quantize: a matrix of {} rows", order), "choose 2, 4, 8 or 16");
    if (image.channels() > 4)
        throw Error(fmt::format("quantize: the picture has {} channels", image.channels()),
                    "give it one of grey or colour");
    Image result = toColorSpace(image, ColorSpace::Srgb, cancel);
    if (result.empty()) return result;
    const std::vector<Numbers> palette = paletteOf(countColors(result, cancel), colors, cancel);
    if (dither == Dither::FloydSteinberg)
        spreadErrors(result, palette, cancel);
    else
        placeEach(result, palette, dither == Dither::Bayer ? order : 0, cancel);
    return result;
}

} // namespace ochre
