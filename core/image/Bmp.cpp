// SPDX-License-Identifier: GPL-3.0-or-later
// BMP (Windows bitmap, headers of 12 to 124 bytes), decoded here: uncompressed 1 to 32 bits, bit fields and
// RLE4/8.
#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "core/image/Codec.h"

namespace ochre::codec {
namespace {

constexpr std::uint32_t kRgb = 0, kRle8 = 1, kRle4 = 2, kBitFields = 3, kAlphaBitFields = 6;
constexpr std::size_t kFileHeader = 14;

std::uint32_t little(ByteView data, std::size_t at, std::size_t size) {
    std::uint32_t value = 0;
    for (std::size_t i = size; i-- > 0;) value = value << 8 | std::to_integer<std::uint32_t>(data[at + i]);
    return value;
}

struct Field {
    std::uint32_t mask = 0;
    float read(std::uint32_t pixel) const {
        const int shift = std::countr_zero(mask);
        return static_cast<float>((pixel & mask) >> shift) / static_cast<float>(mask >> shift);
    }
};

struct Header {
    std::size_t dataAt = 0, paletteAt = 0, paletteEntry = 4, colors = 0;
    std::int64_t width = 0, height = 0;
    bool topDown = false;
    std::uint32_t bits = 0, compression = kRgb;
    Field fields[4]; // red, green, blue, alpha; mask 0: absent
};

class Reader {
public:
    explicit Reader(const Source& source) : m_source(source), m_file(source.bytes) { header(); }

    Picture picture() const {
        Picture p;
        p.format = ImageFormat::Bmp;
        p.width = static_cast<int>(m_head.width);
        p.height = static_cast<int>(m_head.height);
        p.channels = m_head.fields[3].mask ? 4 : 3;
        return p;
    }

    void pixels(Image& image) {
        m_out = image.edit().data();
        m_channels = static_cast<std::size_t>(image.channels());
        readPalette();
        if (m_head.compression == kRle8 || m_head.compression == kRle4) return runs();
        const auto width = static_cast<std::size_t>(m_head.width),
                   height = static_cast<std::size_t>(m_head.height);
        const std::size_t stride = (width * m_head.bits + 31) / 32 * 4;
        if (m_file.size() < m_head.dataAt || (m_file.size() - m_head.dataAt) / stride < height)
            m_source.fail(fmt::format("the pixels need {} bytes from byte {}, the file has {}",
                                      stride * height, m_head.dataAt, m_file.size()));
        for (std::size_t row = 0; row < height; ++row) {
            m_source.cancel.check();
            packedRow(m_head.dataAt + row * stride, row);
        }
    }

private:
    void header() {
        if (m_file.size() < kFileHeader + 12)
            m_source.fail(fmt::format("{} bytes hold no header", m_file.size()));
        m_head.dataAt = little(m_file, 10, 4);
        const std::size_t size = little(m_file, kFileHeader, 4);
        if (size != 12 && (size < 40 || size > 124))
            m_source.fail(fmt::format("a header of {} bytes is not known", size));
        if (m_file.size() < kFileHeader + size) m_source.fail("the header is cut off");
        m_head.paletteAt = kFileHeader + size;
        if (size == 12) {
            m_head.width = little(m_file, 18, 2);
            m_head.height = little(m_file, 20, 2);
            m_head.bits = little(m_file, 24, 2);
            m_head.paletteEntry = 3;
        } else {
            m_head.width = static_cast<std::int32_t>(little(m_file, 18, 4));
            m_head.height = static_cast<std::int32_t>(little(m_file, 22, 4));
            m_head.bits = little(m_file, 28, 2);
            m_head.compression = little(m_file, 30, 4);
            m_head.colors = little(m_file, 46, 4);
        }
        m_head.topDown = m_head.height < 0;
        m_head.height = std::abs(m_head.height);
        if (m_head.width < 1 || m_head.height < 1)
            m_source.fail(fmt::format("the header gives a size of {}×{}", m_head.width, m_head.height));
        checkDepth(size);
        const std::uint64_t channels = m_head.fields[3].mask ? 4 : 3;
        checkLimits(m_source, static_cast<std::uint64_t>(m_head.width),
                    static_cast<std::uint64_t>(m_head.height), channels, 1);
    }

