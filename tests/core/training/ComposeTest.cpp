// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/Compose.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "core/training/data/ExampleSheet.h"
#include "tests/core/training/Emoji.h"
#include "tests/support/Support.h"

namespace ochre::training {
namespace {

using test::emojiExamples;
using test::expectError;

constexpr std::size_t kDraws = 20000;

template <typename Body>
void forDraws(const EmojiExamples& examples, const Body& body) {
    for (std::size_t i = 0; i < kDraws; ++i)
        body(examples.composition(i * 7919 % examples.size(), i / examples.size()));
}

TEST(EmojiExamples, FollowFromIndexAndDrawAlone) {
    OCHRE_EMOJI_OR_SKIP(set);
    const EmojiExamples again(test::loadedEmoji().set);
    std::set<std::string> captions;
    for (std::size_t i = 0; i < 60; ++i) {
        const std::size_t index = i * 97 % set.size();
        const Example one = emojiExamples().example(index, i), other = again.example(index, i);
        EXPECT_EQ(one.pixels, other.pixels);
        EXPECT_EQ(one.caption, other.caption);
        EXPECT_EQ(one.caption, again.composition(index, i).caption);
        EXPECT_EQ(one.pixels.size(), 3u * 128 * 128);
        captions.insert(emojiExamples().example(3, i).caption);
    }
    EXPECT_GT(captions.size(), 20u) << "draws of one entry differ";
}

TEST(EmojiExamples, KindsHaveTheirShares) {
    OCHRE_EMOJI_OR_SKIP(set);
    std::array<double, 4> counts{};
    forDraws(emojiExamples(), [&](const Composition& composition) { ++counts[static_cast<std::size_t>(composition.kind)]; });
    const std::array<double, 4> wanted = {0.45, 0.15, 0.15, 0.25};
    for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(counts[i] / kDraws, wanted[i], 0.015) << i;
}

TEST(EmojiExamples, HeldOutCombinationsNeverAppear) {
    OCHRE_EMOJI_OR_SKIP(set);
    const EmojiExamples& examples = emojiExamples();
    const Combinations& held = examples.combinations();
    const auto& words = examples.wordings();
    forDraws(examples, [&](const Composition& composition) {
        for (const Composition::Part& part : composition.parts) {
            const std::string& thing = words[part.entry].thing;
            if (part.color) {
                EXPECT_FALSE(held.colorHeldOut(thing, *part.color)) << composition.caption;
            }
            if (composition.background) {
                EXPECT_FALSE(held.backgroundHeldOut(thing, *composition.background)) << composition.caption;
            }
        }
        if (composition.parts.size() == 2) {
            EXPECT_FALSE(
                held.pairHeldOut(words[composition.parts[0].entry].thing, words[composition.parts[1].entry].thing))
                << composition.caption;
        }
    });
}

TEST(EmojiExamples, HeldOutPromptsAreHeldOutAndMany) {
    OCHRE_EMOJI_OR_SKIP(set);
    const EmojiExamples& examples = emojiExamples();
    const auto prompts = examples.heldOutPrompts();
    std::array<std::size_t, 4> counts{};
    std::set<std::string> held;
    for (const HeldOutPrompt& prompt : prompts) {
        ++counts[static_cast<std::size_t>(prompt.kind)];
        held.insert(prompt.prompt);
        const std::string& thing = examples.wordings()[prompt.first].thing;
        if (prompt.kind == ExampleKind::Color) {
            EXPECT_TRUE(examples.combinations().colorHeldOut(thing, *prompt.color));
        }
        if (prompt.kind == ExampleKind::Background) {
            EXPECT_TRUE(examples.combinations().backgroundHeldOut(thing, *prompt.color));
        }
        if (prompt.kind == ExampleKind::Pair) {
            EXPECT_TRUE(
                examples.combinations().pairHeldOut(thing, examples.wordings()[*prompt.second].thing));
        }
    }
    EXPECT_EQ(held.size(), prompts.size()) << "a prompt twice";
    for (const ExampleKind kind : {ExampleKind::Color, ExampleKind::Background, ExampleKind::Pair})
        EXPECT_GT(counts[static_cast<std::size_t>(kind)], 300u);
    forDraws(examples,
             [&](const Composition& composition) { EXPECT_FALSE(held.contains(composition.caption)) << composition.caption; });
}

TEST(EmojiExamples, ReservedWordsStayOutOfCaptions) {
    OCHRE_EMOJI_OR_SKIP(set);
    const EmojiExamples& examples = emojiExamples();
    std::set<std::string> prompts;
    std::size_t words = 0, orders = 0;
    for (const Paraphrase& paraphrase : examples.paraphrases()) {
        prompts.insert(paraphrase.prompt);
        ++(paraphrase.newWord ? words : orders);
    }
    EXPECT_GT(words, 100u);
    EXPECT_GT(orders, 50u);
    const std::vector<std::string> reserved = reservedKeywords(set);
    forDraws(examples, [&](const Composition& composition) {
        EXPECT_FALSE(prompts.contains(composition.caption)) << composition.caption;
        const std::string& word = reserved[composition.parts[0].entry];
        if (composition.kind != ExampleKind::Plain || word.empty()) return;
        EXPECT_FALSE((", " + composition.caption + ",").find(", " + word + ",") != std::string::npos)
            << composition.caption;
    });
}

TEST(EmojiExamples, CaptionsAreEnglish) {
    OCHRE_EMOJI_OR_SKIP(set);
    forDraws(emojiExamples(), [&](const Composition& composition) {
        const std::string text = " " + composition.caption + " ";
        for (const char* wrong :
             {" a apple ", " a orange ", " an red ", " a a ", " an an ", " the the ", "  ", " a eggplant "})
            EXPECT_EQ(text.find(wrong), std::string::npos) << composition.caption;
        EXPECT_FALSE(composition.caption.empty());
        if (composition.background) {
            EXPECT_NE(text.find(name(*composition.background)), std::string::npos) << composition.caption;
        }
        for (const Composition::Part& part : composition.parts)
            if (part.color) {
                EXPECT_NE(text.find(name(*part.color)), std::string::npos) << composition.caption;
            }
        if (!composition.size.empty()) {
            EXPECT_NE(text.find(composition.size), std::string::npos) << composition.caption;
        }
    });
}

/// Pixels at the rim that are not white.
int marksAtTheRim(const Example& example) {
    int marks = 0;
    for (int y = 0; y < example.height; ++y)
        for (int x = 0; x < example.width; ++x) {
            if (x != 0 && y != 0 && x != example.width - 1 && y != example.height - 1) continue;
            const std::uint8_t* p = &example.pixels[3 * static_cast<std::size_t>(y * example.width + x)];
            if (p[0] < 240 || p[1] < 240 || p[2] < 240) ++marks;
        }
    return marks;
}

TEST(EmojiExamples, TwoObjectsStandWhereTheCaptionSays) {
    OCHRE_EMOJI_OR_SKIP(set);
    ComposeOptions options;
    options.plain = options.color = options.background = options.colorInPair = options.backgroundInPair = 0;
    options.pair = 1;
    const EmojiExamples examples(test::loadedEmoji().set, options);
    int tried = 0;
    for (std::size_t i = 0; i < 400 && tried < 40; ++i) {
        const Composition composition = examples.composition(i, 0);
        if (composition.relation != Relation::LeftOf && composition.relation != Relation::RightOf) continue;
        const auto first = examples.colorOf(composition.parts[0].entry),
                   second = examples.colorOf(composition.parts[1].entry);
        if (!first || !second || first == second || !hasHue(*first) || !hasHue(*second)) continue;
        ++tried;
        const Example example = examples.example(i, 0);
        EXPECT_EQ(marksAtTheRim(example), 0) << example.caption << ": cut";
        double left = 0, right = 0; // of the first one's colour
        for (int y = 0; y < example.height; ++y)
            for (int x = 0; x < example.width; ++x) {
                const std::uint8_t* p = &example.pixels[3 * static_cast<std::size_t>(y * example.width + x)];
                if (!agrees(labOf(p[0], p[1], p[2]), *first)) continue;
                ++(x < example.width / 2 ? left : right);
            }
        EXPECT_EQ(left > right, composition.relation == Relation::LeftOf) << example.caption;
    }
    EXPECT_GT(tried, 10);
}

TEST(EmojiExamples, BackgroundsReachTheCornersWithoutHalos) {
    OCHRE_EMOJI_OR_SKIP(set);
    ComposeOptions options;
    options.plain = options.color = options.pair = options.gradient = options.colorOnBackground = 0;
    options.background = 1;
    const EmojiExamples examples(test::loadedEmoji().set, options);
    for (std::size_t i = 0; i < 60; ++i) {
        const std::size_t index = i * 31;
        const Composition composition = examples.composition(index, 0);
        ASSERT_TRUE(composition.background);
        const Example example = examples.example(index, 0);
        const std::uint8_t* p = example.pixels.data();
        EXPECT_TRUE(agrees(labOf(p[0], p[1], p[2]), *composition.background)) << example.caption;
    }
    // A black disc on white: no pixel of its edge is lighter than the ground or darker than the disc.
    Canvas canvas(32);
    canvas.fill({200, 100, 50}, {200, 100, 50});
    Sprite disc{64, 64, std::vector<std::uint8_t>(4 * 64 * 64)};
    for (int y = 0; y < 64; ++y)
        for (int x = 0; x < 64; ++x)
            if (std::hypot(x - 31.5, y - 31.5) < 25)
                disc.rgba[4 * static_cast<std::size_t>(y * 64 + x) + 3] = 255;
    canvas.place(disc, fitted(disc, 32));
    const auto pixels = canvas.rgb8();
    for (std::size_t i = 0; i < pixels.size(); i += 3) {
        EXPECT_LE(pixels[i], 200);
        EXPECT_NEAR(pixels[i + 1], pixels[i] / 2.0, 1.5);
    }
    EXPECT_EQ(pixels[3 * (16 * 32 + 16)], 0);
}

TEST(Sprite, AFlipIsAMirror) {
    Sprite sprite{5, 3, std::vector<std::uint8_t>(60)};
    for (std::size_t i = 0; i < sprite.rgba.size(); ++i)
        sprite.rgba[i] = i % 4 == 3 ? 255 : static_cast<std::uint8_t>(i * 4);
    Canvas plain(16), mirrored(16);
    plain.place(sprite, {8, 8, 2.6, false});
    mirrored.place(sprite, {8, 8, 2.6, true});
    const auto a = plain.rgba8(), b = mirrored.rgba8();
    for (std::size_t y = 0; y < 16; ++y)
        for (std::size_t x = 0; x < 16; ++x)
            for (std::size_t c = 0; c < 4; ++c)
                EXPECT_NEAR(a[4 * (16 * y + x) + c], b[4 * (16 * y + 15 - x) + c], 1);
}

TEST(Sprite, AtItsOwnScaleItStaysAsItIs) {
    Sprite sprite{8, 8, std::vector<std::uint8_t>(256)};
    for (std::size_t i = 0; i < sprite.rgba.size(); ++i)
        sprite.rgba[i] = i % 4 == 3 ? 255 : static_cast<std::uint8_t>(i);
    Canvas canvas(8);
    canvas.place(sprite, {4, 4, 1, false});
    EXPECT_EQ(canvas.rgba8(), sprite.rgba);
}

TEST(EmojiExamples, WrongOptionsAreNamed) {
    OCHRE_EMOJI_OR_SKIP(set);
    ComposeOptions options;
    options.side = 2;
    expectError([&] { EmojiExamples examples(test::loadedEmoji().set, options); }, "side of 2");
    options = {};
    options.plain = options.color = options.background = options.pair = 0;
    expectError([&] { EmojiExamples examples(test::loadedEmoji().set, options); }, "not all 0");
    expectError([&] { emojiExamples().example(set.size(), 0); }, "no example");
}

TEST(ExampleSheet, HoldsEveryExample) {
    OCHRE_EMOJI_OR_SKIP(set);
    const Image sheet = exampleSheet(emojiExamples(), 0, 6, 0, 3);
    EXPECT_GE(sheet.width(), 3 * 128);
    EXPECT_GE(sheet.height(), 2 * 128);
    EXPECT_EQ(sheet.channels(), 3);
}

} // namespace
} // namespace ochre::training
