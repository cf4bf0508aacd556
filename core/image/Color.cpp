// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/Color.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Math.h"
#include "core/base/TaskPool.h"
#include "core/image/Pixels.h"

namespace ochre {
namespace {

constexpr float kRed = 0.2126f, kGreen = 0.7152f, kBlue = 0.0722f;

using Transfer = float (*)(float);

Transfer decoderOf(ColorSpace space) {
    switch (space) {
    case ColorSpace::Srgb:
        return srgbToLinear;
    case ColorSpace::Rec709:
        return rec709ToLinear;
    default:
        return nullptr;
    }
}

Transfer encoderOf(ColorSpace space) {
    switch (space) {
    case ColorSpace::Srgb:
        return linearToSrgb;
    case ColorSpace::Rec709:
        return linearToRec709;
    default:
        return nullptr;
    }
}

} // namespace

float srgbToLinear(float v) {
    const float a = std::fabs(v);
    return std::copysign(a <= 0.04045f ? a / 12.92f : std::pow((a + 0.055f) / 1.055f, 2.4f), v);
}

float linearToSrgb(float v) {
    const float a = std::fabs(v);
    return std::copysign(a <= 0.0031308f ? a * 12.92f : 1.055f * std::pow(a, 1 / 2.4f) - 0.055f, v);
}

float rec709ToLinear(float v) {
    const float a = std::fabs(v);
    return std::copysign(a < 0.081f ? a / 4.5f : std::pow((a + 0.099f) / 1.099f, 1 / 0.45f), v);
}

float linearToRec709(float v) {
    const float a = std::fabs(v);
    return std::copysign(a < 0.018f ? a * 4.5f : 1.099f * std::pow(a, 0.45f) - 0.099f, v);
}

Image toColorSpace(const Image& image, ColorSpace space, const Cancel& cancel) {
    Image out = image;
    out.setColorSpace(space);
    if (image.empty() || image.colorSpace() == space || image.colorSpace() == ColorSpace::Raw ||
        space == ColorSpace::Raw)
        return out;
    const Transfer decode = decoderOf(image.colorSpace()), encode = encoderOf(space);
    pixels::forEachPixel(
        out,
        [&](float* p, int colors) {
            for (int c = 0; c < colors; ++c) {
                const float light = decode ? decode(p[c]) : p[c];
                p[c] = encode ? encode(light) : light;
            }
        },
        cancel);
    return out;
}

Image premultiplied(const Image& image, const Cancel& cancel) {
    if (!image.hasAlpha()) return image;
    Image out = image;
    pixels::forEachPixel(
        out,
        [](float* p, int colors) {
            for (int c = 0; c < colors; ++c) p[c] *= p[colors];
        },
        cancel);
    return out;
}

Image unpremultiplied(const Image& image, const Cancel& cancel) {
    if (!image.hasAlpha()) return image;
    Image out = image;
    pixels::forEachPixel(
        out,
        [](float* p, int colors) {
            for (int c = 0; c < colors; ++c) p[c] = p[colors] > 0 ? p[c] / p[colors] : 0;
        },
        cancel);
    return out;
}

Image luminance(const Image& image, const Cancel& cancel) {
    Image out(image.width(), image.height(), 1, image.colorSpace());
    out.setMetadata(image.metadata());
    const int channels = image.channels();
    const bool color = channels >= 3;
    float* to = out.edit().data();
    const float* from = image.values().data();
    TaskPool::shared().parallelFor(
        image.pixelCount(), pixels::kGrain,
        [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                const float* p = from + i * static_cast<std::size_t>(channels);
                to[i] = color ? kRed * p[0] + kGreen * p[1] + kBlue * p[2] : p[0];
            }
        },
        cancel);
    return out;
}

Image selectChannels(const Image& image, std::span<const int> channels) {
    for (const int c : channels)
        if (c < 0 || c >= image.channels())
            throw Error(fmt::format("channel {} is not in a picture of {}", c, image.channels()),
                        "channels count from 0");
    Image out(image.width(), image.height(), static_cast<int>(channels.size()), image.colorSpace());
    out.setMetadata(image.metadata());
    float* to = out.edit().data();
    const float* from = image.values().data();
    for (std::size_t i = 0; i < image.pixelCount(); ++i, from += image.channels())
        for (const int c : channels) *to++ = from[c];
    return out;
}

