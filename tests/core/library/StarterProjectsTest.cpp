// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/library/StarterProjects.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/base/Paths.h"
#include "tests/support/Machine.h"
#include "tests/support/Support.h"

namespace ochre::library {
namespace {
namespace fs = std::filesystem;

class StarterProjectsTest : public testing::Test {
protected:
    StarterProjectsTest() : m_models("OCHRE_MODELS_DIR", m_folder / "own") {
        writeFileAtomic(m_folder / "made.safetensors", "x");
    }
    /// "inpaint", or "starter/inpaint" for the one of the starter model; empty: it is not among them.
    static std::string given(const std::string& stem) {
        for (const fs::path& project : starterProjects())
            if (project.stem() == stem)
                return project.lexically_relative(paths::resources() / "graphs").replace_extension().string();
        return {};
    }

    test::TemporaryFolder m_folder;
    test::Setting m_models;
};

TEST_F(StarterProjectsTest, WithoutTheModelThatComesAlongTheyAreForCheckpoints) {
    const test::StarterModel none;
    EXPECT_EQ(given("starter"), "");
    EXPECT_EQ(given("text_to_image"), "text_to_image");
    EXPECT_EQ(given("inpaint"), "inpaint");
    EXPECT_EQ(given("upscale"), "upscale");
}

TEST_F(StarterProjectsTest, WithThatModelAloneTheyAreForIt) {
    const test::StarterModel starter(m_folder / "made.safetensors");
    EXPECT_EQ(given("starter"), "starter");
    EXPECT_EQ(given("text_to_image"), "") << "starter is what it would be";
    EXPECT_EQ(given("inpaint"), "starter/inpaint");
    EXPECT_EQ(given("upscale"), "upscale") << "has no twin, and needs none";
    const auto all = starterProjects();
    EXPECT_TRUE(std::ranges::is_sorted(all, {}, [](const fs::path& p) { return p.filename(); }));
}

TEST_F(StarterProjectsTest, WithACheckpointOfOnesOwnBothAreThere) {
    const test::StarterModel starter(m_folder / "made.safetensors");
    fs::create_directories(m_folder / "own/checkpoints");
    writeFileAtomic(m_folder / "own/checkpoints/mine.safetensors", "x");
    EXPECT_EQ(given("starter"), "starter");
    EXPECT_EQ(given("text_to_image"), "text_to_image");
    EXPECT_EQ(given("inpaint"), "inpaint");
}

TEST_F(StarterProjectsTest, EveryProjectOfTheStarterModelHasATwinAndAPicture) {
    const fs::path graphs = test::sourceFile("resources/graphs");
    int count = 0;
    for (const fs::directory_entry& entry : fs::directory_iterator(graphs / "starter")) {
        if (entry.path().extension() != ".ochre") continue;
        ++count;
        EXPECT_TRUE(fs::exists(graphs / entry.path().filename())) << entry.path();
        EXPECT_FALSE(starterPicture(entry.path()).empty()) << entry.path();
    }
    EXPECT_EQ(count, 8);
    EXPECT_TRUE(starterPicture("nowhere.ochre").empty());
}

} // namespace
} // namespace ochre::library
