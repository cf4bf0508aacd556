// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/File.h"

#include <csignal>
#include <random>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/Support.h"

namespace ochre {
namespace {

std::size_t entries(const std::filesystem::path& folder) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

TEST(File, AtomicWriteReplacesWholeContentAndLeavesNothingElse) {
    const test::TemporaryFolder folder;
    writeFileAtomic(folder / "a", "first");
    writeFileAtomic(folder / "a", "second, longer");
    EXPECT_EQ(readTextFile(folder / "a", 100), "second, longer");
    EXPECT_EQ(entries(folder.path()), 1u);
}

TEST(File, AtomicWriteKeepsPermissionsAndFollowsLinks) {
    const test::TemporaryFolder folder;
    writeFileAtomic(folder / "target", "x");
    ::chmod((folder / "target").c_str(), 0640);
    std::filesystem::create_symlink(folder / "target", folder / "link");
    writeFileAtomic(folder / "link", "y");
    EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
    EXPECT_EQ(readTextFile(folder / "target", 10), "y");
    struct stat info {};
    ASSERT_EQ(::stat((folder / "target").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0640u);
}

TEST(File, FullDiskKeepsTheOldFile) {
    const test::TemporaryFolder folder;
    writeFileAtomic(folder / "a", "old");
    const pid_t child = ::fork();
    if (child == 0) {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{1000, 1000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        try {
            writeFileAtomic(folder / "a", std::string(100000, 'n'));
        } catch (const Error&) {
            ::_exit(7);
        }
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 7);
    EXPECT_EQ(readTextFile(folder / "a", 10), "old");
    EXPECT_EQ(entries(folder.path()), 1u);
}

TEST(File, KilledWhileWritingTheFileIsOldOrNew) {
    const test::TemporaryFolder folder;
    const std::string a(200000, 'a'), b(300000, 'b');
    writeFileAtomic(folder / "f", a);
    std::mt19937 random(1);
    for (int i = 0; i < 100; ++i) {
        const pid_t child = ::fork();
        if (child == 0)
            for (;;) {
                writeFileAtomic(folder / "f", b);
                writeFileAtomic(folder / "f", a);
            }
        ::usleep(random() % 15000);
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        const std::string now = readTextFile(folder / "f", 1 << 20);
        ASSERT_TRUE(now == a || now == b) << "kill " << i << ": " << now.size() << " bytes";
    }
}

TEST(File, ReadsRefuseWhatIsTooLongMissingOrNotAFile) {
    const test::TemporaryFolder folder;
    writeFileAtomic(folder / "a", "12345");
    test::expectError([&] { readFile(folder / "a", 4); }, "more than the limit of 4");
    test::expectError([&] { readFile(folder / "b", 4); }, "No such file");
    test::expectError([&] { readFile(folder.path(), 4); }, "not a regular file");
}

TEST(File, MappedFileShowsTheBytesAndMayBeEmpty) {
    const test::TemporaryFolder folder;
    writeFileAtomic(folder / "a", "xyz");
    writeFileAtomic(folder / "empty", "");
    MappedFile map(folder / "a");
    MappedFile moved = std::move(map);
    ASSERT_EQ(moved.size(), 3u);
    EXPECT_EQ(static_cast<char>(moved.bytes()[1]), 'y');
    EXPECT_EQ(MappedFile(folder / "empty").size(), 0u);
}

} // namespace
} // namespace ochre
