// SPDX-License-Identifier: GPL-3.0-or-later
// The recipe text_classifier and its report.
#include <cmath>
#include <numeric>
#include <set>

#include <gtest/gtest.h>
#include <pugixml.hpp>

#include "core/base/File.h"
#include "core/models/language/TextClassifier.h"
#include "core/tensor/Runtime.h"
#include "core/training/TrainingLog.h"
#include "core/training/TrainingRun.h"
#include "core/training/recipes/ClassifierScores.h"
#include "tests/core/training/Emoji.h"
#include "tests/support/Support.h"

namespace ochre::training {
namespace {
namespace fs = std::filesystem;

TrainingRequest request(const fs::path& folder, int steps, const std::string& network = {}) {
    tensor::useThreads(1); // networks so small lose more by waiting for threads than they win
    TrainingRequest request{.recipe = "text_classifier",
                            .settings = {{"steps", std::to_string(steps)}, {"batch", "16"}, {"width", "16"}, {"layers", "1"},
                                         {"warm_up", "2"}, {"learning_rate", "0.01"}, {"average", "0.5"}},
                            .folder = folder};
    if (!network.empty()) request.settings["network"] = network;
    return request;
}

double meanLoss(const std::vector<LoggedStep>& steps, std::size_t first, std::size_t count) {
    double sum = 0;
    for (std::size_t i = first; i < first + count; ++i) sum += steps.at(i).loss;
    return sum / static_cast<double>(count);
}

TEST(ClassifierTexts, TokensAreThoseOfTheWordsAndWhatIsOnlyHeldOutIsUnknown) {
    OCHRE_EMOJI_OR_SKIP(set);
    const auto texts = ClassifierTexts::ofEmoji();
    EXPECT_EQ(texts->learned().size() + texts->heldOut().size(), set.size());
    std::set<std::int64_t> learned;
    for (const std::uint32_t text : texts->learned())
        for (const std::int64_t id : texts->tokens(text)) learned.insert(id);
    EXPECT_EQ(static_cast<std::int64_t>(learned.size()) + 1, texts->vocabularySize() - static_cast<std::int64_t>(!learned.contains(ClassifierTexts::kUnknown)));
    std::size_t unknown = 0;
    for (const std::uint32_t text : texts->heldOut())
        for (const std::int64_t id : texts->tokens(text)) {
            EXPECT_TRUE(id == ClassifierTexts::kUnknown || learned.contains(id));
            unknown += id == ClassifierTexts::kUnknown;
        }
    EXPECT_GT(unknown, 0u);
    const auto apple = *set.find("red apple");
    const auto tokens = texts->tokens(static_cast<std::uint32_t>(apple));
    ASSERT_GE(tokens.size(), 2u);
    const std::string second = texts->piece(tokens[1]);
    EXPECT_TRUE(second == "apple" || second == "[UNK]") << second;
}

TEST(ClassifierTexts, VariantsFollowFromTheirNumbersAndAreNeverEmpty) {
    OCHRE_EMOJI_OR_SKIP(set);
    const auto texts = ClassifierTexts::ofEmoji();
    const std::span<const std::uint32_t> which(texts->learned().data(), 64);
    const TokenBatch once = texts->varied(which, 3, 100), again = texts->varied(which, 3, 100), other = texts->varied(which, 3, 200);
    EXPECT_TRUE(once.ids.equal(again.ids));
    EXPECT_FALSE(once.ids.sizes() == other.ids.sizes() && once.ids.equal(other.ids));
    EXPECT_GT(once.mask.sum(1).min().item<std::int64_t>(), 0);
    EXPECT_EQ(nn::maxAbs(once.ids.mul(once.mask.eq(0)).to(at::kFloat)), 0) << "padding is id 0";
}

TEST(TextClassifierRecipe, EveryNetworkReachesALowerLoss) {
    OCHRE_EMOJI_OR_SKIP(set);
    const test::TemporaryFolder folder;
    Group alone;
    for (const models::TextClassifier::Kind kind : models::textClassifierKinds()) {
        const std::string name = models::nameOf(kind);
        const TrainingOutcome outcome = train(request(folder / name, 40, name), alone);
        const auto steps = readTrainingLog(folder / name);
        ASSERT_EQ(steps.size(), 40u);
        EXPECT_LT(meanLoss(steps, 30, 10), 0.9 * meanLoss(steps, 0, 5)) << name;
        EXPECT_GT(outcome.figures.at("accuracy").get<double>(), 0.3) << name; // most are people
        EXPECT_GT(outcome.figures.at("classified_per_second").get<double>(), 0) << name;
        const auto weights = tensor::Weights::open(folder / name / outcome.result);
        const auto config = models::TextClassifier::Config::fromWeights(weights);
        ASSERT_TRUE(config);
        EXPECT_EQ(config->kind, kind);
        EXPECT_EQ(weights.tensor("vocabulary").numel() + 2, config->vocabulary);
    }
}

TEST(TextClassifierRecipe, GoesOnWithTheLossesOfAnUnbrokenRun) {
    OCHRE_EMOJI_OR_SKIP(set);
    const test::TemporaryFolder folder;
    Group alone;
    train(request(folder / "unbroken", 12, "mamba"), alone);
    TrainingRequest broken = request(folder / "broken", 12, "mamba");
    broken.cancel = Cancel::make();
    TrainingObserver stopper;
    stopper.step = [&](const StepReport& report, double) {
        if (report.step == 5) broken.cancel.request();
    };
    EXPECT_FALSE(train(broken, alone, stopper).finished);
    EXPECT_TRUE(train({.recipe = "text_classifier", .folder = folder / "broken", .resume = true}, alone).finished);
    const auto a = readTrainingLog(folder / "unbroken"), b = readTrainingLog(folder / "broken");
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].loss, b[i].loss) << i;
}

