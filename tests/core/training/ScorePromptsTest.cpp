// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/ScorePrompts.h"

#include <map>
#include <set>

#include "core/base/File.h"
#include "core/training/data/Meaning.h"
#include "tests/core/training/Emoji.h"
#include "tests/support/Support.h"

namespace ochre::training {
namespace {

using test::emojiExamples;
using test::expectError;

PromptSet ownTraining(const EmojiExamples& examples) {
    return trainingPrompts(examples, [&](std::uint64_t n) { return n * 7919 % examples.size(); }, 20000);
}

/// "cat", "blue cat", "cat on yellow", "cat left of rocket".
Composition made(const std::string& first, std::optional<NamedColor> color = {}, std::optional<NamedColor> ground = {},
                 const std::string& second = {}, Relation relation = Relation::None, const std::string& size = {}) {
    ShownThings shown{.things = {{first, color}}, .background = ground, .relation = relation, .size = size};
    if (!second.empty()) shown.things.push_back({second, {}});
    return compositionOf(emojiExamples(), shown);
}

TEST(Meaning, WordsAreTrueOfAllThatTheyLeaveOpen) {
    OCHRE_EMOJI_OR_SKIP(set);
    const auto may = [](const Composition& said, const Composition& shown) { return mayDescribe(emojiExamples(), said, shown); };
    const Composition cat = made("cat"), blue = made("cat", NamedColor::Blue), ground = made("cat", {}, NamedColor::Yellow);
    const Composition left = made("cat", {}, {}, "rocket", Relation::LeftOf), right = made("rocket", {}, {}, "cat", Relation::RightOf),
                      swapped = made("rocket", {}, {}, "cat", Relation::LeftOf), beside = made("rocket", {}, {}, "cat", Relation::Beside);
    EXPECT_TRUE(may(cat, blue));
    EXPECT_TRUE(may(cat, ground));
    EXPECT_TRUE(may(cat, left));
    EXPECT_FALSE(may(blue, cat));
    EXPECT_FALSE(may(ground, cat));
    EXPECT_FALSE(may(left, cat));
    EXPECT_FALSE(may(cat, made("dog")));
    EXPECT_FALSE(may(blue, made("cat", NamedColor::Red)));
    EXPECT_TRUE(may(left, right));
    EXPECT_FALSE(may(left, swapped));
    EXPECT_TRUE(may(beside, left));
    EXPECT_TRUE(may(left, beside)) << "it may be";
    EXPECT_FALSE(may(left, made("cat", {}, {}, "rocket", Relation::Above)));
    const Composition tiny = made("cat", {}, {}, {}, Relation::None, "tiny"), big = made("cat", {}, {}, {}, Relation::None, "big");
    EXPECT_FALSE(may(tiny, cat));
    EXPECT_FALSE(may(tiny, big));
    EXPECT_TRUE(may(big, cat));
    EXPECT_TRUE(may(cat, tiny));
}

TEST(Meaning, PromptsSayIt) {
    OCHRE_EMOJI_OR_SKIP(set);
    EXPECT_EQ(promptOf(emojiExamples(), made("cat", NamedColor::Blue, NamedColor::Orange)), "a blue cat on an orange background");
    EXPECT_EQ(promptOf(emojiExamples(), made("cat", {}, {}, "rocket", Relation::Below)), "a cat below a rocket");
    EXPECT_EQ(promptOf(emojiExamples(), made("red apple", {}, {}, {}, Relation::None, "tiny")), "a tiny red apple");
}

TEST(Twins, AreCloseAndSomethingElse) {
    OCHRE_EMOJI_OR_SKIP(set);
    const EmojiExamples& examples = emojiExamples();
    const Twins twins(examples);
    std::size_t also = 0, sameThing = 0, notPlain = 0;
    for (std::size_t i = 0; i < 3000; ++i) {
        const Composition one = examples.composition(i * 7919 % examples.size(), i);
        Draw draw(1, i, 0), again(1, i, 0);
        const Composition twin = twins.twinOf(one, draw);
        EXPECT_EQ(twin.caption, twins.twinOf(one, again).caption);
        EXPECT_FALSE(twin.caption.empty());
        also += mayDescribe(examples, twin, one) && mayDescribe(examples, one, twin);
        if (one.kind == ExampleKind::Plain) continue;
        ++notPlain;
        sameThing += one.parts[0].entry == twin.parts[0].entry || one.parts.back().entry == twin.parts.back().entry;
    }
    EXPECT_LT(also, 30u);
    EXPECT_EQ(sameThing, notPlain);
}

TEST(ScorePrompts, OwnSetsAreFullAlwaysTheSameAndOfManyGroups) {
    OCHRE_EMOJI_OR_SKIP(set);
    const EmojiExamples& examples = emojiExamples();
    const PromptSet sets[] = {ownTraining(examples), otherWordsPrompts(examples), composedPrompts(examples)};
    EXPECT_EQ(sets[0].prompts.size(), 200u);
    EXPECT_EQ(sets[1].prompts.size(), 100u);
    EXPECT_EQ(sets[2].prompts.size(), 100u);
    EXPECT_EQ(promptSetText(sets[0]), promptSetText(ownTraining(examples)));
    EXPECT_EQ(promptSetText(sets[1]), promptSetText(otherWordsPrompts(examples)));
    EXPECT_EQ(promptSetText(sets[2]), promptSetText(composedPrompts(examples)));
    for (const PromptSet& own : sets) {
        std::map<std::string, std::size_t> groups;
        for (const ScorePrompt& prompt : own.prompts) ++groups[prompt.group];
        EXPECT_GE(groups.size(), 6u) << own.kind;
        for (const char* group : {"Animals & Nature", "Food & Drink", "Objects"}) EXPECT_GE(10 * groups[group], own.prompts.size()) << group;
        EXPECT_LE(50 * groups["Flags"], 2 * own.prompts.size());
    }
}

TEST(ScorePrompts, NoConceptOfASetIsTrueOfAnothersPicture) {
    OCHRE_EMOJI_OR_SKIP(set);
    const EmojiExamples& examples = emojiExamples();
    for (const PromptSet& own : {ownTraining(examples), otherWordsPrompts(examples), composedPrompts(examples)}) {
        std::vector<Composition> shown;
        std::set<std::string> prompts;
        for (const ScorePrompt& prompt : own.prompts) {
            shown.push_back(compositionOf(examples, *prompt.shows));
            EXPECT_EQ(promptOf(examples, shown.back()), prompt.meaning);
            EXPECT_TRUE(prompts.insert(prompt.prompt).second) << prompt.prompt;
        }
        for (std::size_t i = 0; i < shown.size(); ++i)
            for (std::size_t j = 0; j < shown.size(); ++j)
                EXPECT_EQ(mayDescribe(examples, shown[i], shown[j]), i == j) << own.prompts[i].meaning << " / " << own.prompts[j].meaning;
    }
}

TEST(ScorePrompts, ComposedOnesAreHeldOutAndHaveCloseCandidates) {
    OCHRE_EMOJI_OR_SKIP(set);
    const EmojiExamples& examples = emojiExamples();
    const Combinations& held = examples.combinations();
    std::map<ExampleKind, std::size_t> kinds;
    const PromptSet own = composedPrompts(examples);
    for (std::size_t i = 0; i < own.prompts.size(); ++i) {
        const ScorePrompt& prompt = own.prompts[i];
        const Composition shown = compositionOf(examples, *prompt.shows);
        const auto thing = [&](std::size_t part) -> const std::string& { return examples.wordings()[shown.parts[part].entry].thing; };
        ++kinds[shown.kind];
        if (shown.kind == ExampleKind::Color) {
            EXPECT_TRUE(held.colorHeldOut(thing(0), *shown.parts[0].color)) << prompt.prompt;
        } else if (shown.kind == ExampleKind::Background) {
            EXPECT_TRUE(held.backgroundHeldOut(thing(0), *shown.background)) << prompt.prompt;
        } else {
            ASSERT_EQ(shown.kind, ExampleKind::Pair);
            EXPECT_TRUE(held.pairHeldOut(thing(0), thing(1))) << prompt.prompt;
        }
        EXPECT_EQ(prompt.near.size(), 3u) << prompt.prompt;
        const auto candidates = candidatesOf(own, i);
        EXPECT_EQ(candidates.size(), kCandidates);
        EXPECT_EQ(candidates.front(), prompt.meaning);
        EXPECT_EQ(std::set(candidates.begin(), candidates.end()).size(), kCandidates);
        EXPECT_EQ(candidates[1], prompt.near[0]);
    }
    for (const ExampleKind kind : {ExampleKind::Color, ExampleKind::Background, ExampleKind::Pair}) EXPECT_GE(kinds[kind], 30u);
}

TEST(ScorePrompts, OtherWordsAreNotTheNamesOfTheirConcepts) {
    OCHRE_EMOJI_OR_SKIP(set);
    const PromptSet own = otherWordsPrompts(emojiExamples());
    for (const ScorePrompt& prompt : own.prompts) EXPECT_EQ(prompt.prompt.find(prompt.meaning), std::string::npos) << prompt.prompt;
}

TEST(ScorePrompts, CommittedFilesAreReadAndTellWhatTheyShow) {
    for (const auto& [kind, count] : std::map<std::string, std::size_t>{{"training", 200}, {"other_words", 100}, {"composed", 100}}) {
        const PromptSet own = readPromptSet(test::sourceFile("resources/prompts/" + kind + ".json"));
        EXPECT_EQ(own.kind, kind);
        EXPECT_EQ(own.prompts.size(), count);
        for (std::size_t i = 0; i < own.prompts.size(); ++i) {
            EXPECT_TRUE(own.prompts[i].shows) << own.prompts[i].prompt;
            EXPECT_EQ(candidatesOf(own, i).size(), kCandidates);
        }
        EXPECT_EQ(promptSetText(own), readTextFile(test::sourceFile("resources/prompts/" + kind + ".json"), 1 << 20));
    }
}

TEST(ScorePrompts, FewPromptsAreTheCandidatesOfEachOther) {
    const PromptSet few{.kind = "mine", .prompts = {{"a", "one", {}, {"near"}, {}}, {"b", "two", {}, {}, {}}, {"c", "one", {}, {}, {}}}};
    EXPECT_EQ(candidatesOf(few, 0), (std::vector<std::string>{"one", "near", "two"}));
    EXPECT_EQ(candidatesOf(few, 1), (std::vector<std::string>{"two", "one"}));
    EXPECT_EQ(candidatesOf(few, 0, 2), (std::vector<std::string>{"one", "near"}));
}

TEST(ScorePrompts, BrokenFilesSayWhereAndWhat) {
    const auto fails = [](const std::string& prompts, const std::string& message) {
        const std::string text = R"({"format": "ochre prompts 1", "kind": "mine", "prompts": )" + prompts + "}";
        expectError([&] { promptSetFromJson(parseJson(text, "mine.json"), "mine.json"); }, message);
    };
    expectError([] { promptSetFromJson(parseJson("{}", "x.json"), "x.json"); }, "x.json: is no file of prompts");
    expectError([] { promptSetFromJson(parseJson("[1]", "x.json"), "x.json"); }, "is no file of prompts");
    fails("[]", "mine.json: has no prompts");
    fails("3", "\"prompts\" is number, not a list");
    fails("[\"a cat\"]", "mine.json: prompt 1: is string, not an object");
    fails(R"([{"prompt": "a", "concept": "b"}, {"prompt": "a"}])", "prompt 2: has no \"concept\"");
    fails(R"([{"prompt": 3, "concept": "b"}])", "\"prompt\" is number, not a text");
    fails(R"([{"prompt": "", "concept": "b"}])", "\"prompt\" is empty");
    fails(R"([{"prompt": "a", "concept": "b", "near": "c"}])", "\"near\" is string, not a list");
    fails(R"([{"prompt": "a", "concept": "b", "shows": {"things": []}}])", "\"things\" is empty");
    fails(R"([{"prompt": "a", "concept": "b", "shows": {"things": [{"name": "cat", "color": "mauve"}]}}])", "mauve");
    fails(R"([{"prompt": "a", "concept": "b", "shows": {"things": [{"name": "cat"}], "relation": "left of"}}])", "goes with two things");
    fails(R"([{"prompt": "a", "concept": "b", "shows": {"things": [{"name": "cat"}], "size": "huge"}}])", "huge");
    expectError([] { readPromptSet("/nowhere/prompts.json"); }, "/nowhere/prompts.json");
}

TEST(ScorePrompts, WhatIsShownMustBeThere) {
    OCHRE_EMOJI_OR_SKIP(set);
    expectError([] { made("flying teapot"); }, "no emoji \"flying teapot\"");
}

} // namespace
} // namespace ochre::training
