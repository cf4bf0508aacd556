// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/text/Prompt.h"

#include <cmath>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "core/models/text/PromptSchedule.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using Segments = std::vector<PromptSegment>;

void expectSegments(const std::string& prompt, PromptStyle style, const Segments& expected) {
    const Segments seen = parseEmphasis(prompt, style);
    ASSERT_EQ(seen.size(), expected.size()) << prompt;
    for (std::size_t i = 0; i < seen.size(); ++i) {
        EXPECT_EQ(seen[i].text, expected[i].text) << prompt;
        EXPECT_NEAR(seen[i].weight, expected[i].weight, 1e-9) << prompt;
        EXPECT_EQ(seen[i].afterBreak, expected[i].afterBreak) << prompt;
    }
}

TEST(Emphasis, ComfyWeightsReplace) {
    const auto comfy = [](const std::string& prompt, const Segments& expected) {
        expectSegments(prompt, PromptStyle::Comfy, expected);
    };
    comfy("", {});
    comfy("plain text", {{"plain text"}});
    comfy("a (cat) and ((dog))", {{"a "}, {"cat", 1.1}, {" and "}, {"dog", 1.21}});
    comfy("(bird:1.3) ((x:0.5))", {{"bird", 1.3}, {" "}, {"x", 0.5}});
    comfy("((a:1.2) b:1.5)", {{"a", 1.2}, {" b", 1.5}});
    comfy("(a (b) c:2)", {{"a ", 2}, {"b", 2.2}, {" c", 2}});
    comfy("[a] {b}", {{"[a] {b}"}}); // no such brackets there
    comfy("a BREAK b", {{"a BREAK b"}});
    comfy(R"(\(a\) (b\):1.2))", {{"(a) "}, {"b)", 1.2}});
    comfy("(a:b:1.5)", {{"a:b", 1.5}});
    comfy("(a:)", {{"a:", 1.1}});
    comfy("(:1.2)", {{":1.2", 1.1}});
    comfy("(a:nan)(b:inf)", {{"a:nanb:inf", 1.1}});
    comfy("(a: -1 )", {{"a", -1}});
    comfy("()", {});
}

TEST(Emphasis, ComfyUnbalancedBracketsAreLetters) {
    for (const char* text : {"(open", "close)", ")(", "a) (b:1.5", "((a)", "(", ")"})
        for (const PromptSegment& s : parseEmphasis(text, PromptStyle::Comfy))
            EXPECT_TRUE(s.weight == 1 || std::string(text) == "((a)") << text;
    expectSegments("(open", PromptStyle::Comfy, {{"(open"}});
    expectSegments("((a)", PromptStyle::Comfy, {{"(a", 1.1}}); // as there: the outermost pair is the emphasis
}

/// The examples of the reference's own documentation.
TEST(Emphasis, A1111WeightsMultiply) {
    const auto a1111 = [](const std::string& prompt, const Segments& expected) {
        expectSegments(prompt, PromptStyle::A1111, expected);
    };
    a1111("normal text", {{"normal text"}});
    a1111("an (important) word", {{"an "}, {"important", 1.1}, {" word"}});
    a1111("(unbalanced", {{"unbalanced", 1.1}});
    a1111(R"(\(literal\])", {{"(literal]"}});
    a1111("(unnecessary)(parens)", {{"unnecessaryparens", 1.1}});
    a1111("a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).", {{"a "},
                                                                  {"house", 1.573},
                                                                  {" ", 1.1},
                                                                  {"on", 1},
                                                                  {" a ", 1.1},
                                                                  {"hill", 0.55},
                                                                  {", sun, ", 1.1},
                                                                  {"sky", 1.4641},
                                                                  {".", 1.1}});
    a1111("[less]", {{"less", 1 / 1.1}});
    a1111("close) and ] (a: 1.5 )", {{"close) and ] "}, {"a", 1.5}});
    a1111("a:1.5) b", {{"a:1.5) b"}});
    a1111("(a:1.2.3)", {{"a:1.2.3", 1.1}});
    a1111(R"(back\\slash \[x\])", {{R"(back\slash [x])"}});
    a1111("one BREAK two  BREAK\n(three)", {{"one"}, {"two", 1, true}, {"three", 1.1, true}});
    a1111("BREAKFAST UNBREAK", {{"BREAKFAST UNBREAK"}});
    a1111("", {});
}

TEST(Emphasis, OverlappingBracketsOfTwoKindsBothHold) {
    expectSegments("(a [b) c]", PromptStyle::A1111, {{"a ", 1.1}, {"b", 1}, {" c", 1 / 1.1}});
}