    void checkDepth(std::size_t size) {
        const std::uint32_t bits = m_head.bits, kind = m_head.compression;
        const bool packed =
            bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
        const bool fits = kind == kRgb || (kind == kRle8 && bits == 8) || (kind == kRle4 && bits == 4) ||
                          ((kind == kBitFields || kind == kAlphaBitFields) && (bits == 16 || bits == 32));
        if (!packed || !fits)
            m_source.fail(fmt::format("{} bits with compression {} are not read", bits, kind),
                          "convert it to PNG with another program");
        if (bits == 16)
            setFields(0x7c00, 0x3e0, 0x1f, 0);
        else if (bits == 32)
            setFields(0xff0000, 0xff00, 0xff, 0);
        if (kind != kBitFields && kind != kAlphaBitFields) {
            if (bits <= 8 && m_head.colors == 0) m_head.colors = std::size_t{1} << bits;
            return;
        }
        const bool four = kind == kAlphaBitFields || size >= 56;
        const std::size_t at = kFileHeader + 40;
        if (m_file.size() < at + (four ? 16 : 12)) m_source.fail("the header is cut off");
        setFields(little(m_file, at, 4), little(m_file, at + 4, 4), little(m_file, at + 8, 4),
                  four ? little(m_file, at + 12, 4) : 0);
        for (int i = 0; i < 3; ++i)
            if (m_head.fields[i].mask == 0) m_source.fail("a colour has no bits in its pixels");
    }

    void setFields(std::uint32_t r, std::uint32_t g, std::uint32_t b, std::uint32_t a) {
        m_head.fields[0].mask = r;
        m_head.fields[1].mask = g;
        m_head.fields[2].mask = b;
        m_head.fields[3].mask = a;
    }

    void readPalette() {
        if (m_head.bits > 8) return;
        const std::size_t colors = std::min<std::size_t>(m_head.colors, std::size_t{1} << m_head.bits);
        if (m_file.size() < m_head.paletteAt + colors * m_head.paletteEntry)
            m_source.fail("the palette is cut off");
        m_palette.assign(256 * 3, 0.0f);
        for (std::size_t i = 0; i < colors; ++i)
            for (std::size_t c = 0; c < 3; ++c)
                m_palette[i * 3 + c] =
                    byteToFloat()[little(m_file, m_head.paletteAt + i * m_head.paletteEntry + 2 - c, 1)];
    }

    float* rowStart(std::size_t row) const {
        const auto height = static_cast<std::size_t>(m_head.height);
        return m_out + (m_head.topDown ? row : height - 1 - row) * static_cast<std::size_t>(m_head.width) *
                           m_channels;
    }

    void putIndex(float* to, std::uint32_t index) const {
        std::memcpy(to, &m_palette[index * 3], 3 * sizeof(float));
    }

    void packedRow(std::size_t at, std::size_t row) const {
        float* to = rowStart(row);
        const std::uint32_t bits = m_head.bits;
        for (std::size_t x = 0; x < static_cast<std::size_t>(m_head.width); ++x, to += m_channels) {
            if (bits <= 8) {
                const std::uint32_t byte = little(m_file, at + x * bits / 8, 1);
                const std::uint32_t shift = 8 - bits - static_cast<std::uint32_t>(x * bits % 8);
                putIndex(to, byte >> shift & ((1u << bits) - 1));
            } else if (bits == 24) {
                for (std::size_t c = 0; c < 3; ++c)
                    to[c] = byteToFloat()[little(m_file, at + x * 3 + 2 - c, 1)];
            } else {
                const std::uint32_t pixel = little(m_file, at + x * bits / 8, bits / 8);
                for (std::size_t c = 0; c < m_channels; ++c) to[c] = m_head.fields[c].read(pixel);
            }
        }
    }

    std::uint32_t next() {
        if (m_at >= m_file.size()) m_source.fail("its pixels end too early");
        return std::to_integer<std::uint32_t>(m_file[m_at++]);
    }

