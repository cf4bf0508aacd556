// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/Support.h"

#include <cstdlib>

#include <gtest/gtest.h>

namespace ochre::test {
namespace fs = std::filesystem;
namespace {

fs::path environment(const char* name, const char* fallback) {
    const char* value = std::getenv(name);
    return value && *value ? value : fallback;
}

std::optional<fs::path> existing(fs::path path) {
    if (fs::exists(path)) return path;
    return std::nullopt;
}

} // namespace

TemporaryFolder::TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "ochre-test-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw Error("no temporary folder can be made");
    m_path = pattern;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(m_path, ignored);
}

fs::path sourceFile(const std::string& relative) {
    return environment("OCHRE_TEST_SOURCE", ".") / relative;
}

std::optional<fs::path> sharedFile(const std::string& relative) {
    const fs::path beside = environment("OCHRE_TEST_SOURCE", ".") / "../shared";
    return existing(environment("OCHRE_SHARED_DIR", beside.c_str()) / relative);
}

std::optional<fs::path> modelFile(const std::string& name) {
    return existing(environment("OCHRE_MODELS_DIR", "") / name);
}

Error expectError(const std::function<void()>& body) {
    try {
        body();
    } catch (const Error& error) {
        EXPECT_FALSE(error.message().empty());
        return error;
    }
    ADD_FAILURE() << "an Error was expected, nothing was thrown";
    return Error("nothing was thrown");
}

Error expectError(const std::function<void()>& body, const std::string& part) {
    const Error error = expectError(body);
    EXPECT_NE(error.full().find(part), std::string::npos) << error.full() << "\n  should contain: " << part;
    return error;
}

} // namespace ochre::test
