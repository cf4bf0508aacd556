// SPDX-License-Identifier: GPL-3.0-or-later
// What is finished of a batch, on disk: a line a picture, in the program's state folder, so that a run that was killed at any
// moment goes on behind the last line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/base/Hash.h"

namespace ochre::session {

class BatchRecord {
public:
    struct Done {
        Hash128 key;             ///< of all that the result depends on
        std::uint64_t bytes = 0; ///< of its file
    };

    /// Of this source into this target; holds it until it goes. Throws Error where another Ochre does.
    BatchRecord(const std::filesystem::path& source, const std::filesystem::path& target, std::size_t total);
    ~BatchRecord();
    BatchRecord(const BatchRecord&) = delete;
    BatchRecord& operator=(const BatchRecord&) = delete;

    std::optional<Done> find(const std::string& name) const;
    void add(const std::string& name, Hash128 key, std::uint64_t bytes); ///< on disk when it returns
    void remove(const std::string& name);

    struct Content {
        std::size_t total = 0; ///< of the batch
        std::map<std::string, Done> done;
    };
    /// What is there, without holding it; empty where there is no such record.
    static Content peek(const std::filesystem::path& source, const std::filesystem::path& target);

private:
    void append(const std::string& line);

    std::filesystem::path m_file;
    int m_handle = -1;
    std::map<std::string, Done> m_done;
};

} // namespace ochre::session
