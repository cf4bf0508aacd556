// SPDX-License-Identifier: GPL-3.0-or-later
// Zip archives in memory, through libzip: .sog scenes are such.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

struct zip;

namespace ochre {

bool isZip(std::span<const std::byte> bytes);

/// Reads entries by name. `bytes` must outlive it.
class ZipArchive {
public:
    /// Throws Error (Broken) that starts with `subject`.
    ZipArchive(std::span<const std::byte> bytes, std::string subject);

    bool has(const std::string& name) const;
    /// Throws Error (Broken): absent, encrypted, damaged, longer than `most` bytes, or claims more than its packed
    /// bytes can expand to.
    std::vector<std::byte> read(const std::string& name, std::uint64_t most) const;

private:
    struct Close {
        void operator()(zip* archive) const;
    };
    std::unique_ptr<zip, Close> m_zip;
    std::string m_subject;
};

/// An archive of files that are stored as they are. The same files give the same bytes.
std::vector<std::byte> makeZip(const std::vector<std::pair<std::string, std::vector<std::byte>>>& files);

} // namespace ochre
