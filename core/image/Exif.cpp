// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "core/image/Metadata.h"

namespace ochre::codec {
namespace {

// EXIF 2.32, TIFF 6.0.
enum Type : std::uint16_t {
    kByte = 1,
    kAscii = 2,
    kShort = 3,
    kLong = 4,
    kRational = 5,
    kUndefined = 7,
    kSignedLong = 9,
    kSignedRational = 10
};
enum Folder { kMain, kExif, kGps };

struct Tag {
    Folder folder;
    std::uint16_t id;
    Type type;
    const char* name;
};

constexpr std::uint16_t kExifPointer = 0x8769, kGpsPointer = 0x8825;
constexpr std::uint16_t kUserComment = 0x9286;

constexpr Tag kTags[] = {
    {kMain, 0x010e, kAscii, "ImageDescription"},
    {kMain, 0x010f, kAscii, "Make"},
    {kMain, 0x0110, kAscii, "Model"},
    {kMain, 0x0112, kShort, "Orientation"},
    {kMain, 0x011a, kRational, "XResolution"},
    {kMain, 0x011b, kRational, "YResolution"},
    {kMain, 0x0128, kShort, "ResolutionUnit"},
    {kMain, 0x0131, kAscii, "Software"},
    {kMain, 0x0132, kAscii, "DateTime"},
    {kMain, 0x013b, kAscii, "Artist"},
    {kMain, 0x8298, kAscii, "Copyright"},
    {kExif, 0x829a, kRational, "ExposureTime"},
    {kExif, 0x829d, kRational, "FNumber"},
    {kExif, 0x8822, kShort, "ExposureProgram"},
    {kExif, 0x8827, kShort, "PhotographicSensitivity"},
    {kExif, 0x9003, kAscii, "DateTimeOriginal"},
    {kExif, 0x9004, kAscii, "DateTimeDigitized"},
    {kExif, 0x9010, kAscii, "OffsetTime"},
    {kExif, 0x9011, kAscii, "OffsetTimeOriginal"},
    {kExif, 0x9012, kAscii, "OffsetTimeDigitized"},
    {kExif, 0x9201, kSignedRational, "ShutterSpeedValue"},
    {kExif, 0x9202, kRational, "ApertureValue"},
    {kExif, 0x9203, kSignedRational, "BrightnessValue"},
    {kExif, 0x9204, kSignedRational, "ExposureBiasValue"},
    {kExif, 0x9205, kRational, "MaxApertureValue"},
    {kExif, 0x9206, kRational, "SubjectDistance"},
    {kExif, 0x9207, kShort, "MeteringMode"},
    {kExif, 0x9208, kShort, "LightSource"},
    {kExif, 0x9209, kShort, "Flash"},
    {kExif, 0x920a, kRational, "FocalLength"},
    {kExif, kUserComment, kUndefined, "UserComment"},
    {kExif, 0x9290, kAscii, "SubSecTime"},
    {kExif, 0x9291, kAscii, "SubSecTimeOriginal"},
    {kExif, 0x9292, kAscii, "SubSecTimeDigitized"},
    {kExif, 0xa217, kShort, "SensingMethod"},
    {kExif, 0xa402, kShort, "ExposureMode"},
    {kExif, 0xa403, kShort, "WhiteBalance"},
    {kExif, 0xa404, kRational, "DigitalZoomRatio"},
    {kExif, 0xa405, kShort, "FocalLengthIn35mmFilm"},
    {kExif, 0xa406, kShort, "SceneCaptureType"},
    {kExif, 0xa407, kShort, "GainControl"},
    {kExif, 0xa408, kShort, "Contrast"},
    {kExif, 0xa409, kShort, "Saturation"},
    {kExif, 0xa40a, kShort, "Sharpness"},
    {kExif, 0xa420, kAscii, "ImageUniqueID"},
    {kExif, 0xa430, kAscii, "CameraOwnerName"},
    {kExif, 0xa431, kAscii, "BodySerialNumber"},
    {kExif, 0xa432, kRational, "LensSpecification"},
    {kExif, 0xa433, kAscii, "LensMake"},
    {kExif, 0xa434, kAscii, "LensModel"},
    {kExif, 0xa435, kAscii, "LensSerialNumber"},
    {kGps, 0x0000, kByte, "GPSVersionID"},
    {kGps, 0x0001, kAscii, "GPSLatitudeRef"},
    {kGps, 0x0002, kRational, "GPSLatitude"},
    {kGps, 0x0003, kAscii, "GPSLongitudeRef"},
    {kGps, 0x0004, kRational, "GPSLongitude"},
    {kGps, 0x0005, kByte, "GPSAltitudeRef"},
    {kGps, 0x0006, kRational, "GPSAltitude"},
    {kGps, 0x0007, kRational, "GPSTimeStamp"},
    {kGps, 0x000c, kAscii, "GPSSpeedRef"},
    {kGps, 0x000d, kRational, "GPSSpeed"},
    {kGps, 0x0010, kAscii, "GPSImgDirectionRef"},
    {kGps, 0x0011, kRational, "GPSImgDirection"},
    {kGps, 0x0012, kAscii, "GPSMapDatum"},
    {kGps, 0x001d, kAscii, "GPSDateStamp"},
};

std::size_t sizeOf(std::uint16_t type) {
    switch (type) {
    case kByte:
    case kAscii:
    case kUndefined:
        return 1;
    case kShort:
        return 2;
    case kLong:
    case kSignedLong:
        return 4;
    case kRational:
    case kSignedRational:
        return 8;
    default:
        return 0;
    }
}

void appendUtf8(std::string& out, std::uint32_t c) {
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += {static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
    } else if (c < 0x10000) {
        out += {static_cast<char>(0xe0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)),
                static_cast<char>(0x80 | (c & 63))};
    } else {
        out += {static_cast<char>(0xf0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)),
                static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
    }
}

class Reader {
public:
    Reader(ByteView data, bool big) : m_data(data), m_big(big) {}
    bool has(std::size_t at, std::size_t size) const {
        return at <= m_data.size() && m_data.size() - at >= size;
    }
    std::uint32_t number(std::size_t at, std::size_t size) const {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < size; ++i) {
            const std::size_t k = m_big ? i : size - 1 - i;
            value = value << 8 | std::to_integer<std::uint32_t>(m_data[at + k]);
        }
        return value;
    }
    std::string_view text(std::size_t at, std::size_t size) const {
        return {reinterpret_cast<const char*>(m_data.data()) + at, size};
    }
    bool big() const { return m_big; }

private:
    ByteView m_data;
    bool m_big;
};

