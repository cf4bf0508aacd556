// SPDX-License-Identifier: GPL-3.0-or-later
// The readers and writers by format. TIFF and OpenEXR go through OpenImageIO, here alone; the other formats
// have sources of their own, because OpenImageIO 2.4's readers of them premultiply alpha (WebP), accept
// cut-off files (JPEG) or trust the file's sizes (BMP, TGA).
#include "core/image/ImageIo.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>

#include <fmt/format.h>
#include <OpenImageIO/filesystem.h>
#include <OpenImageIO/imageio.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Log.h"
#include "core/image/BitDepth.h"
#include "core/image/Codec.h"
#include "core/image/Color.h"
#include "core/image/Filter.h"
#include "core/image/Headers.h"
#include "core/image/Metadata.h"

namespace ochre {
namespace {

using codec::Embedded;
using codec::Picture;
using codec::Source;
namespace fs = std::filesystem;

constexpr std::uint64_t kMaxFile = std::uint64_t{8} << 30;

struct Extension {
    const char* text;
    ImageFormat format;
};
constexpr Extension kExtensions[] = {
    {".png", ImageFormat::Png},   {".jpg", ImageFormat::Jpeg}, {".jpeg", ImageFormat::Jpeg},
    {".webp", ImageFormat::WebP}, {".tif", ImageFormat::Tiff}, {".tiff", ImageFormat::Tiff},
    {".exr", ImageFormat::Exr},   {".hdr", ImageFormat::Hdr},  {".bmp", ImageFormat::Bmp},
    {".tga", ImageFormat::Tga},
};

// TIFF tags of the main folder that OpenImageIO names without a prefix.
constexpr const char* kPlainTags[] = {"ImageDescription", "Make", "Model", "DateTime", "Artist", "Copyright"};

/// OpenImageIO's own words about a file, and what the program needs no record of.
bool isTechnical(std::string_view key) {
    for (const std::string_view lead : {"oiio:", "openexr:", "tiff:", "ICCProfile", "exr:"})
        if (key.starts_with(lead)) return true;
    for (const std::string_view whole :
         {"compression", "Software", "XResolution", "YResolution", "ResolutionUnit", "PixelAspectRatio",
          "Orientation", "screenWindowWidth", "screenWindowCenter", "planarconfig", "DocumentName",
          "smpte:TimeCode", "Exif:ColorSpace"})
        if (key == whole) return true;
    return false;
}

void takeMetadata(const OIIO::ImageSpec& spec, Picture& picture) {
    std::size_t total = 0;
    for (const OIIO::ParamValue& attribute : spec.extra_attribs) {
        const std::string key = attribute.name().string();
        if (key == "ICCProfile" && attribute.type().basetype == OIIO::TypeDesc::UINT8) {
            const auto* bytes = static_cast<const std::byte*>(attribute.data());
            picture.icc.assign(bytes, bytes + attribute.datasize());
        }
        if (isTechnical(key)) continue;
        std::string value = codec::cleanText(attribute.get_string());
        total += key.size() + value.size();
        if (total > codec::kMaxTextBytes) {
            log::warning("more than {} bytes of metadata: the rest is left out", codec::kMaxTextBytes);
            return;
        }
        const bool plain =
            std::find(std::begin(kPlainTags), std::end(kPlainTags), key) != std::end(kPlainTags);
        if (picture.format == ImageFormat::Tiff && plain)
            picture.metadata["Exif:" + key] = std::move(value);
        else if (key.starts_with("GPS:"))
            picture.metadata["Exif:GPS" + key.substr(4)] = std::move(value);
        else
            picture.metadata[codec::cleanText(key)] = std::move(value);
    }
}

bool reportProgress(void* opaque, float) {
    return static_cast<const Cancel*>(opaque)->requested();
}

class OiioReader {
public:
    OiioReader(const Source& source, ImageFormat format)
        : m_source(source), m_memory(const_cast<std::byte*>(source.bytes.data()), source.bytes.size()),
          m_input(OIIO::ImageInput::create(format == ImageFormat::Exr ? "openexr" : "tiff")) {
        m_picture.format = format;
        if (!m_input || !m_input->supports("ioproxy"))
            throw Error(source.subject + ": this build of OpenImageIO does not read " + name(format),
                        "install OpenImageIO with its readers");
        OIIO::ImageSpec config;
        config.attribute("oiio:UnassociatedAlpha", 1);
        m_input->set_ioproxy(&m_memory);
        if (!m_input->open(source.subject, m_spec, config)) fail();
    }

