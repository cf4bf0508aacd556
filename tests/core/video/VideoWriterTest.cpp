// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/video/VideoWriter.h"

#include <cmath>
#include <filesystem>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/base/Json.h"
#include "tests/support/Machine.h"

namespace ochre {
namespace {

/// Two halves: red and a grey that grows with the frame.
Image frame(int index, int width = 64, int height = 48, int channels = 3) {
    Image image(width, height, channels, ColorSpace::Srgb);
    const auto v = image.edit();
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            float* p = &v[static_cast<std::size_t>((y * width + x) * channels)];
            const float grey = 0.1f * static_cast<float>(index);
            p[0] = x < width / 2 ? 0.8f : grey;
            p[1] = p[2] = x < width / 2 ? 0.1f : grey;
            if (channels == 4) p[3] = y < height / 2 ? 1.0f : 0.25f;
        }
    return image;
}

void write(const std::filesystem::path& file, const VideoOptions& options, int frames) {
    VideoWriter writer(file, options);
    for (int i = 0; i < frames; ++i) writer.add(frame(i, options.width, options.height, options.alpha ? 4 : 3));
    writer.finish();
}

std::optional<Json> stream(const std::filesystem::path& file) {
    const auto text = test::toolOutput("ffprobe", {"-v", "error", "-count_frames", "-show_streams", "-of", "json", file.string()});
    if (!text) return std::nullopt;
    return parseJson(*text, "ffprobe").at("streams").at(0);
}

TEST(VideoWriter, WritesH264ThatSaysWhatItsNumbersMean) {
    const test::TemporaryFolder folder;
    write(folder / "a.mp4", {.width = 64, .height = 48, .fps = 24}, 7);
    const auto s = stream(folder / "a.mp4");
    if (!s) GTEST_SKIP() << "needs ffprobe";
    EXPECT_EQ(s->at("codec_name"), "h264");
    EXPECT_EQ(s->at("width"), 64);
    EXPECT_EQ(s->at("height"), 48);
    EXPECT_EQ(s->at("pix_fmt"), "yuv420p");
    EXPECT_EQ(s->at("avg_frame_rate"), "24/1");
    EXPECT_EQ(s->at("nb_read_frames"), "7");
    EXPECT_EQ(s->at("color_space"), "bt709");
    EXPECT_EQ(s->at("color_range"), "tv");
}

TEST(VideoWriter, WritesProResWithAndWithoutAlpha) {
    const test::TemporaryFolder folder;
    write(folder / "a.mov", {.width = 64, .height = 48, .fps = 29.97}, 3);
    write(folder / "b.mov", {.width = 64, .height = 48, .fps = 25, .alpha = true}, 3);
    const auto plain = stream(folder / "a.mov"), alpha = stream(folder / "b.mov");
    if (!plain || !alpha) GTEST_SKIP() << "needs ffprobe";
    EXPECT_EQ(plain->at("codec_name"), "prores");
    EXPECT_EQ(plain->at("codec_tag_string"), "apch");
    EXPECT_EQ(plain->at("avg_frame_rate"), "30000/1001");
    EXPECT_EQ(plain->at("nb_read_frames"), "3");
    EXPECT_EQ(alpha->at("codec_tag_string"), "ap4h");
    EXPECT_TRUE(alpha->at("pix_fmt").get<std::string>().starts_with("yuva444p")) << alpha->at("pix_fmt");
}

TEST(VideoWriter, ColoursComeBackAsTheyWere) {
    const test::TemporaryFolder folder;
    for (const char* name : {"a.mp4", "a.mov"}) {
        write(folder / name, {.width = 64, .height = 48, .fps = 25, .quality = 4}, 6);
        const auto bytes = test::toolOutput("ffmpeg", {"-v", "error", "-i", (folder / name).string(), "-f", "rawvideo", "-pix_fmt", "rgb24",
                                                      "-vf", "scale=in_color_matrix=bt709:flags=accurate_rnd+full_chroma_int", "-"});
        if (!bytes) GTEST_SKIP() << "needs ffmpeg";
        ASSERT_EQ(bytes->size(), 6u * 64 * 48 * 3) << name;
        for (int i = 0; i < 6; ++i)
            for (const int x : {16, 48})
                for (int k = 0; k < 3; ++k) {
                    const auto at = static_cast<std::size_t>(((i * 48 + 24) * 64 + x) * 3 + k);
                    EXPECT_NEAR(static_cast<unsigned char>((*bytes)[at]), 255 * frame(i).pixel(x, 24)[k], 4) << name << " " << i << " " << x << " " << k;
                }
    }
}

TEST(VideoWriter, TheSameFramesGiveTheSameBytes) {
    const test::TemporaryFolder folder;
    for (const char* extension : {".mp4", ".mov"}) {
        const std::string a = std::string("a") + extension, b = std::string("b") + extension;
        write(folder / a, {.width = 64, .height = 48}, 12);
        write(folder / b, {.width = 64, .height = 48}, 12);
        EXPECT_EQ(readFile(folder / a, 1 << 24), readFile(folder / b, 1 << 24)) << extension;
    }
}

/// A light that moves over grey: what an encoder has many equal choices for.
Image glow(int number, int width, int height) {
    Image image(width, height, 3, ColorSpace::Srgb);
    float* p = image.edit().data();
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const double dx = 6 * (x - 0.5 * width - 3 * std::sin(number)) / width, dy = 6 * (y - 0.5 * height) / height;
            for (int k = 0; k < 3; ++k) *p++ = static_cast<float>(0.2 + (0.1 + 0.3 * k) * std::exp(-dx * dx - dy * dy));
        }
    return image;
}

