// SPDX-License-Identifier: GPL-3.0-or-later
#include <fstream>

#include <gtest/gtest.h>

#include "core/graph/Cache.h"
#include "core/graph/Types.h"
#include "tests/support/Support.h"

namespace ochre::graph {
namespace {

Outputs text(const std::string& content) {
    return {{"out", makeText(content)}};
}

Hash128 key(int i) {
    return hashText(std::to_string(i));
}

TEST(Cache, StaysWithinItsBudgetAndDropsWhatIsCheapFirst) {
    Cache cache({.memoryBytes = 100'000});
    cache.put(key(0), text(std::string(10'000, 'a')), 100.0);
    for (int i = 1; i < 50; ++i) cache.put(key(i), text(std::string(10'000, 'b')), 0.01);
    EXPECT_LE(cache.stats().memoryBytes, 100'000u);
    EXPECT_GT(cache.stats().evictions, 30u);
    EXPECT_TRUE(cache.getMemory(key(0)).has_value());
    cache.put(key(99), text(std::string(200'000, 'c')), 1);
    EXPECT_FALSE(cache.has(key(99)));
}

TEST(Cache, PinnedEntriesStay) {
    Cache cache({.memoryBytes = 50'000});
    cache.pin(key(1), true);
    cache.put(key(1), text(std::string(10'000, 'a')), 0.0001);
    for (int i = 2; i < 30; ++i) cache.put(key(i), text(std::string(10'000, 'b')), 10);
    EXPECT_TRUE(cache.has(key(1)));
}

TEST(Cache, DiskTierSurvivesRestart) {
    ochre::test::TemporaryFolder folder;
    const CacheOptions options{.folder = folder.path()};
    {
        Cache cache(options);
        cache.put(key(1), {{"a", makeText("hello")}, {"b", makeFloat(2.5)}}, 1.0);
        cache.put(key(2), text("cheap"), 0.001);
    }
    Cache cache(options);
    EXPECT_FALSE(cache.getMemory(key(1)).has_value());
    const auto outputs = cache.get(key(1));
    ASSERT_TRUE(outputs.has_value());
    EXPECT_EQ(outputs->at("a").as<std::string>(), "hello");
    EXPECT_EQ(outputs->at("b").as<double>(), 2.5);
    EXPECT_FALSE(cache.has(key(2)));
    cache.clear();
    EXPECT_FALSE(Cache(options).has(key(1)));
}

TEST(Cache, DamagedFilesAreIgnoredAndRemoved) {
    for (const std::size_t at :
         {std::size_t{0}, std::size_t{9}, std::size_t{30}, std::size_t{60}, std::size_t{90}}) {
        ochre::test::TemporaryFolder folder;
        const CacheOptions options{.folder = folder.path()};
        { Cache(options).put(key(1), text("some content that matters"), 1.0); }
        std::filesystem::path file;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path()))
            if (entry.is_regular_file()) file = entry.path();
        ASSERT_FALSE(file.empty());
        std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
        stream.seekp(static_cast<std::streamoff>(at));
        stream.put('\x7f');
        stream.close();
        Cache cache(options);
        EXPECT_FALSE(cache.get(key(1)).has_value()) << at;
        EXPECT_FALSE(std::filesystem::exists(file)) << at;
    }
}

TEST(Cache, DiskTierKeepsItsSize) {
    ochre::test::TemporaryFolder folder;
    Cache cache({.folder = folder.path(), .diskBytes = 4000});
    for (int i = 0; i < 100; ++i) cache.put(key(i), text("number " + std::to_string(i)), 1.0);
    cache.waitForDisk();
    EXPECT_LE(cache.stats().diskBytes, 4000u);
    EXPECT_TRUE(cache.onDisk(key(99)));
    EXPECT_FALSE(cache.onDisk(key(0)));
}

} // namespace
} // namespace ochre::graph
