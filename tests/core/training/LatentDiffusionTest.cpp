// SPDX-License-Identifier: GPL-3.0-or-later
// The recipe of the small text-to-picture model, over the autoencoder of a seeded checkpoint.
#include <fstream>
#include <numeric>
#include <sstream>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/image/ImageIo.h"
#include "core/models/diffusion/DiffusionCheckpoint.h"
#include "core/models/diffusion/UNet.h"
#include "core/training/TrainingRun.h"
#include "tests/core/training/SmallStarter.h"
#include "tests/support/Support.h"

namespace ochre::training {
namespace {
namespace fs = std::filesystem;

/// Plain pictures whose captions name their colour.
fs::path makePictures(const test::TemporaryFolder& folder) {
    const fs::path pictures = folder / "pictures";
    fs::create_directories(pictures);
    const std::vector<std::string> names{"red", "green", "blue"};
    for (std::size_t n = 0; n < names.size(); ++n) {
        Image image(32, 32, 3);
        const auto values = image.edit();
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = i % 3 == n ? 0.9f : 0.1f;
        writeImage(image, pictures / (names[n] + ".png"));
        std::ofstream(pictures / (names[n] + ".txt")) << "a " << names[n] << " picture";
    }
    return pictures;
}

class LatentDiffusion : public testing::Test {
protected:
    TrainingRequest request(const std::string& folder, int steps) const {
        return {.recipe = "latent_diffusion",
                .settings = {{"autoencoder", m_starter.string()}, {"dataset", m_pictures.string()}, {"side", "32"}, {"examples", "12"},
                             {"steps", std::to_string(steps)}, {"batch", "3"}, {"warm_up", "2"}, {"width", "64"},
                             {"inner_width", "64"}, {"embedding", "64"}, {"dtype", "float32"}, {"device", "cpu"}},
                .folder = m_folder / folder,
                .samplesEvery = 100000};
    }
    static TrainingOutcome run(const TrainingRequest& request) {
        Group alone;
        return train(request, alone, {});
    }
    std::vector<double> losses(const std::string& folder) const {
        std::istringstream lines(readTextFile(m_folder / folder / "log.jsonl", 1 << 20));
        std::vector<double> values;
        for (std::string line; std::getline(lines, line);) values.push_back(parseJson(line, "log").at("loss").get<double>());
        return values;
    }

    test::ModelsWithMiniLm m_models;
    test::TemporaryFolder m_folder;
    fs::path m_starter = test::makeStarter(m_folder), m_pictures = makePictures(m_folder);
};

TEST_F(LatentDiffusion, LearnsAndWritesACheckpointThatOpens) {
    TrainingRequest all = request("a", 60);
    all.settings["batch"] = "12";
    all.settings["learning_rate"] = "0.004";
    const TrainingOutcome outcome = run(all);
    ASSERT_TRUE(outcome.finished);
    const std::vector<double> fallen = losses("a");
    ASSERT_EQ(fallen.size(), 60u);
    const auto mean = [&](std::size_t from) { return std::accumulate(fallen.begin() + from, fallen.begin() + from + 10, 0.0) / 10; };
    EXPECT_LT(mean(50), 0.8 * mean(0)) << mean(50) << " after " << mean(0);
    const auto checkpoint = models::DiffusionCheckpoint::open(m_folder / "a" / outcome.result);
    const auto config = models::UNet::Config::fromWeights(checkpoint.unet);
    ASSERT_TRUE(config);
    EXPECT_EQ(config->vector, 384) << "steered by the text as a whole, too";
    EXPECT_EQ(config->channels, 64);
}

TEST_F(LatentDiffusion, GoesOnAsIfItHadNotStopped) {
    const auto disturbed = [&](const std::string& folder) {
        TrainingRequest request = this->request(folder, 6);
        request.settings["hide_words"] = "0.5";
        request.settings["text_noise"] = "1";
        return request;
    };
    run(disturbed("whole"));
    run(request("clear", 6));
    EXPECT_NE(losses("clear"), losses("whole"));
    TrainingRequest half = disturbed("halves");
    const Cancel cancel = Cancel::make();
    half.cancel = cancel;
    TrainingObserver observer;
    observer.step = [&](const StepReport& report, double) {
        if (report.step == 2) cancel.request();
    };
    Group alone;
    EXPECT_FALSE(train(half, alone, observer).finished);
    TrainingRequest rest = disturbed("halves");
    rest.resume = true;
    EXPECT_TRUE(run(rest).finished);
    EXPECT_EQ(losses("halves"), losses("whole"));
}

TEST_F(LatentDiffusion, BeginsWithWeightsThatHadNoWholeText) {
    TrainingRequest without = request("without", 2);
    without.settings["whole_text"] = "false";
    const TrainingOutcome first = run(without);
    TrainingRequest with = request("with", 2);
    with.settings["from"] = (m_folder / "without" / first.result).string();
    EXPECT_TRUE(run(with).finished);
    with = request("other", 2);
    with.settings["from"] = (m_folder / "without" / first.result).string();
    with.settings["width"] = "128";
    test::expectError([&] { run(with); }, "this network's is");
}

} // namespace
} // namespace ochre::training