/// UserComment starts with eight bytes that name its encoding.
std::string readComment(std::string_view raw, bool big) {
    if (raw.size() < 8) return {};
    const std::string_view lead = raw.substr(0, 8);
    std::string_view body = raw.substr(8);
    if (!lead.starts_with("UNICODE")) return cleanText(body);
    // Writers disagree about the order: a byte order mark, else where the zeros of ASCII fall, decides.
    std::size_t evenZeros = 0, oddZeros = 0;
    for (std::size_t i = 0; i + 1 < body.size(); i += 2) {
        evenZeros += body[i] == 0;
        oddZeros += body[i + 1] == 0;
    }
    if (evenZeros != oddZeros) big = evenZeros > oddZeros;
    std::string out;
    for (std::size_t i = 0; i + 1 < body.size(); i += 2) {
        const auto unit = [&](std::size_t k) {
            const auto a = static_cast<std::uint8_t>(body[k]), b = static_cast<std::uint8_t>(body[k + 1]);
            return static_cast<std::uint32_t>(big ? a << 8 | b : b << 8 | a);
        };
        std::uint32_t c = unit(i);
        if (c == 0) break;
        if (c == 0xfeff) continue;
        if (c >= 0xd800 && c < 0xdc00 && i + 3 < body.size()) {
            const std::uint32_t low = unit(i + 2);
            if (low < 0xdc00 || low > 0xdfff) continue;
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            i += 2;
        } else if (c >= 0xd800 && c < 0xe000) {
            continue;
        }
        appendUtf8(out, c);
    }
    return out;
}

