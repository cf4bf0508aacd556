// SPDX-License-Identifier: GPL-3.0-or-later
// Twelve colours that people name, and where each lies in OKLab (Ottosson 2020), a space of even steps to the
// eye.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ochre::training {

enum class NamedColor : std::uint8_t {
    Red,
    Orange,
    Yellow,
    Green,
    Turquoise,
    Blue,
    Purple,
    Pink,
    Brown,
    Black,
    Grey,
    White
};
inline constexpr std::size_t kNamedColorCount = 12;

const char* name(NamedColor color); ///< "red", …
/// The colour that a lower-case word names ("gray" too), or nothing.
std::optional<NamedColor> namedColor(std::string_view word);
constexpr NamedColor namedColorAt(std::size_t index) {
    return static_cast<NamedColor>(index);
}
/// Black, grey and white have no hue.
constexpr bool hasHue(NamedColor color) {
    return color < NamedColor::Black;
}

struct Lab {
    float l = 0, a = 0, b = 0; ///< lightness 0…1, green to red, blue to yellow
    float chroma() const;
    float hue() const; ///< degrees, 0…360
};
Lab labOfLch(float lightness, float chroma, float hueDegrees);

/// From eight-bit sRGB, and back to 0…255 (not rounded): chroma is lowered until the colour lies within sRGB.
Lab labOf(std::uint8_t red, std::uint8_t green, std::uint8_t blue);
std::array<float, 3> rgbOf(Lab lab);

/// The colour at its most typical.
Lab typical(NamedColor color);
/// Whether people would accept the name for it. The regions overlap a little and leave gaps.
bool agrees(const Lab& lab, NamedColor color);
/// Signed angle from `from` to `to`, degrees, −180…180.
float hueBetween(float from, float to);

} // namespace ochre::training