TEST(Emphasis, WeightsStayFinite) {
    for (const PromptStyle style : {PromptStyle::Comfy, PromptStyle::A1111}) {
        std::string deep(40'000, '(');
        deep += "x:9e99" + std::string(40'000, ')');
        for (const std::string& text :
             {deep, "(a:1e300)" + std::string(30'000, '(') + "b", std::string(90'000, '[')})
            for (const PromptSegment& s : parseEmphasis(text, style)) EXPECT_LE(std::abs(s.weight), 1e6);
    }
}

TEST(Prompt, TextThatIsTooLongIsAnError) {
    const std::string text(kLongestPrompt + 1, 'x');
    test::expectError([&] { parseEmphasis(text, PromptStyle::Comfy); }, "100001 bytes");
    test::expectError([&] { parseEmphasis(text, PromptStyle::A1111); }, "100001 bytes");
    test::expectError([&] { expandWildcards(text, 1); }, "100001 bytes");
    test::expectError([&] { schedulePrompt(text, 10); }, "100001 bytes");
    test::expectError([&] { splitAnd(text); }, "100001 bytes");
}

TEST(Prompt, NothingThatIsTypedThrows) {
    std::mt19937 random(3);
    const std::string_view letters = "()[]{}<>|:.,\\ 12aANDBREAKlora:-+\n\xc3\xa9";
    for (int round = 0; round < 3000; ++round) {
        std::string text(random() % 40, ' ');
        for (char& c : text) c = letters[random() % letters.size()];
        EXPECT_NO_THROW({
            parseEmphasis(text, PromptStyle::Comfy);
            parseEmphasis(text, PromptStyle::A1111);
            expandWildcards(text, round);
            schedulePrompt(text, 7);
            takeLoraTags(text);
            splitAnd(text);
            findEmbeddings(text);
            adjustWeight(text, random() % 50, random() % 50, 0.1);
        }) << text;
    }
}

TEST(And, PartsHaveTheirWeights) {
    EXPECT_EQ(splitAnd("a cat :1.2 AND a dog AND a (bird:1.3) : -0.5"),
              (Segments{{"a cat", 1.2}, {"a dog", 1}, {"a (bird:1.3)", -0.5}}));
    EXPECT_EQ(splitAnd("at 10:30"), (Segments{{"at 10:30", 1}}));
    EXPECT_EQ(splitAnd("LAND ANDY"), (Segments{{"LAND ANDY", 1}}));
    EXPECT_EQ(splitAnd("AND").size(), 2u);
}

TEST(Embeddings, AreFoundWithTheirPlaces) {
    const std::string text = "a embedding:cat-2.1, (embedding:dog:1.2) myembedding:no embedding:";
    const auto marks = findEmbeddings(text);
    ASSERT_EQ(marks.size(), 2u);
    EXPECT_EQ(marks[0].name, "cat-2.1");
    EXPECT_EQ(text.substr(marks[0].begin, marks[0].end - marks[0].begin), "embedding:cat-2.1");
    EXPECT_EQ(marks[1].name, "dog");
}

TEST(Wildcards, ASeedAlwaysGivesTheSame) {
    const std::string text = "a {red|green|blue} {cat|dog} {x|y|{z|w}}";
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        EXPECT_EQ(expandWildcards(text, seed), expandWildcards(text, seed));
        seen.insert(expandWildcards(text, seed));
    }
    EXPECT_EQ(seen.size(), 24u);
    EXPECT_EQ(expandWildcards("{0|1|2|3|4|5|6|7|8|9}", 12345),
              expandWildcards("{0|1|2|3|4|5|6|7|8|9}", 12345));
}

TEST(Wildcards, WordsAroundDoNotChangeTheChoice) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        EXPECT_EQ("so " + expandWildcards("{a|b|c}", seed), expandWildcards("so {a|b|c}", seed));
        // What is nested in one group does not change the next.
        const std::string flat = expandWildcards("{p|q} {a|b|c|d}", seed),
                          nested = expandWildcards("{{p|p}|q} {a|b|c|d}", seed);
        EXPECT_EQ(flat, nested);
    }
}

TEST(Wildcards, WeightsCount) {
    int heavy = 0, never = 0;
    for (std::uint64_t seed = 0; seed < 4000; ++seed) {
        heavy += expandWildcards("{3::a|b}", seed) == "a";
        never += expandWildcards("{0::a|b|0::c}", seed) != "b";
    }
    EXPECT_NEAR(heavy / 4000.0, 0.75, 0.03);
    EXPECT_EQ(never, 0);
}

