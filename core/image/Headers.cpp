// SPDX-License-Identifier: GPL-3.0-or-later
// What is read of TIFF and OpenEXR files before (and besides) OpenImageIO: sizes to check, and TIFF's XMP
// tag.
#include "core/image/Headers.h"

#include <algorithm>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

namespace ochre::codec {
namespace {

constexpr std::uint16_t kXmpTag = 700;
constexpr std::size_t kMaxEntries = 4096;

/// Numbers of a TIFF, classic or big, in either byte order.
struct TiffLayout {
    bool bigEndian = false, big = false;

    std::size_t offsetSize() const { return big ? 8 : 4; }
    std::size_t countSize() const { return big ? 8 : 2; }
    std::size_t entrySize() const { return big ? 20 : 12; }
    std::size_t headerSize() const { return big ? 16 : 8; }
    std::size_t offsetAt() const { return big ? 8 : 4; }

    std::uint64_t get(const std::byte* data, std::size_t size) const {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < size; ++i)
            value = value << 8 | std::to_integer<std::uint64_t>(data[bigEndian ? i : size - 1 - i]);
        return value;
    }
    void put(std::byte* data, std::uint64_t value, std::size_t size) const {
        for (std::size_t i = 0; i < size; ++i)
            data[bigEndian ? size - 1 - i : i] = static_cast<std::byte>(value >> 8 * i);
    }
};

std::optional<TiffLayout> layoutOf(ByteView head) {
    if (head.size() < 8) return std::nullopt;
    TiffLayout layout;
    layout.bigEndian = head[0] == std::byte{'M'};
    const std::uint64_t version = layout.get(head.data() + 2, 2);
    if (version != 42 && version != 43) return std::nullopt;
    layout.big = version == 43;
    if (head.size() < layout.headerSize()) return std::nullopt;
    return layout;
}

std::uint32_t little(ByteView data, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = value << 8 | std::to_integer<std::uint32_t>(data[at + i]);
    return value;
}

/// One part of an OpenEXR file.
struct ExrPart {
    std::optional<std::uint64_t> width, height;
    std::uint64_t channels = 0, tileWidth = 0, tileHeight = 0;
    bool tiled = false;
};

class ExrHeader {
public:
    explicit ExrHeader(const Source& source) : m_source(source), m_file(source.bytes) {}

    void check() {
        const std::uint32_t version = m_file.size() >= 8 ? little(m_file, 4) : 0;
        if ((version & 0xff) != 2) m_source.fail(fmt::format("version {} is not read", version & 0xff));
        if (version & 0x800) m_source.fail("it holds deep data", "flatten it with another program");
        const bool many = (version & 0x1000) != 0;
        m_at = 8;
        bool first = true;
        while (first || (many && peek() != 0)) {
            checkPart(readPart(), first);
            first = false;
        }
    }

private:
    std::uint32_t peek() const {
        if (m_at >= m_file.size()) m_source.fail("the header is cut off");
        return std::to_integer<std::uint32_t>(m_file[m_at]);
    }

    std::string_view text() {
        const std::size_t begin = m_at;
        while (peek() != 0) ++m_at;
        if (m_at - begin > 255) m_source.fail("a name in the header is longer than 255 bytes");
        return {reinterpret_cast<const char*>(m_file.data()) + begin, m_at++ - begin};
    }

    ExrPart readPart() {
        ExrPart part;
        while (peek() != 0) {
            const std::string_view name = text();
            const std::string_view type = text();
            if (m_file.size() - m_at < 4) m_source.fail("the header is cut off");
            const std::size_t size = little(m_file, m_at);
            m_at += 4;
            if (size > m_file.size() - m_at)
                m_source.fail(fmt::format("the entry at byte {} is cut off", m_at));
            const ByteView body = m_file.subspan(m_at, size);
            if (name == "dataWindow" && type == "box2i" && size == 16)
                window(body, part, true);
            else if (name == "displayWindow" && type == "box2i" && size == 16)
                window(body, part, false);
            else if (name == "channels" && type == "chlist")
                part.channels = countChannels(body);
            else if (name == "tiles" && type == "tiledesc" && size == 9) {
                part.tiled = true;
                part.tileWidth = little(body, 0);
                part.tileHeight = little(body, 4);
            }
            m_at += size;
        }
        ++m_at;
        return part;
    }

    void window(ByteView body, ExrPart& part, bool data) {
        const auto side = [&](std::size_t at) {
            return static_cast<std::int64_t>(static_cast<std::int32_t>(little(body, at + 8))) -
                   static_cast<std::int32_t>(little(body, at)) + 1;
        };
        const std::int64_t width = side(0), height = side(4);
        if (width < 1 || height < 1)
            m_source.fail(fmt::format("the header gives a size of {}×{}", width, height));
        checkLimits(m_source, static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height), 1, 2);
        if (!data) return;
        part.width = static_cast<std::uint64_t>(width);
        part.height = static_cast<std::uint64_t>(height);
    }

