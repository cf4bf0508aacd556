// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/library/PictureIndex.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "tests/support/Support.h"

namespace ochre::library {
namespace {

namespace fs = std::filesystem;
constexpr int kWidth = 20;

/// The number in a file, as a direction.
std::vector<float> describe(const fs::path& path) {
    const double angle = std::stod(readTextFile(path, 100));
    std::vector<float> v(kWidth, 0.0f);
    v[0] = static_cast<float>(3 * std::cos(angle));
    v[17] = static_cast<float>(3 * std::sin(angle));
    return v;
}

class Index : public ::testing::Test {
protected:
    void write(const std::string& name, double angle) { writeFileAtomic(m_folder / name, std::to_string(angle)); }
    PictureIndex open(const std::string& model = "net") { return PictureIndex(m_file, m_folder.path() / "pictures", model, kWidth); }
    void SetUp() override {
        fs::create_directories(m_folder.path() / "pictures/deep");
        write("pictures/a.png", 0);
        write("pictures/b.JPG", 1);
        write("pictures/deep/c.webp", 0.2);
        write("pictures/notes.txt", 0);
    }
    test::TemporaryFolder m_folder;
    fs::path m_file = m_folder.path() / "index/pictures.sqlite";
};

TEST_F(Index, TheMostAlikeComesFirst) {
    auto index = open();
    const auto update = index.update(describe);
    EXPECT_EQ(update.added, 3u);
    EXPECT_EQ(index.size(), 3u);
    std::vector<float> wanted(kWidth, 0.0f);
    wanted[0] = 5;
    const auto found = index.query(wanted, 2);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].path, m_folder.path() / "pictures/a.png");
    EXPECT_NEAR(found[0].likeness, 1, 1e-6f);
    EXPECT_EQ(found[1].path, m_folder.path() / "pictures/deep/c.webp");
    EXPECT_NEAR(found[1].likeness, std::cos(0.2f), 1e-6f);
    EXPECT_EQ(index.query(wanted, 99).size(), 3u);
    EXPECT_TRUE(index.query(std::vector<float>(kWidth, 0.0f), 9).empty());
    test::expectError([&] { index.query(std::vector<float>(3, 1.0f), 1); }, "3 numbers");
}

TEST_F(Index, OnlyWhatChangedIsDescribedAgain) {
    int calls = 0;
    const auto counting = [&](const fs::path& p) {
        ++calls;
        return describe(p);
    };
    open().update(counting);
    EXPECT_EQ(calls, 3);
    auto index = open();
    EXPECT_EQ(index.size(), 3u) << "it was kept";
    EXPECT_EQ(index.update(counting).unchanged, 3u);
    EXPECT_EQ(calls, 3);
    write("pictures/b.JPG", 0.125);
    fs::remove(m_folder.path() / "pictures/a.png");
    write("pictures/d.png", 2);
    const auto update = index.update(counting);
    EXPECT_EQ(calls, 5);
    EXPECT_EQ(update.added, 1u);
    EXPECT_EQ(update.changed, 1u);
    EXPECT_EQ(update.removed, 1u);
    EXPECT_EQ(index.size(), 3u);
}

TEST_F(Index, AnUnreadablePictureIsPassedOverUntilItChanges) {
    write("pictures/b.JPG", 1);
    int calls = 0;
    const auto failing = [&](const fs::path& p) -> std::vector<float> {
        ++calls;
        if (p.extension() == ".JPG") throw Error("b.JPG: damaged");
        return describe(p);
    };
    auto index = open();
    EXPECT_EQ(index.update(failing).unreadable, 1u);
    EXPECT_EQ(index.size(), 2u);
    index.update(failing);
    EXPECT_EQ(calls, 3);
}

TEST_F(Index, StoppedItGoesOnWhereItWas) {
    const Cancel cancel = Cancel::make();
    int calls = 0;
    const auto stopping = [&](const fs::path& p) {
        if (++calls == 2) cancel.request();
        return describe(p);
    };
    auto index = open();
    EXPECT_TRUE(test::expectError([&] { index.update(stopping, {}, cancel); }).cancelled());
    EXPECT_EQ(index.size(), 2u);
    EXPECT_EQ(open().update(describe).added, 1u);
}

TEST_F(Index, OfAnotherNetworkOrDamagedItIsMadeAnew) {
    open().update(describe);
    EXPECT_EQ(open("other").size(), 0u);
    EXPECT_NE(PictureIndex::fileFor("/a", "net"), PictureIndex::fileFor("/a", "other"));
    EXPECT_NE(PictureIndex::fileFor("/a", "net"), PictureIndex::fileFor("/b", "net"));
    writeFileAtomic(m_file, "this is no database");
    auto index = open();
    EXPECT_EQ(index.update(describe).added, 3u);
    test::expectError([&] { PictureIndex(m_file, m_folder.path() / "nowhere", "net", kWidth).update(describe); }, "cannot be listed");
}

TEST_F(Index, TenThousandPicturesAnswerInLessThanFiftyMilliseconds) {
    constexpr int kMany = 10000, kWide = 768;
    fs::create_directories(m_folder.path() / "many");
    for (int i = 0; i < kMany; ++i) std::ofstream(m_folder.path() / "many" / fmt::format("{}.png", i)) << "x";
    const auto noise = [](std::uint32_t seed) {
        std::vector<float> v;
        for (int i = 0; i < kWide; ++i) v.push_back(static_cast<float>((seed = seed * 1664525u + 1013904223u) >> 8) / 8388608.0f - 1);
        return v;
    };
    const auto many = [&](const fs::path& p) { return noise(static_cast<std::uint32_t>(std::stoi(p.stem().string()))); };
    const fs::path file = m_folder.path() / "many.sqlite";
    PictureIndex(file, m_folder.path() / "many", "net", kWide).update(many);
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    const PictureIndex index(file, m_folder.path() / "many", "net", kWide);
    const auto opened = Clock::now();
    const auto found = index.query(noise(4711), 20);
    const auto answered = Clock::now();
    const auto ms = [](auto d) { return std::chrono::duration<double, std::milli>(d).count(); };
    std::printf("10000 pictures of 768 numbers: opened in %.1f ms, answered in %.1f ms\n", ms(opened - begin), ms(answered - opened));
    EXPECT_EQ(found.at(0).path.filename(), "4711.png");
    EXPECT_LT(ms(answered - opened), 50);
}

} // namespace
} // namespace ochre::library
