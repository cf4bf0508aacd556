// SPDX-License-Identifier: GPL-3.0-or-later
// The recipe scorer, and what judges pictures with its result.
#include <algorithm>
#include <numeric>
#include <set>

#include "core/base/File.h"
#include "core/models/diffusion/StarterWords.h"
#include "core/models/sampling/Samplers.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/SaveWeights.h"
#include "core/training/TrainingLog.h"
#include "core/training/TrainingRun.h"
#include "core/training/data/Paraphrases.h"
#include "core/training/scoring/MakeStarterWords.h"
#include "core/training/scoring/PictureScores.h"
#include "core/training/scoring/ScoreRun.h"
#include "tests/core/models/diffusion/RandomWeights.h"
#include "tests/core/models/diffusion/SmallCheckpoint.h"
#include "tests/core/training/Emoji.h"
#include "tests/core/training/SmallStarter.h"

namespace ochre::training {
namespace {
namespace fs = std::filesystem;

using models::CaptionMatcher;
using test::expectError;

CaptionMatcher::Config smallConfig(int states) {
    return {.side = 32, .widths = {32, 32}, .states = states, .width = 16, .layers = 1, .embedding = 16};
}

/// A narrow text encoder of one layer, of random numbers.
fs::path makeEncoder(const test::TemporaryFolder& folder) {
    models::Bert::Config config;
    config.width = 64;
    config.inner = 128;
    config.layers = 1;
    config.positions = 64;
    const fs::path file = folder / "encoder.safetensors";
    models::makeCheckpoint(file, {{"", config.expected()}}, {.seed = 4});
    return file;
}

fs::path makeScorer(const test::TemporaryFolder& folder, int states = 384) {
    const tensor::Weights weights = test::randomWeights(smallConfig(states).expected());
    std::map<std::string, at::Tensor> tensors;
    for (const std::string& name : weights.names()) tensors[name] = weights.tensor(name);
    const fs::path file = folder / "scorer.safetensors";
    tensor::saveWeights(file, tensors, {{"format", "pt"}});
    return file;
}

fs::path makePrompts(const test::TemporaryFolder& folder) {
    const PromptSet set{.kind = "mine",
                        .prompts = {{"kitty", "a cat", {}, {"a dog"}, ShownThings{.things = {{"cat", {}}}, .background = {}, .size = {}}},
                                    {"a ship for space", "a rocket", {}, {}, ShownThings{.things = {{"rocket", {}}}, .background = {}, .size = {}}}}};
    const fs::path file = folder / "mine.json";
    writeFileAtomic(file, promptSetText(set));
    return file;
}

double meanLoss(const std::vector<LoggedStep>& steps, std::size_t first, std::size_t count) {
    double sum = 0;
    for (std::size_t i = first; i < first + count; ++i) sum += steps.at(i).loss;
    return sum / static_cast<double>(count);
}

TEST(ScorerRecipe, LearnsAHandful) {
    OCHRE_EMOJI_OR_SKIP(set);
    const test::TemporaryFolder folder;
    tensor::useThreads(1);
    Group alone;
    const TrainingOutcome outcome =
        train({.recipe = "scorer",
               .settings = {{"text_encoder", makeEncoder(folder).string()}, {"steps", "60"}, {"batch", "16"}, {"examples", "24"},
                            {"further_captions", "4"}, {"widths", "32,64"}, {"text_width", "32"}, {"text_layers", "1"},
                            {"embedding", "32"}, {"measured", "4"}, {"warm_up", "4"}, {"learning_rate", "0.004"}, {"average", "0.8"}},
               .folder = folder / "run",
               .samplesEvery = 60},
              alone);
    const auto steps = readTrainingLog(folder / "run");
    ASSERT_EQ(steps.size(), 60u);
    EXPECT_LT(meanLoss(steps, 50, 10), 0.5 * meanLoss(steps, 0, 3));
    EXPECT_GT(outcome.figures.at("learned").get<double>(), 0.5) << "of 24, on pictures that it did not see";
    for (const char* kind : {"training", "other_words", "composed"}) EXPECT_TRUE(outcome.figures.contains(kind)) << kind;
    EXPECT_TRUE(fs::exists(folder / "run" / "samples" / "0000060.png"));
    const CaptionMatcher matcher = openMatcher(folder / "run" / outcome.result);
    EXPECT_EQ(matcher.config().side, 128);
    EXPECT_EQ(matcher.config().widths, (std::vector<int>{32, 64}));
    EXPECT_EQ(matcher.config().states, 64);
}

TEST(ScorerRecipe, OddNumbersOfTwinsAreRefused) {
    const test::TemporaryFolder folder;
    const auto made = [&](const char* name, const char* value) {
        const RecipeInfo& recipe = findRecipe("scorer");
        recipe.make(Settings(recipe.parameters, {{"text_encoder", makeEncoder(folder).string()}, {name, value}}));
    };
    expectError([&] { made("batch", "15"); }, "a batch of 15");
    expectError([&] { made("text_width", "18"); }, "text_width 18");
    expectError([&] { made("widths", "32,32,32,32,32,32"); }, "too many");
}

TEST(OwnStarterWords, AreOfTheEmojiWithoutTheWordsThatAreKeptFromTraining) {
    OCHRE_EMOJI_OR_SKIP(set);
    const KnownTexts known = knownTexts(set);
    const auto own = models::StarterWords::own();
    ASSERT_TRUE(own);
    EXPECT_EQ(own->names(), known.names) << "make it anew with `ochre score --write-words`";
    ASSERT_EQ(own->texts().size(), known.texts.size());
    std::set<std::string> reserved;
    for (const std::string& word : reservedKeywords(set)) reserved.insert(word);
    reserved.erase("");
    ASSERT_TRUE(reserved.contains("wool"));
    for (std::size_t i = 0; i < known.texts.size(); ++i) {
        EXPECT_EQ(own->texts()[i].text, known.texts[i].text);
        EXPECT_EQ(own->texts()[i].name, known.texts[i].name);
        const std::string& text = own->texts()[i].text;
        for (std::size_t from = 0; from < text.size();) {
            const std::size_t end = std::min(text.find(", ", from), text.size());
            EXPECT_FALSE(reserved.contains(text.substr(from, end - from))) << text;
            from = end + 2;
        }
    }
}

class Judging : public ::testing::Test {
protected:
    models::SentenceEncoder encoder = models::SentenceEncoder::open(makeEncoder(folder()));
    CaptionMatcher matcher = openMatcher(makeScorer(folder(), 64));

