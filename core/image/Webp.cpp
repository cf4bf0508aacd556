// SPDX-License-Identifier: GPL-3.0-or-later
// WebP through libwebp itself: OpenImageIO premultiplies its pixels, which loses colour under low alpha.
#include <cstring>

#include <fmt/format.h>
#include <webp/decode.h>
#include <webp/encode.h>

#include "core/image/Metadata.h"

namespace ochre::codec {
namespace {

constexpr std::size_t kRiffHead = 12;
constexpr std::uint32_t kAlphaFlag = 0x10, kExifFlag = 0x08, kXmpFlag = 0x04;

std::uint32_t little(ByteView data, std::size_t at, std::size_t size = 4) {
    std::uint32_t value = 0;
    for (std::size_t i = size; i-- > 0;) value = value << 8 | std::to_integer<std::uint32_t>(data[at + i]);
    return value;
}

std::string_view asText(ByteView data) {
    return {reinterpret_cast<const char*>(data.data()), data.size()};
}

void readChunks(const Source& source, Picture& picture) {
    const ByteView file = source.bytes;
    const std::size_t end = std::size_t{little(file, 4)} + 8;
    if (end > file.size())
        source.fail(fmt::format("the header promises {} bytes, the file has {}", end, file.size()));
    for (std::size_t at = kRiffHead; at + 8 <= end;) {
        const std::size_t size = little(file, at + 4);
        if (size > end - at - 8)
            source.fail(fmt::format("the chunk at byte {} reaches past the end of the file", at));
        const std::string_view type = asText(file.subspan(at, 4));
        const ByteView body = file.subspan(at + 8, size);
        if (type == "ICCP" && size <= kMaxTextBytes)
            picture.icc.assign(body.begin(), body.end());
        else if (type == "XMP ")
            readXmp(asText(body), picture.metadata);
        else if (type == "EXIF")
            readExif(asText(body).starts_with("Exif") && size > 6 ? body.subspan(6) : body, picture.metadata);
        at += 8 + size + size % 2;
    }
    picture.orientation = orientationOf(picture.metadata);
}

void readPixels(const Source& source, Picture& picture) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(source.bytes.data());
    const bool alpha = picture.channels == 4;
    const std::size_t stride =
        static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.channels);
    std::vector<std::uint8_t> pixels(stride * static_cast<std::size_t>(picture.height));
    const auto decode = alpha ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
    if (!decode(data, source.bytes.size(), pixels.data(), pixels.size(), static_cast<int>(stride)))
        source.fail("its pixels cannot be decoded");
    source.cancel.check();
    picture.image = Image(picture.width, picture.height, picture.channels);
    const auto& table = byteToFloat();
    float* out = picture.image.edit().data();
    for (std::size_t i = 0; i < pixels.size(); ++i) out[i] = table[pixels[i]];
}

void putLittle(Bytes& out, std::size_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<std::byte>(value >> 8 * i));
}

void putChunk(Bytes& out, std::string_view type, ByteView body) {
    const auto* name = reinterpret_cast<const std::byte*>(type.data());
    out.insert(out.end(), name, name + 4);
    putLittle(out, body.size(), 4);
    out.insert(out.end(), body.begin(), body.end());
    if (body.size() % 2) out.push_back(std::byte{0});
}

