// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of the core as QImages: what the viewer shows and what thumbnails are made of. Functions are
// thread-safe.
#pragma once

#include <array>

#include <QColor>
#include <QImage>
#include <QString>

#include "core/graph/Value.h"
#include "core/image/Image.h"

namespace ochre::ui {

enum class Channels { Color, Red, Green, Blue, Alpha, Luminance };

/// How numbers become light. Exposure in stops is applied in linear light, then the display's curve, then
/// 1/gamma.
struct DisplaySettings {
    Channels channels = Channels::Color;
    double exposure = 0;
    double gamma = 1;
    bool operator==(const DisplaySettings&) const = default;
    bool isPlain() const { return *this == DisplaySettings{}; }
};

/// 8-bit picture for the screen: RGB32, or ARGB32 (straight) when it has alpha and colour is shown. An 8-bit
/// sRGB file with plain settings comes back with exactly its own values. Values that are not numbers show
/// black.
QImage toDisplay(const Image& image, const DisplaySettings& settings = {});

/// Shrunk to at most `side` by area averaging, never enlarged; null for values that are not pictures.
QImage thumbnailOf(const graph::Value& value, int side);

/// One pixel for the probe.
struct Probe {
    int x = 0, y = 0;
    int channels = 0;
    std::array<float, 4> values{};       ///< as stored; grey has one, grey and alpha two
    std::array<std::uint8_t, 4> shown{}; ///< RGBA on the screen with plain settings
};
Probe probe(const Image& image, int x, int y);
/// "x 12  y 40   8-bit 200 10 3   float 0.7843 0.0392 0.0118   #C80A03"
QString probeText(const Probe& probe);

} // namespace ochre::ui
