// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/Session.h"

#include <atomic>
#include <cstdlib>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/image/ImageIo.h"
#include "core/session/RecentFiles.h"
#include "tests/support/GenerationNodes.h"
#include "tests/support/Support.h"

namespace ochre::session {
namespace {

// A picture of one colour, blurred: nodes that need no model.
graph::Graph pictureGraph(graph::NodeId& blur) {
    graph::Graph g;
    graph::Node constant, b;
    constant.type = "image.constant";
    constant.name = "constant";
    b.type = "image.blur";
    b.name = "blur";
    const auto first = g.add(constant);
    blur = g.add(b);
    g.connect({first, "image"}, blur, "image");
    return g;
}

TEST(Session, OpenEditSaveAndTheListOfRecentFiles) {
    const test::TemporaryFolder folder;
    Session session;
    graph::NodeId blur = 0;
    session.document().edit("Build", [&](graph::Graph& g) { g = pictureGraph(blur); });
    session.save(folder / "a.ochre");
    EXPECT_FALSE(session.document().modified());
    session.newDocument();
    EXPECT_EQ(session.document().graph().size(), 0u);
    EXPECT_EQ(session.open(folder / "a.ochre"), "");
    EXPECT_EQ(session.document().graph().size(), 2u);
    ASSERT_FALSE(session.recentFiles().empty());
    EXPECT_EQ(session.recentFiles().front(), folder / "a.ochre");
}

TEST(Session, ABadFileLeavesTheOpenDocumentStanding) {
    const test::TemporaryFolder folder;
    Session session;
    graph::NodeId blur = 0;
    session.document().edit("Build", [&](graph::Graph& g) { g = pictureGraph(blur); });
    writeFileAtomic(folder / "bad.ochre", "{\"ochre\":1}");
    test::expectError([&] { session.open(folder / "bad.ochre"); }, "bad.ochre");
    EXPECT_EQ(session.document().graph().size(), 2u);
    EXPECT_TRUE(session.document().modified());
}

TEST(Session, AJobRunsASnapshotAndItsResultStays) {
    Session session;
    graph::NodeId blur = 0;
    session.document().edit("Build", [&](graph::Graph& g) { g = pictureGraph(blur); });
    std::atomic<int> results{0};
    session.setListener([&](const Event& event) {
        if (std::holds_alternative<ResultEvent>(event)) ++results;
    });
    session.enqueue({blur});
    session.document().edit("Remove", [&](graph::Graph& g) { g.remove(blur); });
    session.waitUntilIdle();
    ASSERT_EQ(session.jobs().size(), 1u);
    EXPECT_EQ(session.jobs().front().status, JobStatus::Done) << session.jobs().front().error;
    EXPECT_GE(results, 1);
    EXPECT_FALSE(session.result(blur, "image").empty());
}

TEST(Session, TheWindowAndTheCommandLineWriteTheSameBytes) {
    const test::TemporaryFolder folder;
    graph::NodeId blur = 0;
    const auto produce = [&](const std::string& file, bool queued, double canvasX) {
        Session session;
        session.document().edit("Build", [&](graph::Graph& g) { g = pictureGraph(blur); });
        session.document().view().canvasX = canvasX;
        if (queued) {
            session.enqueue({blur});
            session.waitUntilIdle();
        } else {
            ASSERT_TRUE(session.evaluate({blur}).ok);
        }
        session.exportResult(blur, "image", folder / file);
    };
    produce("a.png", true, 0);
    produce("b.png", false, 99);
    EXPECT_EQ(readTextFile(folder / "a.png", 1 << 24), readTextFile(folder / "b.png", 1 << 24));
    EXPECT_FALSE(probeImage(folder / "a.png").metadata.at("ochre:graph").empty());
}

TEST(Session, TheSecondRunIsFreeAndAChangeRerunsOnlyWhatDependsOnIt) {
    Session session;
    graph::NodeId blur = 0;
    session.document().edit("Build", [&](graph::Graph& g) { g = pictureGraph(blur); });
    EXPECT_EQ(session.evaluate({blur}).ran, 2u);
    EXPECT_EQ(session.evaluate({blur}).ran, 0u);
    session.document().edit("Radius", [&](graph::Graph& g) { g.setParameter(blur, "radius", 2.0); });
    EXPECT_EQ(session.evaluate({blur}).ran, 1u);
}

TEST(Session, ResultsOnDiskSurviveARestart) {
    const test::TemporaryFolder folder;
    graph::NodeId blur = 0;
    Options options;
    options.cache.folder = folder.path();
    options.cache.diskWorth = 0;
    for (const std::size_t expected : {2u, 0u}) {
        Session session(options);
        session.document().edit("Build", [&](graph::Graph& g) { g = pictureGraph(blur); });
        EXPECT_EQ(session.evaluate({blur}).ran, expected);
    }
}

TEST(Session, ExportWithoutAResultSaysSo) {
    Session session;
    test::expectError([&] { session.exportResult(1, "image", "/tmp/x.png"); }, "no result");
}

TEST(RecentFiles, ADamagedListIsForgotten) {
    const test::TemporaryFolder folder;
    writeFileAtomic(folder / "recent.json", "[1, {");
    writeFileAtomic(folder / "a.ochre", "");
    RecentFiles recent(folder / "recent.json");
    EXPECT_TRUE(recent.list().empty());
    recent.add(folder / "a.ochre");
    recent.add(folder / "gone.ochre");
    EXPECT_EQ(recent.list(), (std::vector<std::filesystem::path>{folder / "a.ochre"}));
}

TEST(Session, AWorkflowOfComfyUIOpensRunsAndIsNoFileToSaveOver) {
    const test::TemporaryFolder folder;
    writeFileAtomic(folder / "w.json",
                    R"({"1":{"class_type":"EmptyImage","inputs":{"width":6,"height":4,"batch_size":1,"color":16711680}},)"
                    R"("2":{"class_type":"ImageBlur","inputs":{"blur_radius":3,"sigma":1.5,"image":["1",0]}},)"
                    R"("3":{"class_type":"PreviewImage","inputs":{"images":["2",0]}},)"
                    R"("4":{"class_type":"FilmLook","inputs":{"image":["2",0]}}})");
    Session session;
    EXPECT_NE(session.open(folder / "w.json").find("FilmLook"), std::string::npos);
    EXPECT_TRUE(session.document().path().empty());
    const graph::Result result = session.evaluate();
    EXPECT_TRUE(result.ok);
    const graph::Value value = result.output(3, "image");
    ASSERT_FALSE(value.empty());
    EXPECT_EQ(value.as<Image>().width(), 6);
    EXPECT_NEAR(value.as<Image>().values()[0], 1.0F, 1e-5F);
    session.save(folder / "w.ochre");
    EXPECT_EQ(session.open(folder / "w.ochre"), "");
    EXPECT_TRUE(session.document().extra.contains("comfyui"));
}

TEST(Session, PicturesOfGraphsThatGenerateCarryTextsForOtherPrograms) {
    const test::TemporaryFolder folder;
    Session session;
    test::addGenerationNodes(session.registry());
    graph::NodeId blur = 0;
    session.document().edit("Build", [&](graph::Graph& g) {
        g = pictureGraph(blur);
        graph::Node save, sample, prompt;
        save.type = "image.save";
        save.parameters["path"] = (folder / "saved.png").string();
        sample.type = "generate.sample";
        prompt.type = "generate.prompt";
        prompt.parameters["text"] = std::string("a fox");
        const auto out = g.add(save), sampler = g.add(sample), text = g.add(prompt);
        g.connect({blur, "image"}, out, "image");
        g.connect({text, "conditioning"}, sampler, "positive");
    });
    session.evaluate({3});
    session.evaluate({blur});
    session.exportResult(blur, "image", folder / "exported.png");
    for (const char* name : {"saved.png", "exported.png"}) {
        const auto metadata = probeImage(folder / name).metadata;
        ASSERT_TRUE(metadata.contains("workflow")) << name;
        EXPECT_NE(metadata.at("workflow").find("KSampler"), std::string::npos);
        EXPECT_NE(metadata.at("prompt").find("class_type"), std::string::npos);
        EXPECT_EQ(metadata.at("parameters").rfind("a fox", 0), 0u);
        EXPECT_TRUE(metadata.contains("ochre:graph"));
    }
    session.document().edit("Off", [&](graph::Graph& g) { g.setParameter(3, "embed_graph", false); });
    session.evaluate({3});
    EXPECT_FALSE(probeImage(folder / "saved.png").metadata.contains("workflow"));
}

} // namespace
} // namespace ochre::session
