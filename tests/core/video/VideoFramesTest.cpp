// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures out of videos by number, and videos joined of parts with the sound of another.
#include "core/video/VideoFrames.h"

#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/base/Json.h"
#include "core/image/Compare.h"
#include "core/image/ImageIo.h"
#include "core/video/JoinVideos.h"
#include "core/video/VideoWriter.h"
#include "tests/support/Machine.h"

namespace ochre {
namespace {

namespace fs = std::filesystem;
using test::expectError;

/// The number of a frame as grey, a step a frame; a darker bar at the left.
Image numbered(int index, int width = 64, int height = 48) {
    Image image(width, height, 3);
    const auto v = image.edit();
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (int c = 0; c < 3; ++c)
                v[static_cast<std::size_t>((y * width + x) * 3 + c)] = (x < width / 4 ? 0.0f : 0.1f) + 0.015f * static_cast<float>(index);
    return image;
}

void write(const fs::path& file, int first, int count, double fps = 24, int width = 64, int height = 48) {
    VideoWriter writer(file, {.width = width, .height = height, .fps = fps, .quality = 4});
    for (int i = first; i < first + count; ++i) writer.add(numbered(i, width, height));
    writer.finish();
}

int numberOf(const Image& frame) {
    return static_cast<int>(std::lround((frame.pixel(frame.width() * 3 / 4, frame.height() / 2)[1] - 0.1f) / 0.015f));
}

/// Runs ffmpeg; false where it is not there.
bool ffmpeg(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"-v", "error", "-y"});
    return test::toolOutput("ffmpeg", arguments).has_value();
}

Json probed(const fs::path& file) {
    return parseJson(test::toolOutput("ffprobe", {"-v", "error", "-show_streams", "-show_format", "-of", "json", file.string()}).value_or("{}"),
                     "ffprobe");
}

TEST(VideoFrames, GivesEachFrameByNumberInAnyOrder) {
    const test::TemporaryFolder folder;
    for (const char* name : {"a.mp4", "a.mov"}) {
        write(folder / name, 0, 40, 23.976);
        VideoFrames reader(folder / name);
        EXPECT_EQ(reader.info().width, 64);
        EXPECT_EQ(reader.info().height, 48);
        EXPECT_NEAR(reader.info().fps, 24000 / 1001.0, 1e-3);
        EXPECT_EQ(reader.info().sound, "");
        ASSERT_EQ(reader.times().size(), 40u);
        EXPECT_NEAR(reader.times()[24], 24 * 1001 / 24000.0, 1e-3);
        for (const int index : {0, 1, 2, 39, 5, 5, 4, 30, 31, 0}) EXPECT_EQ(numberOf(reader.frame(static_cast<std::size_t>(index))), index) << name;
    }
}

TEST(VideoFrames, ColoursAreThoseThatWereWritten) {
    const test::TemporaryFolder folder;
    write(folder / "a.mp4", 20, 2);
    const Image frame = VideoFrames(folder / "a.mp4").frame(1);
    EXPECT_EQ(frame.channels(), 3);
    EXPECT_NEAR(frame.pixel(50, 20)[0], 0.1f + 21 * 0.015f, 0.01);
    EXPECT_NEAR(frame.pixel(4, 20)[2], 21 * 0.015f, 0.01);
}

TEST(VideoFrames, AlphaOfProResComesAlong) {
    const test::TemporaryFolder folder;
    Image image(32, 32, 4);
    for (std::size_t i = 0; i < image.valueCount(); ++i) image.edit()[i] = i % 4 == 3 ? 0.25f : 0.5f;
    VideoWriter writer(folder / "a.mov", {.width = 32, .height = 32, .fps = 25, .alpha = true});
    writer.add(image);
    writer.finish();
    VideoFrames reader(folder / "a.mov");
    EXPECT_TRUE(reader.info().alpha);
    EXPECT_NEAR(reader.frame(0).pixel(9, 9)[3], 0.25f, 0.01);
}

TEST(VideoFrames, WhatIsNoVideoIsAClearError) {
    const test::TemporaryFolder folder;
    writeFileAtomic(folder / "text.mp4", std::string_view("this is no video"));
    EXPECT_EQ(expectError([&] { VideoFrames(folder / "text.mp4"); }, "text.mp4: is no video").kind(), ErrorKind::NotMine);
    expectError([&] { VideoFrames(folder / "none.mp4"); }, "none.mp4: is no file");
    write(folder / "a.mp4", 0, 5);
    VideoFrames reader(folder / "a.mp4");
    EXPECT_NE(expectError([&] { reader.frame(5); }, "a.mp4: has no frame 5").hint().find("it has 5"), std::string::npos);
    EXPECT_EQ(numberOf(reader.frame(4)), 4) << "others can still be asked for";
    const std::string whole = readTextFile(folder / "a.mp4", 1 << 24);
    writeFileAtomic(folder / "half.mp4", std::string_view(whole).substr(0, whole.size() / 2));
    for (std::size_t i = 0; i < 5; ++i) {
        try {
            VideoFrames(folder / "half.mp4").frame(i);
        } catch (const Error& error) {
            EXPECT_NE(error.message().find("half.mp4"), std::string::npos);
        }
    }
    EXPECT_TRUE(isVideo("A.MKV"));
    EXPECT_FALSE(isVideo("a.png"));
    EXPECT_FALSE(isVideo("mp4"));
}

