// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures from files and into files: PNG, JPEG, WebP, TIFF, EXR, HDR, BMP and TGA, and nothing else.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/Cancel.h"
#include "core/image/Image.h"

namespace ochre {

enum class ImageFormat { Png, Jpeg, WebP, Tiff, Exr, Hdr, Bmp, Tga };

const char* name(ImageFormat format); ///< "PNG", "JPEG", …
/// By extension, in any case. Throws Error with the extensions known.
ImageFormat imageFormatFromPath(const std::filesystem::path& path);
/// By the first bytes (TGA, which has no magic, by a header that makes sense).
std::optional<ImageFormat> sniffImageFormat(std::span<const std::byte> bytes);
/// "*.png *.jpg …", for file dialogs.
const char* imageFilePatterns();

struct ReadOptions {
    std::optional<ColorSpace>
        colorSpace; ///< what the numbers mean, instead of what the file says; ICC is then ignored
    bool applyOrientation = true; ///< turn the picture as EXIF says
    bool allChannels = false;     ///< EXR: every channel as data, not only the colour layer
};

struct ImageInfo {
    ImageFormat format = ImageFormat::Png;
    int width = 0, height = 0, channels = 0; ///< as readImage would give them
    int bitDepth = 8;                        ///< bits a sample in the file
    bool isFloat = false;
    ColorSpace colorSpace = ColorSpace::Srgb;
    std::map<std::string, std::string> metadata;
};

/// IPTC's word for how a picture came to be, in the order of growing share of the machine.
enum class DigitalSourceType {
    None,
    AlgorithmicallyEnhanced,              ///< upscaled, restored
    CompositeWithTrainedAlgorithmicMedia, ///< partly generated: inpainting
    TrainedAlgorithmicMedia,              ///< generated
};

/// Metadata key that holds the word below; it travels with an Image and is written to every format that can.
inline constexpr const char* kDigitalSourceTypeKey = "DigitalSourceType";
const char* name(DigitalSourceType type); ///< "trainedAlgorithmicMedia", …; "" for None
DigitalSourceType digitalSourceTypeOf(const Image& image);
/// Marks the picture; a picture already marked keeps the stronger of both.
void markDigitalSourceType(Image& image, DigitalSourceType type);

enum class Compression { Default, None, Fast, Small };

struct WriteOptions {
    /// Written beside the picture's own metadata, and instead of it where keys meet ("ochre:graph",
    /// "parameters", …).
    std::map<std::string, std::string> text;
    DigitalSourceType source = DigitalSourceType::None; ///< None: what the picture's metadata says
    bool keepMetadata = true;                           ///< false: only `text` and the source type
    int quality = 92;                                   ///< JPEG, WebP: 1…100; WebP 100 is lossless
    int bitDepth = 0; ///< 8, 16 or 32 (float) where the format has it; 0: the picture's own (BitDepth.h), else its usual
    Compression compression = Compression::Default;
    bool premultiplied = false; ///< EXR: the colours are already multiplied by alpha, as that format wants them
    bool depth = false; ///< EXR: of five channels the last is a depth: "Z", always 32-bit float
    /// What the written numbers mean. Default: sRGB in integer files, linear in float ones; Raw is never
    /// converted.
    std::optional<ColorSpace> colorSpace;
};

/// Throws Error that starts with the file name: NotMine for another format, Broken for a damaged or oversized
/// file. Limits: 65536 a side, 2³⁰ pixels, 64 channels, floats within min(8 GiB, half of the memory), and not
/// more than 2000 times the file (64 MiB are always allowed). ICC profiles are converted to sRGB; alpha comes
/// straight.
Image readImage(const std::filesystem::path& path, const ReadOptions& options = {},
                const Cancel& cancel = {});
/// The same from memory; `subject` starts the messages.
Image decodeImage(std::span<const std::byte> bytes, const std::string& subject,
                  const ReadOptions& options = {}, const Cancel& cancel = {});
/// What readImage would give, without reading pixels.
ImageInfo probeImage(const std::filesystem::path& path);
ImageInfo probeImage(std::span<const std::byte> bytes, const std::string& subject);
/// At most `maxSide` on its longer side, never enlarged, sRGB. JPEG is decoded at the size needed.
Image readThumbnail(const std::filesystem::path& path, int maxSide, const Cancel& cancel = {});

/// Replaces `path` wholly or not at all. The format follows from the extension. Channels beyond what it can
/// hold are an Error; alpha is laid over white for JPEG, which has none; 8-bit rounding is floor(v·255 + ½),
/// values outside 0…1 are clamped in integer files. BMP and TGA keep no text.
void writeImage(const Image& image, const std::filesystem::path& path, const WriteOptions& options = {});

} // namespace ochre
