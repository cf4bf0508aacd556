// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/Film.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/image/ImageIo.h"
#include "core/scene/cameras/CameraPath.h"
#include "tests/core/render/Scenes.h"
#include "tests/support/Machine.h"

namespace ochre {
namespace {

namespace fs = std::filesystem;

SplatCloud ball() {
    return test::cloudOf({{.position = {0, 0, 0}, .scale = {0.5, 0.5, 0.5}, .opacity = 0.9}, {.position = {0.6, 0, 0}, .color = {1, 0, 0}}});
}

Film film(const fs::path& output, std::size_t frames = 6) {
    Film film{.output = output, .fps = 12};
    const CameraPath path = turntable(ball().focus(), static_cast<double>(frames) / 12, 12);
    for (std::size_t i = 0; i < frames; ++i) film.cameras.push_back(path.at(path.timeOf(i)).camera(96, 64));
    film.backdrop = Backdrop{{0.2f, 0.2f, 0.2f}, {0.2f, 0.2f, 0.2f}};
    return film;
}

/// Stops after that many frames.
void interrupt(const Film& film, std::size_t after) {
    const Cancel cancel = Cancel::make();
    const Error e = test::expectError([&] {
        renderFilm(*makeFastCpuRenderer(), itemsOf(ball()), film, [&](const FilmState& s) { if (s.done == after) cancel.request(); }, cancel);
    });
    EXPECT_TRUE(e.cancelled());
}

FilmResult finish(const Film& film) {
    return renderFilm(*makeFastCpuRenderer(), itemsOf(ball()), film);
}

TEST(Film, NamesItsFrames) {
    EXPECT_EQ(frameFile("a/f_%04d.exr", 7), "a/f_0007.exr");
    EXPECT_EQ(frameFile("a/f.####.png", 12345), "a/f.12345.png");
    EXPECT_EQ(frameFile("%d.png", 3), "3.png");
    EXPECT_EQ(frameFile("out.png", 3), "out-0003.png");
    test::expectError([] { frameFile("a%s.png", 1); }, "a%s.png");
    EXPECT_EQ(framesFolder("a/film.mp4"), "a/film.mp4.frames");
}

TEST(Film, ExrHoldsPremultipliedColourAndDepthInOneFile) {
    const test::TemporaryFolder folder;
    Film f = film(folder / "%04d.exr", 1);
    f.backdrop.reset();
    f.bitDepth = 16;
    finish(f);
    const auto renderer = makeFastCpuRenderer();
    renderer->setSplats(ball());
    const Plane wanted[] = {Plane::Color, Plane::Depth};
    const Planes planes = renderer->renderPlanes(f.cameras[0], f.splats, wanted);
    const Image all = readImage(folder / "0001.exr", {.colorSpace = ColorSpace::Raw, .allChannels = true});
    ASSERT_EQ(all.channels(), 5);
    for (const auto& [x, y] : {std::pair{48, 32}, {60, 28}, {0, 0}}) {
        for (int k = 0; k < 4; ++k) EXPECT_NEAR(all.pixel(x, y)[k], planes.color.pixel(x, y)[k], 1e-3) << k;
        EXPECT_EQ(all.pixel(x, y)[4], planes.depth.pixel(x, y)[0]) << "a depth is not halved";
    }
    EXPECT_EQ(readImage(folder / "0001.exr").channels(), 4) << "others see the picture";
    const auto info = test::toolOutput("iinfo", {"-v", (folder / "0001.exr").string()});
    if (!info) GTEST_SKIP() << "needs iinfo";
    EXPECT_NE(info->find("R (half), G (half), B (half), A (half), Z (float)"), std::string::npos) << *info;
}

TEST(Film, KeepsFramesThatAreWholeAndOfTheSameThing) {
    const test::TemporaryFolder folder;
    for (const char* name : {"p/%04d.png", "e/%04d.exr"}) {
        Film f = film(folder / name);
        interrupt(f, 2);
        EXPECT_FALSE(fs::exists(frameFile(f.output, 3)));
        FilmResult result = finish(f);
        EXPECT_EQ(result.kept, 2u) << name;
        EXPECT_EQ(result.drawn, 4u);
        EXPECT_EQ(result.files.size(), 6u);
        fs::resize_file(frameFile(f.output, 2), fs::file_size(frameFile(f.output, 2)) - 9);
        writeImage(readImage(frameFile(f.output, 1)), frameFile(f.output, 4));
        fs::remove(frameFile(f.output, 6));
        result = finish(f);
        EXPECT_EQ(result.kept, 3u) << name << ": one is cut, one another's, one gone";
        f.cameras[0] = f.cameras[0].resized(96, 60);
        f.backdrop = Backdrop{{0.3f, 0.2f, 0.2f}, {0.3f, 0.2f, 0.2f}};
        EXPECT_EQ(finish(f).kept, 0u);
        f.resume = false;
        EXPECT_EQ(finish(f).drawn, 6u);
    }
}

TEST(Film, AVideoThatWasInterruptedIsTheSameAsOneThatWasNot) {
    const test::TemporaryFolder folder;
    for (const char* extension : {".mp4", ".mov"}) {
        const fs::path whole = folder / (std::string("whole") + extension), broken = folder / (std::string("broken") + extension);
        finish(film(whole));
        interrupt(film(broken), 4);
        EXPECT_FALSE(fs::exists(broken)) << "no half film";
        EXPECT_TRUE(fs::exists(framesFolder(broken) / "00004.png"));
        const FilmResult result = finish(film(broken));
        EXPECT_EQ(result.kept, 4u);
        EXPECT_EQ(result.files, std::vector{broken});
        EXPECT_FALSE(fs::exists(framesFolder(broken))) << "its frames have gone";
        // H.264's encoder is given the same frames, but does not always make the same bytes of them.
        if (extension == std::string(".mov"))
            EXPECT_EQ(readFile(whole, 1 << 24), readFile(broken, 1 << 24));
        else
            EXPECT_NEAR(static_cast<double>(fs::file_size(whole)), static_cast<double>(fs::file_size(broken)), 200);
    }
    EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 4);
}

TEST(Film, TellsHowFarItIs) {
    const test::TemporaryFolder folder;
    std::vector<FilmState> states;
    renderFilm(*makeFastCpuRenderer(), itemsOf(ball()), film(folder / "a.png", 3), [&](const FilmState& s) { states.push_back(s); });
    ASSERT_EQ(states.size(), 3u);
    EXPECT_EQ(states[1].done, 2u);
    EXPECT_EQ(states[1].total, 3u);
    EXPECT_GT(states[0].secondsLeft, states[2].secondsLeft);
    EXPECT_EQ(states[2].secondsLeft, 0);
    EXPECT_TRUE(fs::exists(folder / "a-0003.png"));
}

TEST(Film, WhatCannotBeWrittenIsSaidBeforeAnythingIsDrawn) {
    Film f = film("f.mp4");
    f.backdrop.reset();
    test::expectError([&] { checkFilm(f); }, "transparency");
    f.output = "f.mov";
    EXPECT_NO_THROW(checkFilm(f));
    f.cameras[1] = f.cameras[1].resized(64, 32);
    test::expectError([&] { checkFilm(f); }, "64×32");
    f.output = "f.gif";
    test::expectError([&] { checkFilm(f); });
    f.output = "f%%.png";
    test::expectError([&] { checkFilm(f); }, "number");
    f.cameras.clear();
    test::expectError([&] { checkFilm(f); }, "without frames");
}

} // namespace
} // namespace ochre