TEST(VideoFrames, APhoneHeldUprightIsTurned) {
    const test::TemporaryFolder folder;
    write(folder / "flat.mp4", 5, 3);
    for (const char* degrees : {"90", "180", "270"}) {
        if (!ffmpeg({"-i", (folder / "flat.mp4").string(), "-c", "copy", "-metadata:s:v:0", std::string("rotate=") + degrees,
                     (folder / "turned.mp4").string()}) ||
            !ffmpeg({"-i", (folder / "turned.mp4").string(), "-frames:v", "1", (folder / "turned.png").string()}))
            GTEST_SKIP() << "needs ffmpeg";
        VideoFrames reader(folder / "turned.mp4");
        const Image shown = readImage(folder / "turned.png"), frame = reader.frame(0); // as players show it
        ASSERT_EQ(frame.width(), shown.width());
        ASSERT_EQ(frame.height(), shown.height());
        EXPECT_EQ(reader.info().width, shown.width());
        EXPECT_LT(maxDifference(frame, shown), 0.05) << degrees;
    }
}

TEST(JoinVideos, PartsBecomeOneWithSoundRateAndEveryPicture) {
    const test::TemporaryFolder folder;
    for (const std::string ending : {".mp4", ".mov"}) {
        const auto at = [&](const char* name) { return folder / (name + ending); };
        write(at("one"), 0, 12);
        write(at("two"), 12, 12);
        write(at("three"), 24, 5);
        if (!ffmpeg({"-f", "lavfi", "-i", "testsrc=size=64x48:rate=24:duration=1.2083", "-f", "lavfi", "-i", "sine=duration=1.2", "-c:a", "aac",
                     (folder / "source.mp4").string()}))
            GTEST_SKIP() << "needs ffmpeg";
        checkSound(folder / "source.mp4", at("all"));
        joinVideos({at("one"), at("two"), at("three")}, at("all"), {.sound = folder / "source.mp4", .pixelAspect = 1.5});
        VideoFrames reader(at("all"));
        ASSERT_EQ(reader.times().size(), 29u);
        EXPECT_EQ(reader.info().sound, "aac");
        EXPECT_NEAR(reader.info().pixelAspect, 1.5, 1e-6);
        for (std::size_t i = 0; i < 29; ++i) {
            EXPECT_EQ(numberOf(reader.frame(i)), static_cast<int>(i));
            EXPECT_NEAR(reader.times()[i], static_cast<double>(i) / 24, 1e-3);
        }
        const Json streams = probed(at("all")).at("streams");
        EXPECT_EQ(streams.at(0).at("avg_frame_rate"), "24/1");
        EXPECT_NEAR(std::stod(streams.at(1).at("duration").get<std::string>()), 1.2, 0.06);
    }
}

TEST(JoinVideos, PicturesKeepTimesOfTheirOwn) {
    const test::TemporaryFolder folder;
    write(folder / "one.mp4", 0, 6);
    write(folder / "two.mp4", 6, 4);
    std::vector<double> times{0.5, 0.6, 0.65, 0.9, 1.0, 1.3, 1.31, 2.0, 2.2, 3.5};
    joinVideos({folder / "one.mp4", folder / "two.mp4"}, folder / "all.mp4", {.times = times});
    VideoFrames reader(folder / "all.mp4");
    ASSERT_EQ(reader.times().size(), times.size());
    for (std::size_t i = 0; i < times.size(); ++i) {
        EXPECT_NEAR(reader.times()[i] - reader.times()[0], times[i] - 0.5, 1e-3);
        EXPECT_EQ(numberOf(reader.frame(i)), static_cast<int>(i));
    }
    times.pop_back();
    expectError([&] { joinVideos({folder / "one.mp4", folder / "two.mp4"}, folder / "short.mp4", {.times = times}); }, "10 pictures, but 9 times");
    EXPECT_FALSE(fs::exists(folder / "short.mp4"));
}

TEST(JoinVideos, WhatDoesNotFitIsSaidBeforehand) {
    const test::TemporaryFolder folder;
    write(folder / "one.mp4", 0, 3);
    write(folder / "wide.mp4", 0, 3, 24, 96, 48);
    expectError([&] { joinVideos({folder / "one.mp4", folder / "wide.mp4"}, folder / "all.mp4"); }, "wide.mp4: is not of the same kind");
    expectError([&] { joinVideos({}, folder / "all.mp4"); }, "no parts");
    if (!ffmpeg({"-f", "lavfi", "-i", "testsrc=size=64x48:rate=24:duration=0.2", "-f", "lavfi", "-i", "sine=duration=0.2", "-c:v", "mpeg4", "-c:a",
                 "pcm_s16le", (folder / "pcm.avi").string()}))
        GTEST_SKIP() << "needs ffmpeg";
    const Error error = expectError([&] { checkSound(folder / "pcm.avi", folder / "out.mp4"); }, "pcm.avi: its sound (pcm_s16le) does not go into .mp4");
    EXPECT_NE(error.hint().find(".mov"), std::string::npos);
    checkSound(folder / "pcm.avi", folder / "out.mov");
    EXPECT_EQ(VideoFrames(folder / "pcm.avi").times().size(), 5u);
}

} // namespace
} // namespace ochre
