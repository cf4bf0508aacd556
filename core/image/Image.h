// SPDX-License-Identifier: GPL-3.0-or-later
// A picture in memory: 32-bit float, interleaved, with its colour space and metadata.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace ochre {

/// What the numbers mean. Masks and data are Raw: never converted.
enum class ColorSpace : std::uint8_t { Srgb, Linear, Rec709, Raw };

const char* name(ColorSpace space); ///< "sRGB", "linear", "Rec.709", "raw": as written to files and shown
ColorSpace colorSpaceFromName(std::string_view name); ///< throws Error with the names known

/// Rows from the top, pixels from the left, channels interleaved (1 grey, 2 grey+alpha, 3 RGB, 4 RGBA; more are data).
/// Nominal range 0…1, values outside are kept. Alpha is straight (not premultiplied). Primaries are Rec.709/sRGB.
/// Pixels are shared and copied on write, so that copies of an Image are cheap and safe across threads.
class Image {
public:
    Image() = default;
    /// Zero-filled. Throws Error (Memory) where it does not fit; sides 1…65536, channels 1…64, ≤ 2³⁰ pixels.
    Image(int width, int height, int channels, ColorSpace space = ColorSpace::Srgb);

    bool empty() const { return m_width == 0; }
    int width() const { return m_width; }
    int height() const { return m_height; }
    int channels() const { return m_channels; }
    std::size_t pixelCount() const { return static_cast<std::size_t>(m_width) * static_cast<std::size_t>(m_height); }
    std::size_t valueCount() const { return pixelCount() * static_cast<std::size_t>(m_channels); }
    std::size_t bytes() const { return valueCount() * sizeof(float); }
    bool hasAlpha() const { return m_channels == 2 || m_channels == 4; }

    ColorSpace colorSpace() const { return m_space; }
    void setColorSpace(ColorSpace space) { m_space = space; } ///< relabels, converts nothing

    std::span<const float> values() const;
    std::span<float> edit(); ///< detaches from other copies
    const float* pixel(int x, int y) const { return values().data() + offset(x, y); }

    /// Text kept with the picture: "Exif:…", "XMP:…", "IPTC:…", PNG text keys, "ochre:graph", …
    const std::map<std::string, std::string>& metadata() const { return m_metadata; }
    void setMetadata(const std::string& key, std::string value) { m_metadata[key] = std::move(value); }
    void setMetadata(std::map<std::string, std::string> all) { m_metadata = std::move(all); }

private:
    std::size_t offset(int x, int y) const {
        return (static_cast<std::size_t>(y) * static_cast<std::size_t>(m_width) + static_cast<std::size_t>(x)) *
               static_cast<std::size_t>(m_channels);
    }

    int m_width = 0, m_height = 0, m_channels = 0;
    ColorSpace m_space = ColorSpace::Srgb;
    std::shared_ptr<float[]> m_values;
    std::map<std::string, std::string> m_metadata;
};

} // namespace ochre
