// SPDX-License-Identifier: GPL-3.0-or-later
// The colour operations of Color.h.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Math.h"
#include "core/image/Color.h"
#include "core/image/Pixels.h"

namespace ochre {
namespace {

constexpr float kRed = 0.2126f, kGreen = 0.7152f, kBlue = 0.0722f;
constexpr float kDegree = 3.14159265358979f / 180;

/// Rotation about the grey axis that keeps luminance (the matrix of SVG's hueRotate, with Rec.709 weights).
std::array<float, 9> hueMatrix(float degrees) {
    const float c = std::cos(degrees * kDegree), s = std::sin(degrees * kDegree);
    return {kRed + c * (1 - kRed) - s * kRed,       kGreen - c * kGreen - s * kGreen,
            kBlue - c * kBlue + s * (1 - kBlue),    kRed - c * kRed + s * 0.143f,
            kGreen + c * (1 - kGreen) + s * 0.140f, kBlue - c * kBlue - s * 0.283f,
            kRed - c * kRed - s * (1 - kRed),       kGreen - c * kGreen + s * kGreen,
            kBlue + c * (1 - kBlue) + s * kBlue};
}

/// Runs `body` on sRGB numbers, or on the numbers as they are where the picture is Raw.
template <typename Body>
Image onEncoded(const Image& image, const Body& body, const Cancel& cancel) {
    const ColorSpace space = image.colorSpace();
    const bool convert = space != ColorSpace::Raw && space != ColorSpace::Srgb;
    Image out = convert ? toColorSpace(image, ColorSpace::Srgb, cancel) : image;
    pixels::forEachPixel(out, body, cancel);
    return convert ? toColorSpace(out, space, cancel) : out;
}

/// Weighted harmonic mean of the slopes on both sides (Fritsch and Butland 1984): no overshoot between the
/// points.
float limitedTangent(float left, float right) {
    if (left * right <= 0) return 0;
    const float low = std::fabs(left) < std::fabs(right) ? left : right, high = low == left ? right : left;
    return 3 * low * high / (high + 2 * low);
}

Image adjustLight(const Image& image, const ColorAdjustment& a, const Cancel& cancel) {
    if (a.exposure == 0 && a.temperature == 0 && a.tint == 0) return image;
    const float gain = std::exp2(a.exposure);
    const float rgb[3] = {gain * std::exp2(a.temperature * 0.5f), gain * std::exp2(-a.tint * 0.5f),
                          gain * std::exp2(-a.temperature * 0.5f)};
    Image out = toColorSpace(
        image, image.colorSpace() == ColorSpace::Raw ? ColorSpace::Raw : ColorSpace::Linear, cancel);
    pixels::forEachPixel(
        out,
        [&](float* p, int colors) {
            for (int c = 0; c < colors; ++c) p[c] *= colors == 3 ? rgb[c] : gain;
        },
        cancel);
    return toColorSpace(out, image.colorSpace(), cancel);
}

} // namespace

Image adjustColor(const Image& image, const ColorAdjustment& a, const Cancel& cancel) {
    if (!(a.gamma > 0)) throw Error(fmt::format("gamma {} is not above 0", a.gamma), "1 changes nothing");
    Image out = adjustLight(image, a, cancel);
    const bool plain =
        a.contrast == 0 && a.brightness == 0 && a.gamma == 1 && a.saturation == 1 && a.hue == 0;
    if (plain) return out;
    // −1 flattens to grey, 1 is the steepest: the slope is tan of 0…90°, 1 in the middle.
    const float slope = std::tan((std::clamp(a.contrast, -1.0f, 0.99f) + 1) * 45 * kDegree);
    const std::array<float, 9> hue = hueMatrix(a.hue);
    return onEncoded(
        out,
        [&](float* p, int colors) {
            if (colors == 3 && a.hue != 0) {
                const float r = p[0], g = p[1], b = p[2];
                for (std::size_t c = 0; c < 3; ++c)
                    p[c] = hue[3 * c] * r + hue[3 * c + 1] * g + hue[3 * c + 2] * b;
            }
            if (colors == 3 && a.saturation != 1) {
                const float grey = kRed * p[0] + kGreen * p[1] + kBlue * p[2];
                for (int c = 0; c < 3; ++c) p[c] = mix(grey, p[c], a.saturation);
            }
            for (int c = 0; c < colors; ++c) {
                float v = p[c];
                if (a.contrast != 0) v = (v - 0.5f) * slope + 0.5f;
                v += a.brightness;
                if (a.gamma != 1) v = std::copysign(std::pow(std::fabs(v), 1 / a.gamma), v);
                p[c] = v;
            }
        },
        cancel);
}

Image levels(const Image& image, const Levels& l, const Cancel& cancel) {
    if (l.inLow == l.inHigh)
        throw Error(fmt::format("levels from {} to {} leave no range", l.inLow, l.inHigh),
                    "set white apart from black");
    if (!(l.gamma > 0)) throw Error(fmt::format("gamma {} is not above 0", l.gamma), "1 changes nothing");
    const float scale = 1 / (l.inHigh - l.inLow);
    return onEncoded(
        image,
        [&](float* p, int colors) {
            for (int c = 0; c < colors; ++c) {
                float v = std::clamp((p[c] - l.inLow) * scale, 0.0f, 1.0f);
                if (l.gamma != 1) v = std::pow(v, 1 / l.gamma);
                p[c] = mix(l.outLow, l.outHigh, v);
            }
        },
        cancel);
}

Image curve(const Image& image, std::span<const CurvePoint> points, const Cancel& cancel) {
    if (points.size() < 2)
        throw Error(fmt::format("a curve of {} points is no curve", points.size()), "give at least two");
    for (std::size_t i = 1; i < points.size(); ++i)
        if (!(points[i].x > points[i - 1].x))
            throw Error(
                fmt::format("curve point {} at {} does not lie right of the one before", i + 1, points[i].x),
                "order the points by x");
    const std::size_t n = points.size();
    std::vector<float> secant(n - 1), tangent(n);
    for (std::size_t i = 0; i + 1 < n; ++i)
        secant[i] = (points[i + 1].y - points[i].y) / (points[i + 1].x - points[i].x);
    tangent[0] = secant[0];
    tangent[n - 1] = secant[n - 2];
    for (std::size_t i = 1; i + 1 < n; ++i) tangent[i] = limitedTangent(secant[i - 1], secant[i]);
    const auto evaluate = [&](float x) {
        if (x <= points[0].x) return points[0].y;
        if (x >= points[n - 1].x) return points[n - 1].y;
        std::size_t i = 0;
        while (x > points[i + 1].x) ++i;
        const float h = points[i + 1].x - points[i].x, t = (x - points[i].x) / h;
        const float t2 = t * t, t3 = t2 * t;
        return (2 * t3 - 3 * t2 + 1) * points[i].y + (t3 - 2 * t2 + t) * h * tangent[i] +
               (3 * t2 - 2 * t3) * points[i + 1].y + (t3 - t2) * h * tangent[i + 1];
    };
    return onEncoded(
        image,
        [&](float* p, int colors) {
            for (int c = 0; c < colors; ++c) p[c] = evaluate(p[c]);
        },
        cancel);
}

Image invert(const Image& image, const Cancel& cancel) {
    return onEncoded(
        image,
        [](float* p, int colors) {
            for (int c = 0; c < colors; ++c) p[c] = 1 - p[c];
        },
        cancel);
}

Image threshold(const Image& image, float level, float softness, const Cancel& cancel) {
    Image mask = luminance(image, cancel);
    mask.setColorSpace(ColorSpace::Raw);
    mask.setMetadata({});
    const float low = level - softness / 2;
    pixels::forEachPixel(
        mask,
        [&](float* p, int) {
            *p = softness > 0 ? std::clamp((*p - low) / softness, 0.0f, 1.0f) : *p >= level ? 1.0f : 0.0f;
        },
        cancel);
    return mask;
}

} // namespace ochre
