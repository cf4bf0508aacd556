// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/Autosave.h"

#include <csignal>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/File.h"
#include "core/project/ProjectFile.h"
#include "tests/support/Support.h"

namespace ochre::project {
namespace {

void addNode(Document& d) {
    d.edit("Add", [](graph::Graph& g) {
        graph::Node node;
        node.type = "value.float";
        g.add(node);
    });
}

TEST(Autosave, WorkOfAKilledProgramIsFoundByTheNext) {
    const test::TemporaryFolder folder;
    const pid_t child = ::fork();
    if (child == 0) {
        Autosave autosave(folder.path());
        Document d;
        d.reset({}, {}, "/home/someone/castle.ochre");
        addNode(d);
        autosave.save(d);
        ::raise(SIGKILL);
    }
    ::waitpid(child, nullptr, 0);
    Autosave mine(folder.path());
    const auto found = mine.recoverable();
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].title, "castle");
    EXPECT_EQ(found[0].original, "/home/someone/castle.ochre");
    EXPECT_EQ(readProject(found[0].file).graph.size(), 1u);
    Autosave::remove(found[0]);
    EXPECT_TRUE(mine.recoverable().empty());
}

TEST(Autosave, TheCopyOfALivingProgramIsNotOffered) {
    const test::TemporaryFolder folder;
    Autosave a(folder.path()), b(folder.path());
    Document d;
    addNode(d);
    a.save(d);
    EXPECT_TRUE(b.recoverable().empty());
}

TEST(Autosave, ACleanEndLeavesNothing) {
    const test::TemporaryFolder folder;
    {
        Autosave a(folder.path());
        Document d;
        addNode(d);
        a.save(d);
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Autosave, AnUnchangedDocumentIsNotWritten) {
    const test::TemporaryFolder folder;
    Autosave a(folder.path());
    Document d;
    a.save(d);
    addNode(d);
    d.undo();
    a.save(d);
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
        EXPECT_EQ(entry.path().extension(), ".lock");
}

TEST(Autosave, ABrokenCopyIsSkippedAndAFolderThatCannotBeMadeOnlyTurnsItOff) {
    const test::TemporaryFolder folder;
    writeFileAtomic(folder / "77-0.ochre", "{ broken");
    EXPECT_TRUE(Autosave(folder.path()).recoverable().empty());
    Autosave off(folder / "77-0.ochre/sub");
    Document d;
    addNode(d);
    off.save(d);
    EXPECT_TRUE(off.recoverable().empty());
}

} // namespace
} // namespace ochre::project
