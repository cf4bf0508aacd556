// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/Autosave.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/File.h"
#include "core/base/Log.h"
#include "core/base/Paths.h"
#include "core/project/ProjectFile.h"

namespace ochre::project {
namespace fs = std::filesystem;
namespace {

fs::path lockOf(const fs::path& file) {
    return fs::path(file).replace_extension(".lock");
}

// The kernel drops the lock when its holder dies, however it dies, so a lock that can be taken belongs to nobody.
bool holderIsGone(const fs::path& lock) {
    const int fd = ::open(lock.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT;
    const bool free = ::flock(fd, LOCK_EX | LOCK_NB) == 0;
    ::close(fd);
    return free;
}

std::int64_t modifiedAt(const fs::path& file) {
    struct stat info {};
    return ::stat(file.c_str(), &info) == 0 ? info.st_mtime : 0;
}

} // namespace

Autosave::Autosave(fs::path folder) : m_folder(std::move(folder)) {
    try {
        paths::ensure(m_folder);
    } catch (const Error& e) {
        log::warning("autosave is off: {}", e.full());
        return;
    }
    for (int n = 0;; ++n) {
        m_file = m_folder / fmt::format("{}-{}.ochre", ::getpid(), n);
        if (fs::exists(m_file)) continue; // left by a program that had our number
        m_lock = ::open(lockOf(m_file).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (m_lock < 0) {
            log::warning("autosave is off: {}: the lock cannot be made", lockOf(m_file).string());
            return;
        }
        if (::flock(m_lock, LOCK_EX | LOCK_NB) == 0) return;
        ::close(m_lock);
    }
}

Autosave::~Autosave() {
    if (m_lock < 0) return;
    discard();
    ::unlink(lockOf(m_file).c_str());
    ::close(m_lock);
}

void Autosave::save(const Document& document) {
    if (m_lock < 0 || document.revision() == m_savedRevision) return;
    if (!document.modified()) {
        discard();
        m_savedRevision = document.revision();
        return;
    }
    try {
        Json extra = document.extra;
        extra[kAutosaveOriginalKey] = document.path().string();
        writeFileAtomic(m_file, projectToText(document.graph(), document.view(), extra));
        m_savedRevision = document.revision();
    } catch (const Error& e) {
        log::warning("autosave: {}", e.full());
    }
}

void Autosave::discard() {
    if (!m_file.empty()) ::unlink(m_file.c_str());
}

std::vector<Recoverable> Autosave::recoverable() const {
    std::vector<Recoverable> found;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(m_folder, ignored)) {
        const fs::path& file = entry.path();
        if (file.extension() != ".ochre" || file == m_file || file.filename().string().front() == '.' ||
            !holderIsGone(lockOf(file)))
            continue;
        Recoverable item{file, {}, {}, modifiedAt(file)};
        try {
            const Project project = readProject(file);
            if (project.extra.is_object()) item.original = project.extra.value(kAutosaveOriginalKey, std::string());
        } catch (const Error& e) {
            log::warning("autosave: {}", e.full());
            continue;
        }
        item.title = item.original.empty() ? "Untitled" : item.original.stem().string();
        found.push_back(std::move(item));
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.savedAt > b.savedAt; });
    return found;
}

void Autosave::remove(const Recoverable& entry) {
    ::unlink(entry.file.c_str());
    ::unlink(lockOf(entry.file).c_str());
}

} // namespace ochre::project
