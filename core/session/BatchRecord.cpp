// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/BatchRecord.h"

#include <cerrno>
#include <cstring>
#include <sstream>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Json.h"
#include "core/base/Paths.h"

namespace ochre::session {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kMostBytes = std::uint64_t{512} << 20;

fs::path fileOf(const fs::path& source, const fs::path& target) {
    Hasher hasher;
    hasher.add(fs::weakly_canonical(source).string()).add(fs::weakly_canonical(target).string());
    return paths::state() / "batches" / (hasher.finish().hex() + ".jsonl");
}

/// A last line that was cut off counts for nothing.
BatchRecord::Content read(const fs::path& file) {
    BatchRecord::Content content;
    std::error_code error;
    if (!fs::exists(file, error)) return content;
    std::istringstream lines(readTextFile(file, kMostBytes));
    for (std::string line; std::getline(lines, line);) {
        const Json json = Json::parse(line, nullptr, false);
        if (!json.is_object()) continue;
        if (json.contains("total")) content.total = json.value("total", std::size_t{0});
        const std::string item = json.value("item", std::string());
        if (item.empty()) continue;
        if (const auto key = Hash128::fromHex(json.value("key", std::string())))
            content.done[item] = {*key, json.value("bytes", std::uint64_t{0})};
        else
            content.done.erase(item);
    }
    return content;
}

std::string lineOf(const std::string& item, Hash128 key, std::uint64_t bytes) {
    return dumpJson({{"item", item}, {"key", key.hex()}, {"bytes", bytes}}) + "\n";
}

} // namespace

BatchRecord::BatchRecord(const fs::path& source, const fs::path& target, std::size_t total) : m_file(fileOf(source, target)) {
    fs::create_directories(m_file.parent_path());
    m_handle = ::open(m_file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (m_handle < 0)
        throw Error(m_file.string() + ": cannot be written: " + std::strerror(errno), "check the folder and its permissions");
    if (::flock(m_handle, LOCK_EX | LOCK_NB) != 0) {
        ::close(m_handle);
        throw Error(target.string() + ": another Ochre is at work on it", "wait for it, or choose another target");
    }
    m_done = read(m_file).done;
    std::string text = dumpJson({{"source", source.string()}, {"target", target.string()}, {"total", total}}) + "\n";
    for (const auto& [item, done] : m_done) text += lineOf(item, done.key, done.bytes);
    if (::ftruncate(m_handle, 0) == 0) append(text);
}

BatchRecord::~BatchRecord() {
    ::close(m_handle);
}

std::optional<BatchRecord::Done> BatchRecord::find(const std::string& name) const {
    const auto it = m_done.find(name);
    return it == m_done.end() ? std::nullopt : std::optional(it->second);
}

void BatchRecord::add(const std::string& name, Hash128 key, std::uint64_t bytes) {
    append(lineOf(name, key, bytes));
    m_done[name] = {key, bytes};
}

void BatchRecord::remove(const std::string& name) {
    if (m_done.erase(name) > 0) append(dumpJson({{"item", name}}) + "\n");
}

void BatchRecord::append(const std::string& line) {
    for (std::size_t at = 0; at < line.size();) {
        const ssize_t written = ::write(m_handle, line.data() + at, line.size() - at);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw Error(m_file.string() + ": cannot be written: " + std::strerror(errno), "check the free space");
        at += static_cast<std::size_t>(written);
    }
}

BatchRecord::Content BatchRecord::peek(const fs::path& source, const fs::path& target) {
    return read(fileOf(source, target));
}

} // namespace ochre::session
