// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/image/ImageIo.h"
#include "core/tensor/Runtime.h"
#include "core/training/TrainingRun.h"
#include "core/training/recipes/DdpmReport.h"
#include "tests/support/Support.h"

namespace ochre::training {
namespace {
namespace fs = std::filesystem;

constexpr int kSide = 10, kCount = 64;
constexpr int kCell = 60, kGap = 4; // of sheets: whole multiples up to 64

/// IDX files as MNIST's test part: class 0 is bright on the left, class 1 on the right.
fs::path makeHalves(const test::TemporaryFolder& folder) {
    const fs::path data = folder / "halves";
    fs::create_directories(data);
    std::ofstream images(data / "t10k-images-idx3-ubyte", std::ios::binary),
        labels(data / "t10k-labels-idx1-ubyte", std::ios::binary);
    const auto number = [](std::ofstream& out, std::uint32_t value) {
        for (int shift = 24; shift >= 0; shift -= 8) out.put(static_cast<char>(value >> shift));
    };
    for (const std::uint32_t value : {0x803u, std::uint32_t{kCount}, std::uint32_t{kSide}, std::uint32_t{kSide}})
        number(images, value);
    for (const std::uint32_t value : {0x801u, std::uint32_t{kCount}}) number(labels, value);
    for (int n = 0; n < kCount; ++n) {
        labels.put(static_cast<char>(n % 2));
        for (int y = 0; y < kSide; ++y)
            for (int x = 0; x < kSide; ++x)
                images.put(static_cast<char>((x < kSide / 2) == (n % 2 == 0) ? 200 + n % 50 : 20));
    }
    return data;
}

TrainingRequest request(const test::TemporaryFolder& folder, const fs::path& data, const std::string& name, int steps) {
    tensor::useThreads(1);
    return {.recipe = "ddpm",
            .settings = {{"dataset", data.string()}, {"steps", std::to_string(steps)}, {"batch", "8"},
                         {"widths", "64,64"},
                         {"warm_up", "5"}, {"dtype", "float32"}, {"learning_rate", "0.002"}, {"average", "0.9"},
                         {"sample_steps", "1"}},
            .folder = folder / name,
            .samplesEvery = 100000};
}

std::vector<double> losses(const fs::path& folder) {
    std::istringstream lines(readTextFile(folder / "log.jsonl", 1 << 20));
    std::vector<double> values;
    for (std::string line; std::getline(lines, line);)
        values.push_back(parseJson(line, "log").at("loss").get<double>());
    return values;
}

/// Mean of a row's pictures on their left less that on their right.
double leaning(const Image& sheet, int row, int columns) {
    const int first = sheet.width() - columns * (kCell + kGap); // behind the labels
    double sum = 0;
    for (int column = 0; column < columns; ++column)
        for (int y = 0; y < kCell; ++y)
            for (int x = 0; x < kCell; ++x)
                sum += (x < kCell / 2 ? 1 : -1) *
                       sheet.pixel(first + column * (kCell + kGap) + x, kGap + row * (kCell + kGap) + y)[0];
    return sum / (columns * kCell * kCell / 2);
}

TEST(Ddpm, ItsReportShowsEachGuidance) {
    const test::TemporaryFolder folder;
    Group alone;
    const auto outcome = reportOnDdpm(request(folder, makeHalves(folder), "run", 6), alone, {});
    EXPECT_EQ(outcome.result, "report.html");
    const std::string page = readTextFile(folder / "run" / "report.html", 1 << 24);
    std::size_t pictures = 0;
    for (std::size_t at = 0; (at = page.find("data:image/png;base64,iVBORw0KGgo", at)) != std::string::npos; ++at) ++pictures;
    EXPECT_EQ(pictures, 4u);
    EXPECT_NE(page.find("Guidance 7"), std::string::npos);
    EXPECT_NE(page.find("Loss while learning"), std::string::npos);
}

TEST(Ddpm, LearnsClassesAndDrawsThemAtEachGuidance) {
    const test::TemporaryFolder folder;
    Group alone;
    TrainingRequest halves = request(folder, makeHalves(folder), "run", 150);
    halves.settings["sample_steps"] = "8";
    const auto outcome = train(halves, alone);
    ASSERT_TRUE(outcome.finished);
    EXPECT_EQ(outcome.result, "ddpm.safetensors");
    EXPECT_GT(outcome.figures.at("pictures").get<int>(), 0);
    const std::vector<double> all = losses(folder / "run");
    const auto mean = [&](std::size_t from) { return (all[from] + all[from + 1] + all[from + 2] + all[from + 3]) / 4; };
    EXPECT_LT(mean(146), 0.5 * mean(0));
    double strongest = 0.05;
    for (const char* cfg : {"0", "1", "3", "7"}) {
        const fs::path file = folder / "run" / (std::string("guidance-") + cfg + ".png");
        ASSERT_TRUE(fs::exists(file)) << file;
        const Image sheet = readImage(file);
        EXPECT_EQ(sheet.height(), 10 * (kCell + kGap) + kGap);
        const double left = leaning(sheet, 0, 8), right = leaning(sheet, 1, 8);
        if (std::string(cfg) == "0") { // no class is looked at: the rows begin with the same noise
            EXPECT_NEAR(left, right, 1e-3);
        } else {
            EXPECT_GT(left, strongest) << cfg; // more guidance, more of the class
            EXPECT_LT(right, -strongest) << cfg;
            strongest = std::min(left, -right);
        }
    }
    const auto weights = tensor::Weights::open(folder / "run" / outcome.result);
    EXPECT_EQ(weights.shape("network.class_embedding.weight")[0], 11);
}

TEST(Ddpm, CheckpointingChangesNoBitOfTheLosses) {
    const test::TemporaryFolder folder;
    const fs::path data = makeHalves(folder);
    Group alone;
    train(request(folder, data, "kept", 6), alone);
    TrainingRequest recomputed = request(folder, data, "recomputed", 6);
    recomputed.settings["checkpointing"] = "on";
    train(recomputed, alone);
    EXPECT_EQ(losses(folder / "kept").size(), 6u);
    EXPECT_EQ(losses(folder / "recomputed"), losses(folder / "kept"));
}

TEST(Ddpm, GoesOnAfterAStopWithTheLossesOfAnUnbrokenRun) {
    const test::TemporaryFolder folder;
    const fs::path data = makeHalves(folder);
    Group alone;
    train(request(folder, data, "unbroken", 6), alone);
    TrainingRequest broken = request(folder, data, "broken", 6);
    broken.cancel = Cancel::make();
    TrainingObserver stopper;
    stopper.step = [&](const StepReport& report, double) {
        if (report.step == 2) broken.cancel.request();
    };
    EXPECT_FALSE(train(broken, alone, stopper).finished);
    EXPECT_FALSE(fs::exists(folder / "broken" / "guidance-1.png"));
    EXPECT_TRUE(train({.recipe = "ddpm", .folder = folder / "broken", .resume = true, .samplesEvery = 100},
                      alone).finished);
    EXPECT_EQ(losses(folder / "broken"), losses(folder / "unbroken"));
}

TEST(Ddpm, BeginsWithTheWeightsOfAFile) {
    const test::TemporaryFolder folder;
    const fs::path data = makeHalves(folder);
    Group alone;
    train(request(folder, data, "first", 40), alone);
    TrainingRequest second = request(folder, data, "second", 1);
    second.settings["from"] = (folder / "first" / "ddpm.safetensors").string();
    train(second, alone);
    EXPECT_LT(losses(folder / "second").front(), losses(folder / "first").front());
}

TEST(Ddpm, WrongDataAndWidthsAreSaid) {
    const test::TemporaryFolder folder;
    const fs::path data = makeHalves(folder), pictures = folder / "pictures";
    fs::create_directories(pictures);
    writeImage(Image(16, 16, 3), pictures / "one.png");
    Group alone;
    test::expectError([&] { train(request(folder, pictures, "run", 1), alone); }, "have no classes");
    TrainingRequest narrow = request(folder, data, "run", 1);
    narrow.settings["widths"] = "64,32";
    test::expectError([&] { train(narrow, alone); }, "\"32\" is no multiple of 64");
}

} // namespace
} // namespace ochre::training
