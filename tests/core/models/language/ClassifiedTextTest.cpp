// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/language/ClassifiedText.h"

#include <numeric>

#include <gtest/gtest.h>

#include "core/tensor/Runtime.h"
#include "tests/core/models/language/SmallClassifier.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using Kind = TextClassifier::Kind;
using Strings = std::vector<std::string>;

ClassifiedText classifiedBy(const std::filesystem::path& file, const std::string& words) {
    ClassifiedText text;
    tensor::run({}, [&] { text = ClassifierFile::open(file).classify(words); });
    return text;
}

class ClassifierFiles : public ::testing::Test {
protected:
    std::filesystem::path file(const test::SmallClassifier& small = {}) const { return small.write(m_folder / "classifier.safetensors"); }
    test::TemporaryFolder m_folder;
};

TEST_F(ClassifierFiles, ScoresAndMapsAreSharesOfAWhole) {
    const ClassifiedText text = classifiedBy(file(), "Red apple");
    EXPECT_EQ(text.pieces, (Strings{"red", "apple"}));
    EXPECT_EQ(text.classes, (Strings{"Food", "Animals", "Symbols"}));
    ASSERT_EQ(text.scores.size(), 3u);
    EXPECT_NEAR(std::accumulate(text.scores.begin(), text.scores.end(), 0.0), 1, 1e-5);
    EXPECT_EQ(text.scores[text.best()], *std::max_element(text.scores.begin(), text.scores.end()));
    ASSERT_EQ(text.maps.size(), 2u);
    for (const nn::Tensor& map : text.maps) {
        EXPECT_EQ(map.sizes().vec(), (std::vector<std::int64_t>{TextClassifier::kHeads, 2, 2}));
        EXPECT_LT(nn::maxAbs(map.sum({2}).sub(1)), 1e-5);
    }
}

TEST_F(ClassifierFiles, ScoresAreThoseOfTheNetworkForTheVocabularysIds) {
    test::SmallClassifier small;
    const ClassifiedText text = classifiedBy(file(small), "dog zebra");
    EXPECT_EQ(text.pieces, (Strings{"dog", "(zebra)"}));
    const int dog = WordPieceTokenizer::shared().encode("dog").front();
    std::vector<float> ids{0, ClassifierFile::kUnknown};
    const auto all = small.tensors();
    const nn::Tensor vocabulary = all.at(ClassifierFile::kVocabulary);
    for (std::int64_t i = 0; i < vocabulary.numel(); ++i)
        if (vocabulary[i].item<std::int64_t>() == dog) ids[0] = static_cast<float>(i + 2);
    ASSERT_GE(ids[0], 2);
    tensor::run({}, [&] {
        const tensor::Weights weights = tensor::Weights::of(all, "test", at::kFloat);
        const TextClassifier network(weights, *TextClassifier::Config::fromWeights(weights));
        const nn::Tensor logits = network.forward(nn::fromValues(ids, {1, 2}).to(at::kLong));
        EXPECT_LT(nn::maxAbsDifference(nn::softmax(logits)[0], nn::fromValues(text.scores, {3})), 1e-6);
    });
}

TEST_F(ClassifierFiles, LongTextsOfATransformerAreCutThoseOfOthersAreNot) {
    const std::string words = "red red red red red red red red";
    EXPECT_EQ(classifiedBy(file(), words).pieces.size(), 6u);
    const ClassifiedText scanned = classifiedBy(file({.kind = Kind::Gru}), words);
    EXPECT_EQ(scanned.pieces.size(), 8u);
    EXPECT_TRUE(scanned.maps.empty());
    EXPECT_EQ(scanned.network, "GRU");
}

TEST_F(ClassifierFiles, ThePictureGrowsByEachLayerAndToken) {
    const Image two = picture(classifiedBy(file(), "red apple")), six = picture(classifiedBy(file(), test::kKnownWords));
    EXPECT_GT(six.height(), two.height());
    EXPECT_GT(six.width(), two.width());
    EXPECT_LT(picture(classifiedBy(file({.kind = Kind::Lstm}), "red apple")).height(), two.height());
}

TEST_F(ClassifierFiles, OtherFilesAndWordlessTextsAreSaid) {
    const auto fails = [&](const std::map<std::string, at::Tensor>& tensors, const std::string& classes, const std::string& part) {
        std::map<std::string, std::string> metadata;
        if (!classes.empty()) metadata[ClassifierFile::kClasses] = classes;
        tensor::saveWeights(m_folder / "wrong.safetensors", tensors, metadata);
        test::expectError([&] { classifiedBy(m_folder / "wrong.safetensors", "red"); }, part);
    };
    const std::string three = R"(["a", "b", "c"])";
    const auto all = test::SmallClassifier().tensors();
    auto wrong = all;
    wrong.erase("head.weight");
    fails(wrong, three, "is no text classifier");
    wrong = all;
    wrong.erase(ClassifierFile::kVocabulary);
    fails(wrong, three, "has no vocabulary");
    wrong[ClassifierFile::kVocabulary] = all.at(ClassifierFile::kVocabulary).flip({0});
    fails(wrong, three, "is not one of ascending WordPiece ids");
    wrong[ClassifierFile::kVocabulary] = all.at(ClassifierFile::kVocabulary).add(1000000);
    fails(wrong, three, "is not one of ascending WordPiece ids");
    fails(all, "", "names no classes");
    fails(all, R"({"a": 1})", "its classes are no list of names");
    fails(all, R"(["a", "b"])", "words and 2 classes, its network");
    test::expectError([&] { classifiedBy(file(), "  "); }, "there is no word in the text");
}

} // namespace
} // namespace ochre::models
