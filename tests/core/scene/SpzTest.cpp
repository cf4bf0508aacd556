// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/Spz.h"

#include <chrono>
#include <cstring>

#include <gtest/gtest.h>

#include "core/scene/Compression.h"
#include "core/scene/SceneIo.h"
#include "core/scene/SplatTransform.h"
#include "tests/core/scene/Clouds.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using test::Differences;
using test::put;
using Bytes = std::vector<std::byte>;

/// A raw file of `count` splats whose bytes after the header are all `fill`.
Bytes raw(std::uint32_t version, std::uint32_t count, int degree, unsigned char fill, std::size_t body) {
    Bytes b;
    put(b, 0, std::uint32_t{0x5053474e});
    put(b, 4, version);
    put(b, 8, count);
    put(b, 12, static_cast<std::uint8_t>(degree));
    put(b, 13, std::uint8_t{12});
    put(b, 14, std::uint16_t{0});
    b.resize(16 + body, std::byte{fill});
    return b;
}

SplatCloud read(const Bytes& bytes, SpzFrame frame = SpzFrame::Standard) {
    return readSpz(bytes, "scene.spz", frame);
}

class SpzVersions : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Written, SpzVersions, testing::Values(3, 4));

TEST_P(SpzVersions, KeepsEveryDegreeWithinItsSteps) {
    const test::TemporaryFolder folder;
    for (int degree = 0; degree <= 3; ++degree) {
        const SplatCloud cloud = test::makeCloud(500, degree);
        writeSpz(cloud, folder / "scene.spz", GetParam());
        const SplatCloud copy = readSplats(folder / "scene.spz");
        ASSERT_EQ(copy.count(), 500u);
        ASSERT_EQ(copy.shDegree(), degree);
        const Differences d = test::compare(cloud, copy);
        EXPECT_LE(d.position, 0.5 / 4096 + 1e-6);
        EXPECT_LE(d.logScale, 1 / 32.0 + 1e-6);
        EXPECT_LE(d.rotation, 2e-6);
        EXPECT_LE(d.color, 0.5 / 255 / 0.15 * kShC0 + 1e-6);
        EXPECT_LE(d.opacity, 0.5 / 255 + 1e-6);
        EXPECT_LE(d.sh1, 1 / 32.0 + 1e-6);
        EXPECT_LE(d.shRest, 1 / 16.0 + 1e-6);
    }
}

TEST_P(SpzVersions, EveryTruncationIsAnError) {
    const test::TemporaryFolder folder;
    writeSpz(test::makeCloud(3, 1), folder / "scene.spz", GetParam());
    const Bytes whole = test::bytesOf(folder / "scene.spz");
    for (std::size_t length = 0; length < whole.size(); ++length)
        test::expectError(
            [&] { read(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length))); });
    EXPECT_EQ(read(whole).count(), 3u);
}

TEST_P(SpzVersions, AnEmptySceneAndTheFlagSurvive) {
    const test::TemporaryFolder folder;
    writeSpz(test::makeCloud(0, 0), folder / "none.spz", GetParam());
    EXPECT_EQ(readSplats(folder / "none.spz").count(), 0u);
    SplatData d = test::makeCloud(2, 0).data();
    d.antialiased = true;
    writeSpz(SplatCloud(d, "a"), folder / "scene.spz", GetParam());
    EXPECT_TRUE(readSplats(folder / "scene.spz").data().antialiased);
}