    Picture read() {
        if (m_spec.depth > 1) m_source.fail("it is a volume", "choose a flat picture");
        const std::size_t sample = std::max<std::size_t>(m_spec.format.size(), 1);
        codec::checkLimits(m_source, positive(m_spec.width), positive(m_spec.height),
                           positive(m_spec.nchannels), sample);
        codec::checkLimits(m_source, positive(m_spec.full_width), positive(m_spec.full_height),
                           positive(m_spec.nchannels), sample);
        chooseChannels();
        m_picture.isFloat = m_spec.format.is_floating_point();
        m_picture.bitDepth = static_cast<int>(m_spec.format.size() * 8);
        if (const int bits = m_spec.get_int_attribute("oiio:BitsPerSample"); bits > 0)
            m_picture.bitDepth = bits;
        m_picture.premultiplied =
            m_spec.alpha_channel >= 0 && m_spec.get_int_attribute("oiio:UnassociatedAlpha") == 0;
        m_picture.orientation = std::clamp(m_spec.get_int_attribute("Orientation", 1), 1, 8);
        takeMetadata(m_spec, m_picture);
        if (m_picture.format == ImageFormat::Tiff)
            codec::readXmp(codec::tiffXmp(m_source.bytes), m_picture.metadata);
        if (m_picture.isFloat || m_picture.format == ImageFormat::Exr) m_picture.space = ColorSpace::Linear;
        const bool framed = m_picture.format == ImageFormat::Exr;
        m_picture.width = framed ? m_spec.full_width : m_spec.width;
        m_picture.height = framed ? m_spec.full_height : m_spec.height;
        if (m_source.pixels) readPixels();
        return std::move(m_picture);
    }

private:
    static std::uint64_t positive(int value) { return value > 0 ? static_cast<std::uint64_t>(value) : 0; }

    [[noreturn]] void fail() const {
        std::string message = m_input->geterror();
        m_source.cancel.check();
        // OpenImageIO repeats the name of the file in its own words.
        std::replace(message.begin(), message.end(), '\n', ' ');
        m_source.fail(message.empty() ? "it cannot be read" : codec::cleanText(message.substr(0, 300)));
    }

    int find(std::string_view wanted) const {
        const auto& names = m_spec.channelnames;
        const auto found = std::find(names.begin(), names.end(), wanted);
        return found == names.end() ? -1 : static_cast<int>(found - names.begin());
    }

    /// The colour layer where there is one: R G B (A), or Y (A); else all.
    void chooseChannels() {
        for (int c = 0; c < m_spec.nchannels; ++c) m_channels.push_back(c);
        if (m_source.options.allChannels) {
            m_spec.alpha_channel = m_spec.nchannels == 2 || m_spec.nchannels == 4 ? m_spec.alpha_channel : -1;
        } else if (m_spec.nchannels > 1) {
            std::vector<int> color;
            if (find("R") >= 0 && find("G") >= 0 && find("B") >= 0)
                color = {find("R"), find("G"), find("B")};
            else if (find("Y") >= 0)
                color = {find("Y")};
            if (!color.empty() && find("A") >= 0) color.push_back(find("A"));
            if (!color.empty() && color.size() < m_channels.size())
                log::info("{}: {} more channels were left out", m_source.subject,
                          m_channels.size() - color.size());
            if (!color.empty()) m_channels = color;
            if (color.empty() || find("A") < 0)
                m_spec.alpha_channel = color.empty() ? m_spec.alpha_channel : -1;
        }
        m_picture.channels = static_cast<int>(m_channels.size());
    }