Image withChannels(const Image& image, int channels, const Cancel& cancel) {
    if (channels < 1 || channels > 4)
        throw Error(fmt::format("{} channels have no meaning as colour", channels), "use 1 to 4");
    if (image.channels() == channels) return image;
    if (image.channels() > 4) {
        const int rgb[] = {0, 1, 2};
        return withChannels(selectChannels(image, rgb), channels, cancel);
    }
    const bool fromColor = image.channels() >= 3, toColor = channels >= 3;
    const Image base = fromColor && !toColor ? luminance(image, cancel) : Image{};
    const Image& colors = base.empty() ? image : base;
    Image out(image.width(), image.height(), channels, image.colorSpace());
    out.setMetadata(image.metadata());
    const auto stride = static_cast<std::size_t>(image.channels()), step = static_cast<std::size_t>(channels);
    const std::size_t colorStride = base.empty() ? stride : 1;
    const std::size_t outColors = toColor ? 3 : 1;
    float* to = out.edit().data();
    TaskPool::shared().parallelFor(
        image.pixelCount(), pixels::kGrain,
        [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                const float* color = colors.values().data() + i * colorStride;
                float* p = to + i * step;
                for (std::size_t c = 0; c < outColors; ++c) p[c] = color[fromColor && toColor ? c : 0];
                if (step > outColors)
                    p[outColors] = image.hasAlpha() ? image.values()[i * stride + stride - 1] : 1.0f;
            }
        },
        cancel);
    return out;
}

Image alphaOf(const Image& image) {
    Image out(image.width(), image.height(), 1, ColorSpace::Raw);
    std::span<float> to = out.edit();
    if (!image.hasAlpha()) {
        std::fill(to.begin(), to.end(), 1.0f);
        return out;
    }
    const auto stride = static_cast<std::size_t>(image.channels());
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = image.values()[i * stride + stride - 1];
    return out;
}

Image withAlpha(const Image& image, const Image& mask) {
    if (mask.width() != image.width() || mask.height() != image.height())
        throw Error(fmt::format("the mask is {}×{}, the picture {}×{}", mask.width(), mask.height(),
                                image.width(), image.height()),
                    "resize the mask to the picture");
    Image out = withChannels(image, image.channels() >= 3 ? 4 : 2);
    const auto step = static_cast<std::size_t>(out.channels()),
               maskStep = static_cast<std::size_t>(mask.channels());
    std::span<float> to = out.edit();
    for (std::size_t i = 0; i < out.pixelCount(); ++i) to[i * step + step - 1] = mask.values()[i * maskStep];
    return out;
}

namespace {

std::uint8_t rounded(float value) {
    return static_cast<std::uint8_t>((value > 0 ? std::min(value, 1.0f) : 0.0f) * 255.0f + 0.5f);
}

} // namespace

std::vector<std::uint8_t> toRgb8(const Image& image, std::array<float, 3> background) {
    const bool raw = image.colorSpace() == ColorSpace::Raw;
    const Image shown = withChannels(raw ? image : toColorSpace(image, ColorSpace::Srgb), 4);
    std::vector<std::uint8_t> out(shown.pixelCount() * 3);
    const float* p = shown.values().data();
    for (std::size_t i = 0; i < shown.pixelCount(); ++i, p += 4)
        for (std::size_t c = 0; c < 3; ++c)
            out[i * 3 + c] = rounded(p[3] == 1 ? p[c] : mix(background[c], p[c], p[3]));
    return out;
}

std::vector<std::uint8_t> toRgba8(const Image& image) {
    const bool raw = image.colorSpace() == ColorSpace::Raw;
    const Image shown = withChannels(raw ? image : toColorSpace(image, ColorSpace::Srgb), 4);
    std::vector<std::uint8_t> out(shown.valueCount());
    const float* p = shown.values().data();
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = rounded(p[i]);
    return out;
}

} // namespace ochre
