// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/StarterWords.h"

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/base/Json.h"
#include "core/base/Paths.h"
#include "core/models/diffusion/MakeCheckpoint.h"
#include "core/models/diffusion/StarterText.h"
#include "core/tensor/Runtime.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {
namespace fs = std::filesystem;
using Texts = std::vector<std::string>;

/// A narrow encoder of random numbers, to which a text is nearest to itself.
class SmallWords : public ::testing::Test {
protected:
    SmallWords() {
        Bert::Config config;
        config.width = 64;
        config.inner = 128;
        config.layers = 1;
        config.positions = 64;
        makeCheckpoint(m_folder / "encoder.safetensors", {{"", config.expected()}}, {.seed = 4});
        encoder = std::make_shared<const SentenceEncoder>(SentenceEncoder::open(m_folder / "encoder.safetensors"));
        save(file(), {0, 0, 1, 1, 2});
        words = std::make_shared<const StarterWords>(StarterWords::open(file()));
    }
    void save(const fs::path& path, const std::vector<std::size_t>& owners) const {
        const Texts said{"llama", "alpaca", "grey heart", "heart with rain, sad", "peanuts"};
        std::vector<StarterWords::Text> texts;
        for (std::size_t i = 0; i < said.size(); ++i) texts.push_back({said[i], owners.at(i)});
        StarterWords::save(path, {"a llama", "a grey heart", "peanuts"}, texts, encoder->encode(said).sentences);
    }
    fs::path file() const { return m_folder / "words.safetensors"; }
    std::string read(const std::string& prompt) const {
        std::string text;
        tensor::run({}, [&] { text = words->read(*encoder, prompt); });
        return text;
    }
    test::TemporaryFolder m_folder;
    std::shared_ptr<const SentenceEncoder> encoder;
    std::shared_ptr<const StarterWords> words;
};

TEST_F(SmallWords, OtherWordsAreReadAsTheNearestName) {
    EXPECT_EQ(read("alpaca"), "a llama");
    EXPECT_EQ(read("an alpaca"), "a llama");
    EXPECT_EQ(read("heart with rain, sad"), "a grey heart") << "a text of the table, though it speaks of two";
    EXPECT_EQ(read("an alpaca"), read("an alpaca"));
}

TEST_F(SmallWords, WhatStandsAroundThemStays) {
    EXPECT_EQ(read("a big orange alpaca"), "a big orange llama");
    EXPECT_EQ(read("an orange alpaca"), "an orange llama");
    EXPECT_EQ(read("an alpaca that is blue"), "a blue llama");
    EXPECT_EQ(read("an emoji of an alpaca on an orange background"), "an emoji of a llama on an orange background");
    EXPECT_EQ(read("alpaca, blue background"), "a llama, blue background");
    EXPECT_EQ(read("an alpaca to the left of a red alpaca"), "a llama to the left of a red llama");
    EXPECT_EQ(read("peanuts and an alpaca emoji"), "peanuts and a llama emoji");
    EXPECT_EQ(read("an alpaca with medium-dark skin tone"), "a llama with medium-dark skin tone");
}

TEST_F(SmallWords, KnownWordsStay) {
    for (const char* prompt : {"", " ", "a llama", "Llama", "a red heart above peanuts, blue background", "a picture of a grey llama", "grey heart, llama"})
        EXPECT_EQ(read(prompt), prompt);
    const std::string endless = std::string(StarterWords::kLongest, ' ') + "alpaca";
    EXPECT_EQ(read(endless), endless);
}

TEST_F(SmallWords, WhereTheyLieIsTold) {
    std::vector<WordReading> readings;
    const std::string prompt = "a llama beside an alpaca";
    tensor::run({}, [&] { readings = words->readings(*encoder, prompt); });
    ASSERT_EQ(readings.size(), 1u);
    EXPECT_EQ(prompt.substr(readings[0].begin, readings[0].end - readings[0].begin), "an alpaca");
    EXPECT_GT(readings[0].likeness, 0.99);
}

TEST_F(SmallWords, DamagedTablesAreRefused) {
    save(m_folder / "owners.safetensors", {0, 0, 1, 1, 3});
    test::expectError([&] { StarterWords::open(m_folder / "owners.safetensors"); }, "text 4 stands for no name");
    test::expectError([&] { StarterWords::open(m_folder / "encoder.safetensors"); }, "is no table of words");
}

/// The table that comes with Ochre, with the encoder where set-up fetched it.
class OwnWords : public ::testing::Test {
protected:
    void SetUp() override {
        words = StarterWords::own();
        ASSERT_TRUE(words);
    }
    static Texts prompts(const char* set) {
        Texts texts;
        const Json json = parseJson(readTextFile(paths::resources() / "prompts" / (std::string(set) + ".json"), 1 << 20), set);
        for (const Json& prompt : json.at("prompts")) texts.push_back(prompt.at("prompt"));
        return texts;
    }
    std::shared_ptr<const StarterWords> words;
};

TEST_F(OwnWords, ComposedPromptsStay) {
    const auto file = test::modelFile("text_encoders/all-minilm-l6-v2.safetensors");
    if (!file) GTEST_SKIP() << "needs text_encoders/all-minilm-l6-v2.safetensors in the models folder";
    const SentenceEncoder encoder = SentenceEncoder::open(*file);
    tensor::run({}, [&] {
        for (const std::string& prompt : prompts("composed")) EXPECT_EQ(words->read(encoder, prompt), prompt);
        EXPECT_EQ(words->read(encoder, "wool, alpaca"), "a llama");
        EXPECT_EQ(words->read(encoder, "a blue alpaca left of a rocket"), "a blue llama left of a rocket");
        EXPECT_EQ(words->read(encoder, "blurry, low quality"), "blurry, low quality");
        const ConditioningEntry weighted = starterEntry(encoder, "(an alpaca:1.5) and a rocket", PromptStyle::Comfy);
        const ConditioningEntry named = starterEntry(encoder, "(a llama:1.5) and a rocket", PromptStyle::Comfy);
        const ConditioningEntry partly = starterEntry(encoder, "an (alpaca:1.5) and a rocket", PromptStyle::Comfy);
        const ConditioningEntry even = starterEntry(encoder, "a llama and a rocket", PromptStyle::Comfy);
        EXPECT_EQ(nn::maxAbsDifference(weighted.states, named.states), 0);
        EXPECT_EQ(nn::maxAbsDifference(partly.states, even.states), 0);
        EXPECT_GT(nn::maxAbsDifference(weighted.states, even.states), 0);
    });
}

} // namespace
} // namespace ochre::models