    void readPixels() {
        const int all = m_spec.nchannels;
        Image image(m_spec.width, m_spec.height, all);
        float* out = image.edit().data();
        const OIIO::TypeDesc type = m_spec.format;
        const bool bytes = type == OIIO::TypeDesc::UINT8, shorts = type == OIIO::TypeDesc::UINT16;
        auto* cancel = const_cast<Cancel*>(&m_source.cancel);
        if (bytes || shorts) {
            codec::Bytes raw(image.valueCount() * type.size());
            if (!m_input->read_image(0, 0, 0, all, type, raw.data(), OIIO::AutoStride, OIIO::AutoStride,
                                     OIIO::AutoStride, reportProgress, cancel))
                fail();
            const auto& table = codec::byteToFloat();
            for (std::size_t i = 0; i < image.valueCount(); ++i) {
                std::uint16_t v = 0;
                std::memcpy(&v, raw.data() + 2 * (shorts ? i : 0), shorts ? 2 : 0);
                out[i] =
                    bytes ? table[std::to_integer<std::size_t>(raw[i])] : static_cast<float>(v) / 65535.0f;
            }
        } else if (!m_input->read_image(0, 0, 0, all, OIIO::TypeDesc::FLOAT, out, OIIO::AutoStride,
                                        OIIO::AutoStride, OIIO::AutoStride, reportProgress, cancel)) {
            fail();
        }
        m_source.cancel.check();
        if (m_picture.channels != all || m_channels.front() != 0) image = selectChannels(image, m_channels);
        m_picture.image = framed(image);
    }

    /// An EXR's data window placed in its display window; what lies outside is cut, what is missing is clear.
    Image framed(const Image& image) const {
        if (m_picture.width == m_spec.width && m_picture.height == m_spec.height &&
            m_spec.x == m_spec.full_x && m_spec.y == m_spec.full_y)
            return image;
        if (m_picture.format != ImageFormat::Exr) return image;
        Image out(m_picture.width, m_picture.height, image.channels());
        float* to = out.edit().data();
        const int left = m_spec.x - m_spec.full_x, top = m_spec.y - m_spec.full_y;
        const int begin = std::max(left, 0), end = std::min(left + image.width(), out.width());
        const auto channels = static_cast<std::size_t>(image.channels());
        for (int y = std::max(top, 0); y < std::min(top + image.height(), out.height()) && begin < end; ++y)
            std::copy_n(image.pixel(begin - left, y - top), static_cast<std::size_t>(end - begin) * channels,
                        to + (static_cast<std::size_t>(y) * static_cast<std::size_t>(out.width()) +
                              static_cast<std::size_t>(begin)) *
                                 channels);
        return out;
    }

