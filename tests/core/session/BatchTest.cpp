// SPDX-License-Identifier: GPL-3.0-or-later
// Folders and videos: everything is done once, goes on after a stop, is made again where something has changed, and one bad
// picture does not stop the others.
#include "core/session/Batch.h"

#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/image/ImageIo.h"
#include "core/session/BatchRecord.h"
#include "core/session/Session.h"
#include "core/video/VideoFrames.h"
#include "core/video/VideoWriter.h"
#include "tests/support/Machine.h"

namespace ochre::session {
namespace {

namespace fs = std::filesystem;
using test::expectError;

Image plain(float grey, int width = 32, int height = 16) {
    Image image(width, height, 3);
    for (float& value : image.edit()) value = grey;
    return image;
}

class BatchTest : public ::testing::Test {
protected:
    BatchTest() : m_state("OCHRE_STATE_DIR", (m_folder / "state").string()) {
        fs::create_directories(m_source / "inner");
        for (int i = 0; i < 5; ++i) writeImage(plain(0.1f * static_cast<float>(i)), m_source / ("p" + std::to_string(i) + ".png"));
        writeImage(plain(0.9f), m_source / "inner/p.jpg");
        writeFileAtomic(m_source / "notes.txt", std::string_view("no picture"));
        build(m_session);
    }

    /// Load, invert, view.
    void build(Session& session) {
        session.document().edit("Build", [&](graph::Graph& g) {
            const auto add = [&](const char* type, const char* name) {
                graph::Node node;
                node.type = type;
                node.name = name;
                return g.add(node);
            };
            const auto load = add("image.load", "load"), view = add("image.view", "view");
            m_invert = add("image.levels", "levels");
            g.setParameter(m_invert, "out_low", 1.0);
            g.setParameter(m_invert, "out_high", 0.0);
            g.connect({load, "image"}, m_invert, "image");
            g.connect({m_invert, "image"}, view, "image");
        });
    }

    BatchReport run(BatchOptions options, std::size_t stopAfter = 1000) {
        if (options.source.empty()) options.source = m_source;
        if (options.target.empty()) options.target = m_target;
        const Cancel cancel = Cancel::make();
        return m_session.process(options, cancel, [&](const BatchStatus& status) {
            m_status = status;
            if (status.done >= stopAfter) cancel.request();
        });
    }

    fs::path video(int frames, const char* name = "in.mp4") {
        const fs::path file = m_folder / name;
        VideoWriter writer(file, {.width = 64, .height = 48, .fps = 25, .quality = 4});
        for (int i = 0; i < frames; ++i) writer.add(plain(0.2f + 0.005f * static_cast<float>(i), 64, 48));
        writer.finish();
        return file;
    }

