// SPDX-License-Identifier: GPL-3.0-or-later
// Nodes of texts.
#include <gtest/gtest.h>

#include "core/image/Image.h"
#include "tests/core/models/language/SmallClassifier.h"
#include "tests/core/nodes/NodeBench.h"
#include "tests/support/Support.h"

namespace ochre::nodes {
namespace {

NodeBench classify(const std::filesystem::path& file, const std::string& text) {
    return NodeBench("write.classify_text").set("classifier", file.string()).set("words", text);
}

TEST(WriteNodes, ClassifyTextGivesTheLikeliestClassAndAPicture) {
    const test::TemporaryFolder folder;
    const auto file = test::SmallClassifier().write(folder / "classifier.safetensors");
    const NodeBench node = classify(file, "red apple");
    const auto text = models::ClassifierFile::open(file).classify("red apple");
    EXPECT_EQ(node.run("class").as<std::string>(), text.classes[text.best()]);
    EXPECT_NEAR(node.run("score").as<double>(), static_cast<double>(text.scores[text.best()]), 1e-6);
    const Image image = node.run("image").as<Image>();
    EXPECT_TRUE(std::ranges::equal(image.values(), models::picture(text).values()));
    EXPECT_GT(classify(file, test::kKnownWords).run("image").as<Image>().width(), image.width());
}

TEST(WriteNodes, ClassifyTextSaysWhatIsMissing) {
    const test::TemporaryFolder folder;
    EXPECT_NE(classify("", "red").fails().message().find("no classifier is chosen"), std::string::npos);
    EXPECT_NE(classify(folder / "none.safetensors", "red").fails().message().find("none.safetensors"), std::string::npos);
    const auto file = test::SmallClassifier().write(folder / "classifier.safetensors");
    EXPECT_NE(classify(file, "").fails().message().find("there is no word"), std::string::npos);
}

} // namespace
} // namespace ochre::nodes
