// SPDX-License-Identifier: GPL-3.0-or-later
// PNG (ISO/IEC 15948, third edition). The chunks that describe are read here, with limits; libpng unpacks the
// pixels.
#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>
#include <png.h>
#include <zlib.h>

#include "core/base/Log.h"
#include "core/base/Text.h"
#include "core/image/Metadata.h"

namespace ochre::codec {
namespace {

constexpr std::size_t kSignature = 8;
// Bytes around the data of a chunk: length, name, checksum.
constexpr std::size_t kChunkFrame = 12;

std::uint32_t number(ByteView data, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(data[at + i]);
    return value;
}

std::string_view asText(ByteView data) {
    return {reinterpret_cast<const char*>(data.data()), data.size()};
}

/// Unpacks a zlib stream of at most `limit` bytes; nothing where it is damaged or longer.
std::optional<std::string> inflateText(ByteView packed, std::size_t limit) {
    z_stream stream{};
    if (inflateInit(&stream) != Z_OK) return std::nullopt;
    std::string out;
    char block[16384];
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    int state = Z_OK;
    while (state == Z_OK && out.size() <= limit) {
        stream.next_out = reinterpret_cast<Bytef*>(block);
        stream.avail_out = sizeof block;
        state = inflate(&stream, Z_NO_FLUSH);
        out.append(block, sizeof block - stream.avail_out);
    }
    inflateEnd(&stream);
    if (state != Z_STREAM_END || out.size() > limit) return std::nullopt;
    return out;
}

/// Reads the describing chunks into a Picture and checks that the file is whole.
class ChunkReader {
public:
    explicit ChunkReader(const Source& source) : m_source(source) {}

    Picture read() {
        const ByteView file = m_source.bytes;
        std::size_t at = kSignature;
        bool first = true, data = false, end = false;
        while (!end) {
            if (file.size() - at < kChunkFrame)
                m_source.fail(fmt::format("the file ends at byte {} without its last chunk", file.size()));
            const std::size_t size = number(file, at);
            const std::string_view type = asText(file.subspan(at + 4, 4));
            if (size > file.size() - at - kChunkFrame)
                m_source.fail(fmt::format("chunk {} at byte {} needs {} bytes, the file has {} left",
                                          printable(type), at, size, file.size() - at - kChunkFrame));
            const ByteView body = file.subspan(at + 8, size);
            if (first != (type == "IHDR")) m_source.fail("the header chunk is not the first, or comes twice");
            first = false;
            data = data || type == "IDAT";
            end = type == "IEND";
            if (type == "IHDR")
                header(body);
            else if (checksumOk(at, size))
                describe(type, body);
            at += kChunkFrame + size;
        }
        if (!data) m_source.fail("there are no pixels in the file");
        finish();
        return std::move(m_picture);
    }

private:
    static std::string printable(std::string_view type) {
        std::string out;
        for (const char c : type) out += c >= 0x20 && c < 0x7f ? c : '?';
        return out;
    }

    bool checksumOk(std::size_t at, std::size_t size) const {
        const std::string_view type = asText(m_source.bytes.subspan(at + 4, 4));
        if (type == "IDAT" || type == "IEND") return true; // libpng checks these
        const auto* bytes = reinterpret_cast<const Bytef*>(m_source.bytes.data() + at + 4);
        if (crc32(0, bytes, static_cast<uInt>(size + 4)) == number(m_source.bytes, at + 8 + size))
            return true;
        log::warning("{}: chunk {} is damaged and was left out", m_source.subject, printable(type));
        return false;
    }