    test::TemporaryFolder m_folder;
    test::Setting m_state;
    fs::path m_source = m_folder / "in", m_target = m_folder / "out";
    Session m_session;
    graph::NodeId m_invert = 0;
    BatchStatus m_status;
};

TEST_F(BatchTest, EveryPictureOfAFolderIsDoneAndOnlyOnce) {
    const BatchReport first = run({});
    EXPECT_TRUE(first.ok()) << first.summary();
    EXPECT_EQ(first.total, 6u);
    EXPECT_EQ(first.made, 6u);
    EXPECT_NEAR(readImage(m_target / "p3.png").values()[0], 0.7f, 0.01);
    EXPECT_NEAR(readImage(m_target / "inner/p.jpg").values()[0], 0.1f, 0.02);
    EXPECT_TRUE(readImage(m_target / "p3.png").metadata().contains("ochre:graph")) << "the settings are recorded";
    EXPECT_EQ(m_status.share, 1);
    const BatchReport again = run({});
    EXPECT_EQ(again.made, 0u);
    EXPECT_EQ(again.kept, 6u);
    EXPECT_NE(again.summary().find("6 kept"), std::string::npos);
}

TEST_F(BatchTest, AStoppedRunGoesOnWhereItWas) {
    const BatchReport stopped = run({}, 2);
    EXPECT_TRUE(stopped.cancelled);
    EXPECT_EQ(stopped.made, 2u);
    const auto remains = batchRemains(m_source, m_target);
    ASSERT_TRUE(remains);
    EXPECT_EQ(remains->done, 2u);
    EXPECT_EQ(remains->total, 6u);
    const BatchReport rest = run({});
    EXPECT_TRUE(rest.ok());
    EXPECT_EQ(rest.kept, 2u);
    EXPECT_EQ(rest.made, 4u);
    EXPECT_FALSE(batchRemains(m_source, m_folder / "elsewhere"));
}

TEST_F(BatchTest, WhatHasChangedIsMadeAgain) {
    run({});
    writeImage(plain(0.55f), m_source / "p1.png");
    fs::last_write_time(m_source / "p1.png", fs::file_time_type::clock::now() + std::chrono::seconds(5));
    const BatchReport source = run({});
    EXPECT_EQ(source.made, 1u) << "one picture is another";
    EXPECT_EQ(source.remade, 1u);
    EXPECT_NEAR(readImage(m_target / "p1.png").values()[0], 0.45f, 0.01);
    m_session.document().edit("Set", [&](graph::Graph& g) { g.setParameter(m_invert, "out_low", 0.5); });
    const BatchReport settings = run({});
    EXPECT_EQ(settings.remade, 6u) << "a setting is another";
    EXPECT_NE(settings.summary().find("6 made again: settings or files have changed"), std::string::npos);
    fs::remove(m_target / "p2.png");
    const BatchReport gone = run({});
    EXPECT_EQ(gone.made, 1u) << "a result was removed";
    EXPECT_EQ(gone.remade, 0u);
    EXPECT_EQ(run({.bitDepth = 16}).remade, 6u);
    EXPECT_EQ(probeImage(m_target / "p0.png").bitDepth, 16);
}

TEST_F(BatchTest, OneBadPictureDoesNotStopTheOthers) {
    writeFileAtomic(m_source / "p2.png", std::string_view("broken"));
    const BatchReport report = run({});
    EXPECT_FALSE(report.ok());
    EXPECT_EQ(report.made, 5u);
    ASSERT_EQ(report.failures.size(), 1u);
    EXPECT_EQ(report.failures[0].item, "p2.png");
    EXPECT_NE(report.failures[0].error.message().find("is not a picture"), std::string::npos) << report.failures[0].error.message();
    EXPECT_FALSE(fs::exists(m_target / "p2.png"));
    writeImage(plain(0.2f), m_source / "p2.png");
    const BatchReport mended = run({});
    EXPECT_EQ(mended.made, 1u);
    EXPECT_EQ(mended.kept, 5u);
}

TEST_F(BatchTest, NamesThatMeetKeepTheirEndings) {
    writeImage(plain(0.3f), m_source / "p0.bmp");
    EXPECT_EQ(run({.format = "png"}).made, 7u);
    EXPECT_NEAR(readImage(m_target / "p0.bmp.png").values()[0], 0.7f, 0.01);
    EXPECT_NEAR(readImage(m_target / "p0.png.png").values()[0], 1, 0.01);
    EXPECT_TRUE(fs::exists(m_target / "p1.png"));
    EXPECT_TRUE(fs::exists(m_target / "inner/p.png"));
}

TEST_F(BatchTest, SixteenBitsComeOutAsTheyCameIn) {
    fs::remove_all(m_source);
    fs::create_directories(m_source);
    writeImage(plain(0.3001f), m_source / "deep.png", {.bitDepth = 16});
    writeImage(plain(0.3f), m_source / "flat.png");
    writeImage(plain(7.5f), m_source / "half.exr");
    writeImage(plain(7.5f), m_source / "float.exr", {.bitDepth = 32});
    writeImage(plain(0.3001f), m_source / "deep.tif", {.bitDepth = 16});
    EXPECT_TRUE(run({}).ok());
    for (const auto& [name, bits] : {std::pair("deep.png", 16), {"flat.png", 8}, {"half.exr", 16}, {"float.exr", 32}, {"deep.tif", 16}})
        EXPECT_EQ(probeImage(m_target / name).bitDepth, bits) << name;
    EXPECT_NEAR(readImage(m_target / "deep.png").values()[0], 0.6999f, 1e-4);
}

TEST_F(BatchTest, WhatCannotBeginIsAClearError) {
    expectError([&] { run({.target = m_source}); }, "is the source itself");
    expectError([&] { run({.source = m_folder / "none"}); }, "is no folder, video or picture");
    fs::create_directories(m_folder / "empty");
    expectError([&] { run({.source = m_folder / "empty"}); }, "has no pictures");
    expectError([&] { run({.target = m_folder / "x.png"}); }, "is one picture, and there are many");
    expectError([&] { run({.input = "levels"}); }, "\"levels\" loads no picture");
    expectError([&] { run({.output = "nothing"}); }, "the graph has no node \"nothing\"");
    expectError([&] { run({.format = "xyz"}); }, "xyz");
    BatchRecord held(m_source, m_target, 1);
    expectError([&] { run({}); }, "another Ochre is at work on it");
    graph::Graph graph = m_session.document().graph();
    graph::Node second;
    second.type = "image.load";
    second.name = "second";
    second.parameters["path"] = std::string("a.png");
    graph::Node blend;
    blend.type = "image.blend";
    blend.name = "blend";
    const auto other = graph.add(second), mixed = graph.add(blend);
    graph.setParameter(graph.findByName("load")->id, "path", std::string("b.png"));
    graph.connect({m_invert, "image"}, mixed, "base");
    graph.connect({other, "image"}, mixed, "over");
    graph.connect({mixed, "image"}, graph.findByName("view")->id, "image");
    m_session.document().edit("Two", [&](graph::Graph& g) { g = graph; });
    expectError([&] { run({}); }, "the graph loads several pictures: load, second");
}

TEST_F(BatchTest, AVideoKeepsItsSizeRateAndFramesAndGoesOnByteForByte) {
    const fs::path source = video(110), whole = m_folder / "whole.mp4", stopped = m_folder / "stopped.mp4";
    EXPECT_TRUE(run({.source = source, .target = whole, .quality = 8}).ok());
    for (const std::size_t stop : {20, 60, 100}) EXPECT_TRUE(run({.source = source, .target = stopped, .quality = 8}, stop).cancelled);
    EXPECT_FALSE(fs::exists(stopped));
    EXPECT_EQ(batchRemains(source, stopped)->total, 110u);
    EXPECT_GE(batchRemains(source, stopped)->done, 96u);
    const BatchReport rest = run({.source = source, .target = stopped, .quality = 8});
    EXPECT_TRUE(rest.ok()) << rest.summary();
    EXPECT_LE(rest.made, 14u);
    EXPECT_EQ(readTextFile(whole, 1 << 26), readTextFile(stopped, 1 << 26)) << "as if it had never been stopped";
    EXPECT_FALSE(fs::exists(m_folder / "stopped.mp4.parts"));
    VideoFrames reader(stopped);
    EXPECT_EQ(reader.info().width, 64);
    EXPECT_NEAR(reader.info().fps, 25, 1e-6);
    ASSERT_EQ(reader.times().size(), 110u);
    for (const std::size_t i : {0u, 47u, 48u, 109u}) EXPECT_NEAR(reader.frame(i).values()[0], 0.8f - 0.005f * static_cast<float>(i), 0.012) << i;
    const BatchReport again = run({.source = source, .target = stopped, .quality = 8});
    EXPECT_EQ(again.kept, 110u);
    EXPECT_EQ(run({.source = source, .target = stopped, .quality = 30}).made, 110u) << "another quality";
}

TEST_F(BatchTest, SoundComesAlong) {
    const fs::path source = m_folder / "sound.mp4";
    if (!test::toolOutput("ffmpeg", {"-v", "error", "-y", "-i", video(50).string(), "-f", "lavfi", "-i", "sine=duration=2", "-c:v", "copy", "-c:a", "aac",
                                     source.string()}))
        GTEST_SKIP() << "needs ffmpeg";
    EXPECT_TRUE(run({.source = source, .target = m_folder / "with.mp4"}).ok());
    EXPECT_EQ(VideoFrames(m_folder / "with.mp4").info().sound, "aac");
    EXPECT_TRUE(run({.source = source, .target = m_folder / "without.mp4", .sound = false}).ok());
    EXPECT_EQ(VideoFrames(m_folder / "without.mp4").info().sound, "");
}

TEST_F(BatchTest, FramesBecomePicturesAndPicturesAVideo) {
    EXPECT_TRUE(run({.source = video(7), .target = m_folder / "frames"}).ok());
    EXPECT_NEAR(readImage(m_folder / "frames/frame-000006.png").values()[0], 0.77f, 0.012);
    EXPECT_TRUE(run({.source = m_folder / "frames", .target = m_folder / "back.mov", .fps = 12}).ok());
    VideoFrames reader(m_folder / "back.mov");
    EXPECT_EQ(reader.times().size(), 7u);
    EXPECT_NEAR(reader.info().fps, 12, 1e-6);
    EXPECT_NEAR(reader.frame(6).values()[0], 0.23f, 0.012);
    writeImage(plain(0.5f, 20, 20), m_folder / "frames/frame-000003.png");
    const BatchReport report = run({.source = m_folder / "frames", .target = m_folder / "other.mp4"});
    ASSERT_EQ(report.failures.size(), 1u);
    EXPECT_NE(report.failures[0].error.message().find("a video has one size"), std::string::npos);
    EXPECT_FALSE(fs::exists(m_folder / "other.mp4")) << "no video with a hole in it";
    writeImage(plain(0.5f, 64, 48), m_folder / "frames/frame-000003.png");
    EXPECT_TRUE(run({.source = m_folder / "frames", .target = m_folder / "other.mp4"}).ok());
}

TEST_F(BatchTest, InTheQueueItTellsItsShareAndWhatFailed) {
    writeFileAtomic(m_source / "p2.png", std::string_view("broken"));
    std::vector<double> shares;
    m_session.setListener([&](const Event& event) {
        if (const auto* job = std::get_if<JobEvent>(&event)) shares.push_back(job->job.share);
    });
    m_session.enqueueBatch({.source = m_source, .target = m_target});
    m_session.document().edit("Clear", [&](graph::Graph& g) { g = {}; });
    m_session.waitUntilIdle();
    m_session.setListener({});
    const Job job = m_session.jobs().front();
    EXPECT_EQ(job.status, JobStatus::Failed);
    EXPECT_EQ(job.title, "Process in");
    EXPECT_EQ(job.ran, 5u);
    EXPECT_NE(job.error.find("5 of 6 made, 1 failed; p2.png: "), std::string::npos) << job.error;
    EXPECT_GT(shares.size(), 6u);
}

TEST(BatchRecord, ALineThatWasCutOffCountsForNothing) {
    const test::TemporaryFolder folder;
    const test::Setting state("OCHRE_STATE_DIR", folder.path().string());
    {
        BatchRecord record(folder / "a", folder / "b", 3);
        record.add("one", {1, 2}, 10);
        record.add("two", {3, 4}, 20);
        record.remove("one");
    }
    const fs::path file = fs::directory_iterator(folder / "batches")->path();
    std::string text = readTextFile(file, 1 << 20);
    writeFileAtomic(file, std::string_view(text + R"({"item":"three","ke)"));
    BatchRecord record(folder / "a", folder / "b", 3);
    EXPECT_FALSE(record.find("one"));
    EXPECT_EQ(record.find("two")->bytes, 20u);
    EXPECT_EQ(record.find("two")->key, (Hash128{3, 4}));
    EXPECT_FALSE(record.find("three"));
}

} // namespace
} // namespace ochre::session
