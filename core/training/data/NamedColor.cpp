// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/NamedColor.h"

#include <algorithm>
#include <cmath>

#include "core/image/Color.h"

namespace ochre::training {
namespace {

constexpr float kDegrees = 57.29577951f;

/// Typical colour as lightness, chroma, hue; then the region: hues from…to (over 360 where to < from),
/// lightness, chroma.
struct Region {
    const char* name;
    float l, c, h;
    float hueFrom, hueTo, lowestL, highestL, lowestC, highestC;
};
constexpr Region kRegions[kNamedColorCount] = {
    {"red", 0.58f, 0.21f, 27, 8, 40, 0.28f, 0.72f, 0.1f, 1},
    {"orange", 0.74f, 0.17f, 58, 42, 76, 0.62f, 0.9f, 0.122f, 1},
    {"yellow", 0.88f, 0.17f, 97, 76, 115, 0.7f, 1, 0.08f, 1},
    {"green", 0.64f, 0.18f, 143, 113, 170, 0.22f, 0.97f, 0.045f, 1},
    {"turquoise", 0.77f, 0.12f, 192, 168, 222, 0.4f, 0.97f, 0.04f, 1},
    {"blue", 0.56f, 0.19f, 258, 224, 284, 0.22f, 0.93f, 0.045f, 1},
    {"purple", 0.53f, 0.2f, 306, 284, 334, 0.2f, 0.9f, 0.045f, 1},
    {"pink", 0.79f, 0.14f, 356, 334, 22, 0.58f, 0.98f, 0.035f, 1},
    {"brown", 0.45f, 0.085f, 52, 30, 88, 0.15f, 0.72f, 0.025f, 0.12f},
    {"black", 0.24f, 0, 0, 0, 360, 0, 0.42f, 0, 0.05f},
    {"grey", 0.64f, 0, 0, 0, 360, 0.4f, 0.88f, 0, 0.04f},
    {"white", 0.95f, 0, 0, 0, 360, 0.85f, 1.1f, 0, 0.035f},
};

const Region& regionOf(NamedColor color) {
    return kRegions[static_cast<std::size_t>(color)];
}

const std::array<float, 256>& linearOfByte() {
    static const std::array<float, 256> table = [] {
        std::array<float, 256> t{};
        for (std::size_t i = 0; i < t.size(); ++i) t[i] = srgbToLinear(static_cast<float>(i) / 255);
        return t;
    }();
    return table;
}

/// 0…255 of linear 0…1, from a table fine enough for half a step everywhere.
float encoded(float linear) {
    constexpr std::size_t kSteps = 8192;
    static const std::array<float, kSteps + 2> table = [] {
        std::array<float, kSteps + 2> t{};
        for (std::size_t i = 0; i < t.size(); ++i) t[i] = 255 * linearToSrgb(static_cast<float>(i) / kSteps);
        return t;
    }();
    const float at = std::clamp(linear, 0.0f, 1.0f) * kSteps;
    const auto low = static_cast<std::size_t>(at);
    return table[low] + (table[low + 1] - table[low]) * (at - static_cast<float>(low));
}

std::array<float, 3> linearOf(const Lab& lab) {
    const float l = lab.l + 0.3963377774f * lab.a + 0.2158037573f * lab.b;
    const float m = lab.l - 0.1055613458f * lab.a - 0.0638541728f * lab.b;
    const float s = lab.l - 0.0894841775f * lab.a - 1.2914855480f * lab.b;
    const float l3 = l * l * l, m3 = m * m * m, s3 = s * s * s;
    return {4.0767416621f * l3 - 3.3077115913f * m3 + 0.2309699292f * s3,
            -1.2684380046f * l3 + 2.6097574011f * m3 - 0.3413193965f * s3,
            -0.0041960863f * l3 - 0.7034186147f * m3 + 1.7076147010f * s3};
}

} // namespace

const char* name(NamedColor color) {
    return regionOf(color).name;
}

std::optional<NamedColor> namedColor(std::string_view word) {
    if (word == "gray") return NamedColor::Grey;
    for (std::size_t i = 0; i < kNamedColorCount; ++i)
        if (word == kRegions[i].name) return namedColorAt(i);
    return std::nullopt;
}

float Lab::chroma() const {
    return std::sqrt(a * a + b * b);
}

float Lab::hue() const {
    const float degrees = std::atan2(b, a) * kDegrees;
    return degrees < 0 ? degrees + 360 : degrees;
}

Lab labOfLch(float lightness, float chroma, float hueDegrees) {
    return {lightness, chroma * std::cos(hueDegrees / kDegrees), chroma * std::sin(hueDegrees / kDegrees)};
}

Lab labOf(std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
    const auto& linear = linearOfByte();
    const float r = linear[red], g = linear[green], b = linear[blue];
    const float l = std::cbrt(0.4122214708f * r + 0.5363325363f * g + 0.0514459929f * b);
    const float m = std::cbrt(0.2119034982f * r + 0.6806995451f * g + 0.1073969566f * b);
    const float s = std::cbrt(0.0883024619f * r + 0.2817188376f * g + 0.6299787005f * b);
    return {0.2104542553f * l + 0.7936177850f * m - 0.0040720468f * s,
            1.9779984951f * l - 2.4285922050f * m + 0.4505937099f * s,
            0.0259040371f * l + 0.7827717662f * m - 0.8086757660f * s};
}

std::array<float, 3> rgbOf(Lab lab) {
    constexpr float kOver = 0.002f;
    const auto inside = [](const std::array<float, 3>& rgb) {
        return std::all_of(rgb.begin(), rgb.end(), [](float v) { return v >= -kOver && v <= 1 + kOver; });
    };
    std::array<float, 3> rgb = linearOf(lab);
    for (int i = 0; i < 16 && !inside(rgb); ++i) {
        lab.a *= 0.88f;
        lab.b *= 0.88f;
        rgb = linearOf(lab);
    }
    return {encoded(rgb[0]), encoded(rgb[1]), encoded(rgb[2])};
}

Lab typical(NamedColor color) {
    const Region& region = regionOf(color);
    return labOfLch(region.l, region.c, region.h);
}

bool agrees(const Lab& lab, NamedColor color) {
    const Region& region = regionOf(color);
    const float chroma = lab.chroma();
    if (lab.l < region.lowestL || lab.l > region.highestL || chroma < region.lowestC ||
        chroma > region.highestC)
        return false;
    if (!hasHue(color)) return true;
    const float hue = lab.hue();
    return region.hueFrom <= region.hueTo ? hue >= region.hueFrom && hue <= region.hueTo
                                          : hue >= region.hueFrom || hue <= region.hueTo;
}

float hueBetween(float from, float to) {
    const float turn = std::fmod(to - from + 540, 360.0f) - 180;
    return turn < -180 ? turn + 360 : turn;
}

} // namespace ochre::training
