// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/Ksplat.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/scene/SceneIo.h"
#include "tests/core/scene/Clouds.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using test::put;
using Bytes = std::vector<std::byte>;
constexpr std::size_t kData = 4096 + 1024;

/// Half floats of small numbers: 0, 1, 0.5.
constexpr std::uint16_t kZero = 0, kOne = 0x3c00, kHalf = 0x3800;

/// One section of five splats in two buckets, the full one of three and another of two; x of splat i is
/// bucket centre (10 or 20) and i steps of 1/32767.
Bytes make(int level, int degree) {
    Bytes b(kData);
    const std::uint32_t rest = 3 * static_cast<std::uint32_t>(shRestCount(degree));
    b[1] = std::byte{1};
    put(b, 4, std::uint32_t{1});
    put(b, 8, std::uint32_t{1});
    put(b, 16, std::uint32_t{5});
    put(b, 20, static_cast<std::uint16_t>(level));
    put(b, 36, -2.0f);
    put(b, 40, 2.0f);
    const std::size_t s = 4096;
    for (const auto& [at, value] :
         {std::pair{0, 5u}, {4, 5u}, {8, 3u}, {12, 2u}, {24, 32767u}, {32, 1u}, {36, 1u}})
        put(b, s + static_cast<std::size_t>(at), value);
    put(b, s + 16, 2.0f);
    put(b, s + 20, std::uint16_t{12});
    put(b, s + 40, static_cast<std::uint16_t>(degree));
    put(b, b.size(), std::uint32_t{2}); // splats of the partial bucket
    for (const float center : {10.0f, 0.0f, 0.0f, 20.0f, 0.0f, 0.0f}) put(b, b.size(), center);
    for (std::uint32_t i = 0; i < 5; ++i) {
        if (level == 0) {
            for (const float v :
                 {10.0f + static_cast<float>(i), 0.0f, 0.0f, 1.0f, 1.0f, 0.5f, 1.0f, 0.0f, 0.0f, 0.0f})
                put(b, b.size(), v);
        } else {
            for (const std::uint32_t v : {32767 + i, 32767u, 32767u})
                put(b, b.size(), static_cast<std::uint16_t>(v));
            for (const std::uint16_t v : {kOne, kOne, kHalf, kOne, kZero, kZero, kZero}) put(b, b.size(), v);
        }
        put(b, b.size(), std::uint32_t{0xff0080ff});
        for (std::uint32_t k = 0; k < rest; ++k) {
            if (level == 0) put(b, b.size(), static_cast<float>(k));
            if (level == 1) put(b, b.size(), k == 4 ? kOne : kZero);
            if (level == 2) put(b, b.size(), static_cast<std::uint8_t>(k == 4 ? 255 : 0));
        }
    }
    return b;
}

class KsplatLevels : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Levels, KsplatLevels, testing::Range(0, 3));

TEST_P(KsplatLevels, AreReadFromTheirBuckets) {
    const SplatCloud cloud = decodeSplats(make(GetParam(), 0), "scene.ksplat");
    ASSERT_EQ(cloud.count(), 5u);
    const SplatData& d = cloud.data();
    const float third = GetParam() == 0 ? 13.0f : 20.0f + 3 / 32767.0f; // the first of the second bucket
    EXPECT_NEAR(d.positions[9], third, 1e-5);
    EXPECT_NEAR(d.positions[6], GetParam() == 0 ? 12.0f : 10.0f + 2 / 32767.0f, 1e-5);
    EXPECT_NEAR(d.logScales[2], std::log(0.5), 1e-6);
    EXPECT_NEAR(colorOf(d.sh0[1]), 128 / 255.0, 1e-6);
    EXPECT_EQ(d.opacities[0], INFINITY);
    EXPECT_EQ(d.rotations[4], 1);
}

TEST_P(KsplatLevels, HarmonicsStandBandByBandAndWithinAChannelByChannel) {
    const SplatCloud cloud = decodeSplats(make(GetParam(), 2), "scene.ksplat");
    ASSERT_EQ(cloud.shDegree(), 2);
    const std::vector<float>& sh = cloud.data().shRest;
    const float fifth[] = {4.0f, 1.0f, 2.0f}; // the fifth value: green of the second coefficient
    EXPECT_NEAR(sh[3 * 1 + 1], fifth[GetParam()], 1e-6);
    if (GetParam() == 0) {
        EXPECT_EQ(sh[3 * 4 + 2], 9.0f + 2 * 5 + 1);
    } // band 2, blue, second
}

TEST_P(KsplatLevels, EveryTruncationIsAnError) {
    const Bytes whole = make(GetParam(), 1);
    for (std::size_t length = 0; length < whole.size(); length += length < kData ? 97 : 1)
        test::expectError([&] { decodeSplats(std::span(whole).first(length), "scene.ksplat"); });
}

TEST(Ksplat, HostileCountsAreRefused) {
    const auto with = [](std::size_t at, std::uint32_t value) {
        Bytes b = make(1, 1);
        put(b, at, value);
        return b;
    };
    for (const std::size_t at : {4u, 16u, 4096u + 0, 4096u + 12, 4096u + 32, 4096u + 36})
        for (const std::uint32_t value : {0xffffffffu, 0x7fffffffu, 1000u}) {
            if (at == 4096 + 4 && value != 1)
                continue; // room that the last section does not fill may be cut off
            test::expectError([&] { decodeSplats(with(at, value), "scene.ksplat"); });
        }
    test::expectError([&] { readKsplat(with(5120, 0), "a"); }, "none of 2 buckets");
    test::expectError([&] { readKsplat(with(4096 + 40, 9), "a"); }, "degree 9");
    EXPECT_EQ(test::expectError([&] { readKsplat(with(20, 3), "a"); }).kind(), ErrorKind::NotMine);
}

TEST(Ksplat, TheFixtureOfAnotherProgramAgrees) {
    OCHRE_SHARED_OR_SKIP(folder, "data/splats/splat-transform");
    const test::Differences d =
        test::compare(readSplats(folder / "minimal.ksplat"), readSplats(folder / "minimal.splat"));
    EXPECT_EQ(d.position, 0);
    EXPECT_LE(d.logScale, 1e-6);
    EXPECT_LE(d.color, 1e-6);
    EXPECT_LE(d.opacity, 1e-6);
    EXPECT_LE(d.rotation, 1e-4);
}

} // namespace
} // namespace ochre
