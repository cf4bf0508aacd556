// SPDX-License-Identifier: GPL-3.0-or-later
// Copies of unsaved work in the state folder, so that a crash costs at most one interval. Never over the artist's own file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/project/Document.h"

namespace ochre::project {

/// Top-level field of a copy that names the file it belongs to.
inline constexpr const char* kAutosaveOriginalKey = "autosave_of";

/// A project that a program which is gone left behind.
struct Recoverable {
    std::filesystem::path file;     ///< the copy
    std::filesystem::path original; ///< empty: never saved
    std::string title;
    std::int64_t savedAt = 0; ///< seconds since the epoch
};

/// One a running program. Holds a lock file for as long as it lives, which tells the copies of the living from those of the dead.
class Autosave {
public:
    explicit Autosave(std::filesystem::path folder);
    ~Autosave(); ///< a clean end removes the copy and the lock

    Autosave(const Autosave&) = delete;
    Autosave& operator=(const Autosave&) = delete;

    /// Writes a copy when the document changed since the last one. Takes a snapshot, so it may be called at any time;
    /// a failure is logged and tried again next time.
    void save(const Document& document);
    /// The document is safe in its own file: drop the copy.
    void discard();

    /// Left by programs that no longer run; newest first.
    std::vector<Recoverable> recoverable() const;
    static void remove(const Recoverable& entry);

private:
    std::filesystem::path m_folder, m_file;
    int m_lock = -1;
    std::uint64_t m_savedRevision = 0;
};

} // namespace ochre::project
