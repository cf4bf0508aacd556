// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/Bench.h"

#include <gtest/gtest.h>

#include "core/render/FrameWork.h"
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
    ASSERT_EQ(json["renderers"].size(), 4u);
    for (const std::size_t i : {2, 3}) {
        const Json& cpu = json["renderers"][i];
        EXPECT_EQ(cpu["name"].get<std::string>().substr(0, 9), i == 2 ? "CPU, fast" : "CPU");
        EXPECT_GT(cpu["milliseconds"].get<double>(), 0);
        EXPECT_FALSE(cpu["stages"].empty());
    }
    test::expectError([&] { benchSplats(folder / "absent.ply"); }, "absent.ply");
}

TEST(Bench, MakesTheSameSceneOfAnySizeAgain) {
    const SplatCloud cloud = benchCloud(3000), again = benchCloud(3000);
    EXPECT_EQ(cloud.count(), 3000u);
    EXPECT_EQ(cloud.shDegree(), 3);
    EXPECT_EQ(cloud.hash(), again.hash());
    EXPECT_NE(cloud.hash(), benchCloud(3000, 2).hash());
    const Json json = benchSplats(cloud, {.width = 64, .height = 48, .frames = 1, .cpu = false});
    EXPECT_EQ(json["splats"], 3000);
    ASSERT_EQ(json["renderers"].size(), 3u);
    for (const std::size_t i : {0, 1}) {
        const Json& vulkan = json["renderers"][i];
        if (vulkan.contains("error")) continue; // without a device
        EXPECT_EQ(vulkan["counts"]["splats"], 3000);
        EXPECT_GT(vulkan["counts"]["visible"].get<int>(), 100);
        for (const auto& [stage, work] : vulkan["work"].items()) {
            EXPECT_GE(work["bytes"].get<double>(), work["least_bytes"].get<double>()) << stage;
            EXPECT_GT(work["least_bytes"].get<double>(), 0) << stage;
            EXPECT_TRUE(vulkan["stages"].contains(stage)) << stage;
        }
        EXPECT_EQ(vulkan.contains("estimates"), i == 0);
    }
}

TEST(FrameWork, GrowsWithTheFrameAndNamesWhatBoundsIt) {
    const FrameCounts counts{.splats = 6'000'000, .visible = 1'000'000, .shaded = 1'000'000, .entries = 2'000'000};
    const FrameShape shape{1920, 1080, 3, false};
    const auto work = workOf(counts, shape);
    double bytes = 0, least = 0;
    for (const StageWork& w : work) bytes += w.bytes, least += w.least;
    EXPECT_LT(bytes, 2 * least);
    // Colours that are still right cost neither their harmonics nor the arithmetic.
    FrameCounts still = counts;
    still.shaded = 0;
    EXPECT_NEAR(work[1].bytes - workOf(still, shape)[1].bytes, 1e6 * (96 + 8), 1);
    const GpuSheet slow{"", 100, 10}, fast{"", 200, 20};
    EXPECT_GT(estimatedMilliseconds(work, slow), 1.8 * estimatedMilliseconds(work, fast));
}

TEST(Bench, TimesEachEditAndItsUndo) {
    const Json json = benchEdits(benchCloud(3000), 1);
    EXPECT_EQ(json["splats"], 3000);
    EXPECT_GE(json["edits"].size(), 25u);
    for (const Json& edit : json["edits"]) {
        const std::string name = edit["edit"];
        EXPECT_GT(edit["milliseconds"].get<double>(), 0) << name;
        EXPECT_GE(edit["items"].get<int>(), 1) << name;
        EXPECT_EQ(edit.contains("undo"), name != "drag a handle" && name != "slide colours") << name;
    }
    for (const Json& query : json["selecting"]["queries"]) EXPECT_TRUE(query["same"].get<bool>()) << query;
}

} // namespace
} // namespace ochre
