// SPDX-License-Identifier: GPL-3.0-or-later
// Radiance HDR (RGBE), decoded here: plain, old and new run-length rows, every orientation.
#include <charconv>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "core/base/Log.h"
#include "core/image/Metadata.h"

namespace ochre::codec {
namespace {

constexpr std::size_t kMaxHeader = kMaxTextBytes + (std::size_t{1} << 20);

class Reader {
public:
    explicit Reader(const Source& source) : m_source(source), m_file(source.bytes) {}

    Picture header() {
        Picture p;
        p.format = ImageFormat::Hdr;
        p.channels = 3;
        p.isFloat = true;
        p.bitDepth = 32;
        p.space = ColorSpace::Linear;
        bool first = true;
        for (std::string_view text = line(); !text.empty(); text = line(), first = false) {
            const std::size_t equals = text.find('=');
            if (first || text[0] == '#' || equals == std::string_view::npos || equals == 0) continue;
            const std::string_view key = text.substr(0, equals), value = text.substr(equals + 1);
            if (key == "FORMAT" && value != "32-bit_rle_rgbe")
                m_source.fail(
                    fmt::format("numbers of kind \"{}\" are not read", cleanText(value.substr(0, 40))));
            else if (key == "EXPOSURE")
                exposure(value);
            else if (key != "FORMAT")
                p.metadata[cleanText(key)] = unescape(cleanText(value));
        }
        resolution(p);
        checkLimits(m_source, static_cast<std::uint64_t>(p.width), static_cast<std::uint64_t>(p.height), 3,
                    4);
        return p;
    }

    void pixels(Image& image) {
        // Rows as they stand in the file; `m_swap` files go column by column.
        const std::size_t rows = static_cast<std::size_t>(m_swap ? image.width() : image.height());
        const std::size_t length = static_cast<std::size_t>(m_swap ? image.height() : image.width());
        float* out = image.edit().data();
        std::vector<std::uint8_t> row(length * 4);
        for (std::size_t r = 0; r < rows; ++r) {
            m_source.cancel.check();
            readRow(row, length);
            for (std::size_t i = 0; i < length; ++i) {
                std::size_t x = m_swap ? r : i, y = m_swap ? i : r;
                if (m_flipX) x = static_cast<std::size_t>(image.width()) - 1 - x;
                if (m_flipY) y = static_cast<std::size_t>(image.height()) - 1 - y;
                toFloat(&row[i * 4], out + (y * static_cast<std::size_t>(image.width()) + x) * 3);
            }
        }
    }

private:
    std::string_view line() {
        const std::size_t begin = m_at;
        while (m_at < m_file.size() && m_file[m_at] != std::byte{'\n'}) ++m_at;
        if (m_at == m_file.size() || m_at > kMaxHeader) m_source.fail("the header has no end");
        const std::string_view text(reinterpret_cast<const char*>(m_file.data()) + begin, m_at - begin);
        ++m_at;
        return text;
    }

    /// Written values hold %0A for line breaks and %25 for the sign itself.
    static std::string unescape(std::string_view text) {
        std::string out;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const std::string_view three = text.substr(i, 3);
            const char c = three == "%0A" ? '\n' : three == "%0D" ? '\r' : three == "%25" ? '%' : '\0';
            out += c ? c : text[i];
            if (c) i += 2;
        }
        return out;
    }

    void exposure(std::string_view value) {
        while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
        double factor = 0;
        std::from_chars(value.data(), value.data() + value.size(), factor);
        if (std::isfinite(factor) && factor > 1e-20 && factor < 1e20) m_scale /= factor;
    }

    /// "-Y 480 +X 640": the slow axis first; a minus before Y means from the top.
    void resolution(Picture& p) {
        const std::string text = cleanText(line());
        char sign[2] = {}, axis[2] = {};
        int size[2] = {};
        if (std::sscanf(text.c_str(), "%c%c %d %c%c %d", &sign[0], &axis[0], &size[0], &sign[1], &axis[1],
                        &size[1]) != 6 ||
            axis[0] == axis[1] || size[0] < 1 || size[1] < 1)
            m_source.fail(fmt::format("the size \"{}\" does not read", text.substr(0, 40)));
        for (int i = 0; i < 2; ++i) {
            if ((axis[i] != 'X' && axis[i] != 'Y') || (sign[i] != '+' && sign[i] != '-'))
                m_source.fail(fmt::format("the size \"{}\" does not read", text.substr(0, 40)));
            if (axis[i] == 'X')
                m_flipX = sign[i] == '-';
            else
                m_flipY = sign[i] == '+';
            (axis[i] == 'X' ? p.width : p.height) = size[i];
        }
        m_swap = axis[0] == 'X';
    }

    std::uint8_t byte() {
        if (m_at >= m_file.size()) m_source.fail(fmt::format("its pixels end at byte {}, too early", m_at));
        return std::to_integer<std::uint8_t>(m_file[m_at++]);
    }

    void readRow(std::vector<std::uint8_t>& row, std::size_t length) {
        const std::size_t begin = m_at;
        if (length >= 8 && length <= 0x7fff) {
            const std::uint8_t a = byte(), b = byte(), high = byte(), low = byte();
            if (a == 2 && b == 2 && high < 128) {
                if ((static_cast<std::size_t>(high) << 8 | low) != length)
                    m_source.fail(
                        fmt::format("the row at byte {} has another length than the picture", begin));
                return planes(row, length);
            }
            m_at = begin;
        }
        oldRow(row, length);
    }

