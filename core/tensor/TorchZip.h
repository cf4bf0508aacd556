// SPDX-License-Identifier: GPL-3.0-or-later
// The zip archive inside a .pth file, read by one strict parser: what it lists is exactly what is loaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ochre::tensor {

struct ZipEntry {
    std::string name;
    std::span<const std::byte> data; ///< as stored
    std::uint64_t size = 0;          ///< when unpacked
    std::uint32_t crc32 = 0;         ///< of the unpacked bytes; 0: not computed
    bool deflated = false;
};

/// Entries in the order of the central directory (folders left out). Throws Error (Broken) for anything
/// ambiguous: two ends, doubled names (also by case), headers that disagree, overlapping or escaping data,
/// encryption, other methods. zip64 is read. Format: PKWARE APPNOTE 6.3.
std::vector<ZipEntry> readZip(std::span<const std::byte> bytes, const std::string& subject);

/// The unpacked bytes, at most `limit`, checksum compared. Throws Error (Broken).
std::vector<std::byte> unpack(const ZipEntry& entry, std::uint64_t limit, const std::string& subject);

} // namespace ochre::tensor
