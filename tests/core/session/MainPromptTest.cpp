// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/MainPrompt.h"

#include <gtest/gtest.h>

#include "core/graph/NodeRegistry.h"

namespace ochre::session {
namespace {

using graph::NodeId;
using graph::ParameterKind;

class MainPromptTest : public ::testing::Test {
protected:
    MainPromptTest() {
        add("test.prompt", {}, {"text"});
        add("test.prompt_two", {}, {"text_g", "text_l"});
        add("test.combine", {"a", "b"}, {});
        add("test.control", {"positive", "negative"}, {});
        add("test.sample", {"model", "positive", "negative", "latent"}, {});
        add("test.decode", {"latent"}, {});
        add("test.words", {}, {"value"});
    }

    void add(const std::string& type, const std::vector<std::string>& inputs, const std::vector<std::string>& texts) {
        graph::NodeDeclaration d(type, 1, type, "Test");
        d.describe("For a test.").output({.id = "out", .label = "Out", .type = "text"});
        for (const std::string& id : inputs) d.input({.id = id, .label = id, .type = "text", .optional = true});
        for (const std::string& id : texts)
            d.parameter({.id = id, .label = id, .help = "It.", .kind = ParameterKind::LongText, .defaultValue = std::string()});
        if (type == "test.sample")
            d.parameter({.id = "seed", .label = "Seed", .help = "It.", .kind = ParameterKind::Seed, .defaultValue = std::int64_t{0}});
        d.onRun([](graph::RunContext&) {});
        registry.add(d);
    }

    NodeId node(const std::string& type, const std::map<std::string, NodeId>& inputs = {}, const std::string& text = {}) {
        graph::Node n;
        n.type = "test." + type;
        for (const auto& [input, from] : inputs) n.inputs[input] = {from, "out"};
        if (!text.empty()) n.parameters["text"] = text;
        return g.add(n);
    }

    graph::NodeRegistry registry;
    graph::Graph g;
};

TEST_F(MainPromptTest, ThePositiveOneOfTheNearestSampler) {
    const NodeId good = node("prompt", {}, "good"), bad = node("prompt", {}, "bad"), far = node("prompt", {}, "far");
    const NodeId first = node("sample", {{"positive", far}, {"negative", bad}});
    const NodeId second = node("sample", {{"positive", good}, {"negative", bad}, {"latent", first}});
    const NodeId end = node("decode", {{"latent", second}});
    const PromptPlace place = findMainPrompt(g, registry, end);
    EXPECT_EQ(place.node, good);
    EXPECT_EQ(place.text, "good");
    EXPECT_EQ(findMainPrompt(g, registry, first).node, far);
}

TEST_F(MainPromptTest, ThroughWhatStandsBetweenButNeverDownTheNegativeSide) {
    const NodeId good = node("prompt", {}, "good"), bad = node("prompt", {}, "bad"), more = node("prompt", {}, "more");
    const NodeId both = node("combine", {{"a", good}, {"b", more}});
    const NodeId control = node("control", {{"positive", both}, {"negative", bad}});
    const NodeId end = node("sample", {{"positive", control}, {"negative", control}});
    EXPECT_EQ(findMainPrompt(g, registry, end).node, good);
}

TEST_F(MainPromptTest, AnywhereInTheProjectWhenTheViewedNodeHasNone) {
    const NodeId good = node("prompt", {}, "good");
    node("sample", {{"positive", good}});
    const NodeId other = node("words");
    EXPECT_EQ(findMainPrompt(g, registry, other).node, good);
    EXPECT_EQ(findMainPrompt(g, registry, 0).node, good);
    g.remove(good);
    EXPECT_FALSE(findMainPrompt(g, registry, other));
}

TEST_F(MainPromptTest, TwoFieldsThatSayTheSameAreOnePrompt) {
    const NodeId two = node("prompt_two");
    const NodeId end = node("sample", {{"positive", two}});
    EXPECT_EQ(findMainPrompt(g, registry, end).parameters, (std::vector<std::string>{"text_g", "text_l"}));
    g.setParameter(two, "text_l", std::string("detail"));
    EXPECT_EQ(findMainPrompt(g, registry, end).parameters, (std::vector<std::string>{"text_g"}));
}

TEST_F(MainPromptTest, ALinkedTextIsOnlyRead) {
    const NodeId words = node("words"), prompt = node("prompt", {{"text", words}});
    const PromptPlace place = findMainPrompt(g, registry, node("sample", {{"positive", prompt}}));
    EXPECT_EQ(place.node, prompt);
    EXPECT_TRUE(place.linked);
}

TEST_F(MainPromptTest, SeedsAboveAreThoseThatNoLinkDrives) {
    const NodeId words = node("words");
    const NodeId driven = node("sample", {{"seed", words}});
    const NodeId own = node("sample", {{"latent", driven}});
    node("sample");
    const NodeId end = node("decode", {{"latent", own}});
    EXPECT_EQ(seedsAbove(g, registry, end), (std::vector<std::pair<NodeId, std::string>>{{own, "seed"}}));
    EXPECT_EQ(seedsAbove(g, registry, 0).size(), 2u);
}

} // namespace
} // namespace ochre::session
