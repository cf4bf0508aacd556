// SPDX-License-Identifier: GPL-3.0-or-later
// What tests share: throw-away folders, the real data beside the repository, expectations on errors.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/base/Error.h"

namespace ochre::test {

/// A fresh folder that goes when this does.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::filesystem::path& path() const { return m_path; }
    std::filesystem::path operator/(const std::string& name) const { return m_path / name; }

private:
    std::filesystem::path m_path;
};

/// A file of this source tree ("resources/…", "tests/parity/…").
std::filesystem::path sourceFile(const std::string& relative);

/// A file under ../shared (or OCHRE_SHARED_DIR), or nothing where that folder is absent. Tests that get nothing call
/// GTEST_SKIP with the name.
std::optional<std::filesystem::path> sharedFile(const std::string& relative);

/// A converted model of the user's model folder, or nothing.
std::optional<std::filesystem::path> modelFile(const std::string& name);

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

/// The program's resources with that file as the model that comes along, or without one, for as long as this lives:
/// tests say the same wherever the real one is, or is not.
class StarterModel {
public:
    explicit StarterModel(const std::filesystem::path& file = {});

private:
    TemporaryFolder m_folder;
    std::optional<Setting> m_setting;
};

/// Runs `body`, which must throw Error, and returns it; fails the test otherwise.
Error expectError(const std::function<void()>& body);

/// The same, and the message must contain `part`.
Error expectError(const std::function<void()>& body, const std::string& part);

} // namespace ochre::test

#define OCHRE_SHARED_OR_SKIP(variable, relative)                                                              \
    const auto variable##Found = ::ochre::test::sharedFile(relative);                                         \
    if (!variable##Found) GTEST_SKIP() << "needs ../shared/" << relative;                                     \
    const std::filesystem::path variable = *variable##Found
