// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/field/NerfScene.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/models/Parity.h"
#include "core/models/field/Distill.h"
#include "core/render/cpu/FieldMarcher.h"
#include "core/tensor/Fill.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

constexpr double kChairFov = 39.6;

Camera fromAbove(int side) {
    return Camera::lookAt({0, -3.49, 2.016}, {0, 0, 0}, {0, 0, -1}, kChairFov, side, side);
}

TEST(NerfScene, PublishedCheckpointsAreRecognised) {
    OCHRE_SHARED_OR_SKIP(chair, "data/models/nerf/chair-lowres.ckpt");
    OCHRE_SHARED_OR_SKIP(fern, "data/models/nerf/fern-lowres.ckpt");
    EXPECT_EQ(recogniseArchitecture(chair), "nerf");
    const NerfSampling ofChair = NerfScene(tensor::Weights::open(chair)).sampling();
    EXPECT_FALSE(ofChair.forwardFacing);
    EXPECT_EQ(ofChair.fine, 64u);
    const NerfSampling ofFern = NerfScene(tensor::Weights::open(fern)).sampling();
    EXPECT_TRUE(ofFern.forwardFacing);
    EXPECT_EQ(ofFern.far, 1);
}

TEST(NerfScene, AllCasesAndKeyTablesPass) {
    OCHRE_SHARED_OR_SKIP(cases, "parity/nerf");
    OCHRE_SHARED_OR_SKIP(keys, "parity/keys/nerf_blender.json");
    for (const auto& path : {cases, keys})
        for (const ParityResult& result : runParity(path)) EXPECT_EQ(result.verdict, ParityResult::Verdict::Pass) << result.line();
}

TEST(NerfScene, OtherCheckpointsAreNone) {
    const auto file = test::sourceFile("tests/parity/mamba/small/weights.safetensors");
    test::expectError([&] { NerfScene(tensor::Weights::open(file)); }, "holds no NeRF");
}

TEST(NerfScene, TheChairStandsInTheMiddle) {
    OCHRE_SHARED_OR_SKIP(chair, "data/models/nerf/chair-lowres.ckpt");
    const NerfScene scene(tensor::Weights::open(chair));
    const NerfPicture picture = scene.render(fromAbove(24), scene.sampling());
    EXPECT_GT(picture.color.pixel(12, 12)[3], 0.98f);
    EXPECT_NEAR(picture.depth.pixel(12, 12)[0], 4, 0.7);
    EXPECT_LT(picture.color.pixel(0, 0)[3], 0.02f);
    EXPECT_LE(picture.color.pixel(12, 12)[0], picture.color.pixel(12, 12)[3]); // premultiplied
}

TEST(NerfScene, PixelsDoNotDependOnTheirNeighbours) {
    OCHRE_SHARED_OR_SKIP(chair, "data/models/nerf/chair-lowres.ckpt");
    const NerfScene scene(tensor::Weights::open(chair));
    Camera camera = fromAbove(24);
    const NerfPicture whole = scene.render(camera, scene.sampling());
    camera.width = camera.height = 9; // the lower right part
    camera.cx -= 10;
    camera.cy -= 10;
    const NerfPicture part = scene.render(camera, scene.sampling());
    for (int y = 0; y < 9; ++y)
        for (int x = 0; x < 9; ++x)
            for (int k = 0; k < 4; ++k) EXPECT_NEAR(part.color.pixel(x, y)[k], whole.color.pixel(x + 10, y + 10)[k], 1e-3);
}

TEST(NerfScene, ItCanBeStopped) {
    OCHRE_SHARED_OR_SKIP(chair, "data/models/nerf/chair-lowres.ckpt");
    const NerfScene scene(tensor::Weights::open(chair));
    const Cancel cancel = Cancel::make();
    const Progress stop([&](double share, std::string_view) {
        if (share > 0.01) cancel.request();
    });
    EXPECT_TRUE(test::expectError([&] { scene.render(fromAbove(400), scene.sampling(), stop, cancel); }).cancelled());
}

TEST(NerfScene, TooFewSamplesAreRefused) {
    const NerfScene scene(tensor::Weights::open(test::sourceFile("tests/parity/nerf/render_white/weights.safetensors")));
    test::expectError([&] { scene.render(fromAbove(2), {.near = 6, .far = 2}); }, "from 6 to 2");
    test::expectError([&] { scene.render(fromAbove(2), {.coarse = 1}); }, "not enough");
}

TEST(Distill, AFieldLearnsTheNetworksDensities) {
    OCHRE_SHARED_OR_SKIP(chair, "data/models/nerf/chair-lowres.ckpt");
    const NerfScene scene(tensor::Weights::open(chair));
    DistillOptions options;
    options.field = {.log2Entries = 14, .coarsest = 8, .finest = 96};
    options.occupancySide = 48;
    options.samples = std::size_t{1} << 16;
    options.steps = 150;
    options.batch = 4096;
    DistillReport report;
    const HashField field = distill(scene, options, {}, {}, TaskPool::shared(), &report);
    EXPECT_LT(report.loss, 0.1);
    EXPECT_GT(report.occupied, 1000u);
    EXPECT_LT(report.occupied, 48u * 48 * 48 / 4);
    TaskPool one(1);
    const HashField again = distill(scene, options, {}, {}, one);
    EXPECT_EQ(field.table, again.table);
    EXPECT_EQ(field.occupancy.bits(), again.occupancy.bits());
}

TEST(Distill, ForwardFacingScenesAreLearntInDeviceCoordinates) {
    OCHRE_SHARED_OR_SKIP(fern, "data/models/nerf/fern-lowres.ckpt");
    const NerfScene scene(tensor::Weights::open(fern));
    DistillOptions options = usualDistilling(true);
    options.field.log2Entries = 15;
    options.field.finest = 128;
    options.occupancySide = 64;
    options.samples = std::size_t{1} << 17;
    options.steps = 200;
    options.batch = 4096;
    const HashField field = distill(scene, options);
    ASSERT_TRUE(field.config.forwardFacing());
    const Camera camera = Camera::lookAt({0.1, 0, 0}, {0.05, 0, -4}, {0, -1, 0}, 50, 24, 18);
    const NerfPicture truth = scene.render(camera, scene.sampling());
    const FieldFrame frame = renderField(field, camera);
    double square = 0;
    for (std::size_t i = 0; i < truth.color.pixelCount(); ++i)
        for (std::size_t k = 0; k < 3; ++k) {
            const double off = double{truth.color.values()[4 * i + k]} - double{frame.color.values()[4 * i + k]};
            square += off * off / static_cast<double>(3 * truth.color.pixelCount());
        }
    EXPECT_GT(-10 * std::log10(square), 17);
    std::vector<float> ratios; // of depths
    for (std::size_t i = 0; i < truth.depth.pixelCount(); ++i) ratios.push_back(frame.depth.values()[i] / truth.depth.values()[i]);
    std::ranges::sort(ratios);
    EXPECT_NEAR(ratios[ratios.size() / 2], 1, 0.1);
}

TEST(FieldLearner, RefusesOddBatches) {
    HashField field({.log2Entries = 6, .coarsest = 2, .finest = 8});
    TaskPool pool(1);
    FieldLearner learner(field, 0, pool);
    FieldSamples samples;
    samples.resize(65);
    test::expectError([&] { learner.step(samples, 0.01f, 1e-2f); }, "65 samples");
}

} // namespace
} // namespace ochre::models