TEST(Spz, TheSecondVersionKeepsThreeComponentsAndTheFirstHalfFloats) {
    Bytes b = raw(2, 1, 0, 0, 9 + 1 + 3 + 3 + 3);
    put(b, 16, std::uint32_t{4096});       // x: 1
    put(b, 19, std::uint32_t{0xfff000});   // y: −1
    put(b, 22, std::uint16_t{2048});       // z: 0.5
    put(b, 25, std::uint8_t{255});         // opaque
    put(b, 26, std::uint32_t{0x00ff00ff}); // red and blue full, green and the first scale none
    put(b, 30, std::uint16_t{0xa0ff});     // 255/16 − 10, and 0
    put(b, 32, std::uint8_t{255});         // turned half about x
    put(b, 33, std::uint16_t{0x8080});
    const SplatCloud cloud = read(b);
    const SplatData& d = cloud.data();
    EXPECT_EQ(d.positions, (std::vector<float>{1, 1, -0.5f})); // y up and z back become y down and z front
    EXPECT_EQ(d.opacities[0], INFINITY);
    EXPECT_NEAR(d.sh0[0], 0.5 / 0.15, 1e-5);
    EXPECT_NEAR(d.sh0[1], -0.5 / 0.15, 1e-5);
    EXPECT_EQ(d.logScales, (std::vector<float>{-10, 255 / 16.0f - 10, 0}));
    EXPECT_NEAR(std::abs(d.rotations[1]), 1, 1e-4);
    EXPECT_EQ(read(b, SpzFrame::AsPly).data().positions, (std::vector<float>{1, -1, 0.5f}));

    Bytes first = raw(1, 1, 0, 128, 6 + 1 + 3 + 3 + 3);
    put(first, 16, std::uint16_t{0x3c00}); // 1 in half floats
    put(first, 18, std::uint16_t{0xc000}); // −2
    put(first, 20, std::uint16_t{0x3800}); // 0.5
    EXPECT_EQ(read(first).data().positions, (std::vector<float>{1, 2, -0.5f}));
    put(first, 16, std::uint16_t{0x7e00}); // no number
    EXPECT_EQ(read(first).data().dropped, 1u);
}

TEST(Spz, ExtensionsAreSkippedAndOneNamesTheFrame) {
    Bytes b = raw(3, 1, 0, 0x80, 9 + 1 + 3 + 3 + 4);
    b[14] = std::byte{2};
    put(b, 16, std::uint32_t{4096});
    put(b, 19, std::uint32_t{8192});
    put(b, 22, std::uint16_t{12288});
    put(b, 24, std::uint8_t{0});
    const auto withFrame = [&](std::uint32_t frame) {
        Bytes e = b;
        const std::size_t end = e.size();
        put(e, end, std::uint32_t{0x12340001});
        put(e, end + 4, std::uint32_t{3});
        e.resize(end + 11);
        put(e, end + 11, std::uint32_t{0xadbe0003});
        put(e, end + 15, std::uint32_t{4});
        put(e, end + 19, frame);
        return read(packGzip(e)).data().positions;
    };
    using P = std::vector<float>;
    EXPECT_EQ(withFrame(6), (P{1, 2, 3}));   // right, down, front: that of a .ply
    EXPECT_EQ(withFrame(4), (P{1, -2, -3})); // right, up, back
    EXPECT_EQ(withFrame(0), (P{1, -2, -3})); // not told
    EXPECT_EQ(withFrame(1), (P{-1, 2, -3})); // left, down, back
    EXPECT_EQ(withFrame(7), (P{-1, -2, 3})); // left, up, front
    const auto near = [](const P& a, const P& b) { return test::largest(a, b) < 1e-5; };
    EXPECT_TRUE(near(withFrame(10), {1, 3, 2}));   // right, front, down
    EXPECT_TRUE(near(withFrame(16), {1, -3, -2})); // right, back, up
    EXPECT_TRUE(near(withFrame(9), {-1, 3, 2}));   // left, front, down
    test::expectError([&] { withFrame(17); }, "coordinate system 17");
    Bytes longer = b;
    put(longer, longer.size(), std::uint64_t{0xffffffff12340001});
    test::expectError([&] { read(longer); }, "extension");
}

TEST(Spz, HarmonicsOfDegreeFourAreReadAsThree) {
    const std::size_t each = 9 + 1 + 3 + 3 + 4;
    Bytes b = raw(3, 2, 4, 128, 2 * (each + 72));
    b[16 + 2 * each + 44] = std::byte{192}; // the last value of the first splat's degree 3
    b[16 + 2 * each + 45] = std::byte{255}; // degree 4
    b[16 + 2 * each + 72] = std::byte{64};  // the first of the second splat
    const SplatCloud cloud = read(b, SpzFrame::AsPly);
    ASSERT_EQ(cloud.shDegree(), 3);
    EXPECT_EQ(cloud.data().shRest[44], 0.5f);
    EXPECT_EQ(cloud.data().shRest[45], -0.5f);
}