TEST(TextClassifierRecipe, AWidthThatIsNoMultipleOfTheHeadsIsRefused) {
    OCHRE_EMOJI_OR_SKIP(set);
    const test::TemporaryFolder folder;
    Group alone;
    TrainingRequest wrong = request(folder / "run", 1);
    wrong.settings["width"] = "18";
    test::expectError([&] { train(wrong, alone); }, "width 18 is no multiple of 4");
}

TEST(ClassifierScores, CountWhatWasSeenAsWhat) {
    OCHRE_EMOJI_OR_SKIP(set);
    const auto texts = ClassifierTexts::ofEmoji();
    const auto& which = texts->heldOut();
    std::vector<int> seen;
    for (const std::uint32_t text : which) seen.push_back(texts->label(text));
    EXPECT_EQ(scoresOf(*texts, which, seen).all, 1);
    seen[0] = (seen[0] + 1) % static_cast<int>(texts->classes().size());
    const ClassifierScores scores = scoresOf(*texts, which, seen);
    EXPECT_NEAR(scores.all, 1 - 1.0 / static_cast<double>(which.size()), 1e-12);
    const auto label = static_cast<std::size_t>(texts->label(which[0]));
    EXPECT_EQ(scores.confusion[label * texts->classes().size() + static_cast<std::size_t>(seen[0])], 1);
    EXPECT_EQ(std::accumulate(scores.confusion.begin(), scores.confusion.end(), 0), static_cast<int>(which.size()));
}

class ClassifierReport : public ::testing::Test {
protected:
    /// A report of next to no training.
    TrainingOutcome write(bool resume = false) {
        Group alone;
        TrainingRequest all = request(m_folder / "report", 4);
        all.resume = resume;
        return findRecipe("text_classifier").report(all, alone, {});
    }
    pugi::xml_document page() const {
        pugi::xml_document document;
        const std::string html = readTextFile(m_folder / "report" / "report.html", 1 << 26);
        const auto result = document.load_string(html.c_str(), pugi::parse_full);
        EXPECT_TRUE(result) << result.description();
        return document;
    }
    test::TemporaryFolder m_folder;
};

TEST_F(ClassifierReport, HasThePlotsOfEveryNetwork) {
    OCHRE_EMOJI_OR_SKIP(set);
    const TrainingOutcome outcome = write();
    EXPECT_TRUE(outcome.finished);
    EXPECT_EQ(outcome.result, "report.html");
    EXPECT_EQ(outcome.figures.size(), 4u);
    const pugi::xml_document document = page();
    for (const models::TextClassifier::Kind kind : models::textClassifierKinds()) {
        const std::string label = models::labelOf(kind);
        EXPECT_TRUE(fs::exists(m_folder / "report" / models::nameOf(kind) / "classifier.safetensors"));
        const auto found = [&](const std::string& path) { return document.select_nodes(path.c_str()).size(); };
        EXPECT_EQ(found("//svg[@aria-label='Loss while learning']//text[.='" + label + "']"), 1u);
        EXPECT_EQ(found("//svg[contains(@aria-label, 'by its length')]//text[starts-with(., '" + label + ": T^')]"), 1u);
        EXPECT_EQ(found("//svg[contains(@aria-label, 'Accuracy by group')]//text[.='" + label + "']"), 1u);
        EXPECT_EQ(found("//figure[figcaption='" + label + "']/svg"), 1u) << "confusion matrix";
        EXPECT_GE(found("//td[.='" + label + "']"), 2u);
    }
    EXPECT_GE(document.select_nodes("//svg[contains(@aria-label, 'head')]").size(), 4u);
    EXPECT_EQ(document.select_nodes("//script | //link | //img").size(), 0u);
    // Once more, from what is there.
    EXPECT_THROW(write(), Error);
    EXPECT_TRUE(write(true).finished);
}

TEST_F(ClassifierReport, IsOnAllNetworks) {
    Group alone;
    test::expectError([&] { findRecipe("text_classifier").report(request(m_folder / "x", 1, "gru"), alone, {}); }, "network=gru");
    EXPECT_FALSE(findRecipe("autoencoder").report);
}

} // namespace
} // namespace ochre::training