    void header(ByteView body) {
        if (body.size() != 13)
            m_source.fail(fmt::format("the header has {} bytes instead of 13", body.size()));
        const int depth = std::to_integer<int>(body[8]), color = std::to_integer<int>(body[9]);
        m_color = color;
        m_picture.bitDepth = depth == 16 ? 16 : 8;
        m_picture.channels = color == PNG_COLOR_TYPE_GRAY         ? 1
                             : color == PNG_COLOR_TYPE_GRAY_ALPHA ? 2
                             : color == PNG_COLOR_TYPE_RGB_ALPHA  ? 4
                                                                  : 3;
        checkLimits(m_source, number(body, 0), number(body, 4),
                    static_cast<std::uint64_t>(m_picture.channels),
                    static_cast<std::uint64_t>(m_picture.bitDepth / 8));
        m_picture.width = static_cast<int>(number(body, 0));
        m_picture.height = static_cast<int>(number(body, 4));
        if (crc32(0, reinterpret_cast<const Bytef*>(m_source.bytes.data() + kSignature + 4), 17) !=
            number(m_source.bytes, kSignature + 21))
            m_source.fail("the header's checksum is wrong");
    }

    void describe(std::string_view type, ByteView body) {
        if (type == "tRNS" && m_color != PNG_COLOR_TYPE_RGB_ALPHA && m_color != PNG_COLOR_TYPE_GRAY_ALPHA &&
            m_picture.channels % 2 == 1)
            ++m_picture.channels;
        else if (type == "gAMA" && body.size() == 4 && number(body, 0) > 0)
            m_picture.gamma = number(body, 0) / 100000.0;
        else if (type == "sRGB")
            m_srgb = true;
        else if (type == "cHRM" && body.size() == 32)
            for (std::size_t i = 0; i < 8; ++i) m_picture.chromaticities[i] = number(body, i * 4) / 100000.0;
        else if (type == "cICP" && body.size() == 4)
            codePoints(body);
        else if (type == "iCCP")
            profile(body);
        else if (type == "eXIf")
            readExif(body, m_picture.metadata);
        else if (type == "tEXt" || type == "zTXt" || type == "iTXt")
            text(type, body);
    }

    /// ITU-T H.273 numbers: primaries, transfer, matrix, range.
    void codePoints(ByteView body) {
        const int primaries = std::to_integer<int>(body[0]), transfer = std::to_integer<int>(body[1]);
        if (transfer == 13)
            m_codePoints = ColorSpace::Srgb;
        else if (transfer == 1 || transfer == 6 || transfer == 14 || transfer == 15)
            m_codePoints = ColorSpace::Rec709;
        else if (transfer == 8)
            m_codePoints = ColorSpace::Linear;
        if (!m_codePoints || primaries != 1)
            log::warning("{}: colours with primaries {} and transfer {} are read as sRGB", m_source.subject,
                         primaries, transfer);
    }

    void profile(ByteView body) {
        const std::size_t nameEnd = asText(body).find('\0');
        if (nameEnd == std::string_view::npos || nameEnd + 2 > body.size()) return;
        if (const auto data = inflateText(body.subspan(nameEnd + 2), kMaxTextBytes)) {
            const auto* bytes = reinterpret_cast<const std::byte*>(data->data());
            m_picture.icc.assign(bytes, bytes + data->size());
        }
    }

    void text(std::string_view type, ByteView body) {
        const std::string_view all = asText(body);
        const std::size_t keyEnd = all.find('\0');
        if (keyEnd == std::string_view::npos || keyEnd == 0 || keyEnd > 79) return;
        const std::string key = cleanText(all.substr(0, keyEnd));
        ByteView rest = body.subspan(keyEnd + 1);
        bool packed = type == "zTXt";
        if (packed) {
            if (rest.empty()) return;
            rest = rest.subspan(1);
        } else if (type == "iTXt") {
            if (rest.size() < 2) return;
            packed = rest[0] != std::byte{0};
            rest = rest.subspan(2);
            for (int skip = 0; skip < 2; ++skip) { // language, translated keyword
                const std::size_t end = asText(rest).find('\0');
                if (end == std::string_view::npos) return;
                rest = rest.subspan(end + 1);
            }
        }
        const std::size_t left = kMaxTextBytes - m_textBytes;
        std::optional<std::string> value;
        if (packed)
            value = inflateText(rest, left);
        else if (rest.size() <= left)
            value = std::string(asText(rest));
        if (!value) {
            log::warning("{}: the text \"{}\" is damaged or too long and was left out", m_source.subject,
                         key);
            return;
        }
        m_textBytes += value->size();
        if (key == "XML:com.adobe.xmp")
            m_xmp = *value;
        else
            m_picture.metadata[key] = type == "iTXt"   ? cleanText(*value)
                                      : isUtf8(*value) ? *value
                                                       : latin1ToUtf8(*value);
    }

