// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/Texture.h"

#include <fmt/format.h>
#include <webp/decode.h>
#include <webp/encode.h>

#include "core/base/Error.h"
#include "core/scene/Compression.h"

namespace ochre {
namespace {

// A texture of one colour is a few bytes: all splats may have the same opacity and size.
constexpr std::uint64_t kFree = std::uint64_t{64} << 20;

struct Encoder {
    WebPPicture picture{};
    WebPMemoryWriter writer{};
    Encoder() { WebPMemoryWriterInit(&writer); }
    ~Encoder() {
        WebPPictureFree(&picture);
        WebPMemoryWriterClear(&writer);
    }
    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;
};

} // namespace

Texture readTexture(std::span<const std::byte> webp, const std::string& subject, std::size_t least,
                    std::size_t most) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(webp.data());
    WebPBitstreamFeatures features{};
    if (WebPGetFeatures(data, webp.size(), &features) != VP8_STATUS_OK || features.has_animation)
        throw broken(subject + ": no still WebP picture", "the scene is damaged or incomplete");
    Texture t;
    t.width = static_cast<std::size_t>(features.width);
    t.height = static_cast<std::size_t>(features.height);
    if (t.count() < least || t.count() > most)
        throw broken(
            fmt::format("{}: {}×{} texels: {} to {} are expected", subject, t.width, t.height, least, most));
    checkExpansion(webp.size(), 4 * t.count(), subject, kFree);
    t.rgba.resize(4 * t.count());
    if (!WebPDecodeRGBAInto(data, webp.size(), t.rgba.data(), t.rgba.size(), static_cast<int>(4 * t.width)))
        throw broken(subject + ": its texels cannot be decoded",
                     "the file is damaged or cut short: fetch it again");
    return t;
}

std::vector<std::byte> writeTexture(const Texture& texture) {
    if (texture.width > WEBP_MAX_DIMENSION || texture.height > WEBP_MAX_DIMENSION)
        throw Error(fmt::format("a texture of {}×{}: WebP holds {} texels a side", texture.width,
                                texture.height, WEBP_MAX_DIMENSION),
                    "the scene has too many splats for .sog: choose .ply or .spz");
    WebPConfig config;
    Encoder e;
    if (!WebPConfigInit(&config) || !WebPConfigLosslessPreset(&config, 4) || !WebPPictureInit(&e.picture))
        throw Error("libwebp is of another version");
    config.exact = 1; // colour under clear alpha is kept
    e.picture.use_argb = 1;
    e.picture.width = static_cast<int>(texture.width);
    e.picture.height = static_cast<int>(texture.height);
    e.picture.writer = WebPMemoryWrite;
    e.picture.custom_ptr = &e.writer;
    if (!WebPPictureImportRGBA(&e.picture, texture.rgba.data(), static_cast<int>(4 * texture.width)) ||
        !WebPEncode(&config, &e.picture))
        throw Error(
            fmt::format("WebP: the encoder stopped with code {}", static_cast<int>(e.picture.error_code)),
            "free some memory");
    const auto* bytes = reinterpret_cast<const std::byte*>(e.writer.mem);
    return {bytes, bytes + e.writer.size};
}

} // namespace ochre
