// SPDX-License-Identifier: GPL-3.0-or-later
// The recipes of the small models that come with Ochre, what measures them, and that what comes is better than what was there before.
#include <algorithm>
#include <fstream>
#include <numeric>
#include <sstream>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/base/StarterModel.h"
#include "core/image/Compare.h"
#include "core/models/restore/Restorer.h"
#include "core/models/vision/Segmenter.h"
#include "core/tensor/Runtime.h"
#include "core/training/TrainingRun.h"
#include "core/training/scoring/MeasureRun.h"
#include "tests/core/training/DrawnPictures.h"
#include "tests/support/Support.h"

namespace ochre::training {
namespace {
namespace fs = std::filesystem;

using Texts = std::map<std::string, std::string>;

std::vector<double> losses(const fs::path& folder) {
    std::istringstream lines(readTextFile(folder / "log.jsonl", 1 << 20));
    std::vector<double> values;
    for (std::string line; std::getline(lines, line);) values.push_back(parseJson(line, "log").at("loss").get<double>());
    return values;
}

double meanOf(const std::vector<double>& values, std::size_t first, std::size_t count) {
    return std::accumulate(values.begin() + static_cast<std::ptrdiff_t>(first), values.begin() + static_cast<std::ptrdiff_t>(first + count), 0.0) /
           static_cast<double>(count);
}

/// Settings of a network that learns a little within seconds.
TrainingRequest request(const std::string& recipe, const fs::path& folder, const Texts& settings, int steps) {
    tensor::useThreads(1);
    Texts all{{"steps", std::to_string(steps)}, {"warm_up", "2"}, {"dtype", "float32"}, {"average", "0.8"}};
    for (const auto& [name, value] : settings) all[name] = value;
    return {.recipe = recipe, .settings = all, .folder = folder, .samplesEvery = 100000};
}

Texts restoreSettings(const fs::path& pictures) {
    return {{"dataset", pictures.string()}, {"side", "24"}, {"batch", "4"}, {"width", "24"}, {"blocks", "1,1,1,1"}};
}

Texts segmentSettings(const fs::path& pictures, const fs::path& cutouts) {
    return {{"dataset", pictures.string()}, {"cutouts", cutouts.string()}, {"side", "128"}, {"batch", "2"}, {"prompts", "2"},
            {"widths", "32,32,32,32"},      {"depths", "1,1,1,1"},         {"channels", "32"}};
}

TEST(OwnRecipes, RestoreLearnsAndItsFileIsARestormerThatHelps) {
    const test::TemporaryFolder folder;
    const fs::path pictures = makePictures(folder / "pictures", 4, 64, 48);
    Group alone;
    const auto outcome = train(request("restore", folder / "run", restoreSettings(pictures), 30), alone);
    ASSERT_TRUE(outcome.finished);
    EXPECT_GT(outcome.figures.at("psnr").get<double>(), outcome.figures.at("psnr_given").get<double>());
    const std::vector<double> all = losses(folder / "run");
    EXPECT_LT(meanOf(all, 24, 6), meanOf(all, 0, 6) - 1) << "decibels";
    const auto restorer = models::Restorer::open(folder / "run" / outcome.result);
    EXPECT_EQ(restorer.architecture(), "restormer");
    EXPECT_TRUE(restorer.unusedKeys().empty());
    EXPECT_EQ(restorer.restore(drawnPicture(9, 33, 21)).width(), 33);
}

TEST(OwnRecipes, RestoreGoesOnAfterAStopWithTheLossesOfAnUnbrokenRun) {
    const test::TemporaryFolder folder;
    const fs::path pictures = makePictures(folder / "pictures", 3, 40, 40);
    Group alone;
    train(request("restore", folder / "unbroken", restoreSettings(pictures), 5), alone);
    TrainingRequest broken = request("restore", folder / "broken", restoreSettings(pictures), 5);
    broken.cancel = Cancel::make();
    TrainingObserver stopper;
    stopper.step = [&](const StepReport& report, double) {
        if (report.step == 2) broken.cancel.request();
    };
    EXPECT_FALSE(train(broken, alone, stopper).finished);
    EXPECT_TRUE(train({.recipe = "restore", .folder = folder / "broken", .resume = true, .samplesEvery = 100}, alone).finished);
    EXPECT_EQ(losses(folder / "broken"), losses(folder / "unbroken"));
}

TEST(OwnRecipes, LowLightLearnsToBrighten) {
    const test::TemporaryFolder folder;
    const fs::path pictures = makePictures(folder / "pictures", 4, 64, 48);
    Group alone;
    const auto outcome = train(request("low_light", folder / "run",
                                       {{"dataset", pictures.string()}, {"side", "32"}, {"batch", "4"}, {"features", "8"}, {"blocks", "1"},
                                        {"width", "16"}, {"learning_rate", "0.005"}}, 40),
                               alone);
    ASSERT_TRUE(outcome.finished);
    EXPECT_GT(outcome.figures.at("psnr").get<double>(), outcome.figures.at("psnr_given").get<double>() + 2);
    EXPECT_EQ(models::Restorer::open(folder / "run" / outcome.result).architecture(), "iat");
}

TEST(OwnRecipes, SegmentLearnsAndItsFileIsAMobileSamOfItsSide) {
    const test::TemporaryFolder folder;
    const fs::path pictures = makePictures(folder / "pictures", 3, 96, 80), cutouts = makeCutouts(folder / "cutouts", 6);
    Group alone;
    const auto outcome = train(request("segment", folder / "run", segmentSettings(pictures, cutouts), 24), alone);
    ASSERT_TRUE(outcome.finished);
    const std::vector<double> all = losses(folder / "run");
    EXPECT_LT(meanOf(all, 18, 6), 0.95 * meanOf(all, 0, 6));
    const double overlap = outcome.figures.at("iou").get<double>();
    EXPECT_GT(overlap, 0);
    EXPECT_LE(overlap, 1);
    const auto segmenter = models::Segmenter::open(folder / "run" / outcome.result);
    EXPECT_EQ(segmenter.architecture(), "mobile_sam");
    const auto answers = segmenter.segment(drawnPicture(5, 90, 50), {.points = {{40, 20}}});
    ASSERT_EQ(answers.size(), 3u);
    EXPECT_EQ(answers[0].mask.width(), 90);
    EXPECT_EQ(answers[0].mask.height(), 50);
}

TEST(OwnRecipes, WrongSettingsAreSaid) {
    const test::TemporaryFolder folder;
    const fs::path pictures = makePictures(folder / "pictures", 1, 40, 40);
    Group alone;
    const auto fails = [&](const char* recipe, Texts settings, const char* name, const char* value, const char* part) {
        settings[name] = value;
        test::expectError([&] { train(request(recipe, folder / "run", settings, 1), alone); }, part);
    };
    fails("restore", restoreSettings(pictures), "blocks", "1,1", "are 2 numbers, not 4");
    fails("restore", restoreSettings(pictures), "side", "20", "is no multiple of 8");
    fails("restore", restoreSettings(pictures), "dataset", "/nowhere", "cannot be listed");
    fails("segment", segmentSettings(pictures, pictures), "side", "200", "is no multiple of 128");
    fails("segment", segmentSettings(pictures, pictures), "widths", "32,64", "are not of four stages");
}

/// Of our own making, and seen by no training.
fs::path stillLife(const test::TemporaryFolder& folder) {
    fs::create_directories(folder / "still");
    fs::copy_file(test::sourceFile("resources/pictures/still_life.png"), folder / "still" / "still_life.png");
    return folder / "still";
}

MeasureRequest measuring(const std::string& task, const fs::path& pictures, const std::string& model, int side) {
    tensor::useThreads(1);
    return {.task = task, .pictures = pictures, .truth = {}, .cutouts = {}, .baseline = {}, .model = paths::ownModel(model), .side = side};
}

TEST(OwnModels, DenoiseIsBetterThanNonLocalMeans) {
    const test::TemporaryFolder folder;
    const MeasureOutcome outcome = measure(measuring("noise_jpeg", stillLife(folder), "denoise", 128));
    EXPECT_EQ(outcome.baseline, "non-local means");
    ASSERT_EQ(outcome.pictures.size(), 1u);
    const MeasuredPicture& mean = outcome.mean;
    EXPECT_GT(mean.baseline.first, mean.given->first);
    EXPECT_GT(mean.model.first, mean.baseline.first + 1);
    EXPECT_GT(mean.model.ssim, mean.baseline.ssim);
}

TEST(OwnModels, LowLightIsBetterThanEqualisation) {
    const test::TemporaryFolder folder;
    const MeasureOutcome outcome = measure(measuring("low_light", stillLife(folder), "low-light", 160));
    EXPECT_EQ(outcome.baseline, "CLAHE");
    EXPECT_GT(outcome.mean.baseline.first, outcome.mean.given->first);
    EXPECT_GT(outcome.mean.model.first, outcome.mean.baseline.first + 2);
}

/// Stars of stripes, which it never saw. GrabCut has 0.93 of them; what is laid on photographs is where ours is better (its card).
TEST(OwnModels, SegmentFindsWhatIsClickedOn) {
    const test::TemporaryFolder folder;
    MeasureRequest request = measuring("click", stillLife(folder), "segment", 256);
    request.cutouts = makeCutouts(folder / "cutouts", 8, 160);
    request.count = 12;
    const MeasureOutcome outcome = measure(request);
    EXPECT_EQ(outcome.baseline, "GrabCut");
    EXPECT_GT(outcome.mean.model.first, 0.77);
}

TEST(Measure, ClicksAreComparedWithGrabCut) {
    const test::TemporaryFolder folder;
    MeasureRequest request = measuring("click", makePictures(folder / "pictures", 2, 120, 100), "", 96);
    request.model = test::sourceFile("tests/parity/sam/end_to_end/weights.safetensors");
    request.cutouts = makeCutouts(folder / "cutouts", 4);
    request.count = 3;
    const MeasureOutcome outcome = measure(request);
    EXPECT_EQ(outcome.baseline, "GrabCut");
    ASSERT_EQ(outcome.pictures.size(), 3u);
    EXPECT_FALSE(outcome.pictures[0].given);
    EXPECT_GT(outcome.mean.baseline.first, 0.3);
    EXPECT_LT(outcome.mean.model.first, outcome.mean.baseline.first) << "its weights are random numbers";
    EXPECT_NEAR(outcome.margin, outcome.mean.model.first - outcome.mean.baseline.first, 1e-9);
}

TEST(Measure, PairsAreComparedByNameAndEqualOnesAreOne) {
    const test::TemporaryFolder folder;
    const fs::path truth = makePictures(folder / "truth", 2, 48, 40);
    MeasureRequest request = measuring("pairs", truth, "denoise", 0);
    request.truth = truth;
    request.sheet = true;
    const MeasureOutcome outcome = measure(request);
    ASSERT_EQ(outcome.pictures.size(), 2u);
    EXPECT_EQ(outcome.pictures[1].name, "picture1");
    EXPECT_NEAR(outcome.pictures[0].given->ssim, 1, 1e-6);
    EXPECT_TRUE(std::isinf(outcome.pictures[0].given->first));
    EXPECT_FALSE(outcome.sheet.empty());
    const Image restored = models::Restorer::open(paths::ownModel("denoise")).restore(readImage(truth / "picture0.png"), {.dtype = "float32"});
    EXPECT_NEAR(outcome.pictures[0].model.first, psnr(restored, readImage(truth / "picture0.png")), 0.1) << "but for the rounding";
    fs::rename(truth / "picture1.png", truth / "other.png");
    request.truth = makePictures(folder / "fewer", 1, 48, 40);
    test::expectError([&] { measure(request); }, "no truth of other");
}

TEST(Measure, SaysWhatItCannotDo) {
    const test::TemporaryFolder folder;
    const fs::path pictures = makePictures(folder / "pictures", 1, 40, 32);
    test::expectError([&] { measure(measuring("rain", pictures, "denoise", 0)); }, "no task \"rain\"");
    test::expectError([&] { measure(measuring("noise_jpeg", folder / "nowhere", "denoise", 0)); }, "cannot be listed");
    test::expectError([&] { measure(measuring("noise_jpeg", pictures, "scorer", 0)); }, "no network that restores");
    MeasureRequest stopped = measuring("noise_jpeg", pictures, "denoise", 0);
    stopped.cancel = Cancel::make();
    stopped.cancel.request();
    EXPECT_TRUE(test::expectError([&] { measure(stopped); }).cancelled());
}

} // namespace
} // namespace ochre::training
