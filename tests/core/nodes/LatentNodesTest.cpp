// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "core/graph/Types.h"
#include "core/nodes/DiffusionValues.h"
#include "tests/core/models/diffusion/Wave.h"
#include "tests/core/nodes/NodeBench.h"
#include "tests/support/Support.h"

namespace ochre::nodes {
namespace {

using models::LatentBatch;
using models::wave;
using nn::Tensor;

LatentBatch latentOf(const Tensor& samples) {
    LatentBatch latent;
    latent.samples = samples;
    return latent;
}

graph::Value value(const Tensor& samples) {
    return makeLatentValue(latentOf(samples));
}

LatentBatch runLatent(const NodeBench& bench) {
    return bench.run("latent").as<LatentBatch>();
}

double difference(const Tensor& a, const Tensor& b) {
    EXPECT_EQ(a.sizes(), b.sizes());
    return nn::maxAbsDifference(a, b);
}

TEST(ModelDeclarations, WhatGoesThroughIsNamedByItsType) {
    for (const char* id :
         {"latent.resize", "latent.scale", "latent.multiply", "latent.crop", "latent.flip", "latent.rotate",
          "latent.from_batch", "latent.repeat", "latent.noise_mask", "conditioning.area", "conditioning.mask",
          "conditioning.range", "conditioning.zero", "sigmas.flip", "model.sampling", "model.rescale_cfg",
          "model.differential", "model.perp_neg"}) {
        const graph::NodeDeclaration& d = allNodes().runnable(id);
        EXPECT_EQ(d.inputs().front().id, d.outputs().front().id) << id;
        EXPECT_EQ(d.inputs().front().id, d.inputs().front().type) << id;
    }
}

TEST(LatentNodes, Arithmetic) {
    const Tensor a = wave({1, 4, 8, 8}), b = wave({1, 4, 8, 8}, 0.5, 2);
    const auto two = [&](const char* id) { return NodeBench(id).give("a", value(a)).give("b", value(b)); };
    EXPECT_EQ(difference(runLatent(two("latent.add")).samples, a.add(b)), 0);
    EXPECT_EQ(difference(runLatent(two("latent.subtract")).samples, a.sub(b)), 0);
    EXPECT_LT(difference(runLatent(two("latent.blend")).samples, a.add(b).mul(0.5)), 1e-7);
    EXPECT_EQ(difference(runLatent(two("latent.blend").set("factor", 1.0)).samples, a), 0);
    EXPECT_LT(difference(runLatent(two("latent.interpolate")).samples, a), 1e-6);
    EXPECT_LT(difference(runLatent(two("latent.interpolate").set("ratio", 0.0)).samples, b), 1e-6);
    EXPECT_EQ(runLatent(two("latent.batch")).batchIndex, (std::vector<int>{0, 0}));
    EXPECT_EQ(difference(runLatent(NodeBench("latent.multiply").give("latent", value(a))).samples, a), 0);
    EXPECT_EQ(
        difference(
            runLatent(NodeBench("latent.multiply").give("latent", value(a)).set("factor", -3.0)).samples,
            a.mul(-3)),
        0);
}

TEST(LatentNodes, Geometry) {
    const Tensor x = wave({1, 4, 16, 24});
    const auto one = [&](const char* id) { return NodeBench(id).give("latent", value(x)); };
    const LatentBatch resized = runLatent(one("latent.resize"));
    EXPECT_EQ(resized.width(), 64);
    EXPECT_EQ(resized.height(), 64);
    const LatentBatch centred = runLatent(one("latent.resize")
                                              .set("crop", std::string("center"))
                                              .set("width", std::int64_t{128})
                                              .set("height", std::int64_t{128}));
    EXPECT_EQ(difference(centred.samples, x.narrow(3, 4, 16)), 0) << "the square in the middle";
    EXPECT_EQ(runLatent(one("latent.scale")).width(), 36);
    EXPECT_EQ(
        runLatent(one("latent.scale").set("factor", 0.5).set("method", std::string("bislerp"))).height(), 8);
    EXPECT_EQ(
        difference(
            runLatent(one("latent.crop").set("x", std::int64_t{64}).set("width", std::int64_t{80})).samples,
            x.narrow(3, 8, 10)),
        0);
    EXPECT_EQ(difference(runLatent(one("latent.flip")).samples, x.flip({2})), 0);
    EXPECT_EQ(
        difference(runLatent(one("latent.flip").set("axis", std::string("horizontal"))).samples, x.flip({3})),
        0);
    EXPECT_EQ(difference(runLatent(one("latent.rotate")).samples, x), 0);
    EXPECT_EQ(
        difference(runLatent(one("latent.rotate").set("angle", std::string("180"))).samples, x.flip({2, 3})),
        0);
}

TEST(LatentNodes, Batches) {
    const Tensor x = wave({3, 4, 8, 8});
    const auto one = [&](const char* id) { return NodeBench(id).give("latent", value(x)); };
    EXPECT_EQ(runLatent(one("latent.from_batch")).batchIndex, std::vector<int>{0});
    const LatentBatch last =
        runLatent(one("latent.from_batch").set("index", std::int64_t{1}).set("length", std::int64_t{5}));
    EXPECT_EQ(difference(last.samples, x.narrow(0, 1, 2)), 0);
    EXPECT_EQ(runLatent(one("latent.repeat")).count(), 3);
    EXPECT_EQ(runLatent(one("latent.repeat").set("count", std::int64_t{2})).count(), 6);
}

TEST(LatentNodes, ANoiseMaskGoesAlong) {
    Image mask(3, 2, 1, ColorSpace::Raw);
    mask.edit()[1] = 0.5f;
    const LatentBatch masked = runLatent(NodeBench("latent.noise_mask")
                                             .give("latent", value(wave({1, 4, 8, 8})))
                                             .give("mask", makeMaskValue(mask)));
    EXPECT_EQ(masked.noiseMask.sizes(), at::IntArrayRef({1, 1, 2, 3}));
    EXPECT_EQ(masked.noiseMask[0][0][0][1].item<float>(), 0.5f);
    const LatentBatch scaled = runLatent(NodeBench("latent.scale").give("latent", makeLatentValue(masked)));
    EXPECT_EQ(difference(scaled.noiseMask, masked.noiseMask), 0);
}

TEST(LatentNodes, Composite) {
    const Tensor below = wave({1, 4, 16, 16}), above = wave({1, 4, 8, 8}, 0.9);
    const auto both = [&] {
        return NodeBench("latent.composite").give("destination", value(below)).give("source", value(above));
    };
    const LatentBatch pasted = runLatent(both().set("x", std::int64_t{39}).set("y", std::int64_t{16}));
    EXPECT_EQ(difference(pasted.samples.narrow(2, 2, 8).narrow(3, 4, 8), above), 0)
        << "39 pixels are 4 of the latent";
    EXPECT_EQ(difference(pasted.samples.narrow(2, 10, 6), below.narrow(2, 10, 6)), 0);
    const LatentBatch all = runLatent(both().set("resize_source", true));
    EXPECT_EQ(difference(all.samples, nn::resizeBilinear(above, 16, 16)), 0);
    const Image black(4, 4, 1, ColorSpace::Raw);
    EXPECT_EQ(difference(runLatent(both().give("mask", makeMaskValue(black))).samples, below), 0);
    const LatentBatch faded = runLatent(
        both().set("x", std::int64_t{32}).set("y", std::int64_t{32}).set("feather", std::int64_t{16}));
    // At the corner both fades of a half meet; inside the source stands alone.
    const auto at = [](const Tensor& t, int y, int x) { return t[0][0][y][x].item<double>(); };
    EXPECT_NEAR(at(faded.samples, 4, 4), 0.25 * at(above, 0, 0) + 0.75 * at(below, 4, 4), 1e-6);
    EXPECT_NEAR(at(faded.samples, 6, 6), at(above, 2, 2), 1e-6);
}

TEST(LatentNodes, FilesComeBack) {
    const test::TemporaryFolder folder;
    const Tensor x = wave({2, 4, 4, 6});
    const std::string path = (folder / "{name}.latent").string(), written = (folder / "0000.latent").string();
    const graph::Value saved =
        NodeBench("latent.save").give("latent", value(x)).set("file", path).run("path");
    EXPECT_EQ(saved.as<std::string>(), written);
    EXPECT_EQ(difference(runLatent(NodeBench("latent.load").set("file", written)).samples, x), 0);
    EXPECT_NE(NodeBench("latent.load").fails().full().find("choose a file"), std::string::npos);
    EXPECT_NE(NodeBench("latent.load").set("file", path).fails().full().find("{name}.latent"),
              std::string::npos);
    EXPECT_NE(NodeBench("latent.save").give("latent", value(x)).fails().full().find("no file name"),
              std::string::npos);
}

TEST(LatentNodes, AreSavedIntoFoldersThatARelativePathNames) {
    const test::TemporaryFolder folder;
    const std::filesystem::path before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    const Tensor x = wave({1, 4, 8, 8});
    NodeBench("latent.save").give("latent", value(x)).set("file", std::string("walks/one/a.latent")).run("path");
    std::filesystem::current_path(before);
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "walks/one/a.latent"));
    const std::string elsewhere = (folder.path() / "none/a.latent").string();
    EXPECT_FALSE(NodeBench("latent.save").give("latent", value(x)).set("file", elsewhere).fails().message().empty());
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "none"));
}

TEST(LatentNodes, SayWhatIsMissing) {
    EXPECT_NE(NodeBench("latent.add").give("a", value(wave({1, 4, 8, 8}))).fails().full().find("B"),
              std::string::npos);
    const Error error = NodeBench("latent.blend")
                            .give("a", value(wave({2, 4, 8, 8})))
                            .give("b", value(wave({3, 4, 8, 8})))
                            .fails();
    EXPECT_NE(error.full().find("2 of 64×64"), std::string::npos) << error.full();
}

} // namespace
} // namespace ochre::nodes
