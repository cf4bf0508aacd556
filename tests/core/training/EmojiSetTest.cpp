// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/EmojiSet.h"

#include <algorithm>
#include <set>

#include "core/base/File.h"
#include "tests/core/training/Emoji.h"
#include "tests/support/Support.h"

namespace ochre::training {
namespace {

using test::expectError;

constexpr const char* kTestText = "# group: Smileys & Emotion\n# subgroup: face-smiling\n"
                                  "1F600 ; fully-qualified # 😀 E1.0 grinning face\n"
                                  "263A ; unqualified # ☺ E0.6 smiling face\n"
                                  "263A FE0F ; fully-qualified # ☺️ E0.6 smiling face\n";

TEST(EmojiTest, OnlyFullyQualifiedSequencesCount) {
    const auto names = readEmojiTest(kTestText, "test.txt");
    ASSERT_EQ(names.size(), 2u);
    EXPECT_EQ(names[1].sequence, U"\x263A\xFE0F");
    EXPECT_EQ(names[1].name, "smiling face");
    EXPECT_EQ(names[1].group, "Smileys & Emotion");
    EXPECT_EQ(names[1].subgroup, "face-smiling");
}

TEST(EmojiTest, ABrokenLineIsNamed) {
    for (const char* line : {"1F600 grinning face", "1F6 00 zz ; fully-qualified # x E1.0 y",
                             "110000 ; fully-qualified # x E1.0 y", "1F600 ; fully-qualified # x",
                             "; fully-qualified # x E1.0 y"})
        expectError([&] { readEmojiTest(std::string(kTestText) + line, "test.txt"); }, "test.txt: line 6");
    expectError([] { readEmojiTest("", "test.txt"); }, "no fully-qualified");
    expectError([] { readEmojiTest("\xff\xfe", "test.txt"); }, "UTF-8");
}

TEST(EmojiAnnotations, NamesAndKeywordsAreJoined) {
    Annotations into;
    readAnnotations("<ldml><annotations><annotation cp='☺'>face | smile|  relaxed </annotation>"
                    "<annotation cp='☺' type='tts'>smiling face</annotation></annotations></ldml>",
                    "en.xml", into);
    ASSERT_EQ(into.size(), 1u);
    EXPECT_EQ(into[U"\x263A"].name, "smiling face");
    EXPECT_EQ(into[U"\x263A"].keywords, (std::vector<std::string>{"face", "smile", "relaxed"}));
}

TEST(EmojiAnnotations, BrokenXmlIsNamed) {
    Annotations into;
    expectError([&] { readAnnotations("<ldml><annotations>", "en.xml", into); }, "en.xml: byte");
    expectError([&] { readAnnotations("", "en.xml", into); }, "en.xml");
    expectError([&] { readAnnotations("<html/>", "en.xml", into); }, "ldml/annotations");
    expectError(
        [&] {
            readAnnotations("<ldml><annotations><annotation>x</annotation></annotations></ldml>", "en.xml",
                            into);
        },
        "no character");
}

TEST(EmojiFont, WhatIsNoFontIsNamed) {
    const test::TemporaryFolder folder;
    writeFileAtomic(folder / "empty.ttf", std::string_view());
    writeFileAtomic(folder / "text.ttf", std::string_view("this is no font at all, however long it may be"));
    for (const char* name : {"empty.ttf", "text.ttf"})
        expectError([&] { EmojiFont font(folder / name); }, name);
    expectError([&] { EmojiFont font(folder / "absent.ttf"); }, "absent.ttf");
}

TEST(EmojiFont, AFontWithoutColourIsNamed) {
    const std::filesystem::path plain = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";
    if (!std::filesystem::exists(plain)) GTEST_SKIP() << "needs " << plain;
    expectError([&] { EmojiFont font(plain); }, "bitmaps");
}

TEST(EmojiSet, HoldsNearlyAllOfUnicodesList) {
    OCHRE_EMOJI_OR_SKIP(set);
    const std::size_t listed = set.size() + set.withoutPicture().size();
    EXPECT_GE(set.size(), 3600u);
    EXPECT_LE(set.withoutPicture().size(), listed / 50);
    EXPECT_EQ(set.groups().size(), 9u);
    std::set<std::pair<std::size_t, std::string>> pairs;
    for (std::size_t i = 0; i < set.size(); ++i) pairs.emplace(set[i].samePicture, set[i].name);
    EXPECT_EQ(pairs.size(), set.size()) << "a picture with the same text twice";
}

TEST(EmojiSet, JoinedSequencesAreOnePicture) {
    OCHRE_EMOJI_OR_SKIP(set);
    for (const char* name :
         {"man firefighter: dark skin tone", "flag: Norway", "flag: Scotland", "keycap: 7", "red heart",
          "family: man, woman, girl, boy", "handshake: light skin tone, dark skin tone"})
        EXPECT_TRUE(set.find(name)) << name;
}

TEST(EmojiSet, SkinTonesKnowTheirBase) {
    OCHRE_EMOJI_OR_SKIP(set);
    const auto expectBase = [&](const char* name, const char* base, std::vector<int> tones) {
        const auto entry = set.find(name);
        ASSERT_TRUE(entry) << name;
        EXPECT_EQ(set[set[*entry].base].name, base);
        EXPECT_EQ(set[*entry].tones, tones);
    };
    expectBase("waving hand: medium skin tone", "waving hand", {3});
    expectBase("waving hand", "waving hand", {});
    expectBase("index pointing up: dark skin tone", "index pointing up", {5});
    expectBase("people holding hands: light skin tone, dark skin tone", "people holding hands", {1, 5});
    expectBase("woman: light skin tone, red hair", "woman: red hair", {1});
    for (std::size_t i = 0; i < set.size(); ++i) {
        ASSERT_TRUE(set[set[i].base].tones.empty()) << set[i].name;
    }
}

TEST(EmojiSet, EqualPicturesOfTwoFlagsAreFound) {
    OCHRE_EMOJI_OR_SKIP(set);
    const auto norway = set.find("flag: Norway"), bouvet = set.find("flag: Bouvet Island"),
               sweden = set.find("flag: Sweden");
    ASSERT_TRUE(norway && bouvet && sweden);
    EXPECT_EQ(set[*norway].samePicture, set[*bouvet].samePicture);
    EXPECT_NE(set[*norway].samePicture, set[*sweden].samePicture);
}

TEST(EmojiSet, PicturesFitAndAreNotCut) {
    OCHRE_EMOJI_OR_SKIP(set);
    for (const char* name : {"red apple", "flag: Norway", "grinning face"}) {
        const std::size_t entry = set.find(name).value();
        const auto picture = set.picture(entry);
        ASSERT_EQ(picture.size(), 4u * 128 * 128);
        // The upper and lower margins of the wider bitmap stay clear; the middle does not.
        for (std::size_t x = 0; x < 128; ++x) {
            EXPECT_EQ(picture[4 * x + 3], 0) << name;
            EXPECT_EQ(picture[4 * (127 * 128 + x) + 3], 0) << name;
        }
        EXPECT_EQ(picture[4 * (64 * 128 + 64) + 3], 255) << name;
    }
    const auto apple = set.picture(set.find("red apple").value());
    const std::uint8_t* middle = &apple[4 * (72 * 128 + 64)];
    EXPECT_GT(middle[0], middle[1] + 80) << "red";
    EXPECT_GT(middle[0], middle[2] + 80);
}

TEST(EmojiSet, MissingSourcesNameThePackage) {
    EmojiSources sources;
    sources.font = "/nowhere/font.ttf";
    expectError([&] { EmojiSet set(sources); }, "/nowhere/font.ttf");
}

} // namespace
} // namespace ochre::training
