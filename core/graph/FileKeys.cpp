// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/FileKeys.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/Paths.h"

namespace ochre::graph {
namespace {
namespace fs = std::filesystem;

constexpr std::uint64_t kWholeLimit = std::uint64_t{64} << 20;
constexpr std::uint64_t kEnd = std::uint64_t{4} << 20;
constexpr std::size_t kRemembered = 100'000;

std::int64_t nanoseconds(const struct stat& s) {
    return static_cast<std::int64_t>(s.st_mtim.tv_sec) * 1'000'000'000 + s.st_mtim.tv_nsec;
}

Hash128 identity(const struct stat& s) {
    const std::array<std::uint64_t, 4> parts{s.st_dev, s.st_ino, static_cast<std::uint64_t>(s.st_size),
                                             static_cast<std::uint64_t>(nanoseconds(s))};
    return hashBytes(parts.data(), sizeof parts);
}

void hashRange(Hasher& hasher, int file, std::uint64_t begin, std::uint64_t end) {
    std::vector<char> block(std::size_t{1} << 20);
    while (begin < end) {
        const std::size_t wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), end - begin));
        const ssize_t got = ::pread(file, block.data(), wanted, static_cast<off_t>(begin));
        if (got <= 0) return; // cut off meanwhile: its new size will change the key
        hasher.bytes(block.data(), static_cast<std::size_t>(got));
        begin += static_cast<std::uint64_t>(got);
    }
}

std::optional<Hash128> readContent(const fs::path& path, std::uint64_t size) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return std::nullopt;
    Hasher hasher;
    if (size <= kWholeLimit) {
        hashRange(hasher, file, 0, size);
    } else {
        hashRange(hasher, file, 0, kEnd);
        hashRange(hasher, file, size - kEnd, size);
    }
    ::close(file);
    return hasher.finish();
}

/// Content hashes by identity of the file.
class Memory {
public:
    static Memory& shared() {
        static Memory* memory = new Memory;
        return *memory;
    }
    std::optional<Hash128> content(const fs::path& path, const struct stat& s) {
        const Hash128 id = identity(s);
        {
            std::lock_guard lock(m_mutex);
            if (const auto it = m_known.find(id); it != m_known.end()) return it->second;
        }
        const auto hash = readContent(path, static_cast<std::uint64_t>(s.st_size));
        if (hash) {
            std::lock_guard lock(m_mutex);
            if (m_known.size() >= kRemembered) m_known.clear();
            m_known.emplace(id, *hash);
        }
        return hash;
    }

private:
    std::mutex m_mutex;
    std::unordered_map<Hash128, Hash128> m_known;
};

void addFolder(Hasher& hasher, const fs::path& folder) {
    std::vector<std::string> lines;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        struct stat s {};
        if (::stat(it->path().c_str(), &s) != 0) continue;
        lines.push_back(it->path().filename().string() + '\0' + std::to_string(s.st_size) + '\0' +
                        std::to_string(nanoseconds(s)));
    }
    std::sort(lines.begin(), lines.end());
    for (const std::string& line : lines) hasher.add(line);
}

} // namespace

Hash128 fileKey(const Parameter& parameter, const std::string& text) {
    Hasher hasher;
    hasher.add(text);
    const fs::path path = parameter.kind == ParameterKind::Model ? paths::findModel(text, parameter.filter)
                                                                 : paths::resolve(text);
    struct stat s {};
    if (text.empty() || ::stat(path.c_str(), &s) != 0) return hasher.add(std::string_view("absent")).finish();
    if (S_ISDIR(s.st_mode)) {
        addFolder(hasher, path);
    } else if (S_ISREG(s.st_mode)) {
        hasher.add(std::uint64_t(s.st_size)).add(nanoseconds(s));
        if (const auto content = Memory::shared().content(path, s)) hasher.add(*content);
    }
    return hasher.finish();
}

} // namespace ochre::graph
