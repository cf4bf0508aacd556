// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/Memory.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

namespace ochre {
namespace {
namespace fs = std::filesystem;

/// The files of one version of control groups.
struct Version {
    const char *folder, *limit, *used, *droppable; ///< the last: a field of memory.stat, of the group and those below it
};
constexpr Version kFirst{"sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"};
constexpr Version kSecond{"sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"};

/// "max" is no number.
std::optional<std::uint64_t> number(const fs::path& file) {
    std::ifstream in(file);
    std::uint64_t value = 0;
    if (in >> value) return value;
    return std::nullopt;
}

/// Of lines like "MemAvailable:  123 kB" and "inactive_file 123".
std::uint64_t field(const fs::path& file, std::string_view name) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);)
        if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ' ')
            return std::stoull("0" + line.substr(std::min(line.find_first_not_of(' ', name.size()), line.size())));
    return 0;
}

std::uint64_t freeIn(const fs::path& group, const Version& version) {
    const auto limit = number(group / version.limit), used = number(group / version.used);
    if (!limit || !used) return UINT64_MAX;
    const std::uint64_t held = *used - std::min(*used, field(group / "memory.stat", version.droppable));
    return *limit - std::min(*limit, held);
}

/// Of the group and all above it; of the topmost alone where the path is of another namespace.
std::uint64_t freeAlong(const fs::path& root, const Version& version, const fs::path& group) {
    const fs::path top = root / version.folder;
    std::uint64_t least = freeIn(top, version);
    fs::path at = top;
    for (const fs::path& part : group.relative_path()) least = std::min(least, freeIn(at /= part, version));
    return least;
}

} // namespace

std::uint64_t availableMemory(const fs::path& root) {
    std::uint64_t available = field(root / "proc/meminfo", "MemAvailable:") << 10;
    std::ifstream groups(root / "proc/self/cgroup"); // lines of hierarchy:controllers:path
    for (std::string line; std::getline(groups, line);) {
        const std::size_t first = line.find(':'), second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
        const bool memory = controllers.find(",memory,") != std::string::npos;
        if (memory || controllers == ",,") available = std::min(available, freeAlong(root, memory ? kFirst : kSecond, line.substr(second + 1)));
    }
    return available;
}

} // namespace ochre
