// SPDX-License-Identifier: GPL-3.0-or-later
// What the file formats share inside this folder: a picture on its way from or to a file, its limits, one
// pair of functions a format.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/image/ImageIo.h"

namespace ochre::codec {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;
using Metadata = std::map<std::string, std::string>;

inline constexpr std::size_t kMaxTextBytes = std::size_t{16} << 20; ///< all texts of one file together

struct Source {
    ByteView bytes;
    std::string subject;
    ReadOptions options;
    Cancel cancel;
    bool pixels = true; ///< false: only the header and the metadata
    int wantedSide = 0; ///< a smaller decode is enough if its longer side is at least this; 0: full size

    [[noreturn]] void fail(const std::string& what, const std::string& hint = {}) const;
};

/// A file as decoded: numbers as they stand in it, and what is known of their meaning.
struct Picture {
    ImageFormat format = ImageFormat::Png;
    int width = 0, height = 0, channels = 0;
    int bitDepth = 8;
    bool isFloat = false;
    bool premultiplied = false;
    bool cmyk = false; ///< four inks, 0 none … 1 full, in place of RGBA
    ColorSpace space = ColorSpace::Srgb;
    double gamma = 0;                       ///< encoding exponent (PNG gAMA); 0: `space` holds
    std::array<double, 8> chromaticities{}; ///< white, red, green, blue x and y; all 0: sRGB's
    Bytes icc;
    int orientation = 1;
    Metadata metadata;
    Image image; ///< empty when only the header was asked for
};

/// The limits of readImage, from the header alone. `sampleBytes` is what one sample takes in the file when
/// unpacked.
void checkLimits(const Source& source, std::uint64_t width, std::uint64_t height, std::uint64_t channels,
                 std::uint64_t sampleBytes);

Picture readPng(const Source& source);
Picture readJpeg(const Source& source);
Picture readWebp(const Source& source);
Picture readHdr(const Source& source);
Picture readBmp(const Source& source);
Picture readTga(const Source& source);

/// Makes `image` ready for its place: straight alpha, upright, ICC/gamma/primaries resolved, `space` set.
void finishPicture(Picture& picture, const Source& source);

/// Texts, EXIF, IPTC and XMP to be written, sorted by kind.
struct Embedded {
    Metadata text;
    Bytes exif;              ///< TIFF block without the "Exif\0\0" lead; empty: none
    Bytes iptc;              ///< IIM records; empty: none
    std::string xmp;         ///< whole packet, texts included where `textInXmp` was asked for
    std::string xmpExtended; ///< the part that does not fit a JPEG segment
};
Embedded embed(const Image& image, const WriteOptions& options, bool textInXmp,
               std::size_t xmpLimit = SIZE_MAX);

/// `image` is already in the file's colour space, with channels that the format can hold.
Bytes writePng(const Image& image, const WriteOptions& options, const Embedded& embedded);
Bytes writeJpeg(const Image& image, const WriteOptions& options, const Embedded& embedded);
Bytes writeWebp(const Image& image, const WriteOptions& options, const Embedded& embedded);
Bytes writeHdr(const Image& image, const Embedded& embedded);
Bytes writeBmp(const Image& image);
Bytes writeTga(const Image& image);

/// Clamped and rounded half up: floor(v·max + ½); NaN gives 0.
std::uint8_t toByte(float value);
std::uint16_t toShort(float value);
/// i/255 for i = 0…255.
const std::array<float, 256>& byteToFloat();

} // namespace ochre::codec
