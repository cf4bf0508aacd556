// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/TiledSample.h"

#include <set>

#include <gtest/gtest.h>

#include "tests/core/models/diffusion/SmallCheckpoint.h"
#include "tests/core/models/diffusion/Wave.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using nn::Tensor;

constexpr TileOptions kSmall{128, 16}; ///< 16 latent pixels, of which 4 are shared

Tensor part(const Tensor& x, const LatentWindow& w) {
    return x.narrow(2, w.y, w.height).narrow(3, w.x, w.width).contiguous();
}

TEST(TiledSample, WindowsCoverAllAndShareTheOverlap) {
    for (const int width : {17, 40, 64, 129})
        for (const int height : {8, 16, 50}) {
            std::set<int> columns, rows;
            for (const LatentWindow& w : tileWindows(width, height, kSmall)) {
                EXPECT_EQ(w.width, std::min(width, 16));
                EXPECT_EQ(w.height, std::min(height, 16));
                columns.insert(w.x);
                rows.insert(w.y);
            }
            EXPECT_EQ(*columns.begin(), 0);
            EXPECT_EQ(*columns.rbegin(), std::max(0, width - 16));
            EXPECT_EQ(*rows.rbegin(), std::max(0, height - 16));
            for (auto it = columns.begin(); std::next(it) != columns.end(); ++it)
                EXPECT_LE(*std::next(it) - *it, 16 - 4) << width;
        }
    EXPECT_EQ(tileWindows(16, 16, kSmall), (std::vector<LatentWindow>{{0, 0, 16, 16}}));
    test::expectError([] { tileWindows(64, 64, {64, 8}); }, "64 pixels");
    test::expectError([] { tileWindows(64, 64, {128, 48}); }, "overlap of 48");
}

TEST(TiledSample, AWindowSeesItsPartOfAPrompt) {
    ConditioningEntry plain, area, mask, hint, inpaint;
    area.area = ConditioningArea{0.5, 0, 0.5, 0.5, true}; // of 32×16: 16…32, 0…8
    mask.mask = wave({1, 16, 32}).abs().add(0.1);
    mask.mask.narrow(2, 0, 16).zero_();
    hint.controls.push_back({.hint = wave({1, 3, 128, 256})});
    inpaint.inpaint = InpaintConcat{wave({1, 4, 16, 32}), wave({1, 1, 16, 32}).abs()};
    Conditioning all;
    all.entries = {plain, area, mask, hint, inpaint};
    const LatentWindow right{12, 4, 12, 8}, left{0, 0, 12, 8};
    const Conditioning seen = seenThrough(all, right, 32, 16);
    ASSERT_EQ(seen.entries.size(), 5u);
    EXPECT_EQ(seen.entries[1].area, (ConditioningArea{4, 0, 8, 4, false}));
    EXPECT_EQ(nn::maxAbsDifference(seen.entries[2].mask, mask.mask.narrow(1, 4, 8).narrow(2, 12, 12)), 0);
    EXPECT_EQ(nn::maxAbsDifference(seen.entries[3].controls[0].hint,
                                   hint.controls[0].hint.narrow(2, 32, 64).narrow(3, 96, 96)),
              0);
    EXPECT_EQ(nn::maxAbsDifference(seen.entries[4].inpaint->latent, part(inpaint.inpaint->latent, right)), 0);
    EXPECT_EQ(nn::maxAbsDifference(seen.entries[4].inpaint->mask, part(inpaint.inpaint->mask, right)), 0);
    EXPECT_EQ(seenThrough(all, left, 32, 16).entries.size(), 3u)
        << "neither the area nor the mask reaches it";

    Conditioning alone;
    alone.entries = {area};
    const Conditioning kept = seenThrough(alone, left, 32, 16);
    ASSERT_EQ(kept.entries.size(), 1u);
    EXPECT_FALSE(kept.entries[0].area) << "some prompt acts everywhere";
}

