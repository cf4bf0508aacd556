// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/SceneIo.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "tests/core/scene/Clouds.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using test::Differences;

const char* const kWritten[] = {"a.ply", "a.compressed.ply", "a.splat", "a.spz", "a.sog"};

TEST(SceneIo, EveryFormatIsKnownByContentWhateverItsName) {
    const test::TemporaryFolder folder;
    const SplatCloud cloud = test::makeCloud(300, 0);
    for (const char* name : kWritten) {
        writeSplats(cloud, folder / name);
        const auto bytes = test::bytesOf(folder / name);
        EXPECT_EQ(decodeSplats(bytes, "unnamed").count(), 300u) << name;
        EXPECT_TRUE(isSceneFile(folder / name));
        EXPECT_TRUE(isWritableScene(folder / name));
    }
}

TEST(SceneIo, OtherExtensionsAreRefusedWithTheListOfThose) {
    const SplatCloud cloud = test::makeCloud(1, 0);
    for (const char* name : {"a.obj", "a.ksplat", "a", "a.spz.txt"}) {
        const Error e = test::expectError(
            [&] { writeSplats(cloud, std::filesystem::path("/nonexistent") / name); }, name);
        EXPECT_NE(e.hint().find(".compressed.ply"), std::string::npos);
    }
    EXPECT_TRUE(isSceneFile("x/meta.json"));
    EXPECT_TRUE(isSceneFile("points3D.bin"));
    EXPECT_TRUE(isSceneFile("A.KSPLAT"));
    EXPECT_FALSE(isSceneFile("workflow.json"));
    EXPECT_FALSE(isWritableScene("a.ksplat"));
}

TEST(SceneIo, UnknownContentNamesTheFormatsKnown) {
    const std::string text = "no scene at all, but long enough to look into: sixty-four bytes!";
    const Error e = test::expectError([&] { decodeSplats(std::as_bytes(std::span(text)), "notes.txt"); },
                                      "notes.txt: not a scene");
    EXPECT_EQ(e.kind(), ErrorKind::NotMine);
    EXPECT_NE(e.hint().find(".ksplat"), std::string::npos);
    test::expectError([] { decodeSplats({}, "empty.spz"); }, "empty");
    const test::TemporaryFolder folder;
    test::expectError([&] { readSplats(folder.path()); }, "without meta.json");
    EXPECT_FALSE(isSceneFile(folder.path()));
    const std::string json = "{\"version\": 2, \"means\": {}, \"quats\": {}}";
    test::expectError([&] { decodeSplats(std::as_bytes(std::span(json)), "meta.json"); });
}

TEST(SceneIo, TheFrameOfAnSpzCanBeSaid) {
    const test::TemporaryFolder folder;
    const SplatCloud cloud = test::makeCloud(5, 0);
    writeSplats(cloud, folder / "a.spz", {.spzVersion = 4});
    const SplatCloud standard = readSplats(folder / "a.spz"),
                     asPly = readSplats(folder / "a.spz", {.spzFrame = SpzFrame::AsPly});
    EXPECT_EQ(standard.data().positions[1], -asPly.data().positions[1]);
    EXPECT_EQ(standard.data().positions[0], asPly.data().positions[0]);
}

TEST(SceneIo, SplatsThatAreNoNumbersAreNotWritten) {
    const test::TemporaryFolder folder;
    SplatData d = test::makeCloud(20, 1).data();
    d.positions[3] = NAN;
    d.logScales[6] = INFINITY;
    d.sh0[9] = -INFINITY;
    d.shRest[40] = NAN;
    const SplatCloud cloud(d, "damaged");
    for (const char* name : kWritten) {
        writeSplats(cloud, folder / name);
        EXPECT_EQ(readSplats(folder / name).count(), 16u) << name;
    }
}

