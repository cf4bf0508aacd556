// SPDX-License-Identifier: GPL-3.0-or-later
// The tools of several networks or several pictures: BEM, Diff-Retinex, Painter, Restormer for dual pixels. Their networks
// have parity cases; here is what stands around them.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/image/Compare.h"
#include "core/image/Filter.h"
#include "core/models/restore/BayesianEnhancer.h"
#include "core/models/restore/Bem.h"
#include "core/models/restore/DualPixelDeblur.h"
#include "core/models/restore/PromptPainter.h"
#include "core/models/restore/Restormer.h"
#include "core/models/restore/RetinexDecomposition.h"
#include "core/models/restore/RetinexDiffusion.h"
#include "core/models/restore/RetinexEnhancer.h"
#include "core/models/restore/WholePicture.h"
#include "core/tensor/Convert.h"
#include "tests/core/models/RandomWeights.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using ochre::test::expectError;
using ochre::test::sourceFile;
using ochre::test::TemporaryFolder;

Image drawing(int width, int height, int channels = 3) {
    Image image(width, height, channels);
    const auto values = image.edit();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = 0.5f + 0.4f * std::sin(0.037f * static_cast<float>(i % 1013));
    return image;
}

void expectLike(const Image& out, const Image& in) {
    EXPECT_EQ(out.width(), in.width());
    EXPECT_EQ(out.height(), in.height());
    EXPECT_EQ(out.channels(), in.hasAlpha() ? 4 : 3);
    EXPECT_EQ(out.colorSpace(), in.colorSpace());
    for (const float value : out.values()) ASSERT_TRUE(std::isfinite(value));
}

std::filesystem::path bemFirst() {
    return sourceFile("tests/parity/bem/bnn_mean/weights.safetensors");
}

std::filesystem::path bemSecond(const TemporaryFolder& folder) {
    return test::saveRandom(folder / "second.safetensors",
                            Bem::Config{.inChannels = 6, .features = 8, .blocks = {1, 1, 1}}.expected(), 3);
}

std::filesystem::path dualPixel(const TemporaryFolder& folder) {
    Restormer::Config config{.inChannels = 6, .width = 8, .blocks = {1, 1, 1, 1}, .heads = {1, 1, 2, 2},
                             .hidden = {21, 42, 85, 170}, .decoders = {1, 1, 1}, .refinement = 1, .dualPixel = true};
    return test::saveRandom(folder / "dual.safetensors", config.expected(), 4);
}

struct RetinexFiles {
    std::filesystem::path decomposition, reflectance, illumination;

    explicit RetinexFiles(const TemporaryFolder& folder) {
        RetinexTransformer::Config wide{.width = 8, .blocks = {1, 1, 1, 1, 1, 1, 1}, .heads = {1, 2, 2, 2, 2, 1, 1},
                                        .hidden = {16, 32, 64, 64, 32, 32, 32}, .wide = true};
        decomposition = test::saveRandom(folder / "tdn.safetensors", RetinexDecomposition::Config{.features = 8, .reflectance = wide}.expected(), 5);
        reflectance = diffusion(folder / "rda.safetensors", 3, 32, 6);
        illumination = diffusion(folder / "ida.safetensors", 1, 16, 7);
    }

    static std::filesystem::path diffusion(const std::filesystem::path& file, int channels, int inner, std::uint64_t seed) {
        const RetinexUNet::Config denoise{.inChannels = 2 * channels, .outChannels = channels, .inner = inner, .blocks = 1,
                                          .levels = {{inner, false}, {inner, true}}};
        RetinexUNet::Config refine = denoise;
        refine.normed = false;
        auto tensors = test::randomTensors(denoise.expected(), seed, "denoise_fn.");
        tensors.merge(test::randomTensors(refine.expected(), seed + 100, "Unet_fn."));
        tensors.emplace("alphas_cumprod", nn::linspace(1e-6, 1e-2, 1000).neg().add(1).cumprod(0));
        tensor::saveWeights(file, tensors, {});
        return file;
    }
};