TEST(TiledSample, OneTileIsAPlainSampling) {
    const DiffusionModel model = test::smallModel();
    const Conditioning positive = test::prompt("a cat"), negative = test::prompt("");
    LatentBatch latent;
    latent.samples = wave({1, 4, 12, 16});
    SampleOptions options;
    options.steps = 3;
    options.denoise = 0.7;
    options.sampler = "euler_ancestral";
    const SampleResult whole = sampleLatent(model, positive, negative, latent, options);
    const SampleResult tiled = sampleTiled(model, positive, negative, latent, options, kSmall);
    EXPECT_EQ(nn::maxAbsDifference(whole.latent.samples, tiled.latent.samples), 0);
    EXPECT_EQ(whole.networkCalls, tiled.networkCalls);
}

TEST(TiledSample, TilesAgreeWithTheNetworkWhereTheyAreAlone) {
    const DiffusionModel model = test::smallModel();
    GuiderSetup setup;
    setup.model = model;
    setup.positive = test::prompt("a cat");
    setup.sigmas = {3, 1, 0};
    const Tensor x = wave({1, 4, 16, 28});
    tensor::run({}, [&] {
        TiledGuider tiled(setup, x, kSmall);
        ASSERT_EQ(tiled.tiles(), 2);
        const Tensor all = tiled(x, 3).denoised;
        const LatentWindow left{0, 0, 16, 16}, right{12, 0, 16, 16};
        const Tensor a = Guider(setup, part(x, left))(part(x, left), 3).denoised,
                     b = Guider(setup, part(x, right))(part(x, right), 3).denoised;
        EXPECT_LT(nn::maxAbsDifference(all.narrow(3, 0, 12), a.narrow(3, 0, 12)), 1e-5);
        EXPECT_LT(nn::maxAbsDifference(all.narrow(3, 16, 12), b.narrow(3, 4, 12)), 1e-5);
        // Over the four shared columns the left fades out: 4/5, 3/5, 2/5, 1/5.
        for (int i = 0; i < 4; ++i) {
            const double share = (4 - i) / 5.0;
            const Tensor mixed = a.narrow(3, 12 + i, 1).mul(share).add(b.narrow(3, i, 1).mul(1 - share));
            EXPECT_LT(nn::maxAbsDifference(all.narrow(3, 12 + i, 1), mixed), 1e-5) << i;
        }
        EXPECT_EQ(tiled.calls(), 2);
    });
}

TEST(TiledSample, ReportsEachTileAndStops) {
    const DiffusionModel model = test::smallModel();
    const Conditioning positive = test::prompt("a cat");
    LatentBatch latent;
    latent.samples = wave({1, 4, 16, 28});
    SampleOptions options;
    options.steps = 2;
    options.denoise = 1;
    std::vector<std::string> steps;
    std::vector<double> shares;
    SampleHooks hooks;
    hooks.progress = Progress([&](double share, std::string_view step) {
        shares.push_back(share);
        steps.emplace_back(step);
    });
    int previews = 0;
    hooks.preview = [&](int, int, const Tensor& denoised) {
        ++previews;
        EXPECT_EQ(denoised.size(3), 28) << "the whole picture";
    };
    const SampleResult result = sampleTiled(model, positive, {}, latent, options, kSmall, hooks);
    EXPECT_EQ(result.networkCalls, 4);
    EXPECT_EQ(previews, 2);
    EXPECT_EQ(std::count(steps.begin(), steps.end(), "step 2 of 2, tile 2 of 2"), 1);
    EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));

    hooks.cancel = Cancel::make();
    hooks.preview = [&](int, int, const Tensor&) { hooks.cancel.request(); };
    EXPECT_TRUE(test::expectError([&] {
                    sampleTiled(model, positive, {}, latent, options, kSmall, hooks);
                }).cancelled());
}

} // namespace
} // namespace ochre::models