    /// Name, NUL, 16 bytes each; ends with an empty name.
    std::uint64_t countChannels(ByteView body) const {
        std::uint64_t count = 0;
        std::size_t at = 0;
        while (at < body.size() && body[at] != std::byte{0}) {
            while (at < body.size() && body[at] != std::byte{0}) ++at;
            if (body.size() - at < 17) m_source.fail("the list of channels is cut off");
            const std::uint32_t type = little(body, at + 1), xStep = little(body, at + 9),
                                yStep = little(body, at + 13);
            if (type > 2) m_source.fail(fmt::format("a channel has numbers of kind {}", type));
            if (xStep != 1 || yStep != 1)
                m_source.fail("its channels have different sizes (luminance and chroma)",
                              "convert it to RGB channels");
            at += 17;
            ++count;
        }
        return count;
    }

    void checkPart(const ExrPart& part, bool first) const {
        if (!part.width || !part.height || part.channels == 0)
            m_source.fail("the header lacks its size or channels");
        if (first) checkLimits(m_source, *part.width, *part.height, part.channels, 2);
        if (part.tiled &&
            (part.tileWidth < 1 || part.tileHeight < 1 || part.tileWidth > 65536 || part.tileHeight > 65536 ||
             part.tileWidth * part.tileHeight * part.channels * 4 > std::uint64_t{1} << 31))
            m_source.fail(fmt::format("tiles of {}×{} are not read", part.tileWidth, part.tileHeight));
    }

    const Source& m_source;
    ByteView m_file;
    std::size_t m_at = 0;
};

/// The first folder of a TIFF: the size, and where its pixels lie.
class TiffHeader {
public:
    TiffHeader(const Source& source, const TiffLayout& layout)
        : m_source(source), m_file(source.bytes), m_layout(layout) {}

    void check() {
        const std::uint64_t at = m_layout.get(m_file.data() + m_layout.offsetAt(), m_layout.offsetSize());
        need(at, m_layout.countSize(), "its folder");
        const std::uint64_t count = m_layout.get(m_file.data() + at, m_layout.countSize());
        if (count < 1 || count > kMaxEntries) m_source.fail(fmt::format("its folder has {} entries", count));
        need(at + m_layout.countSize(), count * m_layout.entrySize() + m_layout.offsetSize(), "its folder");
        for (std::uint64_t i = 0; i < count; ++i) entry(at + m_layout.countSize() + i * m_layout.entrySize());
        checkLimits(m_source, m_width, m_height, std::max<std::uint64_t>(m_samples, 1), 1);
        if (m_offsets.empty() || m_offsets.size() != m_sizes.size())
            m_source.fail(fmt::format("{} pieces of pixels have {} sizes", m_offsets.size(), m_sizes.size()));
        for (std::size_t i = 0; i < m_offsets.size(); ++i)
            if (m_sizes[i] > 0) need(m_offsets[i], m_sizes[i], "a piece of its pixels");
    }

private:
    void need(std::uint64_t at, std::uint64_t size, const char* what) const {
        if (at <= m_file.size() && size <= m_file.size() - at) return;
        m_source.fail(fmt::format("{} should lie at byte {} with {} bytes, the file has {}", what, at, size,
                                  m_file.size()));
    }

    void entry(std::uint64_t at) {
        const std::byte* p = m_file.data() + at;
        switch (m_layout.get(p, 2)) {
        case 256:
            m_width = first(p);
            break;
        case 257:
            m_height = first(p);
            break;
        case 277:
            m_samples = first(p);
            break;
        case 273:
        case 324:
            m_offsets = values(p);
            break;
        case 279:
        case 325:
            m_sizes = values(p);
            break;
        default:
            break;
        }
    }

    std::uint64_t first(const std::byte* entry) const {
        const std::vector<std::uint64_t> all = values(entry);
        return all.empty() ? 0 : all.front();
    }

    std::vector<std::uint64_t> values(const std::byte* entry) const {
        const std::uint64_t type = m_layout.get(entry + 2, 2), word = m_layout.offsetSize();
        const std::uint64_t count = m_layout.get(entry + 4, word);
        // BYTE, SHORT, LONG, LONG8
        const std::size_t unit = type == 1 ? 1 : type == 3 ? 2 : type == 4 ? 4 : type == 16 ? 8 : 0;
        if (unit == 0) m_source.fail(fmt::format("a size or place has numbers of kind {}", type));
        if (count > m_file.size() / unit) m_source.fail(fmt::format("its folder names {} numbers", count));
        const std::byte* data = entry + 4 + word;
        if (count * unit > word) {
            const std::uint64_t at = m_layout.get(data, word);
            need(at, count * unit, "a list of its folder");
            data = m_file.data() + at;
        }
        std::vector<std::uint64_t> out;
        for (std::uint64_t i = 0; i < count; ++i) out.push_back(m_layout.get(data + i * unit, unit));
        return out;
    }

