// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/Picture.h"

#include <algorithm>
#include <cmath>

#include "core/base/TaskPool.h"

namespace ochre {
namespace {

constexpr int kChecker = 8;
constexpr float kDarkSquare = 0.30f, kLightSquare = 0.36f;

float srgbFromLinear(float v) {
    return v <= 0.0031308f ? 12.92f * v : 1.055f * std::pow(v, 1 / 2.4f) - 0.055f;
}

float linearFromSrgb(float v) {
    return v <= 0.04045f ? v / 12.92f : std::pow((v + 0.055f) / 1.055f, 2.4f);
}

float linearFromRec709(float v) {
    return v < 0.081f ? v / 4.5f : std::pow((v + 0.099f) / 1.099f, 1 / 0.45f);
}

std::uint8_t byte(float v) {
    return static_cast<std::uint8_t>(std::clamp(v, 0.0f, 1.0f) * 255 + 0.5f);
}

using Rgba = std::array<float, 4>;

/// Mean of the picture over the pixel's footprint; alpha 0 where it misses the picture.
Rgba sample(const Image& rgba, double x0, double y0, double size) {
    const auto range = [size](double a, int limit) {
        const int first = static_cast<int>(std::floor(a)), last = size <= 1 ? first : static_cast<int>(std::ceil(a + size)) - 1;
        return std::pair{std::max(first, 0), std::min(last, limit - 1)};
    };
    const auto [xa, xb] = range(size <= 1 ? x0 + size / 2 : x0, rgba.width());
    const auto [ya, yb] = range(size <= 1 ? y0 + size / 2 : y0, rgba.height());
    Rgba sum{};
    int count = 0;
    for (int y = ya; y <= yb; ++y)
        for (int x = xa; x <= xb; ++x, ++count) {
            const float* p = rgba.pixel(x, y);
            for (std::size_t k = 0; k < 3; ++k) sum[k] += p[k] * p[3];
            sum[3] += p[3];
        }
    if (count == 0) return {0, 0, 0, -1};
    if (sum[3] > 0)
        for (std::size_t k = 0; k < 3; ++k) sum[k] /= sum[3];
    sum[3] /= static_cast<float>(count);
    return sum;
}

Rgba developed(Rgba c, const PictureView& view) {
    const float gain = std::exp2(view.exposure);
    for (std::size_t k = 0; k < 3; ++k) {
        if (view.exposure != 0) c[k] = srgbFromLinear(std::max(0.0f, linearFromSrgb(std::max(0.0f, c[k]))) * gain);
        if (view.gamma != 1) c[k] = std::pow(std::max(0.0f, c[k]), 1 / view.gamma);
    }
    using Channel = PictureView::Channel;
    switch (view.channel) {
    case Channel::Color: return c;
    case Channel::Red: return {c[0], c[0], c[0], 1};
    case Channel::Green: return {c[1], c[1], c[1], 1};
    case Channel::Blue: return {c[2], c[2], c[2], 1};
    case Channel::Alpha: return {c[3], c[3], c[3], 1};
    case Channel::Luminance: {
        const float l = 0.2126f * linearFromSrgb(c[0]) + 0.7152f * linearFromSrgb(c[1]) + 0.0722f * linearFromSrgb(c[2]);
        const float y = srgbFromLinear(l);
        return {y, y, y, 1};
    }
    }
    return c;
}

} // namespace

void layOver(const std::array<float, 3>& background, Image& premultiplied) {
    const auto values = premultiplied.edit();
    for (std::size_t i = 0; i + 3 < values.size(); i += 4) {
        for (std::size_t k = 0; k < 3; ++k) values[i + k] += background[k] * (1 - values[i + 3]);
        values[i + 3] = 1;
    }
}

void packRgba8(const Image& rgba, std::span<std::uint8_t> pixels) {
    const auto values = rgba.values();
    for (std::size_t i = 0; i < std::min(values.size(), pixels.size()); ++i) pixels[i] = byte(values[i]);
}

Image displayRgba(const Image& picture) {
    Image out(picture.width(), picture.height(), 4, ColorSpace::Srgb);
    const auto from = picture.values();
    const auto to = out.edit();
    const auto channels = static_cast<std::size_t>(picture.channels());
    const bool grey = channels < 3;
    const auto curve = [space = picture.colorSpace()](float v) {
        if (space == ColorSpace::Linear) return srgbFromLinear(v);
        if (space == ColorSpace::Rec709) return srgbFromLinear(linearFromRec709(v));
        return v;
    };
    TaskPool::shared().parallelFor(picture.pixelCount(), 1 << 14, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const float* p = &from[i * channels];
            for (std::size_t k = 0; k < 3; ++k) to[4 * i + k] = curve(p[grey ? 0 : k]);
            to[4 * i + 3] = picture.hasAlpha() ? std::clamp(p[channels - 1], 0.0f, 1.0f) : 1.0f;
        }
    });
    return out;
}

void drawPicture(const Image& picture, const PictureView& view, int width, int height, std::span<std::uint8_t> pixels) {
    const Image rgba = picture.empty() ? Image() : displayRgba(picture);
    TaskPool::shared().parallelFor(static_cast<std::size_t>(height), 8, [&](std::size_t begin, std::size_t end) {
        for (std::size_t y = begin; y < end; ++y)
            for (int x = 0; x < width; ++x) {
                Rgba c{0, 0, 0, -1};
                if (!rgba.empty())
                    c = sample(rgba, (x - view.panX) / view.zoom, (static_cast<double>(y) - view.panY) / view.zoom, 1 / view.zoom);
                std::uint8_t* out = &pixels[4 * (y * static_cast<std::size_t>(width) + static_cast<std::size_t>(x))];
                out[3] = 255;
                if (c[3] < 0) {
                    for (std::size_t k = 0; k < 3; ++k) out[k] = byte(view.background[k]);
                    continue;
                }
                c = developed(c, view);
                const bool light = ((x / kChecker) ^ (static_cast<int>(y) / kChecker)) & 1;
                for (std::size_t k = 0; k < 3; ++k) {
                    const float under = view.checkerboard ? (light ? kLightSquare : kDarkSquare) : view.background[k];
                    out[k] = byte(c[k] * c[3] + under * (1 - c[3]));
                }
            }
    });
}

} // namespace ochre