    void finish() {
        if (!m_xmp.empty()) readXmp(m_xmp, m_picture.metadata);
        m_picture.orientation = orientationOf(m_picture.metadata);
        // Precedence of the PNG specification: cICP, iCCP, sRGB, then gAMA and cHRM.
        if (m_codePoints) m_picture.space = *m_codePoints;
        if (m_codePoints || m_srgb || !m_picture.icc.empty()) {
            m_picture.gamma = 0;
            m_picture.chromaticities = {};
        }
        if (m_codePoints) m_picture.icc.clear();
    }

    const Source& m_source;
    Picture m_picture;
    std::string m_xmp;
    std::size_t m_textBytes = 0;
    int m_color = 0;
    bool m_srgb = false;
    std::optional<ColorSpace> m_codePoints;
};

/// What libpng's callbacks see. Plain data: errors leave by longjmp.
struct State {
    std::jmp_buf jump;
    char message[200];
    const std::byte* data;
    std::size_t size, at;
    Bytes* out;
};

[[noreturn]] void onError(png_structp png, png_const_charp message) {
    auto* state = static_cast<State*>(png_get_error_ptr(png));
    std::snprintf(state->message, sizeof state->message, "%s", message);
    std::longjmp(state->jump, 1);
}

void onWarning(png_structp, png_const_charp) {}

void onRead(png_structp png, png_bytep to, std::size_t count) {
    auto* state = static_cast<State*>(png_get_io_ptr(png));
    if (count > state->size - state->at) png_error(png, "the file ends too early");
    std::memcpy(to, state->data + state->at, count);
    state->at += count;
}

void onWrite(png_structp png, png_bytep from, std::size_t count) {
    auto* state = static_cast<State*>(png_get_io_ptr(png));
    bool full = false;
    try {
        const auto* bytes = reinterpret_cast<const std::byte*>(from);
        state->out->insert(state->out->end(), bytes, bytes + count);
    } catch (const std::bad_alloc&) {
        full = true;
    }
    if (full) png_error(png, "out of memory");
}

void onFlush(png_structp) {}

void toFloat(const png_byte* row, float* out, std::size_t count, bool wide) {
    if (!wide) {
        const auto& table = byteToFloat();
        for (std::size_t i = 0; i < count; ++i) out[i] = table[row[i]];
        return;
    }
    for (std::size_t i = 0; i < count; ++i)
        out[i] = static_cast<float>(row[2 * i] << 8 | row[2 * i + 1]) / 65535.0f;
}

struct Handles {
    png_structp png = nullptr;
    png_infop info = nullptr;
    ~Handles() {
        if (png) png_destroy_read_struct(&png, &info, nullptr);
    }
};

enum class Outcome { Done, Failed, Stopped, OtherShape };

/// No object with a destructor may be made in this frame: errors leave it by longjmp. `buffer` holds one row,
/// or the whole picture where it is interlaced.
Outcome unpack(State& state, Handles& h, const Picture& picture, const Cancel& cancel, Bytes& buffer,
               float* out) {
    if (setjmp(state.jump)) return Outcome::Failed;
    png_set_read_fn(h.png, &state, onRead);
    png_set_keep_unknown_chunks(h.png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_set_user_limits(h.png, 65536, 65536);
    png_read_info(h.png, h.info);
    png_set_expand(h.png);
    const bool interlaced = png_get_interlace_type(h.png, h.info) != PNG_INTERLACE_NONE;
    const int passes = png_set_interlace_handling(h.png);
    png_read_update_info(h.png, h.info);
    const std::size_t rowBytes = png_get_rowbytes(h.png, h.info);
    const bool wide = png_get_bit_depth(h.png, h.info) == 16;
    const std::size_t rowValues =
        static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.channels);
    const auto height = static_cast<std::size_t>(picture.height);
    if (rowBytes != rowValues * (wide ? 2 : 1) || png_get_image_height(h.png, h.info) != height)
        return Outcome::OtherShape;
    auto* base = reinterpret_cast<png_bytep>(buffer.data());
    if (interlaced && buffer.size() < rowBytes * height) return Outcome::OtherShape;
    for (int pass = 0; pass < passes; ++pass)
        for (std::size_t y = 0; y < height; ++y) {
            if (cancel.requested()) return Outcome::Stopped;
            png_bytep row = interlaced ? base + y * rowBytes : base;
            png_read_row(h.png, row, nullptr);
            if (pass == passes - 1) toFloat(row, out + y * rowValues, rowValues, wide);
        }
    png_read_end(h.png, nullptr);
    return Outcome::Done;
}

void readPixels(const Source& source, Picture& picture) {
    State state{};
    state.data = source.bytes.data();
    state.size = source.bytes.size();
    Handles h;
    h.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, onError, onWarning);
    h.info = h.png ? png_create_info_struct(h.png) : nullptr;
    if (!h.info)
        throw Error(source.subject + ": no memory to read it", "close other programs", ErrorKind::Memory);
    const bool interlaced = source.bytes[28] != std::byte{0};
    const std::size_t row = static_cast<std::size_t>(picture.width) *
                            static_cast<std::size_t>(picture.channels) *
                            static_cast<std::size_t>(picture.bitDepth / 8);
    Bytes buffer(interlaced ? row * static_cast<std::size_t>(picture.height) : row);
    picture.image = Image(picture.width, picture.height, picture.channels);
    switch (unpack(state, h, picture, source.cancel, buffer, picture.image.edit().data())) {
    case Outcome::Done:
        return;
    case Outcome::Stopped:
        source.cancel.check();
        [[fallthrough]];
    case Outcome::OtherShape:
        source.fail("its chunks contradict each other");
    case Outcome::Failed:
        source.fail(state.message);
    }
}

struct WriteHandles {
    png_structp png = nullptr;
    png_infop info = nullptr;
    ~WriteHandles() {
        if (png) png_destroy_write_struct(&png, &info);
    }
};

struct Chunk {
    const char* type;
    Bytes data;
};

/// ASCII goes as tEXt, which every program reads; anything else as iTXt in UTF-8.
Chunk textChunk(std::string_view key, std::string_view value, bool international) {
    const bool plain = !international && std::all_of(value.begin(), value.end(), [](char c) {
        return (c >= 0x20 && c < 0x7f) || c == '\n';
    });
    Chunk chunk{plain ? "tEXt" : "iTXt", {}};
    std::string body(key.substr(0, 79));
    body += '\0';
    if (!plain) body.append(4, '\0'); // not packed, no language, no translation
    body += value;
    const auto* bytes = reinterpret_cast<const std::byte*>(body.data());
    chunk.data.assign(bytes, bytes + body.size());
    return chunk;
}

std::vector<Chunk> describingChunks(const Image& image, const Embedded& embedded) {
    std::vector<Chunk> chunks;
    const auto bytes = [](std::initializer_list<int> values) {
        Bytes out;
        for (const int v : values) out.push_back(static_cast<std::byte>(v));
        return out;
    };
    switch (image.colorSpace()) {
    case ColorSpace::Srgb:
        chunks.push_back({"sRGB", bytes({0})});
        chunks.push_back({"gAMA", bytes({0, 0, 0xb1, 0x8f})});
        break;
    case ColorSpace::Linear:
        chunks.push_back({"cICP", bytes({1, 8, 0, 1})});
        chunks.push_back({"gAMA", bytes({0, 1, 0x86, 0xa0})});
        break;
    case ColorSpace::Rec709:
        chunks.push_back({"cICP", bytes({1, 1, 0, 1})});
        break;
    case ColorSpace::Raw:
        break;
    }
    if (!embedded.exif.empty()) chunks.push_back({"eXIf", embedded.exif});
    chunks.push_back(textChunk("Software", programName(), false));
    for (const auto& [key, value] : embedded.text) chunks.push_back(textChunk(key, value, false));
    if (!embedded.xmp.empty()) chunks.push_back(textChunk("XML:com.adobe.xmp", embedded.xmp, true));
    return chunks;
}

void toRow(const float* values, png_byte* row, std::size_t count, bool wide) {
    if (!wide) {
        for (std::size_t i = 0; i < count; ++i) row[i] = toByte(values[i]);
        return;
    }
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint16_t v = toShort(values[i]);
        row[2 * i] = static_cast<png_byte>(v >> 8);
        row[2 * i + 1] = static_cast<png_byte>(v & 255);
    }
}

