// SPDX-License-Identifier: GPL-3.0-or-later
// The machine as a test wants it: its environment, and whether the starter model is there.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/Support.h"

namespace ochre::test {

/// An environment variable with another value, for as long as this lives.
class Setting {
public:
    Setting(const char* name, const std::string& value);
    ~Setting();
    Setting(const Setting&) = delete;
    Setting& operator=(const Setting&) = delete;

private:
    const char* m_name;
    std::optional<std::string> m_before;
};

/// What a tool of the system prints; nothing where it is not there or fails.
std::optional<std::string> toolOutput(const std::string& program, const std::vector<std::string>& arguments);

/// The program's resources with that file as the starter model, or without one, and without the others that come along, for as
/// long as this lives: tests say the same wherever the real ones are, or are not.
class StarterModel {
public:
    explicit StarterModel(const std::filesystem::path& file = {});

private:
    TemporaryFolder m_folder;
    std::optional<Setting> m_setting;
};

} // namespace ochre::test
