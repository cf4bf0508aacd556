// SPDX-License-Identifier: GPL-3.0-or-later
// Nodes that restore pictures: what they make of their parameters, and that strength does not run a network again.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/image/Compare.h"
#include "core/image/ImageIo.h"
#include "core/models/restore/BayesianEnhancer.h"
#include "core/models/restore/Bem.h"
#include "core/models/restore/PromptPainter.h"
#include "core/models/restore/Restorer.h"
#include "core/models/restore/Restormer.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"
#include "tests/core/models/RandomWeights.h"
#include "tests/core/nodes/NodeBench.h"
#include "tests/support/Support.h"

namespace ochre::nodes {
namespace {

using models::test::saveRandom;

std::string weightsOf(const char* parityCase) {
    return test::sourceFile(std::string("tests/parity/") + parityCase + "/weights.safetensors").string();
}

Image drawing(int width, int height, float phase = 0) {
    Image image(width, height, 3);
    const auto values = image.edit();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = 0.5f + 0.4f * std::sin(phase + 0.041f * static_cast<float>(i % 911));
    return image;
}

TEST(RestoreNodes, StrengthMixesWhatTheNetworkGaveOnce) {
    const Image image = drawing(40, 30);
    const auto restorer = models::Restorer::open(weightsOf("dncnn/gray_5_layers"));
    const Image all = restorer.restore(image);
    for (const double strength : {1.0, 0.25, 0.0, 0.5}) {
        bool ran = false;
        const graph::Value out = NodeBench("restore.restore")
                                     .set("model", weightsOf("dncnn/gray_5_layers"))
                                     .set("strength", strength)
                                     .give("image", makeImageValue(image))
                                     .watch([&](const graph::NodeState& state) { ran |= state.step.starts_with("tile"); })
                                     .run("image");
        EXPECT_LT(maxDifference(out.as<Image>(), models::strengthened(image, all, strength)), 1e-6) << strength;
        EXPECT_EQ(digitalSourceTypeOf(out.as<Image>()), DigitalSourceType::AlgorithmicallyEnhanced);
        EXPECT_EQ(ran, strength == 1.0) << strength;
    }
}

TEST(RestoreNodes, AnotherPictureIsNotTakenForTheLast) {
    const auto run = [](const Image& image) {
        return NodeBench("restore.restore").set("model", weightsOf("dncnn/gray_5_layers")).give("image", makeImageValue(image)).run("image");
    };
    Image image = drawing(20, 20);
    const Image first = run(image).as<Image>();
    image.edit()[7] += 0.01f;
    image.setMetadata("Title", "second");
    const Image second = run(image).as<Image>();
    EXPECT_GT(maxDifference(first, second), 0);
    EXPECT_EQ(second.metadata().at("Title"), "second");
}

TEST(RestoreNodes, PaintLikeFollowsItsPair) {
    const Image picture = drawing(40, 31), before = drawing(30, 30, 1), after = drawing(30, 30, 2);
    const std::string weights = weightsOf("painter/batch2_windows");
    const NodeBench node = NodeBench("restore.paint_like")
                               .set("model", weights)
                               .give("image", makeImageValue(picture))
                               .give("before", makeImageValue(before))
                               .give("after", makeImageValue(after));
    const auto painter = models::PromptPainter::open(weights);
    EXPECT_EQ(maxDifference(node.run("image").as<Image>(), painter.paint(picture, before, after)), 0);
    EXPECT_EQ(maxDifference(NodeBench(node).set("task", std::string("depth")).run("image").as<Image>(),
                            painter.paint(picture, before, after, models::PaintTask::Depth)),
              0);
    EXPECT_NE(NodeBench(node).set("model", weightsOf("bem/bnn_mean")).fails().full().find("is no network of Painter"), std::string::npos);
}

TEST(RestoreNodes, BrightenBemTakesSamplesAndSeed) {
    const test::TemporaryFolder folder;
    const auto second = saveRandom(folder / "second.safetensors",
                                   models::Bem::Config{.inChannels = 6, .features = 8, .blocks = {1, 1, 1}}.expected(), 3);
    const Image image = drawing(40, 30);
    const NodeBench node = NodeBench("restore.brighten_bem")
                               .set("first", weightsOf("bem/bnn_mean"))
                               .set("second", second.string())
                               .give("image", makeImageValue(image));
    const auto enhancer = models::BayesianEnhancer::open(weightsOf("bem/bnn_mean"), second);
    EXPECT_EQ(maxDifference(node.run("image").as<Image>(), enhancer.enhance(image)), 0);
    EXPECT_EQ(maxDifference(NodeBench(node).set("samples", std::int64_t{1}).set("seed", std::int64_t{5}).run("image").as<Image>(),
                            enhancer.enhance(image, {.samples = 1, .seed = 5})),
              0);
    EXPECT_EQ(maxDifference(NodeBench(node).set("strength", 0.0).run("image").as<Image>(), image), 0);
    EXPECT_NE(NodeBench(node).set("second", std::string()).fails().full().find("no model is chosen"), std::string::npos);
}

TEST(RestoreNodes, DeblurDualPixelSaysWhereTheViewsDiffer) {
    const test::TemporaryFolder folder;
    models::Restormer::Config config{.inChannels = 6, .width = 8, .blocks = {1, 1, 1, 1}, .heads = {1, 1, 2, 2},
                                     .hidden = {21, 42, 85, 170}, .decoders = {1, 1, 1}, .refinement = 1, .dualPixel = true};
    const NodeBench node = NodeBench("restore.deblur_dual_pixel")
                               .set("model", saveRandom(folder / "dual.safetensors", config.expected(), 4).string())
                               .give("left", makeImageValue(drawing(40, 30)));
    EXPECT_EQ(NodeBench(node).give("right", makeImageValue(drawing(40, 30, 1))).run("image").as<Image>().width(), 40);
    EXPECT_NE(NodeBench(node).give("right", makeImageValue(drawing(41, 30, 1))).fails().full().find("41×30"), std::string::npos);
}

} // namespace
} // namespace ochre::nodes