/// No object with a destructor may be made in this frame: errors leave it by longjmp.
bool pack(State& state, WriteHandles& h, const Image& image, int depth, int level,
          const std::vector<Chunk>& chunks, Bytes& row) {
    static constexpr int kColors[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                      PNG_COLOR_TYPE_RGB_ALPHA};
    if (setjmp(state.jump)) return false;
    png_set_write_fn(h.png, &state, onWrite, onFlush);
    png_set_compression_level(h.png, level);
    if (level == 0)
        png_set_filter(h.png, 0, PNG_FILTER_NONE);
    else if (level < 5)
        png_set_filter(h.png, 0, PNG_FILTER_SUB | PNG_FILTER_UP);
    png_set_IHDR(h.png, h.info, static_cast<png_uint_32>(image.width()),
                 static_cast<png_uint_32>(image.height()), depth, kColors[image.channels()],
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(h.png, h.info);
    for (const Chunk& chunk : chunks)
        png_write_chunk(h.png, reinterpret_cast<png_const_bytep>(chunk.type),
                        reinterpret_cast<png_const_bytep>(chunk.data.data()), chunk.data.size());
    const std::size_t count =
        static_cast<std::size_t>(image.width()) * static_cast<std::size_t>(image.channels());
    for (int y = 0; y < image.height(); ++y) {
        auto* bytes = reinterpret_cast<png_bytep>(row.data());
        toRow(image.pixel(0, y), bytes, count, depth == 16);
        png_write_row(h.png, bytes);
    }
    png_write_end(h.png, nullptr);
    return true;
}

} // namespace

Picture readPng(const Source& source) {
    Picture picture = ChunkReader(source).read();
    picture.format = ImageFormat::Png;
    if (source.pixels) readPixels(source, picture);
    return picture;
}

Bytes writePng(const Image& image, const WriteOptions& options, const Embedded& embedded) {
    const int depth = options.bitDepth == 16 ? 16 : 8;
    int level = 6;
    if (options.compression == Compression::None)
        level = 0;
    else if (options.compression == Compression::Fast)
        level = 1;
    else if (options.compression == Compression::Small)
        level = 9;
    Bytes out;
    State state{};
    state.out = &out;
    WriteHandles h;
    h.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &state, onError, onWarning);
    h.info = h.png ? png_create_info_struct(h.png) : nullptr;
    if (!h.info) throw Error("no memory to write a PNG", "close other programs", ErrorKind::Memory);
    const std::vector<Chunk> chunks = describingChunks(image, embedded);
    Bytes row(static_cast<std::size_t>(image.width()) * static_cast<std::size_t>(image.channels()) *
              static_cast<std::size_t>(depth / 8));
    if (!pack(state, h, image, depth, level, chunks, row)) throw Error(std::string("PNG: ") + state.message);
    return out;
}

} // namespace ochre::codec
