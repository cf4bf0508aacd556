// SPDX-License-Identifier: GPL-3.0-or-later
// TGA (Truevision TGA 2.0), decoded here: palette, colour and grey, plain and run-length, 8 to 32 bits.
#include <cstring>

#include <fmt/format.h>

#include "core/image/Codec.h"

namespace ochre::codec {
namespace {

constexpr std::size_t kHeader = 18;

std::uint32_t little(ByteView data, std::size_t at, std::size_t size) {
    std::uint32_t value = 0;
    for (std::size_t i = size; i-- > 0;) value = value << 8 | std::to_integer<std::uint32_t>(data[at + i]);
    return value;
}

class Reader {
public:
    explicit Reader(const Source& source) : m_source(source), m_file(source.bytes) { header(); }

    Picture picture() const {
        Picture p;
        p.format = ImageFormat::Tga;
        p.width = static_cast<int>(m_width);
        p.height = static_cast<int>(m_height);
        p.channels = static_cast<int>(m_channels);
        return p;
    }

    void pixels(Image& image) {
        m_at = m_dataAt;
        float* out = image.edit().data();
        std::uint8_t pixel[4] = {};
        std::size_t repeat = 0, literal = 0; // of the packet under way
        for (std::size_t i = 0; i < m_width * m_height; ++i) {
            if (i % m_width == 0) m_source.cancel.check();
            if (m_packed && repeat == 0 && literal == 0) {
                const std::uint32_t packet = byte();
                (packet & 0x80 ? repeat : literal) = (packet & 0x7f) + 1;
                if (repeat) load(pixel);
            }
            if (repeat)
                --repeat;
            else {
                load(pixel);
                if (m_packed) --literal;
            }
            const std::size_t x = i % m_width, y = i / m_width;
            store(pixel, out + ((m_topDown ? y : m_height - 1 - y) * m_width +
                                (m_rightToLeft ? m_width - 1 - x : x)) *
                                   m_channels);
        }
    }

private:
    void header() {
        if (m_file.size() < kHeader) m_source.fail(fmt::format("{} bytes hold no header", m_file.size()));
        const auto at = [&](std::size_t i, std::size_t size = 1) { return little(m_file, i, size); };
        m_palette = at(1) == 1;
        const std::uint32_t type = at(2) & 7;
        m_packed = (at(2) & 8) != 0;
        const std::uint32_t bits = at(16);
        m_width = at(12, 2);
        m_height = at(14, 2);
        const std::uint32_t alphaBits = at(17) & 15;
        m_rightToLeft = (at(17) & 0x10) != 0;
        m_topDown = (at(17) & 0x20) != 0;
        m_firstColor = at(3, 2);
        m_colors = m_palette ? at(5, 2) : 0;
        m_colorBits = at(7);
        m_paletteAt = kHeader + at(0);
        m_dataAt = m_paletteAt + (at(1) == 1 ? std::size_t{at(5, 2)} * ((at(7) + 7) / 8) : 0);
        const std::uint32_t color = type == 1 ? m_colorBits : bits;
        const bool known = (type == 1 && m_palette && (bits == 8 || bits == 16)) || type == 2 ||
                           (type == 3 && (bits == 8 || bits == 16));
        if (!known || (type != 3 && color != 15 && color != 16 && color != 24 && color != 32))
            m_source.fail(fmt::format("kind {} with {} bits is not read", at(2), bits));
        m_indexed = type == 1;
        m_pixelBytes = (bits + 7) / 8;
        m_colorBytes = (color + 7) / 8;
        m_grey = type == 3;
        m_channels = m_grey ? m_pixelBytes : color == 32 && (alphaBits > 0 || m_indexed) ? 4 : 3;
        checkLimits(m_source, m_width, m_height, m_channels, 1);
        if (m_indexed && m_file.size() < m_paletteAt + m_colors * m_colorBytes)
            m_source.fail("the palette is cut off");
    }