    void planes(std::vector<std::uint8_t>& row, std::size_t length) {
        for (std::size_t channel = 0; channel < 4; ++channel)
            for (std::size_t x = 0; x < length;) {
                const std::uint8_t code = byte();
                const std::size_t count = code > 128 ? code - 128u : code;
                if (count == 0 || count > length - x)
                    m_source.fail(fmt::format("the run at byte {} leaves its row", m_at - 1));
                const std::uint8_t value = code > 128 ? byte() : std::uint8_t{0};
                for (std::size_t i = 0; i < count; ++i)
                    row[(x + i) * 4 + channel] = code > 128 ? value : byte();
                x += count;
            }
    }

    /// Plain pixels; 1,1,1,n repeats the last one n times, further such pixels count in higher bytes.
    void oldRow(std::vector<std::uint8_t>& row, std::size_t length) {
        int shift = 0;
        for (std::size_t x = 0; x < length;) {
            std::uint8_t pixel[4];
            for (std::uint8_t& v : pixel) v = byte();
            if (pixel[0] != 1 || pixel[1] != 1 || pixel[2] != 1) {
                std::memcpy(&row[x++ * 4], pixel, 4);
                shift = 0;
                continue;
            }
            const std::size_t count = static_cast<std::size_t>(pixel[3]) << shift;
            if (x == 0 || count > length - x || shift > 16)
                m_source.fail(fmt::format("the run at byte {} leaves its row", m_at - 4));
            for (std::size_t i = 0; i < count; ++i, ++x) std::memcpy(&row[x * 4], &row[(x - 1) * 4], 4);
            shift += 8;
        }
    }

    void toFloat(const std::uint8_t* pixel, float* to) const {
        const double scale = pixel[3] ? std::ldexp(m_scale, pixel[3] - 136) : 0;
        for (int c = 0; c < 3; ++c) to[c] = pixel[3] ? static_cast<float>(pixel[c] * scale) : 0.0f;
    }

    const Source& m_source;
    ByteView m_file;
    std::size_t m_at = 0;
    double m_scale = 1;
    bool m_flipX = false, m_flipY = false, m_swap = false;
};

void toRgbe(const float* rgb, std::uint8_t* to) {
    float v[3];
    for (int c = 0; c < 3; ++c) v[c] = rgb[c] > 0 ? std::min(rgb[c], 1.7e38f) : 0.0f;
    const float most = std::max(v[0], std::max(v[1], v[2]));
    std::memset(to, 0, 4);
    if (most < 1e-32f) return;
    int exponent = 0;
    const double mantissa = std::frexp(static_cast<double>(most), &exponent);
    const double scale = mantissa * 256.0 / static_cast<double>(most);
    for (int c = 0; c < 3; ++c) to[c] = static_cast<std::uint8_t>(std::min(255.0, v[c] * scale + 0.5));
    to[3] = static_cast<std::uint8_t>(exponent + 128);
}

/// One channel of a row as runs of at least four equal bytes and pieces of up to 128 others.
void packPlane(const std::vector<std::uint8_t>& row, std::size_t channel, Bytes& out) {
    const std::size_t length = row.size() / 4;
    const auto at = [&](std::size_t x) { return row[x * 4 + channel]; };
    const auto runAt = [&](std::size_t x) {
        std::size_t n = 1;
        while (x + n < length && n < 127 && at(x + n) == at(x)) ++n;
        return n;
    };
    for (std::size_t x = 0; x < length;) {
        if (const std::size_t run = runAt(x); run >= 4) {
            out.push_back(static_cast<std::byte>(128 + run));
            out.push_back(static_cast<std::byte>(at(x)));
            x += run;
            continue;
        }
        std::size_t end = x;
        while (end < length && end - x < 128 && runAt(end) < 4) ++end;
        out.push_back(static_cast<std::byte>(end - x));
        for (; x < end; ++x) out.push_back(static_cast<std::byte>(at(x)));
    }
}

std::string headerText(const Image& image, const Embedded& embedded) {
    std::string head = "#?RADIANCE\nFORMAT=32-bit_rle_rgbe\nSOFTWARE=" + programName() + "\n";
    const auto add = [&](const std::string& key, const std::string& value) {
        if (key.find_first_of("=\n\r") != std::string::npos || key.empty() || key[0] == '#' ||
            key == "FORMAT" || key == "EXPOSURE" || key == "SOFTWARE")
            return;
        head += key + '=';
        for (const char c : value)
            head += c == '\n' ? "%0A" : c == '\r' ? "%0D" : c == '%' ? "%25" : std::string(1, c);
        head += '\n';
    };
    for (const auto& [key, value] : embedded.text) add(key, value);
    return head + fmt::format("\n-Y {} +X {}\n", image.height(), image.width());
}

} // namespace

Picture readHdr(const Source& source) {
    Reader reader(source);
    Picture picture = reader.header();
    if (!source.pixels) return picture;
    picture.image = Image(picture.width, picture.height, 3);
    reader.pixels(picture.image);
    return picture;
}

Bytes writeHdr(const Image& image, const Embedded& embedded) {
    const std::string head = headerText(image, embedded);
    const auto* text = reinterpret_cast<const std::byte*>(head.data());
    Bytes out(text, text + head.size());
    const auto width = static_cast<std::size_t>(image.width());
    std::vector<std::uint8_t> row(width * 4);
    for (int y = 0; y < image.height(); ++y) {
        for (std::size_t x = 0; x < width; ++x) toRgbe(image.pixel(static_cast<int>(x), y), &row[x * 4]);
        if (width < 8 || width > 0x7fff) {
            for (const std::uint8_t v : row) out.push_back(static_cast<std::byte>(v));
            continue;
        }
        for (const std::size_t v : {std::size_t{2}, std::size_t{2}, width >> 8, width & 255})
            out.push_back(static_cast<std::byte>(v));
        for (std::size_t channel = 0; channel < 4; ++channel) packPlane(row, channel, out);
    }
    return out;
}

} // namespace ochre::codec