TEST(VideoWriter, WhatMemoryHeldBeforeDoesNotMatter) {
    const test::TemporaryFolder folder;
    std::mt19937 random(3);
    for (const auto& [width, height] : {std::pair(32, 32), std::pair(48, 32), std::pair(160, 90)}) {
        const auto written = [&, width = width, height = height] {
            std::vector<std::vector<unsigned char>> garbage(60);
            for (auto& bytes : garbage) {
                bytes.resize(random() % 40'000 + 16);
                for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(random());
            }
            garbage.clear();
            VideoWriter writer(folder / "a.mp4", {.width = width, .height = height, .fps = 12});
            for (int i = 0; i < 6; ++i) writer.add(glow(i, width, height));
            writer.finish();
            return readFile(folder / "a.mp4", 1 << 24);
        };
        const auto first = written();
        for (int i = 0; i < 12; ++i) ASSERT_EQ(written(), first) << width << " × " << height;
    }
}

TEST(VideoWriter, UnfinishedLeavesNothingAndTheOldFileStands) {
    const test::TemporaryFolder folder;
    writeFileAtomic(folder / "a.mp4", "old");
    {
        VideoWriter writer(folder / "a.mp4", {.width = 64, .height = 48});
        writer.add(frame(0));
        EXPECT_THROW(writer.add(frame(0, 32, 48)), Error);
    }
    EXPECT_EQ(readTextFile(folder / "a.mp4", 100), "old");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
    VideoWriter empty(folder / "b.mp4", {.width = 64, .height = 48});
    test::expectError([&] { empty.finish(); }, "one frame");
}

TEST(VideoWriter, WhatItCannotHoldIsSaidAtOnce) {
    const auto refused = [](const char* file, const VideoOptions& o, const char* part) {
        EXPECT_TRUE(test::expectError([&] { checkVideo(file, o); }, part).message().starts_with(file));
    };
    refused("a.avi", {.width = 64, .height = 48}, "no video");
    refused("a.mp4", {.width = 63, .height = 48}, "even");
    refused("a.mp4", {.width = 64, .height = 8}, "sides");
    refused("a.mp4", {.width = 9000, .height = 48}, "sides");
    refused("a.mp4", {.width = 64, .height = 48, .alpha = true}, "transparency");
    refused("a.mp4", {.width = 64, .height = 48, .fps = 0}, "frames a second");
    refused("a.mp4", {.width = 64, .height = 48, .quality = 70}, "quality");
    EXPECT_NO_THROW(checkVideo("A.MP4", {.width = 64, .height = 48}));
    test::expectError([] { VideoWriter("/nowhere/at/all/a.mp4", {.width = 64, .height = 48}); });
}

} // namespace
} // namespace ochre
