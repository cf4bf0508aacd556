// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/Paths.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

TEST(Paths, AModelIsFoundByNameStemSubfolderOrPath) {
    const test::TemporaryFolder folder;
    const char* before = std::getenv("OCHRE_MODELS_DIR");
    const std::string saved = before ? before : "";
    ::setenv("OCHRE_MODELS_DIR", folder.path().c_str(), 1);
    std::filesystem::create_directories(folder / "upscale");
    const auto file = folder / "upscale/big.safetensors";
    writeFileAtomic(file, "x");
    EXPECT_EQ(paths::findModel("big"), file);
    EXPECT_EQ(paths::findModel("big.safetensors"), file);
    EXPECT_EQ(paths::findModel("upscale/big"), file);
    EXPECT_EQ(paths::findModel(file), file);
    EXPECT_TRUE(paths::findModel("small").empty());
    EXPECT_TRUE(paths::findModel("").empty());
    ::setenv("OCHRE_MODELS_DIR", saved.c_str(), 1);
}

TEST(Paths, EnsureMakesPrivateFoldersAndSaysWhyItCannot) {
    const test::TemporaryFolder folder;
    EXPECT_TRUE(std::filesystem::is_directory(paths::ensure(folder / "a/b")));
    writeFileAtomic(folder / "file", "x");
    test::expectError([&] { paths::ensure(folder / "file/sub"); }, "cannot be made");
}

} // namespace
} // namespace ochre
