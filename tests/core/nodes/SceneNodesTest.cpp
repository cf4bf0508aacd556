// SPDX-License-Identifier: GPL-3.0-or-later
// Nodes of scenes.
#include <cmath>

#include <gtest/gtest.h>

#include "core/nodes/Make.h"
#include "tests/core/nodes/NodeBench.h"

namespace ochre::nodes {
namespace {

/// Opacities of a tenth, two tenths … a whole, in a row along x.
graph::Value row(std::size_t count = 10) {
    SplatData d;
    for (std::size_t i = 0; i < count; ++i) {
        const double opacity = std::min(0.999, static_cast<double>(i + 1) / static_cast<double>(count));
        d.positions.insert(d.positions.end(), {static_cast<float>(i), 0, 0});
        d.logScales.insert(d.logScales.end(), {-2, -2, -2});
        d.rotations.insert(d.rotations.end(), {1, 0, 0, 0});
        d.opacities.push_back(static_cast<float>(std::log(opacity / (1 - opacity))));
        d.sh0.insert(d.sh0.end(), {0, 0, 0});
    }
    return makeSceneValue(SplatCloud(std::move(d), "row"));
}

NodeBench bench(const std::string& steps) {
    return NodeBench("scene.edit_splats").give("scene", row()).set("steps", steps);
}

TEST(EditSplats, AppliesItsStepsInOrder) {
    const auto node = bench(R"([
        {"step": "select", "combine": "replace", "query": {"kind": "opacity", "min": 0, "max": 0.35}},
        {"step": "delete"},
        {"step": "select", "combine": "replace", "query": {"kind": "all"}},
        {"step": "move", "rotation": [1, 0, 0, 0], "scale": 1, "translation": [0, -2, 0], "pivot": [0, 0, 0]}])");
    const graph::Value scene = node.run("scene");
    const SplatCloud& cloud = scene.as<SplatCloud>();
    ASSERT_EQ(cloud.count(), 7u);
    EXPECT_EQ(cloud.data().positions[0], 3);
    EXPECT_EQ(cloud.data().positions[1], -2);
    EXPECT_EQ(node.run("count").as<std::int64_t>(), 7);
}

TEST(EditSplats, WithoutStepsGivesTheSameScene) {
    EXPECT_EQ(bench("[]").run("scene").as<SplatCloud>().count(), 10u);
}

TEST(EditSplats, SaysWhichStepCannotBeDone) {
    EXPECT_NE(bench(R"([{"step": "invert"}, {"step": "delete"}, {"step": "delete"}])").fails().message().find("step 3"), std::string::npos);
    EXPECT_NE(bench(R"([{"step": "paint"}])").fails().message().find("\"paint\""), std::string::npos);
    bench("not json").fails();
}

} // namespace
} // namespace ochre::nodes