    void putRun(std::uint32_t index) {
        if (m_x >= static_cast<std::size_t>(m_head.width) || m_y >= static_cast<std::size_t>(m_head.height))
            m_source.fail(fmt::format("a run at byte {} leaves the picture", m_at));
        putIndex(rowStart(m_y) + m_x++ * m_channels, index);
    }

    void runs() {
        const bool nibbles = m_head.compression == kRle4;
        m_at = m_head.dataAt;
        // Pixels that no run covers keep the first colour.
        for (std::size_t i = 0; i < static_cast<std::size_t>(m_head.width * m_head.height); ++i)
            putIndex(m_out + i * m_channels, 0);
        while (true) {
            const std::uint32_t count = next(), value = next();
            if (count > 0) {
                for (std::uint32_t i = 0; i < count; ++i)
                    putRun(!nibbles ? value : i % 2 == 0 ? value >> 4 : value & 15);
            } else if (value == 0) {
                m_source.cancel.check();
                m_x = 0;
                ++m_y;
            } else if (value == 1) {
                return;
            } else if (value == 2) {
                m_x += next();
                m_y += next();
            } else {
                literal(value, nibbles);
            }
        }
    }

    void literal(std::uint32_t count, bool nibbles) {
        const std::size_t begin = m_at;
        std::uint32_t byte = 0;
        for (std::uint32_t i = 0; i < count; ++i) {
            if (!nibbles || i % 2 == 0) byte = next();
            putRun(!nibbles ? byte : i % 2 == 0 ? byte >> 4 : byte & 15);
        }
        if ((m_at - begin) % 2) next();
    }

    const Source& m_source;
    ByteView m_file;
    Header m_head;
    std::vector<float> m_palette;
    float* m_out = nullptr;
    std::size_t m_channels = 3, m_at = 0, m_x = 0, m_y = 0;
};

void put(Bytes& out, std::size_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<std::byte>(value >> 8 * i));
}

} // namespace

Picture readBmp(const Source& source) {
    Reader reader(source);
    Picture picture = reader.picture();
    if (!source.pixels) return picture;
    picture.image = Image(picture.width, picture.height, picture.channels);
    reader.pixels(picture.image);
    return picture;
}

Bytes writeBmp(const Image& image) {
    const bool alpha = image.channels() == 4;
    const auto width = static_cast<std::size_t>(image.width()),
               height = static_cast<std::size_t>(image.height());
    const std::size_t header = alpha ? 124 : 40, pixel = alpha ? 4 : 3;
    const std::size_t stride = (width * pixel + 3) / 4 * 4;
    const std::size_t size = kFileHeader + header + stride * height;
    if (size > UINT32_MAX) throw Error("BMP holds at most 4 GiB", "choose PNG, TIFF or EXR");
    Bytes out;
    out.reserve(size);
    put(out, 0x4d42, 2);
    put(out, size, 4);
    put(out, 0, 4);
    put(out, kFileHeader + header, 4);
    put(out, header, 4);
    put(out, width, 4);
    put(out, height, 4);
    put(out, 1, 2);
    put(out, pixel * 8, 2);
    put(out, alpha ? kBitFields : kRgb, 4);
    put(out, stride * height, 4);
    put(out, 2835, 4); // 72 dots an inch
    put(out, 2835, 4);
    put(out, 0, 4);
    put(out, 0, 4);
    if (alpha) {
        for (const std::uint32_t mask : {0xff0000u, 0xff00u, 0xffu, 0xff000000u}) put(out, mask, 4);
        put(out, 0x73524742, 4); // sRGB
        out.resize(kFileHeader + header);
    }
    for (std::size_t y = height; y-- > 0;) {
        const float* row = image.pixel(0, static_cast<int>(y));
        const std::size_t begin = out.size();
        for (std::size_t x = 0; x < width; ++x)
            for (const std::size_t c : {std::size_t{2}, std::size_t{1}, std::size_t{0}, std::size_t{3}})
                if (c < pixel) out.push_back(static_cast<std::byte>(toByte(row[x * pixel + c])));
        out.resize(begin + stride);
    }
    return out;
}

} // namespace ochre::codec
