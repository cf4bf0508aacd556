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

/// Runs `body`, which must throw Error, and returns it; fails the test otherwise.
Error expectError(const std::function<void()>& body);

/// The same, and the message must contain `part`.
Error expectError(const std::function<void()>& body, const std::string& part);

} // namespace ochre::test

#define OCHRE_SHARED_OR_SKIP(variable, relative)                                                              \
    const auto variable##Found = ::ochre::test::sharedFile(relative);                                         \
    if (!variable##Found) GTEST_SKIP() << "needs ../shared/" << relative;                                     \
    const std::filesystem::path variable = *variable##Found