    std::uint32_t byte() {
        if (m_at >= m_file.size()) m_source.fail(fmt::format("its pixels end at byte {}, too early", m_at));
        return std::to_integer<std::uint32_t>(m_file[m_at++]);
    }

    /// The bytes of one colour, looked up where there is a palette.
    void load(std::uint8_t* pixel) {
        std::uint32_t raw[4] = {};
        for (std::size_t i = 0; i < m_pixelBytes; ++i) raw[i] = byte();
        if (!m_indexed) {
            for (std::size_t i = 0; i < m_pixelBytes; ++i) pixel[i] = static_cast<std::uint8_t>(raw[i]);
            return;
        }
        const std::size_t index = raw[0] | raw[1] << 8;
        if (index < m_firstColor || index - m_firstColor >= m_colors)
            m_source.fail(fmt::format("colour {} is not in the palette of {}", index, m_colors));
        const std::size_t at = m_paletteAt + (index - m_firstColor) * m_colorBytes;
        for (std::size_t i = 0; i < m_colorBytes; ++i)
            pixel[i] = std::to_integer<std::uint8_t>(m_file[at + i]);
    }

    void store(const std::uint8_t* pixel, float* to) const {
        const auto& table = byteToFloat();
        if (m_grey) {
            for (std::size_t c = 0; c < m_channels; ++c) to[c] = table[pixel[c]];
        } else if (m_colorBytes == 2) {
            const int v = pixel[0] | pixel[1] << 8;
            for (int c = 0; c < 3; ++c) to[c] = static_cast<float>(v >> (10 - 5 * c) & 31) / 31.0f;
        } else {
            for (std::size_t c = 0; c < 3; ++c) to[c] = table[pixel[2 - c]];
            if (m_channels == 4) to[3] = table[pixel[3]];
        }
    }

    const Source& m_source;
    ByteView m_file;
    std::size_t m_width = 0, m_height = 0, m_channels = 3, m_pixelBytes = 3, m_colorBytes = 3;
    std::size_t m_paletteAt = 0, m_dataAt = 0, m_firstColor = 0, m_colors = 0, m_at = 0;
    std::uint32_t m_colorBits = 0;
    bool m_palette = false, m_packed = false, m_indexed = false, m_grey = false, m_topDown = false,
         m_rightToLeft = false;
};

} // namespace

Picture readTga(const Source& source) {
    Reader reader(source);
    Picture picture = reader.picture();
    if (!source.pixels) return picture;
    picture.image = Image(picture.width, picture.height, picture.channels);
    reader.pixels(picture.image);
    return picture;
}

Bytes writeTga(const Image& image) {
    if (image.width() > 65535 || image.height() > 65535)
        throw Error("TGA holds at most 65535 pixels a side", "choose PNG, TIFF or EXR");
    const auto channels = static_cast<std::size_t>(image.channels());
    Bytes out;
    out.reserve(kHeader + image.valueCount() + 26);
    const auto put = [&](std::size_t value) { out.push_back(static_cast<std::byte>(value & 255)); };
    for (const std::size_t v : {0, 0, channels <= 2 ? 3 : 2, 0, 0, 0, 0, 0, 0, 0, 0, 0}) put(v);
    for (const int side : {image.width(), image.height()}) {
        put(static_cast<std::size_t>(side));
        put(static_cast<std::size_t>(side) >> 8);
    }
    put(channels * 8);
    put(0x20 | (channels % 2 == 0 ? 8 : 0)); // from the top; eight bits of alpha
    const std::span<const float> values = image.values();
    for (std::size_t i = 0; i < values.size(); i += channels) {
        if (channels <= 2) {
            for (std::size_t c = 0; c < channels; ++c) put(toByte(values[i + c]));
            continue;
        }
        for (std::size_t c = 3; c-- > 0;) put(toByte(values[i + c]));
        if (channels == 4) put(toByte(values[i + 3]));
    }
    for (int i = 0; i < 8; ++i) put(0);
    for (const char c : std::string_view("TRUEVISION-XFILE.\0", 18)) put(static_cast<unsigned char>(c));
    return out;
}

} // namespace ochre::codec