TEST(SceneIo, AFailedWriteLeavesNothingAndTheOldFile) {
    const test::TemporaryFolder folder;
    for (const char* name : kWritten) {
        writeSplats(test::makeCloud(2, 0), folder / name);
        const Cancel cancel = Cancel::make();
        cancel.request();
        test::expectError([&] { writeSplats(test::makeCloud(50, 1), folder / name, {}, cancel); });
        EXPECT_EQ(readSplats(folder / name).count(), 2u) << name;
    }
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) ++files;
    EXPECT_EQ(files, std::size(kWritten));
}

/// A scene as far as a format can hold it: what lies outside its ranges is at their ends.
SplatCloud asHeld(const SplatCloud& source, const std::string& file) {
    if (file == "a.compressed.ply" || file == "a.sog") return test::inMortonOrder(source);
    SplatData d = withShDegree(source, file == "a.splat" ? 0 : source.shDegree()).data();
    const auto clamp = [](std::vector<float>& values, double low, double high) {
        for (float& v : values) v = std::clamp(v, static_cast<float>(low), static_cast<float>(high));
    };
    if (file == "a.splat") clamp(d.sh0, sh0Of(0), sh0Of(1));
    if (file == "a.spz") {
        clamp(d.sh0, -0.5 / 0.15, 0.5 / 0.15);
        clamp(d.logScales, -10, 255 / 16.0 - 10);
        clamp(d.shRest, -1, 127 / 128.0);
    }
    return SplatCloud(std::move(d), source.name());
}

/// The most that each format may change.
Differences stepsOf(const SplatCloud& source, const std::string& file) {
    const Bounds b = source.bounds();
    const double size = std::max({b.max[0] - b.min[0], b.max[1] - b.min[1], b.max[2] - b.min[2]});
    const auto [low, high] = std::minmax_element(source.data().sh0.begin(), source.data().sh0.end());
    if (file == "a.ply") return {};
    if (file == "a.splat") return {.logScale = 1e-6, .rotation = 1e-4, .color = 0.5 / 255};
    if (file == "a.spz") return {0.5 / 4096, 1 / 32.0, 2e-6, 0.5 / 255 / 0.15 * kShC0, 0, 1 / 32.0, 1 / 16.0};
    if (file == "a.compressed.ply")
        return {size / 2000, 0.01, 2e-6, (colorOf(*high) - colorOf(*low)) / 255 / 2, 0, 1 / 64.0, 1 / 64.0};
    return {size / 10000, 0.5, 4.7e-5, 0.05, 0, INFINITY, INFINITY}; // .sog chooses its steps by their number
}

void expectRoundTrips(const SplatCloud& source) {
    const test::TemporaryFolder folder;
    for (const std::string file : kWritten) {
        writeSplats(source, folder / file);
        const SplatCloud copy = readSplats(folder / file);
        ASSERT_EQ(copy.count(), source.count()) << file;
        const Differences d = test::compare(asHeld(source, file), copy), most = stepsOf(source, file);
        EXPECT_LE(d.position, most.position + 1e-6) << file;
        EXPECT_LE(d.logScale, most.logScale + 1e-6) << file;
        EXPECT_LE(d.rotation, most.rotation + 1e-6) << file;
        EXPECT_LE(d.color, most.color + 1e-6) << file;
        EXPECT_LE(d.opacity, file == "a.ply" ? 0 : 0.5 / 255 + 1e-6) << file;
        EXPECT_LE(d.sh1, most.sh1 + 1e-6) << file;
        EXPECT_LE(d.shRest, most.shRest + 1e-6) << file;
        if (file == "a.ply") {
            EXPECT_EQ(copy.hash(), source.hash());
        }
    }
}

TEST(SceneIo, ARealCaptureSurvivesEveryFormat) {
    OCHRE_SHARED_OR_SKIP(path, "data/splats/biker.compressed.ply");
    expectRoundTrips(readSplats(path));
}

TEST(SceneIo, ARealSceneWithHarmonicsSurvivesEveryFormat) {
    OCHRE_SHARED_OR_SKIP(path, "data/splats/playbot/4_0/meta.json");
    expectRoundTrips(readSplats(path));
}

} // namespace
} // namespace ochre