/// The extended form (VP8X) around what libwebp made: its image chunks, then EXIF and XMP.
Bytes wrap(ByteView encoded, const Image& image, const Embedded& embedded) {
    Bytes body;
    const std::uint32_t flags = (image.channels() == 4 ? kAlphaFlag : 0) |
                                (embedded.exif.empty() ? 0 : kExifFlag) |
                                (embedded.xmp.empty() ? 0 : kXmpFlag);
    Bytes head;
    putLittle(head, flags, 4);
    putLittle(head, static_cast<std::size_t>(image.width() - 1), 3);
    putLittle(head, static_cast<std::size_t>(image.height() - 1), 3);
    putChunk(body, "VP8X", head);
    for (std::size_t at = kRiffHead; at + 8 <= encoded.size();) {
        const std::size_t size = little(encoded, at + 4);
        const std::string_view type = asText(encoded.subspan(at, 4));
        if (type != "VP8X") putChunk(body, type, encoded.subspan(at + 8, size));
        at += 8 + size + size % 2;
    }
    if (!embedded.exif.empty()) putChunk(body, "EXIF", embedded.exif);
    if (!embedded.xmp.empty()) putChunk(body, "XMP ", std::as_bytes(std::span(embedded.xmp)));
    Bytes out;
    for (const char c : {'R', 'I', 'F', 'F'}) out.push_back(static_cast<std::byte>(c));
    putLittle(out, body.size() + 4, 4);
    for (const char c : {'W', 'E', 'B', 'P'}) out.push_back(static_cast<std::byte>(c));
    out.insert(out.end(), body.begin(), body.end());
    return out;
}

struct Encoder {
    WebPPicture picture{};
    WebPMemoryWriter writer{};
    Encoder() { WebPMemoryWriterInit(&writer); }
    ~Encoder() {
        WebPPictureFree(&picture);
        WebPMemoryWriterClear(&writer);
    }
};

} // namespace

Picture readWebp(const Source& source) {
    WebPBitstreamFeatures features{};
    const auto* data = reinterpret_cast<const std::uint8_t*>(source.bytes.data());
    if (source.bytes.size() < kRiffHead + 8 ||
        WebPGetFeatures(data, source.bytes.size(), &features) != VP8_STATUS_OK)
        source.fail("its header cannot be read");
    if (features.has_animation) source.fail("it is an animation", "choose a still picture");
    Picture picture;
    picture.format = ImageFormat::WebP;
    picture.width = features.width;
    picture.height = features.height;
    picture.channels = features.has_alpha ? 4 : 3;
    checkLimits(source, static_cast<std::uint64_t>(features.width),
                static_cast<std::uint64_t>(features.height), static_cast<std::uint64_t>(picture.channels), 1);
    readChunks(source, picture);
    if (source.pixels) readPixels(source, picture);
    return picture;
}

Bytes writeWebp(const Image& image, const WriteOptions& options, const Embedded& embedded) {
    if (image.width() > WEBP_MAX_DIMENSION || image.height() > WEBP_MAX_DIMENSION)
        throw Error(fmt::format("WebP holds at most {} pixels a side, this picture is {}×{}",
                                WEBP_MAX_DIMENSION, image.width(), image.height()),
                    "choose PNG, TIFF or EXR");
    WebPConfig config;
    Encoder e;
    if (!WebPConfigInit(&config) || !WebPPictureInit(&e.picture))
        throw Error("libwebp is of another version");
    config.lossless = options.quality >= 100;
    config.exact = 1; // colour under clear alpha is kept
    config.quality = static_cast<float>(config.lossless ? 70 : options.quality);
    config.method = options.compression == Compression::Fast    ? 1
                    : options.compression == Compression::Small ? 6
                                                                : 4;
    e.picture.use_argb = config.lossless;
    e.picture.width = image.width();
    e.picture.height = image.height();
    e.picture.writer = WebPMemoryWrite;
    e.picture.custom_ptr = &e.writer;
    std::vector<std::uint8_t> pixels(image.valueCount());
    const std::span<const float> values = image.values();
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = toByte(values[i]);
    const int stride = image.width() * image.channels();
    const bool imported = image.channels() == 4 ? WebPPictureImportRGBA(&e.picture, pixels.data(), stride)
                                                : WebPPictureImportRGB(&e.picture, pixels.data(), stride);
    if (!imported || !WebPEncode(&config, &e.picture))
        throw Error(
            fmt::format("WebP: the encoder stopped with code {}", static_cast<int>(e.picture.error_code)),
            "try another format");
    return wrap({reinterpret_cast<const std::byte*>(e.writer.mem), e.writer.size}, image, embedded);
}

} // namespace ochre::codec
