// SPDX-License-Identifier: GPL-3.0-or-later
// Payloads of diffusion on their way to disk and back.
#include "core/nodes/DiffusionValues.h"

#include <gtest/gtest.h>

#include "tests/core/models/diffusion/SmallCheckpoint.h"
#include "tests/support/Support.h"

namespace ochre::nodes {
namespace {

const graph::TypeInfo& info(const graph::TypeName& name) {
    registerTypes();
    return *graph::TypeRegistry::shared().find(name);
}

graph::Value there(const graph::Value& value) {
    const graph::TypeInfo& type = info(value.type());
    return type.read(type.write(value));
}

/// Every field set to something of its own.
models::Conditioning full() {
    models::Conditioning c = test::prompt("a cat", "sdxl-small");
    c.entries.push_back(c.entries.front());
    models::ConditioningEntry& e = c.entries.back();
    e.strength = 1.5;
    e.parts = 3, e.partWeight = -0.75;
    e.area = models::ConditioningArea{1, 2, 3, 4, true};
    e.mask = test::noise({1, 6, 7}, 2);
    e.maskStrength = 0.25;
    e.maskBounds = true;
    e.start = 0.1, e.end = 0.9, e.stepStart = 0.2, e.stepEnd = 0.8;
    e.sizes = models::SdxlSizes{1, 2, 3, 4, 5, 6, 7.5};
    e.inpaint = models::InpaintConcat{test::noise({1, 4, 2, 3}, 3), test::noise({1, 1, 16, 24}, 4)};
    models::ControlUse use;
    use.net = models::ControlNetModel::open(test::smallControlNet("sdxl-small"), test::kFloat32);
    use.hint = test::noise({1, 3, 8, 8}, 5);
    use.strength = 0.6, use.start = 0.3, use.end = 0.7, use.alsoNegative = true;
    e.controls.push_back(use);
    return c;
}

bool equal(const nn::Tensor& a, const nn::Tensor& b) {
    return a.defined() == b.defined() &&
           (!a.defined() || (a.sizes() == b.sizes() && nn::maxAbsDifference(a, b) == 0));
}

TEST(DiffusionValues, ConditioningComesBackWhole) {
    const models::Conditioning before = full();
    const graph::Value value = there(makeConditioningValue(before));
    const auto& after = value.as<models::Conditioning>();
    EXPECT_EQ(after.family, models::DiffusionFamily::Sdxl);
    EXPECT_EQ(after.text, "a cat");
    ASSERT_EQ(after.entries.size(), 2u);
    EXPECT_FALSE(after.entries[0].area || after.entries[0].sizes || after.entries[0].inpaint);
    const models::ConditioningEntry &a = before.entries[1], &b = after.entries[1];
    EXPECT_TRUE(equal(a.states, b.states) && equal(a.pooled, b.pooled) && equal(a.mask, b.mask));
    EXPECT_EQ(a.area, b.area);
    EXPECT_EQ(a.sizes, b.sizes);
    EXPECT_EQ(b.strength, 1.5);
    EXPECT_EQ(b.parts, 3);
    EXPECT_EQ(b.partWeight, -0.75);
    EXPECT_EQ(b.maskStrength, 0.25);
    EXPECT_TRUE(b.maskBounds);
    EXPECT_EQ((std::vector<double>{b.start, b.end, b.stepStart, b.stepEnd}),
              (std::vector<double>{0.1, 0.9, 0.2, 0.8}));
    ASSERT_TRUE(b.inpaint);
    EXPECT_TRUE(equal(a.inpaint->latent, b.inpaint->latent) && equal(a.inpaint->mask, b.inpaint->mask));
    ASSERT_EQ(b.controls.size(), 1u);
    EXPECT_EQ(b.controls[0].net->path(), a.controls[0].net->path());
    EXPECT_TRUE(equal(b.controls[0].hint, a.controls[0].hint));
    EXPECT_EQ(b.controls[0].strength, 0.6);
    EXPECT_TRUE(b.controls[0].alsoNegative);
}

TEST(DiffusionValues, LatentsAndSigmasComeBackWhole) {
    models::LatentBatch latent;
    latent.samples = test::noise({2, 4, 3, 5});
    latent.noiseMask = test::noise({1, 1, 24, 40});
    latent.batchIndex = {3, 7};
    latent.parameters = "Steps: 3";
    const graph::Value value = there(makeLatentValue(latent));
    const auto& after = value.as<models::LatentBatch>();
    EXPECT_TRUE(equal(after.samples, latent.samples) && equal(after.noiseMask, latent.noiseMask));
    EXPECT_EQ(after.batchIndex, latent.batchIndex);
    EXPECT_EQ(after.parameters, "Steps: 3");
    EXPECT_EQ(there(makeSigmasValue({14.6, 1, 0})).as<SigmaList>(), (SigmaList{14.6, 1, 0}));
}

TEST(DiffusionValues, BytesThatAreCutOrChangedAreErrorsAndNothingWorse) {
    for (const graph::Value& value :
         {makeConditioningValue(full()), makeLatentValue(models::emptyLatent(16, 16, 1)),
          makeSigmasValue({1, 0})}) {
        const graph::TypeInfo& type = info(value.type());
        const auto bytes = type.write(value);
        const std::size_t step = std::max<std::size_t>(1, bytes.size() / 97);
        for (std::size_t size = 0; size < bytes.size(); size += step)
            test::expectError([&] { type.read(std::span(bytes).first(size)); });
        auto longer = bytes;
        longer.push_back(std::byte{0});
        test::expectError([&] { type.read(longer); }, "too many");
        for (std::size_t at = 0; at < std::min<std::size_t>(bytes.size(), 400); at += 3) {
            auto changed = bytes;
            changed[at] = std::byte{0xff};
            try {
                type.read(changed);
            } catch (const Error&) {
            }
        }
    }
}

TEST(DiffusionValues, FamiliesAreTold) {
    EXPECT_EQ(info(types::kModel).modelFamily(makeModelValue(test::smallModel("sdxl-small"))), "sdxl");
    EXPECT_EQ(
        info(types::kTextEncoder).modelFamily(makeTextEncoderValue(test::smallTextEncoder("sd2-small"))),
        "sd2");
    EXPECT_EQ(info(types::kConditioning).modelFamily(makeConditioningValue(test::prompt("a"))), "sd1");
    EXPECT_EQ(info(types::kAutoencoder).modelFamily(makeAutoencoderValue(test::smallAutoencoder())), "sd1");
    EXPECT_FALSE(info(types::kModel).write) << "models stay in memory";
}

} // namespace
} // namespace ochre::nodes