    static const test::TemporaryFolder& folder() {
        static const test::TemporaryFolder shared;
        return shared;
    }
    std::vector<PictureScore> scores(const PromptSet& set, const nn::Tensor& pictures) {
        std::vector<PictureScore> all;
        tensor::run({}, [&] { all = PromptJudge(set, 100, encoder).scores(matcher, pictures); });
        return all;
    }
};

TEST_F(Judging, TheBestOfTheCandidatesIsTakenAndRanksAgree) {
    const PromptSet set{.kind = "mine", .prompts = {{"a", "a cat", {}, {"a dog", "two houses"}, {}}, {"b", "a rocket", {}, {}, {}}}};
    const nn::Tensor pictures = test::noise({2, 3, 32, 32});
    const auto all = scores(set, pictures);
    ASSERT_EQ(all.size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) {
        const auto candidates = candidatesOf(set, i);
        EXPECT_NE(std::find(candidates.begin(), candidates.end(), all[i].taken), candidates.end());
        EXPECT_EQ(all[i].right(), all[i].taken == set.prompts[i].meaning);
        EXPECT_GE(all[i].rank, 1);
        EXPECT_LE(all[i].rank, static_cast<int>(candidates.size()));
    }
    // With the best one as its concept, the same picture is right.
    PromptSet known = set;
    known.prompts[0].meaning = all[0].taken;
    known.prompts[0].near = {"a cat", "a dog", "two houses"};
    EXPECT_TRUE(scores(known, pictures)[0].right());
    EXPECT_EQ(rightShare({{.rank = 1}, {.rank = 2}, {.rank = 1}, {.rank = 9}}), 0.5);
    EXPECT_EQ(rightShare({}), 0);
}

TEST_F(Judging, WhatFitsAsWellCountsAsBetter) {
    // The tokenizer knows no case, so that both captions are one to the matcher.
    const PromptSet set{.kind = "mine", .prompts = {{"a", "a cat", {}, {"A CAT"}, {}}}};
    EXPECT_EQ(scores(set, test::noise({1, 3, 32, 32}))[0].rank, 2);
}

TEST_F(Judging, PicturesOfAnySizeAreMadeToFit) {
    const PromptSet set{.kind = "mine", .prompts = {{"a", "a cat", {}, {"a dog"}, {}}}};
    nn::Tensor flat = nn::zeros({1, 3, 32, 32});
    flat.narrow(1, 0, 1).fill_(0.5);
    EXPECT_NEAR(scores(set, flat)[0].cosine, scores(set, nn::resizeNearest(flat, 64, 64))[0].cosine, 1e-4);
    expectError([&] { scores(set, test::noise({2, 3, 32, 32})); }, "2 pictures for 1 prompts");
}

TEST(Score, ModelsAndRealPicturesAreScoredTheSameTwice) {
    OCHRE_EMOJI_OR_SKIP(set);
    const test::TemporaryFolder folder;
    const test::ModelsWithMiniLm models;
    tensor::useThreads(1);
    ScoreRequest request{.model = test::makeStarter(folder), .scorer = makeScorer(folder), .prompts = {makePrompts(folder)},
                         .sampler = "euler", .steps = 2, .sheet = true, .progress = {}, .cancel = {}};
    const ScoreOutcome one = score(request), other = score(request);
    ASSERT_EQ(one.kinds.size(), 1u);
    EXPECT_EQ(one.kinds[0].kind, "mine");
    EXPECT_EQ(one.kinds[0].prompts, 2u);
    EXPECT_EQ(one.kinds[0].candidates, 2u);
    ASSERT_EQ(one.pictures.size(), 2u);
    EXPECT_EQ(one.pictures[0].prompt, "kitty");
    EXPECT_EQ(one.kinds[0].right, static_cast<std::size_t>((one.pictures[0].rank == 1) + (one.pictures[1].rank == 1)));
    EXPECT_EQ(one.pictures[1].cosine, other.pictures[1].cosine);
    EXPECT_FALSE(one.sheet.empty());
    request.seed = 2;
    EXPECT_NE(score(request).pictures[1].cosine, one.pictures[1].cosine);
    request.model.clear();
    request.count = 1;
    const ScoreOutcome real = score(request);
    EXPECT_EQ(real.pictures.size(), 1u);
    EXPECT_NE(real.pictures[0].cosine, one.pictures[0].cosine);
}

TEST(Score, WhatIsMissingOrSomethingElseIsSaid) {
    const test::TemporaryFolder folder;
    const test::ModelsWithMiniLm models;
    const auto fails = [&](const ScoreRequest& request, const std::string& message) { return expectError([&] { score(request); }, message); };
    const fs::path scorer = makeScorer(folder), prompts = makePrompts(folder), starter = test::makeStarter(folder);
    ScoreRequest request{.model = starter, .scorer = folder / "none", .prompts = {prompts}, .steps = 1, .progress = {}, .cancel = {}};
    EXPECT_NE(fails(request, "there is no such file").hint().find("ochre train scorer"), std::string::npos);
    request.scorer = starter;
    fails(request, "is no scorer");
    const test::TemporaryFolder other;
    request.scorer = makeScorer(other, 64);
    fails(request, "reads states of 64 numbers");
    request.scorer = scorer;
    request.sampler = "nothing";
    fails(request, "nothing");
    request.sampler = "euler";
    request.model = test::smallCheckpoint();
    fails(request, "is a model of Stable Diffusion 1");
    request.model = starter;
    request.prompts = {scorer};
    EXPECT_THROW(score(request), Error);
    request.prompts = {folder / "nowhere.json"};
    fails(request, "nowhere.json");
}

} // namespace
} // namespace ochre::training