TEST(ForwardInTiles, CopiesThePictureFromTilesOfEverySize) {
    const nn::Tensor x = tensor::toTensor(drawing(75, 61));
    const PictureModel copy{.forward = [](const nn::Tensor& tile) { return tile.mul(2); }, .multiple = 8, .overlap = 6, .bytesPerPixel = 12};
    for (const int tile : {0, 8, 20, 33, 200}) {
        RestoreReport report;
        const nn::Tensor out = forwardInTiles(copy, x, {.tile = tile}, {}, &report);
        EXPECT_LT(nn::maxAbsDifference(out, x.mul(2)), 1e-5) << tile;
        EXPECT_EQ(report.tiles > 1, tile > 0 && tile < 75) << tile;
    }
}

TEST(ForwardInTiles, MemoryThatRunsOutMakesTilesSmaller) {
    const nn::Tensor x = tensor::toTensor(drawing(200, 150));
    const PictureModel greedy{.forward =
                                  [](const nn::Tensor& tile) {
                                      if (tile.size(2) * tile.size(3) > 60 * 60) throw Error("out of memory", {}, ErrorKind::Memory);
                                      return tile;
                                  },
                              .overlap = 4,
                              .bytesPerPixel = 12};
    RestoreReport report;
    EXPECT_LT(nn::maxAbsDifference(forwardInTiles(greedy, x, {}, {}, &report), x), 1e-6);
    EXPECT_GE(report.retries, 2);
    EXPECT_LE(report.tile, 60);
    const PictureModel never{.forward = [](const nn::Tensor&) -> nn::Tensor { throw Error("none", {}, ErrorKind::Memory); },
                             .bytesPerPixel = 12};
    expectError([&] { forwardInTiles(never, x, {}); }, "even for the smallest tile");
    forwardInTiles(greedy, x, {.memory = 12 * 50 * 50}, {}, &report);
    EXPECT_EQ(report.retries, 0) << "a small budget is kept at once";
}

TEST(BayesianEnhancer, MakesPicturesOfEverySizeAndKind) {
    const TemporaryFolder folder;
    const auto enhancer = BayesianEnhancer::open(bemFirst(), bemSecond(folder));
    for (const auto& [width, height] : {std::pair(1, 1), {70, 33}, {64, 64}})
        for (const int channels : {1, 3, 4}) expectLike(enhancer.enhance(drawing(width, height, channels)), drawing(width, height, channels));
}

TEST(BayesianEnhancer, SamplesDifferBySeedAndComeAgain) {
    const TemporaryFolder folder;
    const auto enhancer = BayesianEnhancer::open(bemFirst(), bemSecond(folder));
    const Image image = drawing(48, 40), guess = enhancer.enhance(image);
    const auto sample = [&](int count, std::uint64_t seed) { return enhancer.enhance(image, {.samples = count, .seed = seed}); };
    EXPECT_EQ(maxDifference(guess, enhancer.enhance(image, {.seed = 9})), 0) << "the means know no seed";
    const Image first = sample(1, 1), second = sample(1, 2);
    EXPECT_GT(maxDifference(first, second), 1e-4);
    EXPECT_GT(maxDifference(first, guess), 1e-4);
    EXPECT_EQ(maxDifference(first, sample(1, 1)), 0);
    const Image both = sample(2, 1);
    for (std::size_t i = 0; i < both.valueCount(); ++i)
        if (both.values()[i] > 0 && both.values()[i] < 1 && first.values()[i] > 0 && first.values()[i] < 1 &&
            second.values()[i] > 0 && second.values()[i] < 1) {
            ASSERT_NEAR(both.values()[i], (first.values()[i] + second.values()[i]) / 2, 1e-5);
        }
}

