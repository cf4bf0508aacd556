// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/TorchZip.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <zlib.h>

#include "core/base/Error.h"
#include "core/base/Text.h"
#include "core/base/Math.h"

namespace ochre::tensor {
namespace {

constexpr std::uint32_t kEndSignature = 0x06054b50, kEnd64Signature = 0x06064b50,
                        kLocator64Signature = 0x07064b50;
constexpr std::uint32_t kCentralSignature = 0x02014b50, kLocalSignature = 0x04034b50;
constexpr std::size_t kEndSize = 22, kEnd64Size = 56, kLocatorSize = 20, kCentralSize = 46, kLocalSize = 30;
constexpr std::uint64_t kMostEntries = 1'000'000;
constexpr std::uint16_t kEncrypted = 0x0001 | 0x0040 | 0x2000, kHasDescriptor = 0x0008;

using Bytes = std::span<const std::byte>;

template <typename T>
T get(Bytes bytes, std::uint64_t at) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

struct Directory {
    std::uint64_t offset = 0, size = 0, entries = 0;
};

struct Central {
    ZipEntry entry;
    std::uint64_t packed = 0, local = 0;
    std::uint16_t flags = 0, method = 0;
};

/// Place of the end record: the one whose comment reaches the end of the file. Two such are one too many.
std::uint64_t findEnd(Bytes bytes, const std::string& subject) {
    std::optional<std::uint64_t> found;
    if (bytes.size() >= kEndSize) {
        const std::uint64_t last = bytes.size() - kEndSize;
        const std::uint64_t first = last > 0xffff ? last - 0xffff : 0;
        for (std::uint64_t at = first; at <= last; ++at) {
            if (get<std::uint32_t>(bytes, at) != kEndSignature) continue;
            if (at + kEndSize + get<std::uint16_t>(bytes, at + 20) != bytes.size()) continue;
            if (found) throw broken(subject + ": zip archive with two ends");
            found = at;
        }
    }
    if (!found)
        throw broken(subject + ": zip archive without its end", "the file is cut short: download it again");
    return *found;
}

/// A 16- or 32-bit field of the old end record must agree with the 64-bit one unless it is all ones.
void checkSame(std::uint64_t small, std::uint64_t sentinel, std::uint64_t big, const char* what,
               const std::string& subject) {
    if (small != sentinel && small != big)
        throw broken(
            fmt::format("{}: zip ends disagree about the {} ({} and {})", subject, what, small, big));
}

Directory readEnd(Bytes bytes, const std::string& subject) {
    const std::uint64_t end = findEnd(bytes, subject);
    const auto disk = get<std::uint16_t>(bytes, end + 4), startDisk = get<std::uint16_t>(bytes, end + 6);
    const auto here = get<std::uint16_t>(bytes, end + 8), total = get<std::uint16_t>(bytes, end + 10);
    const auto size = get<std::uint32_t>(bytes, end + 12), offset = get<std::uint32_t>(bytes, end + 16);
    if ((disk != 0 && disk != 0xffff) || (startDisk != 0 && startDisk != 0xffff) || here != total)
        throw broken(subject + ": zip archive on several disks");
    Directory directory{offset, size, total};
    std::uint64_t limit = end;
    if (end >= kLocatorSize && get<std::uint32_t>(bytes, end - kLocatorSize) == kLocator64Signature) {
        const auto at = get<std::uint64_t>(bytes, end - kLocatorSize + 8);
        if (at > end - kLocatorSize || end - kLocatorSize - at < kEnd64Size ||
            get<std::uint32_t>(bytes, at) != kEnd64Signature)
            throw broken(subject + ": zip64 end is not where its locator says");
        if (get<std::uint32_t>(bytes, at + 16) != 0 || get<std::uint32_t>(bytes, at + 20) != 0 ||
            get<std::uint64_t>(bytes, at + 24) != get<std::uint64_t>(bytes, at + 32))
            throw broken(subject + ": zip archive on several disks");
        directory = {get<std::uint64_t>(bytes, at + 48), get<std::uint64_t>(bytes, at + 40),
                     get<std::uint64_t>(bytes, at + 32)};
        checkSame(total, 0xffff, directory.entries, "number of entries", subject);
        checkSame(size, 0xffffffff, directory.size, "size of the directory", subject);
        checkSame(offset, 0xffffffff, directory.offset, "place of the directory", subject);
        limit = at;
    }
    if (directory.offset > limit || directory.size != limit - directory.offset)
        throw broken(
            fmt::format("{}: zip directory at {} of {} bytes does not end where the end record begins ({})",
                        subject, directory.offset, directory.size, limit));
    if (directory.entries > kMostEntries || directory.entries > directory.size / kCentralSize)
        throw broken(fmt::format("{}: zip directory claims {} entries in {} bytes", subject,
                                 directory.entries, directory.size));
    return directory;
}

void checkName(const std::string& name, const std::string& subject) {
    const bool outside = name.empty() || name.front() == '/' || name == ".." || name.starts_with("../") ||
                         name.ends_with("/..") || name.find("/../") != std::string::npos;
    if (outside || name.find('\\') != std::string::npos || name.find('\0') != std::string::npos ||
        !isUtf8(name))
        throw broken(fmt::format("{}: zip entry with the unsafe name \"{}\"", subject,
                                 name.substr(0, name.find('\0'))));
}

/// Sizes and offset that did not fit into 32 bits stand in extra field 1, in this order.
void readZip64Extra(Bytes extra, Central& central, bool& needSize, bool& needPacked, bool& needLocal) {
    std::uint64_t at = 0;
    while (at + 4 <= extra.size()) {
        const auto id = get<std::uint16_t>(extra, at), length = get<std::uint16_t>(extra, at + 2);
        at += 4;
        if (length > extra.size() - at) return;
        if (id == 1) {
            std::uint64_t field = at;
            for (const auto& [need, value] :
                 {std::pair{&needSize, &central.entry.size}, std::pair{&needPacked, &central.packed},
                  std::pair{&needLocal, &central.local}}) {
                if (!*need || field + 8 > at + length) continue;
                *value = get<std::uint64_t>(extra, field);
                *need = false;
                field += 8;
            }
            return;
        }
        at += length;
    }
}

/// Reads the entry at `at` and moves past it.
Central readCentral(Bytes directory, std::uint64_t& at, const std::string& subject) {
    if (directory.size() - at < kCentralSize || get<std::uint32_t>(directory, at) != kCentralSignature)
        throw broken(fmt::format("{}: zip directory is broken at byte {}", subject, at));
    Central central;
    central.flags = get<std::uint16_t>(directory, at + 8);
    central.method = get<std::uint16_t>(directory, at + 10);
    central.entry.crc32 = get<std::uint32_t>(directory, at + 16);
    central.packed = get<std::uint32_t>(directory, at + 20);
    central.entry.size = get<std::uint32_t>(directory, at + 24);
    const std::uint64_t nameLength = get<std::uint16_t>(directory, at + 28),
                        extraLength = get<std::uint16_t>(directory, at + 30);
    const std::uint64_t commentLength = get<std::uint16_t>(directory, at + 32);
    if (get<std::uint16_t>(directory, at + 34) != 0) throw broken(subject + ": zip archive on several disks");
    central.local = get<std::uint32_t>(directory, at + 42);
    at += kCentralSize;
    if (nameLength + extraLength + commentLength > directory.size() - at)
        throw broken(subject + ": zip directory entry runs past the directory");
    central.entry.name.assign(reinterpret_cast<const char*>(directory.data() + at), nameLength);
    checkName(central.entry.name, subject);
    bool needSize = central.entry.size == 0xffffffff, needPacked = central.packed == 0xffffffff;
    bool needLocal = central.local == 0xffffffff;
    readZip64Extra(directory.subspan(at + nameLength, extraLength), central, needSize, needPacked, needLocal);
    at += nameLength + extraLength + commentLength;
    return central;
}

/// Checks the local header against the directory's and gives [header, end of data).
std::pair<std::uint64_t, std::uint64_t> locate(Bytes bytes, std::uint64_t limit, Central& central,
                                               const std::string& subject) {
    const std::string where = fmt::format("{}: zip entry \"{}\"", subject, central.entry.name);
    if (central.flags & kEncrypted)
        throw broken(where + ": is encrypted", "save the checkpoint without a password");
    if (central.method != 0 && central.method != 8)
        throw broken(fmt::format("{}: packed by method {}", where, central.method));
    if (central.local > limit || limit - central.local < kLocalSize ||
        get<std::uint32_t>(bytes, central.local) != kLocalSignature)
        throw broken(fmt::format("{}: has no header at {}", where, central.local));
    const auto flags = get<std::uint16_t>(bytes, central.local + 6),
               method = get<std::uint16_t>(bytes, central.local + 8);
    const std::uint64_t nameLength = get<std::uint16_t>(bytes, central.local + 26);
    const std::uint64_t extraLength = get<std::uint16_t>(bytes, central.local + 28);
    const std::uint64_t begin = central.local + kLocalSize + nameLength + extraLength;
    if (begin > limit || central.packed > limit - begin)
        throw broken(where + ": its data runs past the archive");
    const std::string_view name(reinterpret_cast<const char*>(bytes.data() + central.local + kLocalSize),
                                nameLength);
    if (name != central.entry.name || method != central.method ||
        (flags & kEncrypted) != (central.flags & kEncrypted))
        throw broken(where + ": its two headers disagree");
    const auto packed = get<std::uint32_t>(bytes, central.local + 18),
               size = get<std::uint32_t>(bytes, central.local + 22);
    const bool known = !(flags & kHasDescriptor);
    if (known && ((packed != 0xffffffff && packed != central.packed) ||
                  (size != 0xffffffff && size != central.entry.size)))
        throw broken(where + ": its two headers disagree about its size");
    if (central.method == 0 && central.packed != central.entry.size)
        throw broken(fmt::format("{}: stored with {} bytes, but declares {}", where, central.packed,
                                 central.entry.size));
    central.entry.data = bytes.subspan(begin, central.packed);
    central.entry.deflated = central.method == 8;
    return {central.local, begin + central.packed};
}

} // namespace

std::vector<ZipEntry> readZip(Bytes bytes, const std::string& subject) {
    const Directory directory = readEnd(bytes, subject);
    const Bytes central = bytes.subspan(directory.offset, directory.size);
    std::vector<ZipEntry> entries;
    std::set<std::string> folded;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
    std::uint64_t at = 0;
    for (std::uint64_t i = 0; i < directory.entries; ++i) {
        Central entry = readCentral(central, at, subject);
        std::string lower = entry.entry.name;
        std::transform(lower.begin(), lower.end(), lower.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
        if (!folded.insert(lower).second)
            throw broken(
                fmt::format("{}: two zip entries are named \"{}\" (case aside)", subject, entry.entry.name));
        ranges.push_back(locate(bytes, directory.offset, entry, subject));
        if (!entry.entry.name.ends_with('/')) entries.push_back(std::move(entry.entry));
    }
    if (at != directory.size)
        throw broken(fmt::format("{}: {} bytes after the zip directory", subject, directory.size - at));
    std::sort(ranges.begin(), ranges.end());
    for (std::size_t i = 1; i < ranges.size(); ++i)
        if (ranges[i].first < ranges[i - 1].second)
            throw broken(fmt::format("{}: two zip entries overlap at byte {}", subject, ranges[i].first));
    return entries;
}

std::vector<std::byte> unpack(const ZipEntry& entry, std::uint64_t limit, const std::string& subject) {
    const std::string where = fmt::format("{}: zip entry \"{}\"", subject, entry.name);
    if (entry.size > limit) throw broken(fmt::format("{}: {} bytes, more than {}", where, entry.size, limit));
    std::vector<std::byte> result(entry.data.begin(), entry.data.end());
    if (entry.deflated) {
        result.assign(entry.size, std::byte{0});
        std::byte none{};
        z_stream stream{};
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(entry.data.data()));
        stream.avail_in = static_cast<uInt>(std::min<std::uint64_t>(entry.data.size(), UINT32_MAX));
        stream.next_out = reinterpret_cast<Bytef*>(result.empty() ? &none : result.data());
        stream.avail_out = static_cast<uInt>(result.size());
        if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
            throw Error(where + ": cannot be unpacked", {}, ErrorKind::Memory);
        const int status = inflate(&stream, Z_FINISH);
        const bool whole = status == Z_STREAM_END && stream.avail_out == 0 && stream.avail_in == 0;
        inflateEnd(&stream);
        if (!whole)
            throw broken(where + ": does not unpack to its declared size",
                         "the file is damaged: download it again");
    }
    const auto seen =
        static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(result.data()), result.size()));
    if (entry.crc32 != 0 && seen != entry.crc32)
        throw broken(fmt::format("{}: checksum is {:08x}, should be {:08x}", where, seen, entry.crc32),
                     "the file is damaged: download it again");
    return result;
}

} // namespace ochre::tensor