TEST(Spz, HostileHeadersAreRefusedAtOnce) {
    const auto start = std::chrono::steady_clock::now();
    test::expectError([] { read(raw(3, 0x7fffffff, 3, 0, 100)); }, "claim to expand");
    test::expectError([] { read(raw(3, 0xffffffff, 0, 0, 100)); }, "4294967295");
    test::expectError([] { read(raw(3, 1000, 0, 0, 100)); }, "1000 splats");
    test::expectError([] { read(raw(9, 1, 0, 0, 100)); }, "version 9");
    test::expectError([] { read(raw(3, 1, 5, 0, 100)); }, "degree 5");
    test::expectError([] { read(packGzip(raw(3, 0x7fffffff, 3, 0, 100))); }, "claim to expand");
    test::expectError([] { read(packGzip(raw(3, 1000, 0, 0, 100))); }, "bytes of");
    test::expectError([] { read(packGzip(raw(3, 1, 0, 0, 1 << 20))); }, "more than the 1 splats");
    test::expectError([] { read(packGzip(raw(4, 1, 0, 0, 100))); }, "inside gzip");
    Bytes four = raw(4, 1000000, 3, 0, 200); // a table that claims a terabyte
    four[15] = std::byte{6};
    put(four, 16, std::uint32_t{32});
    put(four, 32, std::uint64_t{10});
    put(four, 40, std::uint64_t{1} << 40);
    test::expectError([&] { read(four); }, "expand");
    put(four, 16, std::uint32_t{0xffffffff});
    put(four, 8, std::uint32_t{10});
    test::expectError([&] { read(four); }, "table of streams");
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
    EXPECT_EQ(test::expectError([] { read(packGzip(Bytes(100))); }).kind(), ErrorKind::NotMine);
}

TEST(Spz, WideScenesKeepFewerBitsInsteadOfBeingCut) {
    const test::TemporaryFolder folder;
    SplatData d = test::makeCloud(2, 0).data();
    d.positions[0] = 100000;
    writeSpz(SplatCloud(d, "wide"), folder / "wide.spz");
    EXPECT_NEAR(readSplats(folder / "wide.spz").data().positions[0], 100000, 0.02);
    test::expectError([&] { writeSpz(SplatCloud(d, "wide"), folder / "wide.spz", 2); }, "version 2");
}

TEST(Spz, TheSameCaptureAgreesWithItsCompressedPly) {
    OCHRE_SHARED_OR_SKIP(spz, "data/splats/biker.spz");
    OCHRE_SHARED_OR_SKIP(ply, "data/splats/biker.compressed.ply");
    const SplatCloud a = readSplats(spz), b = readSplats(ply);
    ASSERT_EQ(a.count(), 152746u);
    ASSERT_EQ(b.count(), a.count());
    const Differences d = test::compare(a, b);
    EXPECT_LE(d.position, 1.23e-4);
    EXPECT_LE(d.rotation, 1e-6);
    EXPECT_LE(d.color, 0.0037);
    EXPECT_LE(d.opacity, 1e-7);
    EXPECT_LE(d.logScale, 1.26); // where the format ends at −10
}

TEST(Spz, TheFixturesOfAnotherProgramAgree) {
    OCHRE_SHARED_OR_SKIP(folder, "data/splats/splat-transform");
    const SplatCloud expected = readSplats(folder / "minimal.splat");
    ASSERT_EQ(expected.count(), 4u);
    for (const char* name : {"minimal-v3.spz", "minimal-v4.spz"}) {
        const Differences d = test::compare(readSplats(folder / name), expected);
        EXPECT_LE(d.position, 1e-6) << name; // its splats are round, and their rotations are not the same
        EXPECT_LE(d.color, 0.004) << name;
        EXPECT_LE(d.logScale, 0.033) << name;
        EXPECT_LE(d.opacity, 0.002) << name;
    }
    for (const char* name : {"minimal-raw.spz", "minimal-v2.spz"})
        EXPECT_EQ(readSplats(folder / name).count(), 4u) << name;
}

} // namespace
} // namespace ochre
