// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/Splat.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/scene/SceneIo.h"
#include "tests/core/scene/Clouds.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using test::put;
using Bytes = std::vector<std::byte>;

Bytes row(float x, float scale, std::uint32_t color, std::uint32_t rotation) {
    Bytes b;
    for (std::size_t k = 0; k < 3; ++k) {
        put(b, 4 * k, x);
        put(b, 12 + 4 * k, scale);
    }
    put(b, 24, color);
    put(b, 28, rotation);
    return b;
}

TEST(Splat, FieldsAreTakenFromTheirPlaces) {
    const SplatCloud cloud = readSplat(row(2, 0.5f, 0x80ff0033, 0x80808080 + 127), "a.splat");
    const SplatData& d = cloud.data();
    EXPECT_EQ(d.positions, (std::vector<float>{2, 2, 2}));
    EXPECT_NEAR(d.logScales[2], std::log(0.5), 1e-6);
    EXPECT_NEAR(colorOf(d.sh0[0]), 0.2, 1e-6);
    EXPECT_NEAR(colorOf(d.sh0[1]), 0, 1e-6);
    EXPECT_NEAR(colorOf(d.sh0[2]), 1, 1e-6);
    EXPECT_NEAR(sigmoid(d.opacities[0]), 128 / 255.0, 1e-6);
    EXPECT_EQ(d.rotations, (std::vector<float>{1, 0, 0, 0}));
}

TEST(Splat, SurvivesWritingWithinItsSteps) {
    const test::TemporaryFolder folder;
    const SplatCloud cloud = test::makeCloud(5000, 0);
    writeSplats(cloud, folder / "scene.SPLAT");
    const SplatCloud copy = readSplats(folder / "scene.SPLAT");
    const test::Differences d = test::compare(cloud, copy);
    EXPECT_EQ(d.position, 0);
    EXPECT_LE(d.logScale, 1e-6);
    EXPECT_LE(d.rotation, 1e-4);
    EXPECT_LE(d.color, 0.5 / 255 + 1e-6);
    EXPECT_LE(d.opacity, 0.5 / 255 + 1e-6);
    writeSplats(test::makeCloud(3, 2), folder / "flat.splat");
    EXPECT_EQ(readSplats(folder / "flat.splat").shDegree(), 0);
}

TEST(Splat, ZeroRotationsTurnNothingAndZeroScalesAreFlat) {
    const SplatCloud cloud = readSplat(row(0, 0, 0, 0x80808080), "a.splat");
    EXPECT_EQ(cloud.data().rotations, (std::vector<float>{1, 0, 0, 0}));
    EXPECT_EQ(cloud.data().logScales[0], -INFINITY);
}

TEST(Splat, WhatIsNoNumberIsDroppedInANamedFileAndUnlikelyInOthers) {
    Bytes two = row(1, 1, 0, 0);
    const Bytes bad = row(std::nanf(""), 1, 0, 0), negative = row(1, -1, 0, 0);
    two.insert(two.end(), bad.begin(), bad.end());
    EXPECT_EQ(readSplat(two, "a.splat").data().dropped, 1u);
    EXPECT_EQ(test::expectError([&] { readSplat(two, "a.bin"); }).kind(), ErrorKind::NotMine);
    EXPECT_EQ(test::expectError([&] { readSplat(negative, "a.bin"); }).kind(), ErrorKind::NotMine);
    EXPECT_EQ(readSplat(row(1, 1, 0, 0), "a.bin").count(), 1u);
}

TEST(Splat, EveryLengthButWholeSplatsIsAnError) {
    Bytes bytes = row(1, 1, 0, 0);
    bytes.insert(bytes.end(), bytes.begin(), bytes.begin() + 32);
    for (std::size_t length = 0; length < 64; ++length) {
        if (length == 32) continue;
        const Error e = test::expectError([&] { readSplat(std::span(bytes).first(length), "a.splat"); },
                                          "a splat takes 32");
        EXPECT_EQ(e.kind(), ErrorKind::Broken);
    }
}

} // namespace
} // namespace ochre