TEST(Wildcards, WhatIsNoChoiceStays) {
    for (const char* text : {"{prompt}", "{a", "a}", "}{", "{}", "a|b", "{ {x} }"})
        EXPECT_EQ(expandWildcards(text, 1), text);
    EXPECT_EQ(expandWildcards(R"(\{a|b\} \(x\))", 1), R"({a|b} \(x\))");
    EXPECT_EQ(expandWildcards(std::string(50'000, '{') + std::string(50'000, '}'), 1).size(), 100'000u);
    EXPECT_NO_THROW(expandWildcards(std::string(30'000, '{') + "a|b" + std::string(30'000, '}'), 1));
}

TEST(Schedule, TextsOfEachStep) {
    const auto at = [](const char* prompt) { return schedulePrompt(prompt, 10); };
    using List = std::vector<ScheduledPrompt>;
    EXPECT_EQ(at("test"), (List{{10, "test"}}));
    EXPECT_EQ(at("a [b:3]"), (List{{3, "a "}, {10, "a b"}}));
    EXPECT_EQ(at("a [b: 3]"), (List{{3, "a "}, {10, "a b"}}));
    EXPECT_EQ(at("a [[[b]]:2]"), (List{{2, "a "}, {10, "a [[b]]"}}));
    EXPECT_EQ(at("[(a:2):3]"), (List{{3, ""}, {10, "(a:2)"}}));
    EXPECT_EQ(at("a [b : c : 1] d"), (List{{1, "a b  d"}, {10, "a  c  d"}}));
    EXPECT_EQ(at("a[b:[c:d:2]:1]e"), (List{{1, "abe"}, {2, "ace"}, {10, "ade"}}));
    EXPECT_EQ(at("a [unbalanced"), (List{{10, "a [unbalanced"}}));
    EXPECT_EQ(at("a [b:.5] c"), (List{{5, "a  c"}, {10, "a b c"}}));
    EXPECT_EQ(at("((a][:b:c [d:3]"), (List{{3, "((a][:b:c "}, {10, "((a][:b:c d"}}));
    EXPECT_EQ(at("[a::4] b"), (List{{4, "a b"}, {10, " b"}}));
    EXPECT_EQ(at("[:b:0.4]"), (List{{4, ""}, {10, "b"}}));
    EXPECT_EQ(at("[a:b:50]"), (List{{10, "a"}}));
    EXPECT_EQ(at("[a:b:0]"), (List{{10, "b"}}));
    EXPECT_EQ(at("[a] [b:c]"), (List{{10, "[a] [b:c]"}}));
    EXPECT_EQ(at(R"(\[a:b:3\])"), (List{{10, R"(\[a:b:3\])"}}));
}

TEST(Schedule, Alternates) {
    const auto turns = schedulePrompt("[a|(b:1.1)]", 3);
    EXPECT_EQ(turns, (std::vector<ScheduledPrompt>{{1, "a"}, {2, "(b:1.1)"}, {3, "a"}}));
    EXPECT_EQ(promptAt("[fe|]male", 1, 4), "female");
    EXPECT_EQ(promptAt("[fe|]male", 2, 4), "male");
    EXPECT_EQ(schedulePrompt("[fe|||]male", 6),
              (std::vector<ScheduledPrompt>{{1, "female"}, {4, "male"}, {5, "female"}, {6, "male"}}));
}

void expectEdit(const std::string& text, std::size_t begin, std::size_t end, double delta,
                const std::string& expected, const std::string& selected) {
    const PromptEdit edit = adjustWeight(text, begin, end, delta);
    EXPECT_EQ(edit.text, expected);
    ASSERT_LE(edit.end, edit.text.size());
    EXPECT_EQ(edit.text.substr(edit.begin, edit.end - edit.begin), selected);
}

TEST(AdjustWeight, EditsAsCtrlUpAndDown) {
    expectEdit("a red cat", 2, 5, 0.1, "a (red:1.1) cat", "red");
    expectEdit("a red cat", 3, 3, -0.1, "a (red:0.9) cat", "red");
    expectEdit("a (red:1.1) cat", 3, 6, 0.1, "a (red:1.2) cat", "red");
    expectEdit("a (red:1.1) cat", 4, 4, -0.1, "a red cat", "red");
    expectEdit("a (red) cat", 4, 4, 0.1, "a (red:1.2) cat", "red");
    expectEdit("((a b:1.2), c)", 3, 3, 0.05, "((a b:1.25), c)", "a b");
    expectEdit("a red cat", 1, 6, 0.1, "a (red:1.1) cat", "red");
    expectEdit(R"(\(a b\))", 2, 3, 0.1, R"(\((a:1.1) b\))", "a");
    expectEdit("(a:0.05)", 1, 1, -0.1, "(a:0)", "a");
    expectEdit("(a:9.95)", 1, 1, 0.1, "(a:10)", "a");
    expectEdit("caf\u00e9 x", 0, 0, 0.1, "(caf\u00e9:1.1) x", "caf\u00e9");
    expectEdit("", 5, 9, 0.1, "", "");
    expectEdit(" , ", 1, 1, 0.1, " , ", "");
}

TEST(AdjustWeight, UpAndDownAgainIsWhereItBegan) {
    PromptEdit edit{"a red cat", 2, 5};
    for (const double delta : {0.05, 0.05, -0.05, 0.1, -0.1, -0.05})
        edit = adjustWeight(edit.text, edit.begin, edit.end, delta);
    EXPECT_EQ(edit.text, "a red cat");
}

} // namespace
} // namespace ochre::models
