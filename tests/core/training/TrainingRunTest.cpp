// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/TrainingRun.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/image/ImageIo.h"
#include "core/models/diffusion/AutoencoderKl.h"
#include "tests/support/Support.h"

namespace ochre::training {
namespace {
namespace fs = std::filesystem;

/// Small pictures with captions.
fs::path makePictures(const test::TemporaryFolder& folder, int count = 64) {
    const fs::path pictures = folder / "pictures";
    fs::create_directories(pictures);
    for (int n = 0; n < count; ++n) {
        Image image(32, 32, 3);
        const auto values = image.edit();
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = static_cast<float>((i * 7 * static_cast<std::size_t>(n + 1) / 96 + i % 3 * 50) % 256) / 255.0f;
        writeImage(image, pictures / (std::to_string(n) + ".png"));
        std::ofstream(pictures / (std::to_string(n) + ".txt")) << "picture number " << n;
    }
    return pictures;
}

TrainingRequest request(const test::TemporaryFolder& folder, const fs::path& pictures, const std::string& name, int steps) {
    return {.recipe = "autoencoder",
            .settings = {{"dataset", pictures.string()}, {"side", "32"}, {"steps", std::to_string(steps)}, {"batch", "2"},
                         {"widths", "32,32"}, {"warm_up", "2"}, {"dtype", "float32"}, {"learning_rate", "0.002"}},
            .folder = folder / name,
            .samplesEvery = 1000};
}

std::vector<double> losses(const fs::path& folder) {
    std::istringstream lines(readTextFile(folder / "log.jsonl", 1 << 20));
    std::vector<double> values;
    for (std::string line; std::getline(lines, line);) values.push_back(parseJson(line, "log").at("loss").get<double>());
    return values;
}

TEST(TrainingRun, TrainsAndWritesStateLogSamplesAndResult) {
    const test::TemporaryFolder folder;
    Group alone;
    const auto outcome = train(request(folder, makePictures(folder), "run", 60), alone);
    EXPECT_TRUE(outcome.finished);
    EXPECT_EQ(outcome.steps, 60);
    EXPECT_TRUE(outcome.figures.contains("psnr"));
    const std::vector<double> all = losses(folder / "run");
    ASSERT_EQ(all.size(), 60u);
    EXPECT_LT((all[57] + all[58] + all[59]) / 3, 0.8 * (all[0] + all[1] + all[2]) / 3);
    EXPECT_TRUE(fs::exists(folder / "run" / "samples" / "0000060.png"));
    const auto weights = tensor::Weights::open(folder / "run" / outcome.result);
    const auto config = models::AutoencoderKl::Config::fromWeights(weights);
    ASSERT_TRUE(config);
    EXPECT_EQ(config->inChannels, 48);
    EXPECT_EQ(config->widths, (std::vector<int>{32, 32}));
}

TEST(TrainingRun, GoesOnAfterAStopWithTheLossesOfAnUnbrokenRun) {
    const test::TemporaryFolder folder;
    const fs::path pictures = makePictures(folder);
    Group alone;
    train(request(folder, pictures, "unbroken", 20), alone);
    TrainingRequest broken = request(folder, pictures, "broken", 20);
    broken.cancel = Cancel::make();
    TrainingObserver stopper;
    stopper.step = [&](const StepReport& report, double) {
        if (report.step == 8) broken.cancel.request();
    };
    EXPECT_FALSE(train(broken, alone, stopper).finished);
    test::expectError([&] { train(request(folder, pictures, "broken", 20), alone); }, "holds a training already");
    TrainingRequest again{.recipe = "autoencoder", .folder = folder / "broken", .resume = true}; // settings are the folder's
    EXPECT_TRUE(train(again, alone).finished);
    EXPECT_EQ(losses(folder / "broken"), losses(folder / "unbroken"));
}

TEST(TrainingRun, OfADecoderAloneLeavesTheEncoderAsItIs) {
    const test::TemporaryFolder folder;
    const fs::path pictures = makePictures(folder);
    Group alone;
    train(request(folder, pictures, "whole", 10), alone);
    TrainingRequest decoder = request(folder, pictures, "decoder", 10);
    decoder.settings["decoder_only"] = "true";
    test::expectError([&] { train(decoder, alone); }, "no encoder to keep");
    decoder.settings["from"] = (folder / "whole" / "autoencoder.safetensors").string();
    decoder.resume = true; // of the folder that the wrong try left
    EXPECT_TRUE(train(decoder, alone).finished);
    const auto before = tensor::Weights::open(folder / "whole" / "autoencoder.safetensors");
    const auto after = tensor::Weights::open(folder / "decoder" / "autoencoder.safetensors");
    ASSERT_EQ(before.names(), after.names());
    bool changed = false;
    for (const std::string& name : before.names()) {
        const bool same = before.tensor(name).equal(after.tensor(name));
        if (name.starts_with("encoder.") || name.starts_with("quant_conv."))
            EXPECT_TRUE(same) << name;
        else
            changed = changed || !same;
    }
    EXPECT_TRUE(changed);
}

TEST(TrainingRun, WrongSettingsSayWhatThereIs) {
    const test::TemporaryFolder folder;
    Group alone;
    TrainingRequest wrong = request(folder, folder.path(), "run", 1);
    wrong.settings["width"] = "3";
    const Error error = test::expectError([&] { train(wrong, alone); }, "no setting \"width\"");
    EXPECT_NE(error.hint().find("widths"), std::string::npos);
    wrong.recipe = "autoencode";
    test::expectError([&] { train(wrong, alone); }, "no recipe \"autoencode\"");
}

TEST(TrainingRun, LossesThatAreNotFiniteEndWithAnErrorAndKeepTheWeights) {
    const test::TemporaryFolder folder;
    Group alone;
    TrainingRequest wild = request(folder, makePictures(folder), "run", 30);
    wild.settings["learning_rate"] = "1";
    wild.settings["clip"] = "0";
    wild.settings["kl"] = "1";
    wild.settings["warm_up"] = "0";
    // Either it is survived, or it is said.
    try {
        train(wild, alone);
    } catch (const Error& error) {
        EXPECT_NE(error.message().find("not finite"), std::string::npos) << error.message();
    }
}

} // namespace
} // namespace ochre::training