    const Source& m_source;
    OIIO::Filesystem::IOMemReader m_memory;
    std::unique_ptr<OIIO::ImageInput> m_input;
    OIIO::ImageSpec m_spec;
    std::vector<int> m_channels;
    Picture m_picture;
};

Picture readWithOiio(const Source& source, ImageFormat format) {
    // Sizes are checked by us; this is the second fence.
    static const bool limited = OIIO::attribute("limits:channels", 64);
    static_cast<void>(limited);
    if (format == ImageFormat::Exr)
        codec::checkExrHeader(source);
    else
        codec::checkTiffHeader(source);
    try {
        return OiioReader(source, format).read();
    } catch (const Error&) {
        throw;
    } catch (const std::bad_alloc&) {
        throw Error(source.subject + ": not enough memory to read it", "close other programs",
                    ErrorKind::Memory);
    } catch (const std::exception& e) {
        source.fail(e.what());
    }
}

Picture readPicture(const Source& source) {
    if (source.bytes.empty()) throw notMine(source.subject + ": the file is empty");
    const auto format = sniffImageFormat(source.bytes);
    if (!format)
        throw Error(source.subject + ": is not a picture that Ochre reads",
                    "it reads PNG, JPEG, WebP, TIFF, EXR, HDR, BMP and TGA", ErrorKind::NotMine);
    const auto read = [&]() -> Picture {
        switch (*format) {
        case ImageFormat::Png:
            return codec::readPng(source);
        case ImageFormat::Jpeg:
            return codec::readJpeg(source);
        case ImageFormat::WebP:
            return codec::readWebp(source);
        case ImageFormat::Hdr:
            return codec::readHdr(source);
        case ImageFormat::Bmp:
            return codec::readBmp(source);
        case ImageFormat::Tga:
            return codec::readTga(source);
        case ImageFormat::Tiff:
        case ImageFormat::Exr:
            break;
        }
        return readWithOiio(source, *format);
    };
    try {
        Picture picture = read();
        codec::finishPicture(picture, source);
        if (picture.bitDepth > 8) picture.metadata[kBitDepthKey] = picture.bitDepth > 16 ? "32" : "16";
        return picture;
    } catch (const Error& e) {
        if (e.cancelled() || e.message().starts_with(source.subject)) throw;
        throw Error(source.subject + ": " + e.message(), e.hint(), e.kind());
    }
}

ImageInfo infoOf(Picture&& p) {
    ImageInfo info;
    info.format = p.format;
    info.width = p.width;
    info.height = p.height;
    info.channels = p.channels;
    info.bitDepth = p.bitDepth;
    info.isFloat = p.isFloat;
    info.colorSpace = p.space;
    info.metadata = std::move(p.metadata);
    return info;
}

Image imageOf(Picture&& p) {
    p.image.setMetadata(std::move(p.metadata));
    return std::move(p.image);
}

bool holdsFloat(ImageFormat format, const WriteOptions& options) {
    return format == ImageFormat::Exr || format == ImageFormat::Hdr ||
           (format == ImageFormat::Tiff && options.bitDepth == 32);
}

void checkBitDepth(ImageFormat format, int depth) {
    const bool fits =
        depth == 0 || (depth == 8 && format != ImageFormat::Exr && format != ImageFormat::Hdr) ||
        (depth == 16 &&
         (format == ImageFormat::Png || format == ImageFormat::Tiff || format == ImageFormat::Exr)) ||
        (depth == 32 &&
         (format == ImageFormat::Tiff || format == ImageFormat::Exr || format == ImageFormat::Hdr));
    if (!fits)
        throw Error(fmt::format("{} does not hold {} bits a channel", name(format), depth),
                    "PNG holds 8 and 16, TIFF 8, 16 and 32, EXR 16 and 32, HDR 32, the others 8");
}

/// The depth that is written: as asked for, else as much of the picture's own as the format holds.
int depthFor(const Image& image, ImageFormat format, int asked) {
    const auto own = image.metadata().find(kBitDepthKey);
    if (asked != 0 || own == image.metadata().end()) return asked;
    const bool wide = own->second == "32";
    if (format == ImageFormat::Png) return 16;
    return format == ImageFormat::Tiff || format == ImageFormat::Exr ? (wide ? 32 : 16) : 0;
}

/// What the format can hold: channels and colour space.
Image prepare(const Image& image, ImageFormat format, const WriteOptions& options) {
    if (image.empty()) throw Error("there is no picture to write");
    const ColorSpace target =
        options.colorSpace.value_or(holdsFloat(format, options) ? ColorSpace::Linear : ColorSpace::Srgb);
    Image out = toColorSpace(image, image.colorSpace() == ColorSpace::Raw ? ColorSpace::Raw : target);
    if (format == ImageFormat::Exr || format == ImageFormat::Tiff) return out;
    if (out.channels() > 4)
        throw Error(fmt::format("{} does not hold {} channels", name(format), out.channels()),
                    "choose EXR or TIFF");
    if ((format == ImageFormat::Jpeg || format == ImageFormat::Hdr) && out.hasAlpha()) {
        Image white(out.width(), out.height(), out.channels() - 1, out.colorSpace());
        for (float& v : white.edit()) v = format == ImageFormat::Jpeg ? 1.0f : 0.0f;
        const std::map<std::string, std::string> metadata = out.metadata();
        out = withChannels(composite(white, out), out.channels() - 1);
        out.setMetadata(metadata);
    }
    if (format == ImageFormat::Hdr) return withChannels(out, 3);
    if (format == ImageFormat::WebP || format == ImageFormat::Bmp)
        return withChannels(out, out.hasAlpha() ? 4 : 3);
    return out;
}

const char* compressionName(ImageFormat format, Compression compression) {
    if (format == ImageFormat::Tiff)
        return compression == Compression::None ? "none" : compression == Compression::Fast ? "lzw" : "zip";
    return compression == Compression::None ? "none" : compression == Compression::Fast ? "zips" : "zip";
}

void addAttributes(OIIO::ImageSpec& spec, const Embedded& embedded, const Image& image, bool keep,
                   ImageFormat format) {
    spec.attribute("Software", codec::programName());
    if (format == ImageFormat::Exr) {
        for (const auto& [key, value] : embedded.text)
            if (!isTechnical(key)) spec.attribute(key.substr(0, 255), value);
        if (!embedded.xmp.empty()) spec.attribute("XMP", embedded.xmp);
    }
    if (!keep) return;
    for (const auto& [key, value] : image.metadata()) {
        if (format == ImageFormat::Exr) {
            if (key.starts_with("Exif:") || key.starts_with("IPTC:")) spec.attribute(key, value);
            continue;
        }
        std::string target = key;
        if (key.starts_with("Exif:GPS"))
            target = "GPS:" + key.substr(8);
        else if (std::find(std::begin(kPlainTags), std::end(kPlainTags),
                           key.substr(std::min<std::size_t>(5, key.size()))) != std::end(kPlainTags))
            target = key.substr(5);
        if (!key.starts_with("Exif:") && !key.starts_with("IPTC:")) continue;
        if (key == "Exif:Orientation" || key == "Exif:Software") continue;
        double first = 0, second = 1;
        const char* end = value.data() + value.size();
        auto [after, error] = std::from_chars(value.data(), end, first);
        if (error == std::errc{} && after < end && *after == '/')
            std::tie(after, error) = [&] {
                const auto r = std::from_chars(after + 1, end, second);
                return std::tuple(r.ptr, r.ec);
            }();
        if (key.starts_with("Exif:") && error == std::errc{} && after == end && second != 0) {
            const double number = first / second;
            if (number == static_cast<int>(number) && second == 1)
                spec.attribute(target, static_cast<int>(number));
            else
                spec.attribute(target, static_cast<float>(number));
        } else {
            spec.attribute(target, value);
        }
    }
}

void writeWithOiio(const Image& image, const fs::path& path, ImageFormat format, const WriteOptions& options,
                   const Embedded& embedded, const fs::path& shown) {
    OIIO::TypeDesc type = OIIO::TypeDesc::UINT8;
    if (format == ImageFormat::Exr)
        type = options.bitDepth == 32 ? OIIO::TypeDesc::FLOAT : OIIO::TypeDesc::HALF;
    else if (options.bitDepth == 32)
        type = OIIO::TypeDesc::FLOAT;
    else if (options.bitDepth == 16)
        type = OIIO::TypeDesc::UINT16;
    OIIO::ImageSpec spec(image.width(), image.height(), image.channels(), type);
    if (image.channels() <= 2) spec.channelnames[0] = "Y";
    spec.alpha_channel = image.hasAlpha() ? image.channels() - 1 : -1;
    if (image.hasAlpha()) spec.channelnames.back() = "A";
    if (options.depth) {
        spec.channelnames = {"R", "G", "B", "A", "Z"};
        spec.channelformats = {type, type, type, type, OIIO::TypeDesc::FLOAT};
        spec.alpha_channel = 3;
        spec.z_channel = 4;
    }
    spec.attribute("compression", compressionName(format, options.compression));
    spec.attribute("oiio:UnassociatedAlpha", format == ImageFormat::Exr ? 0 : 1);
    addAttributes(spec, embedded, image, options.keepMetadata, format);
    std::unique_ptr<OIIO::ImageOutput> out =
        OIIO::ImageOutput::create(format == ImageFormat::Exr ? "openexr" : "tiff");
    const auto fail = [&]() {
        throw Error(fmt::format("{}: cannot be written: {}", shown.string(),
                                out ? out->geterror() : "no such writer"),
                    "check the path, its permissions and the free space");
    };
    if (!out || !out->open(path.string(), spec)) fail();
    const Image associated = format == ImageFormat::Exr && !options.premultiplied ? premultiplied(image) : image;
    std::vector<std::uint16_t> shorts;
    std::vector<std::uint8_t> bytes;
    const std::span<const float> values = associated.values();
    bool done = false;
    if (type == OIIO::TypeDesc::UINT8) {
        bytes.resize(values.size());
        std::transform(values.begin(), values.end(), bytes.begin(), codec::toByte);
        done = out->write_image(type, bytes.data());
    } else if (type == OIIO::TypeDesc::UINT16) {
        shorts.resize(values.size());
        std::transform(values.begin(), values.end(), shorts.begin(), codec::toShort);
        done = out->write_image(type, shorts.data());
    } else {
        done = out->write_image(OIIO::TypeDesc::FLOAT, values.data());
    }
    if (!done || !out->close()) fail();
    if (format == ImageFormat::Tiff) codec::setTiffXmp(path, embedded.xmp);
}

} // namespace

const char* name(ImageFormat format) {
    switch (format) {
    case ImageFormat::Png:
        return "PNG";
    case ImageFormat::Jpeg:
        return "JPEG";
    case ImageFormat::WebP:
        return "WebP";
    case ImageFormat::Tiff:
        return "TIFF";
    case ImageFormat::Exr:
        return "EXR";
    case ImageFormat::Hdr:
        return "HDR";
    case ImageFormat::Bmp:
        return "BMP";
    case ImageFormat::Tga:
        return "TGA";
    }
    return "";
}

ImageFormat imageFormatFromPath(const fs::path& path) {
    std::string extension = path.extension().string();
    for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    for (const Extension& e : kExtensions)
        if (extension == e.text) return e.format;
    throw Error(fmt::format("{}: \"{}\" is not a picture format that Ochre writes", path.string(), extension),
                "end the name with .png, .jpg, .webp, .tif, .exr, .hdr, .bmp or .tga");
}

const char* imageFilePatterns() {
    return "*.png *.jpg *.jpeg *.webp *.tif *.tiff *.exr *.hdr *.bmp *.tga";
}

std::optional<ImageFormat> sniffImageFormat(std::span<const std::byte> bytes) {
    const std::string_view head(reinterpret_cast<const char*>(bytes.data()),
                                std::min<std::size_t>(bytes.size(), 18));
    const auto starts = [&](std::string_view magic) { return head.starts_with(magic); };
    if (starts("\x89PNG\r\n\x1a\n")) return ImageFormat::Png;
    if (starts("\xff\xd8\xff")) return ImageFormat::Jpeg;
    if (starts("RIFF") && head.size() >= 12 && head.substr(8, 4) == "WEBP") return ImageFormat::WebP;
    if (starts({"II*\0", 4}) || starts({"MM\0*", 4}) || starts({"II+\0", 4}) || starts({"MM\0+", 4}))
        return ImageFormat::Tiff;
    if (starts("\x76\x2f\x31\x01")) return ImageFormat::Exr;
    if (starts("#?RADIANCE") || starts("#?RGBE")) return ImageFormat::Hdr;
    if (starts("BM") && head.size() >= 18 && (head[14] == 12 || head[14] >= 40) && head[15] == 0)
        return ImageFormat::Bmp;
    if (head.size() < 18) return std::nullopt;
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(head[i]); };
    const bool kind = (at(2) & 7) >= 1 && (at(2) & 7) <= 3 && (at(2) & ~11) == 0;
    const bool palette =
        at(1) == 0 || (at(1) == 1 && (at(7) == 15 || at(7) == 16 || at(7) == 24 || at(7) == 32));
    const bool depth = at(16) == 8 || at(16) == 15 || at(16) == 16 || at(16) == 24 || at(16) == 32;
    const bool size = (at(12) | at(13)) != 0 && (at(14) | at(15)) != 0;
    if (kind && palette && depth && size && (at(17) & 0xc0) == 0) return ImageFormat::Tga;
    return std::nullopt;
}

