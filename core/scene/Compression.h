// SPDX-License-Identifier: GPL-3.0-or-later
// gzip and zstd for scene files, bounded: what a file claims to expand to is judged before anything is
// allocated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ochre {

/// Throws Error (Broken) when `expanded` bytes cannot honestly come from `packed`: scenes shrink to a third
/// or so, thus beyond `free` bytes no more than 100 times as much is believed.
void checkExpansion(std::uint64_t packed, std::uint64_t expanded, const std::string& subject,
                    std::uint64_t free = std::uint64_t{4} << 20);

bool isGzip(std::span<const std::byte> bytes);

/// Reads a gzip stream piece by piece. `packed` must outlive it.
class GzipReader {
public:
    GzipReader(std::span<const std::byte> packed, std::string subject);
    ~GzipReader();
    GzipReader(const GzipReader&) = delete;
    GzipReader& operator=(const GzipReader&) = delete;

    /// Fills `target`, or less at the end; returns how much. Throws Error (Broken) when damaged or cut short.
    std::size_t read(std::span<std::byte> target);
    /// Fills `target` wholly. Throws Error (Broken), naming `what`.
    void require(std::span<std::byte> target, std::string_view what);
    bool atEnd() const; ///< and the checksum was right

private:
    struct State;
    std::unique_ptr<State> m_state;
    std::string m_subject;
};

/// One zstd frame that holds exactly target.size() bytes. Throws Error (Broken), naming `what`.
void unpackZstd(std::span<const std::byte> packed, std::span<std::byte> target, const std::string& subject,
                std::string_view what);

std::vector<std::byte> packGzip(std::span<const std::byte> bytes);
std::vector<std::byte> packZstd(std::span<const std::byte> bytes);

} // namespace ochre
