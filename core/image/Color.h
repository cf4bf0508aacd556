// SPDX-License-Identifier: GPL-3.0-or-later
// Colour: transfer functions, conversions between colour spaces, alpha, channels, and the colour operations
// of the nodes.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/Cancel.h"
#include "core/image/Image.h"

namespace ochre {

/// IEC 61966-2-1, mirrored for negative values, continued above 1.
float srgbToLinear(float encoded);
float linearToSrgb(float linear);
/// ITU-R BT.709 camera curve.
float rec709ToLinear(float encoded);
float linearToRec709(float linear);

/// The numbers converted, alpha untouched. Raw is only relabelled, both ways.
Image toColorSpace(const Image& image, ColorSpace space, const Cancel& cancel = {});

/// Colour times alpha, and back (colour of clear pixels becomes 0). Pictures without alpha come back as they
/// are.
Image premultiplied(const Image& image, const Cancel& cancel = {});
Image unpremultiplied(const Image& image, const Cancel& cancel = {});

/// Rec.709 weights of the numbers as they stand; one channel, no alpha. Raw pictures keep their first
/// channel.
Image luminance(const Image& image, const Cancel& cancel = {});
/// The chosen channels in that order. Throws Error on an index beyond the picture.
Image selectChannels(const Image& image, std::span<const int> channels);
/// Grey, grey+alpha, RGB or RGBA as 1…4 channels: grey is repeated, colour becomes luminance, alpha 1 is
/// added or dropped.
Image withChannels(const Image& image, int channels, const Cancel& cancel = {});
/// The alpha alone as a mask (Raw, one channel); all 1 where there is none.
Image alphaOf(const Image& image);
/// `image` with `mask` (one channel, same size) as its alpha.
Image withAlpha(const Image& image, const Image& mask);

/// Eight-bit RGB rows for a display: sRGB, rounded, alpha laid over `background`. 3·width·height bytes.
std::vector<std::uint8_t> toRgb8(const Image& image, std::array<float, 3> background = {0, 0, 0});
/// The same with alpha kept straight; 4·width·height bytes.
std::vector<std::uint8_t> toRgba8(const Image& image);

/// All at their defaults change nothing. Work on sRGB-encoded numbers but for exposure and temperature, which
/// work on light (linear); alpha is never touched; grey pictures skip saturation, hue and temperature.
struct ColorAdjustment {
    float exposure = 0;    ///< stops
    float contrast = 0;    ///< −1…1 about middle grey (0.5)
    float brightness = 0;  ///< added
    float gamma = 1;       ///< > 0; above 1 brightens
    float saturation = 1;  ///< 0 grey
    float hue = 0;         ///< degrees
    float temperature = 0; ///< −1 cold … 1 warm
    float tint = 0;        ///< −1 green … 1 magenta
};
Image adjustColor(const Image& image, const ColorAdjustment& adjustment, const Cancel& cancel = {});

/// out = outLow + (outHigh − outLow)·clamp((v − inLow)/(inHigh − inLow))^(1/gamma). Throws Error where inLow
/// = inHigh.
struct Levels {
    float inLow = 0, inHigh = 1, gamma = 1, outLow = 0, outHigh = 1;
};
Image levels(const Image& image, const Levels& levels, const Cancel& cancel = {});

/// A smooth monotone curve through points (x rising, at least two), the same for every colour channel.
struct CurvePoint {
    float x, y;
};
Image curve(const Image& image, std::span<const CurvePoint> points, const Cancel& cancel = {});

Image invert(const Image& image, const Cancel& cancel = {});
/// 1 where luminance ≥ level, else 0; `softness` is the width of a linear ramp about it. A mask.
Image threshold(const Image& image, float level, float softness = 0, const Cancel& cancel = {});

} // namespace ochre
