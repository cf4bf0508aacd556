// SPDX-License-Identifier: GPL-3.0-or-later
// Noise levels and changed models. Values of schedules are those that ComfyUI gives for Stable Diffusion.
#include <gtest/gtest.h>

#include "core/nodes/DiffusionValues.h"
#include "tests/core/models/diffusion/Wave.h"
#include "tests/core/nodes/NodeBench.h"

namespace ochre::nodes {
namespace {

/// A model of which nothing but its file's facts is known.
models::DiffusionModel model() {
    return models::DiffusionModel::of(std::make_shared<const models::DiffusionCheckpoint>(), "test");
}

SigmaList runSigmas(const NodeBench& bench, const char* output = "sigmas") {
    return bench.run(output).as<SigmaList>();
}

void expectNear(const SigmaList& seen, const SigmaList& expected) {
    ASSERT_EQ(seen.size(), expected.size());
    for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_NEAR(seen[i], expected[i], 1e-4) << i;
}

NodeBench ofModel(const char* id) {
    return NodeBench(id).give("model", makeModelValue(model())).set("steps", std::int64_t{5});
}

const SigmaList kNormal{14.6146, 4.0861, 1.6156, 0.6951, 0.0292, 0};

graph::Value sigmas() {
    return makeSigmasValue(kNormal);
}

TEST(SigmasNodes, SchedulesGiveTheLevelsOfTheModel) {
    expectNear(runSigmas(ofModel("sigmas.schedule").set("scheduler", std::string("normal"))), kNormal);
    expectNear(runSigmas(ofModel("sigmas.schedule").set("scheduler", std::string("karras"))),
               {14.6146, 4.7965, 1.2741, 0.2479, 0.0292, 0});
    expectNear(runSigmas(ofModel("sigmas.beta")), {14.6146, 7.3718, 2.6152, 1.0273, 0.3955, 0});
    EXPECT_NE(runSigmas(ofModel("sigmas.beta").set("alpha", 2.0)), runSigmas(ofModel("sigmas.beta")));
    const SigmaList half =
        runSigmas(ofModel("sigmas.schedule").set("scheduler", std::string("normal")).set("denoise", 0.5));
    EXPECT_EQ(half.size(), 6u);
    EXPECT_LT(half.front(), 4);
    EXPECT_TRUE(runSigmas(ofModel("sigmas.schedule").set("denoise", 0.0)).empty());
}

TEST(SigmasNodes, LevelsBetweenTwoEnds) {
    expectNear(runSigmas(NodeBench("sigmas.karras").set("steps", std::int64_t{5})),
               {14.6146, 4.7965, 1.2741, 0.2479, 0.0292, 0});
    expectNear(runSigmas(NodeBench("sigmas.exponential").set("steps", std::int64_t{5})),
               {14.6146, 3.0890, 0.6529, 0.1380, 0.0292, 0});
    expectNear(runSigmas(NodeBench("sigmas.karras")
                             .set("steps", std::int64_t{3})
                             .set("rho", 1.0)
                             .set("sigma_min", 1.0)
                             .set("sigma_max", 3.0)),
               {3, 2, 1, 0});
    EXPECT_GE(runSigmas(NodeBench("sigmas.karras")).size(), 2u);
}

TEST(SigmasNodes, WrittenLevelsAreReadAndChecked) {
    expectNear(runSigmas(NodeBench("sigmas.manual")), kNormal);
    expectNear(runSigmas(NodeBench("sigmas.manual").set("text", std::string("3; 2 1,0"))), {3, 2, 1, 0});
    const Error error = NodeBench("sigmas.manual").set("text", std::string("3, two")).fails();
    EXPECT_NE(error.full().find("\"two\""), std::string::npos) << error.full();
}

TEST(SigmasNodes, SplitAndFlip) {
    const auto split = [] { return NodeBench("sigmas.split").give("sigmas", sigmas()); };
    expectNear(runSigmas(split(), "high"), {14.6146});
    expectNear(runSigmas(split().set("step", std::int64_t{3}), "high"), {14.6146, 4.0861, 1.6156, 0.6951});
    expectNear(runSigmas(split().set("step", std::int64_t{3}), "low"), {0.6951, 0.0292, 0});
    expectNear(runSigmas(split().set("by", std::string("denoise")).set("denoise", 0.4), "low"),
               {0.6951, 0.0292, 0});
    expectNear(runSigmas(NodeBench("sigmas.flip").give("sigmas", sigmas())),
               {0.0001, 0.0292, 0.6951, 1.6156, 4.0861, 14.6146});
}

models::DiffusionModel runModel(const NodeBench& bench) {
    return bench.run("model").as<models::DiffusionModel>();
}

NodeBench changing(const char* id) {
    return NodeBench(id).give("model", makeModelValue(model()));
}

TEST(ModelNodes, SayWhatIsPredictedAndHowTheNoiseEnds) {
    using models::sampling::Prediction;
    EXPECT_EQ(runModel(changing("model.sampling")).sampling().prediction(), Prediction::Epsilon);
    const models::DiffusionModel v =
        runModel(changing("model.sampling").set("prediction", std::string("v")).set("zero_snr", true));
    EXPECT_EQ(v.sampling().prediction(), Prediction::V);
    EXPECT_GT(v.sampling().sigmaMax(), 4000) << "next to pure noise";
    EXPECT_EQ(
        runModel(changing("model.sampling").set("prediction", std::string("x0"))).sampling().prediction(),
        Prediction::X0);
    const models::DiffusionModel lcm =
        runModel(changing("model.sampling").set("prediction", std::string("lcm")));
    EXPECT_EQ(lcm.sampling().sigmas().size(), 50u);
    EXPECT_EQ(lcm.identity, "test") << "the network stays the same one";
}

TEST(ModelNodes, ChangeGuidance) {
    EXPECT_EQ(runModel(changing("model.rescale_cfg")).rescaleCfg, 0.7);
    EXPECT_EQ(runModel(changing("model.rescale_cfg").set("multiplier", 0.25)).rescaleCfg, 0.25);
    EXPECT_EQ(runModel(changing("model.differential").set("strength", 0.5)).differential, 0.5);
    models::Conditioning empty;
    empty.entries.push_back({.states = models::wave({1, 4, 6})});
    const models::DiffusionModel perpendicular = runModel(
        changing("model.perp_neg").give("empty", makeConditioningValue(empty)).set("neg_scale", 2.0));
    ASSERT_TRUE(perpendicular.perpNeg);
    EXPECT_EQ(perpendicular.perpNeg->scale, 2);
    EXPECT_EQ(perpendicular.perpNeg->empty->entries.size(), 1u);
    empty.family = models::DiffusionFamily::Sdxl;
    const Error error = changing("model.perp_neg").give("empty", makeConditioningValue(empty)).fails();
    EXPECT_NE(error.full().find(models::title(models::DiffusionFamily::Sdxl)), std::string::npos)
        << error.full();
}

TEST(ModelNodes, SettingsAddUp) {
    const graph::Value once = changing("model.rescale_cfg").run("model");
    const models::DiffusionModel both = runModel(NodeBench("model.sampling").give("model", once));
    EXPECT_EQ(both.rescaleCfg, 0.7);
    EXPECT_TRUE(both.prediction);
}

} // namespace
} // namespace ochre::nodes
