// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/video/Clip.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/image/ImageIo.h"
#include "core/video/VideoWriter.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

constexpr int kFrames = 40;

/// Red at the left, at the right a grey that says which frame it is.
Image frame(int index, int width = 96, int height = 64) {
    Image image(width, height, 3);
    const auto v = image.edit();
    for (std::size_t i = 0; i < image.pixelCount(); ++i) {
        const bool left = static_cast<int>(i) % width < width / 2;
        const float grey = 0.1f + 0.02f * static_cast<float>(index);
        v[3 * i] = left ? 0.8f : grey;
        v[3 * i + 1] = v[3 * i + 2] = left ? 0.1f : grey;
    }
    return image;
}

std::filesystem::path written(const std::filesystem::path& file) {
    VideoWriter writer(file, {.width = 96, .height = 64, .fps = 24, .quality = 4});
    for (int i = 0; i < kFrames; ++i) writer.add(frame(i));
    writer.finish();
    return file;
}

void expectFrame(const Image& got, int index) {
    ASSERT_EQ(got.width(), 96);
    ASSERT_EQ(got.channels(), 3);
    for (const int x : {20, 72})
        for (int c = 0; c < 3; ++c) EXPECT_NEAR(got.pixel(x, 30)[c], frame(index).pixel(x, 30)[c], 0.012f) << index << " " << x << " " << c;
}

TEST(Clip, FramesAreTheSameInWhicheverOrderTheyAreAskedFor) {
    const test::TemporaryFolder folder;
    for (const char* name : {"a.mp4", "a.mov"}) {
        const ClipPtr video = openClip(written(folder / name));
        EXPECT_EQ(video->frames(), kFrames);
        EXPECT_NEAR(video->fps(), 24, 1e-6);
        for (int i = 0; i < kFrames; ++i) expectFrame(video->frame(i), i);
        for (int i = kFrames; i-- > 0;) expectFrame(video->frame(i), i);
        const ClipPtr other = openClip(folder / name);
        for (const int i : {33, 2, 39, 0, 17, 18, 16}) expectFrame(other->frame(i), i);
        EXPECT_TRUE(std::ranges::equal(video->frame(17).values(), other->frame(17).values()));
    }
}

TEST(Clip, WhatIsNoVideoOrDamagedIsSaid) {
    const test::TemporaryFolder folder;
    writeFileAtomic(folder / "text.mp4", "nothing of a video");
    test::expectError([&] { openClip(folder / "text.mp4"); }, "text.mp4");
    test::expectError([&] { openClip(folder / "missing.mp4"); }, "missing.mp4");
    written(folder / "whole.mp4");
    const auto bytes = readFile(folder / "whole.mp4", 1 << 24);
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    writeFileAtomic(folder / "cut.mp4", text.substr(0, text.size() - text.size() / 3)); // what players need stands first
    const ClipPtr cut = openClip(folder / "cut.mp4");
    expectFrame(cut->frame(0), 0);
    try {
        cut->frame(kFrames - 1);
    } catch (const Error& e) {
        EXPECT_TRUE(e.message().starts_with("cut.mp4: ")) << e.message();
    }
    test::expectError([&] { cut->frame(-1); }, "no frame -1");
    test::expectError([&] { cut->frame(kFrames); }, "no frame");
}

TEST(Clip, AFolderOfPicturesIsAVideo) {
    const test::TemporaryFolder folder;
    test::expectError([&] { openClip(folder.path()); }, "no pictures");
    for (int i = 0; i < 3; ++i) writeImage(frame(i), folder / ("f" + std::to_string(i) + ".png"));
    writeFileAtomic(folder / "notes.txt", "x");
    const auto clip = openClip(folder.path());
    EXPECT_EQ(clip->frames(), 3);
    expectFrame(clip->frame(2), 2);
    writeImage(frame(3, 32, 32), folder / "f3.png");
    const auto mixed = openClip(folder.path());
    test::expectError([&] { mixed->frame(3); }, "one size");
}

TEST(MaskClip, KeepsMasksAsTheyAreInLittleMemory) {
    MaskClip clip(31, 17, 4, 25);
    Image mask(31, 17, 1, ColorSpace::Raw);
    for (std::size_t i = 0; i < mask.valueCount(); ++i) mask.edit()[i] = i % 7 < 3 || i == 0 ? 1.0f : 0.0f;
    clip.set(2, mask);
    EXPECT_TRUE(clip.has(2));
    EXPECT_FALSE(clip.has(1));
    EXPECT_TRUE(std::ranges::equal(clip.frame(2).values(), mask.values()));
    EXPECT_EQ(std::ranges::max(clip.frame(1).values()), 0);
    const std::size_t before = clip.bytes();
    for (float& v : mask.edit()) v = 1;
    clip.set(2, mask);
    EXPECT_EQ(std::ranges::min(clip.frame(2).values()), 1);
    EXPECT_LT(clip.bytes(), before);
    test::expectError([&] { clip.set(0, Image(30, 17, 1)); }, "does not fit");
    test::expectError([&] { clip.frame(4); }, "no frame 4");
}

} // namespace
} // namespace ochre