Image decodeImage(std::span<const std::byte> bytes, const std::string& subject, const ReadOptions& options,
                  const Cancel& cancel) {
    return imageOf(readPicture({bytes, subject, options, cancel}));
}

Image readImage(const fs::path& path, const ReadOptions& options, const Cancel& cancel) {
    const codec::Bytes bytes = readFile(path, kMaxFile);
    return decodeImage(bytes, path.string(), options, cancel);
}

ImageInfo probeImage(std::span<const std::byte> bytes, const std::string& subject) {
    Source source{bytes, subject, {}, {}};
    source.pixels = false;
    return infoOf(readPicture(source));
}

ImageInfo probeImage(const fs::path& path) {
    const MappedFile file(path);
    return probeImage(file.bytes(), path.string());
}

Image readThumbnail(const fs::path& path, int maxSide, const Cancel& cancel) {
    if (maxSide < 1) throw Error(fmt::format("a thumbnail of {} pixels cannot be made", maxSide));
    const codec::Bytes bytes = readFile(path, kMaxFile);
    Source source{bytes, path.string(), {}, cancel};
    source.wantedSide = maxSide;
    Image image = imageOf(readPicture(source));
    if (image.colorSpace() != ColorSpace::Raw) image = toColorSpace(image, ColorSpace::Srgb, cancel);
    const int longer = std::max(image.width(), image.height());
    if (longer <= maxSide) return image;
    const auto scaled = [&](int side) {
        return std::max(1, static_cast<int>(static_cast<std::int64_t>(side) * maxSide / longer));
    };
    return resize(image, scaled(image.width()), scaled(image.height()), ResizeFilter::Area, cancel);
}