std::string readValue(const Reader& in, std::uint16_t type, std::size_t at, std::size_t count) {
    if (type == kAscii || type == kUndefined) return cleanText(in.text(at, count));
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t p = at + i * sizeOf(type);
        if (i) out += ' ';
        if (type == kRational)
            out += fmt::format("{}/{}", in.number(p, 4), in.number(p + 4, 4));
        else if (type == kSignedRational)
            out += fmt::format("{}/{}", static_cast<std::int32_t>(in.number(p, 4)),
                               static_cast<std::int32_t>(in.number(p + 4, 4)));
        else if (type == kSignedLong)
            out += fmt::format("{}", static_cast<std::int32_t>(in.number(p, 4)));
        else
            out += fmt::format("{}", in.number(p, sizeOf(type)));
    }
    return out;
}

void readFolder(const Reader& in, std::size_t at, Folder folder, Metadata& metadata, int depth) {
    if (!in.has(at, 2) || depth > 2) return;
    const std::size_t count = in.number(at, 2);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t entry = at + 2 + i * 12;
        if (!in.has(entry, 12)) return;
        const auto id = static_cast<std::uint16_t>(in.number(entry, 2));
        const auto type = static_cast<std::uint16_t>(in.number(entry + 2, 2));
        const std::size_t values = in.number(entry + 4, 4);
        const std::size_t unit = sizeOf(type);
        if (unit == 0 || values == 0 || values > kMaxTextBytes) continue;
        const std::size_t size = unit * values;
        const std::size_t data = size <= 4 ? entry + 8 : in.number(entry + 8, 4);
        if (!in.has(data, size)) continue;
        if (folder == kMain && (id == kExifPointer || id == kGpsPointer) && type == kLong) {
            readFolder(in, in.number(entry + 8, 4), id == kExifPointer ? kExif : kGps, metadata, depth + 1);
            continue;
        }
        const auto tag = std::find_if(std::begin(kTags), std::end(kTags),
                                      [&](const Tag& t) { return t.folder == folder && t.id == id; });
        if (tag == std::end(kTags) || (type != kAscii && type != kUndefined && values > 64)) continue;
        metadata[std::string("Exif:") + tag->name] = id == kUserComment && folder == kExif
                                                         ? readComment(in.text(data, size), in.big())
                                                         : readValue(in, type, data, values);
    }
}

void put(Bytes& out, std::uint32_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<std::byte>(value >> 8 * i));
}

/// "0.0125", as TIFF's reader gives fractions, in millionths.
bool nextDecimal(const char*& p, const char* end, std::vector<std::uint32_t>& numbers) {
    const char* const word = std::find(p, end, ' ');
    double value = 0;
    const auto [after, error] = std::from_chars(p, word, value);
    if (error != std::errc{} || after != word || std::find(p, word, '.') == word || std::fabs(value) > 2000)
        return false;
    numbers.push_back(static_cast<std::uint32_t>(static_cast<std::int32_t>(std::lround(value * 1e6))));
    numbers.push_back(1000000);
    p = word;
    return true;
}

/// The numbers of "3/4 5/1" or "7"; nothing where one does not read.
std::optional<std::vector<std::uint32_t>> parseNumbers(std::string_view text, Type type) {
    std::vector<std::uint32_t> numbers;
    const bool rational = type == kRational || type == kSignedRational;
    const char* p = text.data();
    const char* const end = p + text.size();
    const auto next = [&]() -> bool {
        std::int64_t value = 0;
        const auto [after, error] = std::from_chars(p, end, value);
        if (error != std::errc{} || value < INT32_MIN || value > UINT32_MAX) return false;
        p = after;
        numbers.push_back(static_cast<std::uint32_t>(value));
        return true;
    };
    while (p < end) {
        if (*p == ' ') {
            ++p;
            continue;
        }
        if (rational && nextDecimal(p, end, numbers)) continue;
        if (!next()) return std::nullopt;
        if (!rational) continue;
        if (p < end && *p == '/') {
            ++p;
            if (!next()) return std::nullopt;
        } else {
            numbers.push_back(1);
        }
    }
    if (numbers.empty()) return std::nullopt;
    return numbers;
}

struct Entry {
    std::uint16_t id;
    Type type;
    std::uint32_t count;
    Bytes data;
};

