// SPDX-License-Identifier: GPL-3.0-or-later
// Files as bytes: whole reads with a limit, read-only maps, and writes that either happen wholly or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ochre {

/// The whole file. Throws Error if it cannot be read or is longer than `limit` bytes.
std::vector<std::byte> readFile(const std::filesystem::path& path, std::uint64_t limit);
std::string readTextFile(const std::filesystem::path& path, std::uint64_t limit);

/// Replaces `path` atomically: temporary file in the same folder, flush to disk, rename, flush of the folder. On any
/// error the old file stands and the temporary one is gone. Symbolic links are followed, permissions kept.
void writeFileAtomic(const std::filesystem::path& path, std::span<const std::byte> data);
void writeFileAtomic(const std::filesystem::path& path, std::string_view text);

/// A name beside `path` that a writer which needs a path can fill, then commit() puts it in place as above;
/// destroyed without commit(), nothing is left behind. The extension of `path` is kept.
class AtomicFile {
public:
    explicit AtomicFile(std::filesystem::path path);
    ~AtomicFile();
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    const std::filesystem::path& temporary() const { return m_temporary; }
    void commit();

private:
    std::filesystem::path m_target;
    std::filesystem::path m_temporary;
    bool m_committed = false;
};

/// A read-only private map of a whole file; an empty file gives an empty span. Movable; the map lives as long as this.
class MappedFile {
public:
    MappedFile() = default;
    explicit MappedFile(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;

    std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(m_data), m_size}; }
    std::size_t size() const { return m_size; }

private:
    void* m_data = nullptr;
    std::size_t m_size = 0;
};

/// Of `mapped`, which must lie in a MappedFile: the pages that belong to it alone stop counting as memory of this process.
/// They are read again when they are touched again.
void giveBackPages(std::span<const std::byte> mapped);

} // namespace ochre