TEST(BayesianEnhancer, ADrawnWeightIsItsMeanAndItsSpread) {
    const std::map<std::string, nn::Tensor> tensors{{"a.mu_weight", nn::zeros({400, 50}).add(3)},
                                                    {"a.rho_weight", nn::zeros({400, 50}).add(std::log(std::exp(0.5) - 1))},
                                                    {"b.weight", nn::zeros({2}).add(7)},
                                                    {"mask_token", nn::zeros({1})}};
    const tensor::Weights drawn = Bem::drawn(tensor::Weights::of(tensors, "test"), 1);
    EXPECT_EQ(drawn.names().size(), 2u);
    EXPECT_NEAR(drawn.tensor("a.weight").mean().item<double>(), 3, 0.02);
    EXPECT_NEAR(drawn.tensor("a.weight").std(false).item<double>(), 0.5, 0.02);
    EXPECT_EQ(drawn.tensor("b.weight").min().item<double>(), 7);
}

TEST(BayesianEnhancer, WrongFilesAreNamed) {
    const TemporaryFolder folder;
    const auto second = bemSecond(folder);
    expectError([&] { BayesianEnhancer::open(second, bemFirst()); }, "second.safetensors: takes 6 channels");
    const Error other = expectError([&] { BayesianEnhancer::open(dualPixel(folder), second); },
                                    "dual.safetensors: is no network of BEM: it is one of the kind restormer");
    EXPECT_EQ(other.kind(), ErrorKind::NotMine);
    const auto plain = test::saveRandom(folder / "plain.safetensors", Bem::Config{.features = 8, .blocks = {1, 1, 1}}.expected(), 8);
    expectError([&] { BayesianEnhancer::open(plain, second).enhance(drawing(8, 8), {.samples = 1}); }, "not Bayesian");
}

TEST(RetinexEnhancer, MakesPicturesOfEverySizeAndKind) {
    const TemporaryFolder folder;
    const RetinexFiles files(folder);
    const auto enhancer = RetinexEnhancer::open(files.decomposition, files.reflectance, files.illumination);
    for (const auto& [width, height] : {std::pair(1, 1), {50, 27}})
        for (const int channels : {1, 3, 4}) {
            const Image image = drawing(width, height, channels);
            const auto result = enhancer.enhance(image, {.steps = 2});
            expectLike(result.image, image);
            EXPECT_EQ(result.reflectance.channels(), 3);
            EXPECT_EQ(result.illumination.channels(), 1);
            for (std::size_t i = 0; i < image.pixelCount(); ++i)
                ASSERT_NEAR(result.image.values()[i * static_cast<std::size_t>(result.image.channels())],
                            result.reflectance.values()[3 * i] * result.illumination.values()[i], 1e-5);
        }
}

TEST(RetinexEnhancer, SeedStepsAndNoiseCount) {
    const TemporaryFolder folder;
    const RetinexFiles files(folder);
    const auto enhancer = RetinexEnhancer::open(files.decomposition, files.reflectance, files.illumination);
    const Image image = drawing(40, 32), one = enhancer.enhance(image, {.steps = 2}).image;
    EXPECT_EQ(maxDifference(one, enhancer.enhance(image, {.steps = 2}).image), 0);
    EXPECT_GT(maxDifference(one, enhancer.enhance(image, {.steps = 2, .seed = 2}).image), 1e-5);
    EXPECT_GT(maxDifference(one, enhancer.enhance(image, {.steps = 3}).image), 1e-5);
    EXPECT_GT(maxDifference(one, enhancer.enhance(image, {.steps = 2, .eta = 0}).image), 1e-5);
    expectError([&] { enhancer.enhance(image, {.steps = 0}); }, "give 1 to 1000");
    std::vector<double> shares;
    enhancer.enhance(image, {.steps = 1, .tiles = {.tile = 16}}, Progress([&](double share, std::string_view) { shares.push_back(share); }));
    EXPECT_GT(shares.size(), 12u);
    EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
    const Cancel cancel = Cancel::make();
    const Progress stopping([&](double share, std::string_view) {
        if (share > 0.3) cancel.request();
    });
    EXPECT_TRUE(expectError([&] { enhancer.enhance(image, {.steps = 1, .tiles = {.tile = 16}}, stopping, cancel); }).cancelled());
}