std::optional<Entry> makeEntry(const Tag& tag, const std::string& value) {
    Entry entry{tag.id, tag.type, 0, {}};
    if (tag.type == kAscii || tag.type == kUndefined) {
        std::string text = value;
        // 8-bit text is what every reader of UserComment understands; UTF-8 in it is the common practice.
        if (tag.id == kUserComment && tag.folder == kExif)
            text = std::string("ASCII\0\0\0", 8) + value;
        else
            text += '\0';
        const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
        entry.data.assign(bytes, bytes + text.size());
        entry.count = static_cast<std::uint32_t>(text.size());
        return entry;
    }
    const auto numbers = parseNumbers(value, tag.type);
    if (!numbers) return std::nullopt;
    const bool rational = tag.type == kRational || tag.type == kSignedRational;
    for (const std::uint32_t n : *numbers) put(entry.data, n, rational ? 4 : sizeOf(tag.type));
    entry.count = static_cast<std::uint32_t>(rational ? numbers->size() / 2 : numbers->size());
    return entry;
}

/// One folder at offset out.size(), its long values after it. Entries are sorted by id, as TIFF asks.
void writeFolder(Bytes& out, std::vector<Entry> entries) {
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.id < b.id; });
    std::size_t tail = out.size() + 2 + entries.size() * 12 + 4;
    put(out, static_cast<std::uint32_t>(entries.size()), 2);
    Bytes values;
    for (const Entry& e : entries) {
        put(out, e.id, 2);
        put(out, e.type, 2);
        put(out, e.count, 4);
        if (e.data.size() <= 4) {
            Bytes inPlace = e.data;
            inPlace.resize(4);
            out.insert(out.end(), inPlace.begin(), inPlace.end());
            continue;
        }
        put(out, static_cast<std::uint32_t>(tail + values.size()), 4);
        values.insert(values.end(), e.data.begin(), e.data.end());
        if (values.size() % 2) values.push_back(std::byte{0});
    }
    put(out, 0, 4);
    out.insert(out.end(), values.begin(), values.end());
}

} // namespace

void readExif(ByteView tiff, Metadata& metadata) {
    if (tiff.size() < 8) return;
    const char first = static_cast<char>(tiff[0]), second = static_cast<char>(tiff[1]);
    if (first != second || (first != 'I' && first != 'M')) return;
    const Reader in(tiff, first == 'M');
    if (in.number(2, 2) == 42) readFolder(in, in.number(4, 4), kMain, metadata, 0);
}

Bytes writeExif(const Metadata& metadata) {
    std::array<std::vector<Entry>, 3> folders;
    bool any = false;
    for (const Tag& tag : kTags) {
        const auto found = metadata.find(std::string("Exif:") + tag.name);
        if (found == metadata.end() || found->second.size() > 60000) continue;
        const bool orientation = tag.folder == kMain && tag.id == 0x0112;
        if (auto entry = makeEntry(tag, orientation ? "1" : found->second)) {
            folders[tag.folder].push_back(std::move(*entry));
            any = true;
        }
    }
    if (!any) return {};
    Bytes out;
    for (const char c : {'I', 'I'}) out.push_back(static_cast<std::byte>(c));
    put(out, 42, 2);
    put(out, 8, 4);
    // The places of the sub-folders are known once the main folder is laid out: write it twice.
    const Bytes head = out;
    std::array<std::uint32_t, 3> places{};
    for (int pass = 0; pass < 2; ++pass) {
        out = head;
        std::vector<Entry> main = folders[kMain];
        for (const Folder f : {kExif, kGps}) {
            if (folders[f].empty()) continue;
            Entry pointer{f == kExif ? kExifPointer : kGpsPointer, kLong, 1, {}};
            put(pointer.data, places[f], 4);
            main.push_back(std::move(pointer));
        }
        writeFolder(out, std::move(main));
        for (const Folder f : {kExif, kGps}) {
            if (folders[f].empty()) continue;
            places[f] = static_cast<std::uint32_t>(out.size());
            writeFolder(out, folders[f]);
        }
    }
    return out;
}

int orientationOf(const Metadata& metadata) {
    const auto found = metadata.find("Exif:Orientation");
    if (found == metadata.end() || found->second.size() != 1) return 1;
    const int value = found->second[0] - '0';
    return value >= 1 && value <= 8 ? value : 1;
}

} // namespace ochre::codec
