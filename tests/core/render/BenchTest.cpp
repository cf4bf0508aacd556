// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/Bench.h"

#include <gtest/gtest.h>

#include "core/scene/Ply.h"
#include "tests/core/render/Scenes.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

TEST(Bench, NamesTheSceneAndTimesEachRenderer) {
    const test::TemporaryFolder folder;
    writePly(test::randomCloud(200, 1, 2), folder / "cloud.ply");
    const Json json = benchSplats(folder / "cloud.ply", {.width = 64, .height = 48, .frames = 2});
    EXPECT_EQ(json["scene"], "cloud.ply");
    EXPECT_EQ(json["splats"], 200);
    ASSERT_EQ(json["renderers"].size(), 2u);
    const Json& cpu = json["renderers"][1];
    EXPECT_EQ(cpu["name"], "CPU");
    EXPECT_GT(cpu["milliseconds"].get<double>(), 0);
    EXPECT_FALSE(cpu["stages"].empty());
    test::expectError([&] { benchSplats(folder / "absent.ply"); }, "absent.ply");
}

} // namespace
} // namespace ochre
