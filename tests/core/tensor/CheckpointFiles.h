// SPDX-License-Identifier: GPL-3.0-or-later
// Makes small checkpoints, right and wrong ones, byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ochre::test {

inline std::string littleEndian(std::uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(i < 8 ? value >> (8 * i) : 0);
    return text;
}

inline std::span<const std::byte> asBytes(std::string_view text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// A safetensors file of this header and so many data bytes.
inline std::string safetensorsFile(const std::string& header, std::size_t data) {
    return littleEndian(header.size(), 8) + header + std::string(data, '\1');
}

/// Writes zip archives like torch.save, or spoiled ones.
struct ZipMaker {
    struct Entry {
        std::string name, data;
        std::string localName = {}; ///< if other than `name`
        std::uint16_t flags = 0, method = 0;
        std::uint32_t crc = 0;          ///< 0: not computed
        std::int64_t declaredSize = -1; ///< if other than the data's
        std::int64_t localOffset = -1;  ///< if other than where it lies
    };
    std::vector<Entry> entries;
    std::string comment, beforeDirectory;

    std::string make() const {
        std::string file, directory;
        for (const Entry& e : entries) {
            const std::uint64_t size =
                e.declaredSize >= 0 ? static_cast<std::uint64_t>(e.declaredSize) : e.data.size();
            const std::uint64_t at =
                e.localOffset >= 0 ? static_cast<std::uint64_t>(e.localOffset) : file.size();
            const std::string& local = e.localName.empty() ? e.name : e.localName;
            directory += "PK\1\2" + littleEndian(0, 4) + littleEndian(e.flags, 2) +
                         littleEndian(e.method, 2) + littleEndian(0, 4) + littleEndian(e.crc, 4) +
                         littleEndian(e.data.size(), 4) + littleEndian(size, 4) +
                         littleEndian(e.name.size(), 2) + littleEndian(0, 12) + littleEndian(at, 4) + e.name;
            file += "PK\3\4" + littleEndian(0, 2) + littleEndian(e.flags, 2) + littleEndian(e.method, 2) +
                    littleEndian(0, 4) + littleEndian(e.crc, 4) + littleEndian(e.data.size(), 4) +
                    littleEndian(size, 4) + littleEndian(local.size(), 2) + littleEndian(0, 2) + local +
                    e.data;
        }
        file += beforeDirectory;
        const std::uint64_t at = file.size();
        return file + directory + "PK\5\6" + littleEndian(0, 4) + littleEndian(entries.size(), 2) +
               littleEndian(entries.size(), 2) + littleEndian(directory.size(), 4) + littleEndian(at, 4) +
               littleEndian(comment.size(), 2) + comment;
    }
};

/// Pickle pieces.
namespace pickle {
inline std::string text(const std::string& t) {
    return "X" + littleEndian(t.size(), 4) + t;
}
inline std::string integer(std::int64_t i) {
    return "J" + littleEndian(static_cast<std::uint64_t>(i), 4);
}
inline std::string global(const std::string& module, const std::string& name) {
    return "c" + module + "\n" + name + "\n";
}
inline std::string storage(const std::string& type, const std::string& key, std::int64_t count) {
    return "(" + text("storage") + global("torch", type) + text(key) + text("cpu") + integer(count) + "tQ";
}
inline std::string tuple(const std::vector<std::int64_t>& values) {
    std::string all = "(";
    for (const auto v : values) all += integer(v);
    return all + "t";
}
inline std::string denseTensor(const std::string& storage, std::int64_t offset,
                               const std::vector<std::int64_t>& shape,
                               const std::vector<std::int64_t>& strides) {
    return global("torch._utils", "_rebuild_tensor_v2") + "(" + storage + integer(offset) + tuple(shape) +
           tuple(strides) + "\x89" + global("collections", "OrderedDict") + ")RtR";
}
/// {"w": value}
inline std::string dictionary(const std::string& value) {
    return std::string("\x80\x02}") + text("w") + value + "s.";
}
} // namespace pickle

/// A zip checkpoint of this pickle and one storage "0".
inline ZipMaker torchZip(const std::string& pickle, const std::string& data) {
    ZipMaker zip;
    zip.entries = {{"archive/data.pkl", pickle}, {"archive/data/0", data}, {"archive/version", "3\n"}};
    return zip;
}

/// A checkpoint of before PyTorch 1.6 of this pickle and one storage "0" of `count` floats.
inline std::string torchLegacy(const std::string& pickle, std::uint64_t count, const std::string& data) {
    const std::string magic = std::string("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
    const std::string protocol = std::string("\x80\x02M\xe9\x03.", 6);
    const std::string system = std::string("\x80\x02}") + pickle::text("little_endian") + "\x88s.";
    const std::string keys = std::string("\x80\x02]") + pickle::text("0") + "a.";
    return magic + protocol + system + pickle + keys + littleEndian(count, 8) + data;
}

} // namespace ochre::test
