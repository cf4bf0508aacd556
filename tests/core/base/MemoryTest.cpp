// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/Memory.h"

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

class MemoryTest : public ::testing::Test {
protected:
    void write(const std::string& file, const std::string& text) {
        std::filesystem::create_directories((m_root / file).parent_path());
        writeFileAtomic(m_root / file, text);
    }
    void machine(const std::string& groups) {
        write("proc/meminfo", "MemTotal:       16000 kB\nMemFree:        100 kB\nMemAvailable:   8000 kB\n");
        write("proc/self/cgroup", groups);
    }
    test::TemporaryFolder m_folder;
    std::filesystem::path m_root = m_folder.path();
};

TEST_F(MemoryTest, IsWhatTheMachineHasWhereNothingLimits) {
    EXPECT_EQ(availableMemory(m_root), 0U) << "no such machine";
    machine("0::/user.slice\n");
    EXPECT_EQ(availableMemory(m_root), 8000U << 10);
    write("sys/fs/cgroup/user.slice/memory.max", "max\n");
    write("sys/fs/cgroup/user.slice/memory.current", "123\n");
    EXPECT_EQ(availableMemory(m_root), 8000U << 10);
    EXPECT_GT(availableMemory(), std::uint64_t{1} << 20);
}

TEST_F(MemoryTest, PagesOfFilesDoNotCountAsTaken) {
    machine("0::/\n");
    write("sys/fs/cgroup/memory.max", "4000000\n");
    write("sys/fs/cgroup/memory.current", "3500000\n");
    EXPECT_EQ(availableMemory(m_root), 500000U);
    write("sys/fs/cgroup/memory.stat", "anon 1000000\ninactive_file_of_others 7\ninactive_file 2000000\n");
    EXPECT_EQ(availableMemory(m_root), 2500000U);
    write("sys/fs/cgroup/memory.current", "9000000\n");
    EXPECT_EQ(availableMemory(m_root), 0U) << "above its limit";
}

TEST_F(MemoryTest, TheTightestOfAllGroupsAboveCounts) {
    machine("12:cpu,cpuacct:/a\n4:memory:/a/b\n0::/elsewhere\nnonsense\n");
    for (const auto& [group, limit] : {std::pair{"", "9223372036854771712\n"}, {"a/", "3000000\n"}, {"a/b/", "5000000\n"}}) {
        const std::string folder = std::string("sys/fs/cgroup/memory/") + group;
        write(folder + "memory.limit_in_bytes", limit);
        write(folder + "memory.usage_in_bytes", "1500000\n");
        write(folder + "memory.stat", "inactive_file 1\ntotal_inactive_file 500000\n");
    }
    EXPECT_EQ(availableMemory(m_root), 2000000U);
}

} // namespace
} // namespace ochre