    const Source& m_source;
    ByteView m_file;
    TiffLayout m_layout;
    std::uint64_t m_width = 0, m_height = 0, m_samples = 1;
    std::vector<std::uint64_t> m_offsets, m_sizes;
};

} // namespace

void checkTiffHeader(const Source& source) {
    const auto layout = layoutOf(source.bytes);
    if (!layout) source.fail("the header is cut off");
    TiffHeader(source, *layout).check();
}

void checkExrHeader(const Source& source) {
    ExrHeader(source).check();
}

std::string tiffXmp(ByteView file) {
    const auto layout = layoutOf(file);
    if (!layout) return {};
    const std::uint64_t at = layout->get(file.data() + layout->offsetAt(), layout->offsetSize());
    if (at > file.size() || file.size() - at < layout->countSize()) return {};
    const std::uint64_t count = layout->get(file.data() + at, layout->countSize());
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, kMaxEntries); ++i) {
        const std::uint64_t entry = at + layout->countSize() + i * layout->entrySize();
        if (entry > file.size() || file.size() - entry < layout->entrySize()) return {};
        if (layout->get(file.data() + entry, 2) != kXmpTag) continue;
        const std::uint64_t size = layout->get(file.data() + entry + 4, layout->offsetSize());
        const std::uint64_t data =
            size <= layout->offsetSize()
                ? entry + 4 + layout->offsetSize()
                : layout->get(file.data() + entry + 4 + layout->offsetSize(), layout->offsetSize());
        if (size > kMaxTextBytes || data > file.size() || file.size() - data < size) return {};
        return {reinterpret_cast<const char*>(file.data()) + data, static_cast<std::size_t>(size)};
    }
    return {};
}

void setTiffXmp(const std::filesystem::path& path, const std::string& packet) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    const auto read = [&](std::uint64_t at, std::size_t size) {
        Bytes bytes(size);
        file.seekg(static_cast<std::streamoff>(at));
        file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
        return bytes;
    };
    const Bytes head = read(0, 16);
    const auto layout = file ? layoutOf(head) : std::nullopt;
    if (!layout) throw Error(path.string() + ": the written TIFF cannot be read again", "check the disk");
    const std::uint64_t at = layout->get(head.data() + layout->offsetAt(), layout->offsetSize());
    const std::uint64_t count = layout->get(read(at, layout->countSize()).data(), layout->countSize());
    const std::size_t entrySize = layout->entrySize(), countSize = layout->countSize(),
                      word = layout->offsetSize();
    const Bytes entries = read(at + countSize, static_cast<std::size_t>(count) * entrySize + word);

    file.seekp(0, std::ios::end);
    std::uint64_t end = static_cast<std::uint64_t>(file.tellp());
    const std::string padding(end % 2, '\0');
    end += padding.size();
    const std::string body = packet + std::string(packet.size() % 2, '\0');
    if (!layout->big && end + body.size() + entries.size() + 64 > UINT32_MAX)
        throw Error("the TIFF is too long for its metadata", "choose EXR or PNG");
    // A new folder: the old entries with ours in its place by number, so the old one is dead bytes.
    Bytes mine(entrySize);
    layout->put(mine.data(), kXmpTag, 2);
    layout->put(mine.data() + 2, 1, 2);
    layout->put(mine.data() + 4, packet.size(), word);
    layout->put(mine.data() + 4 + word, end, word);
    Bytes folder(countSize);
    std::uint64_t written = 0;
    bool placed = false;
    for (std::uint64_t i = 0; i <= count; ++i) {
        const std::byte* entry = entries.data() + i * entrySize;
        const std::uint64_t tag = i < count ? layout->get(entry, 2) : 0x10000;
        if (!placed && tag >= kXmpTag) {
            folder.insert(folder.end(), mine.begin(), mine.end());
            placed = true;
            ++written;
        }
        if (i == count || tag == kXmpTag) continue;
        folder.insert(folder.end(), entry, entry + entrySize);
        ++written;
    }
    folder.insert(folder.end(), entries.end() - static_cast<std::ptrdiff_t>(word), entries.end());
    layout->put(folder.data(), written, countSize);
    Bytes pointer(word);
    layout->put(pointer.data(), end + body.size(), word);
    file.write(padding.data(), static_cast<std::streamsize>(padding.size()));
    file.write(body.data(), static_cast<std::streamsize>(body.size()));
    file.write(reinterpret_cast<const char*>(folder.data()), static_cast<std::streamsize>(folder.size()));
    file.seekp(static_cast<std::streamoff>(layout->offsetAt()));
    file.write(reinterpret_cast<const char*>(pointer.data()), static_cast<std::streamsize>(word));
    file.flush();
    if (!file)
        throw Error(path.string() + ": the metadata cannot be written", "free some disk space and try again");
}

} // namespace ochre::codec