TEST(RetinexEnhancer, WrongFilesAreNamed) {
    const TemporaryFolder folder;
    const RetinexFiles files(folder);
    expectError([&] { RetinexEnhancer::open(files.decomposition, files.illumination, files.reflectance); },
                "ida.safetensors: restores 1 channels: it is not the one of the reflectance");
    expectError([&] { RetinexEnhancer::open(files.reflectance, files.reflectance, files.illumination); },
                "rda.safetensors: is no network of Diff-Retinex' decomposition");
    expectError([&] { RetinexEnhancer::open(files.decomposition, bemFirst(), files.illumination); }, "it is one of the kind bem");
}

TEST(DualPixelDeblur, TakesBothViewsInTilesOrWhole) {
    const TemporaryFolder folder;
    const auto deblur = DualPixelDeblur::open(dualPixel(folder));
    for (const auto& [width, height] : {std::pair(1, 1), {37, 21}}) expectLike(deblur.restore(drawing(width, height), drawing(width, height)), drawing(width, height));
    const Image left = drawing(64, 48), right = flipHorizontal(left), out = deblur.restore(left, right);
    EXPECT_GT(maxDifference(out, deblur.restore(right, left)), 1e-4);
    EXPECT_EQ(maxDifference(out, deblur.restore(left, right)), 0);
    EXPECT_EQ(deblur.restore(left, right, {.tile = 24}).width(), 64);
    expectError([&] { deblur.restore(left, drawing(64, 47)); }, "the right view: is 64×47, the left one 64×48");
    Image broken = right;
    broken.edit()[5] = std::nanf("");
    expectError([&] { deblur.restore(left, broken); }, "the right view: the pixel at (1, 0) is nan");
}

TEST(DualPixelDeblur, ANetworkOfOnePictureIsSentToTheOtherNode) {
    expectError([] { DualPixelDeblur::open(sourceFile("tests/parity/restormer/withbias/weights.safetensors")); },
                "is a Restormer for one picture");
}

TEST(PromptPainter, ReadsDepthAndClasses) {
    const auto painter = PromptPainter::open(sourceFile("tests/parity/painter/batch2_windows/weights.safetensors"));
    const Image picture = drawing(40, 31), before = drawing(50, 50), after = flipHorizontal(before);
    const Image painted = painter.paint(picture, before, after);
    expectLike(painted, picture);
    const Image depth = painter.paint(picture, before, after, PaintTask::Depth);
    EXPECT_EQ(depth.channels(), 1);
    EXPECT_EQ(depth.colorSpace(), ColorSpace::Raw);
    EXPECT_NEAR(depth.values()[7], (painted.values()[21] + painted.values()[22] + painted.values()[23]) / 3, 1e-6);
    expectError([] { paintTaskFromName("pose"); }, "picture, depth or classes");
    expectError([] { PromptPainter::open(bemFirst()); }, "is no network of Painter: it is one of the kind bem");
}

TEST(PromptPainter, ClassesAreTheNearestOfTheirColours) {
    Image painted(4, 1, 3);
    const float near[]{1, 1, 1, 0.99f, 0.98f, 0.86f, 0.02f, 0.03f, 0, 0.51f, 0.17f, 0.18f}; // classes 1, 2, none, and 93
    std::copy(std::begin(near), std::end(near), painted.edit().begin());
    const Image classes = readPainted(painted, PaintTask::Classes);
    const int expected[]{255, 255, 255, 255, 255, 213, 0, 0, 0, 129, 45, 45};
    for (std::size_t i = 0; i < 12; ++i) EXPECT_NEAR(classes.values()[i] * 255, expected[i], 1e-3) << i;
}

} // namespace
} // namespace ochre::models