void writeImage(const Image& image, const fs::path& path, const WriteOptions& options) {
    const ImageFormat format = imageFormatFromPath(path);
    try {
        checkBitDepth(format, options.bitDepth);
        if (options.depth && (format != ImageFormat::Exr || image.channels() != 5 || !options.premultiplied))
            throw Error(fmt::format("a depth stands behind four premultiplied channels of an EXR, not in {} of {}", image.channels(), name(format)));
        if (options.quality < 1 || options.quality > 100)
            throw Error(fmt::format("quality {} is not within 1…100", options.quality), "92 is a good start");
        WriteOptions full = options;
        full.bitDepth = depthFor(image, format, options.bitDepth);
        const Image ready = prepare(image, format, full);
        const bool usual =
            ready.colorSpace() == (holdsFloat(format, full) ? ColorSpace::Linear : ColorSpace::Srgb);
        const bool pngKnows = format == ImageFormat::Png && ready.colorSpace() != ColorSpace::Raw;
        if (!usual && !pngKnows) full.text["ochre:colorspace"] = name(ready.colorSpace());
        const bool own =
            format == ImageFormat::Png || format == ImageFormat::Exr || format == ImageFormat::Hdr;
        const Embedded embedded =
            codec::embed(ready, full, !own, format == ImageFormat::Jpeg ? 65000 : SIZE_MAX);
        switch (format) {
        case ImageFormat::Png:
            return writeFileAtomic(path, codec::writePng(ready, full, embedded));
        case ImageFormat::Jpeg:
            return writeFileAtomic(path, codec::writeJpeg(ready, options, embedded));
        case ImageFormat::WebP:
            return writeFileAtomic(path, codec::writeWebp(ready, options, embedded));
        case ImageFormat::Hdr:
            return writeFileAtomic(path, codec::writeHdr(ready, embedded));
        case ImageFormat::Bmp:
            return writeFileAtomic(path, codec::writeBmp(ready));
        case ImageFormat::Tga:
            return writeFileAtomic(path, codec::writeTga(ready));
        case ImageFormat::Tiff:
        case ImageFormat::Exr:
            break;
        }
        AtomicFile atomic(path);
        writeWithOiio(ready, atomic.temporary(), format, full, embedded, path);
        atomic.commit();
    } catch (const Error& e) {
        if (e.message().starts_with(path.string())) throw;
        throw Error(path.string() + ": " + e.message(), e.hint(), e.kind());
    }
}

} // namespace ochre
