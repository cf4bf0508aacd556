// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/EmojiWords.h"

#include "tests/core/training/Emoji.h"

namespace ochre::training {
namespace {

TEST(EmojiWords, NamesAreSaidInEnglish) {
    const struct {
        const char *name, *said;
    } cases[] = {
        {"red apple", "a red apple"},
        {"orange heart", "an orange heart"},
        {"face with tears of joy", "a face with tears of joy"},
        {"person: medium skin tone", "a person with medium skin tone"},
        {"man: beard", "a man with a beard"},
        {"woman: dark skin tone, bald", "a bald woman with dark skin tone"},
        {"woman: light skin tone, red hair", "a woman with light skin tone and red hair"},
        {"man in lotus position: light skin tone", "a man in lotus position with light skin tone"},
        {"person with white cane: dark skin tone", "a person with white cane and dark skin tone"},
        {"flag: Norway", "the flag of Norway"},
        {"flag: United States", "the flag of the United States"},
        {"keycap: 7", "a keycap with the number 7"},
        {"family: woman, woman, girl, boy", "a family of two women, a girl and a boy"},
        {"kiss: woman, man, light skin tone, dark skin tone",
         "a kiss of a woman with light skin tone and a man with dark skin tone"},
        {"people holding hands", "people holding hands"},
        {"couple with heart: woman, man", "a couple of a woman and a man with heart"},
        {"man lifting weights: dark skin tone", "a man lifting weights with dark skin tone"},
        {"Santa Claus: light skin tone", "Santa Claus with light skin tone"},
        {"thumbs up: dark skin tone", "thumbs up with dark skin tone"},
        {"grapes", "grapes"},
        {"octopus", "an octopus"},
        {"bread", "bread"},
        {"slice of bread", "a slice of bread"},
        {"hourglass done", "an hourglass with all sand below"},
        {"plus", "a plus sign"},
        {"breast-feeding: dark skin tone", "a woman breast-feeding with dark skin tone"},
        {"mx claus", "Mx Claus"},
        {"star-struck", "a star-struck face"},
        {"unicorn", "a unicorn"},
        {"euro banknote", "a euro banknote"},
        {"OK hand", "an OK hand"},
        {"A button (blood type)", "an A button (blood type)"},
        {"NEW button", "a NEW button"},
        {"T-Rex", "a T-Rex"},
        {"x-ray", "an x-ray"},
        {"woman’s hat", "a woman's hat"},
        {"Statue of Liberty", "the Statue of Liberty"},
        {"twelve o’clock", "twelve o'clock"},
        {"no smoking", "no smoking"},
        {"glasses", "glasses"},
        {"wine glass", "a wine glass"},
    };
    for (const auto& c : cases) EXPECT_EQ(wordingOf(c.name).said(), c.said);
}

TEST(EmojiWords, AColourTakesThePlaceOfTheNamesOwn) {
    EXPECT_EQ(wordingOf("red heart").said(true, NamedColor::Blue), "a blue heart");
    EXPECT_EQ(wordingOf("light blue heart").said(true, NamedColor::Orange), "an orange heart");
    EXPECT_EQ(wordingOf("large blue diamond").said(true, NamedColor::Red), "a large red diamond");
    EXPECT_EQ(wordingOf("cat").said(true, NamedColor::Orange), "an orange cat");
    EXPECT_EQ(wordingOf("two hearts").said(true, NamedColor::Green), "two green hearts");
    EXPECT_EQ(wordingOf("red apple").thing, "apple");
    EXPECT_EQ(wordingOf("red apple").color, NamedColor::Red);
    EXPECT_FALSE(wordingOf("light blue heart").color);
    EXPECT_FALSE(wordingOf("leafy green").color);
    EXPECT_EQ(wordingOf("leafy green").said(true, NamedColor::Pink), "a pink leafy green");
    EXPECT_EQ(wordingOf("tiger").said(true, NamedColor::Blue, "tiny"), "a tiny blue tiger");
    EXPECT_TRUE(wordingOf("large orange diamond").sized);
}

Emoji emojiOf(const char* name, const char* group, const char* subgroup,
              std::vector<std::string> keywords = {}) {
    Emoji emoji;
    emoji.name = name;
    emoji.group = group;
    emoji.subgroup = subgroup;
    emoji.keywords = std::move(keywords);
    return emoji;
}

TEST(EmojiWords, NothingThatSpeaksOfSidesIsMirrored) {
    EXPECT_TRUE(mayFlip(emojiOf("red apple", "Food & Drink", "food-fruit")));
    EXPECT_TRUE(mayFlip(emojiOf("cat", "Animals & Nature", "animal-mammal")));
    for (const Emoji& emoji :
         {emojiOf("right arrow", "Symbols", "arrow"), emojiOf("left-facing fist", "People & Body", "hands"),
          emojiOf("flag: Norway", "Flags", "country-flag"), emojiOf("one o’clock", "Travel & Places", "time"),
          emojiOf("keycap: 7", "Symbols", "keycap"), emojiOf("magnifying glass tilted left", "Objects", "x"),
          emojiOf("pool table", "Activities", "game", {"ball", "8"}),
          emojiOf("calendar", "Objects", "office")})
        EXPECT_FALSE(mayFlip(emoji)) << emoji.name;
}

TEST(EmojiWords, FlagsAndPeopleKeepTheirColours) {
    EXPECT_TRUE(mayRecolor(emojiOf("cat", "Animals & Nature", "animal-mammal")));
    EXPECT_TRUE(mayRecolor(emojiOf("red heart", "Smileys & Emotion", "heart")));
    EXPECT_FALSE(mayRecolor(emojiOf("flag: Norway", "Flags", "country-flag")));
    EXPECT_FALSE(mayRecolor(emojiOf("firefighter", "People & Body", "person-role")));
    EXPECT_FALSE(mayRecolor(emojiOf("rainbow", "Travel & Places", "sky & weather")));
    Emoji toned = emojiOf("waving hand: dark skin tone", "People & Body", "hand-fingers-open");
    toned.tones = {5};
    EXPECT_FALSE(mayRecolor(toned));
}

TEST(EmojiWords, NoNameIsLeftInUnicodesShorthand) {
    OCHRE_EMOJI_OR_SKIP(set);
    for (std::size_t i = 0; i < set.size(); ++i) {
        const std::string said = wordingOf(set[i].name).said();
        EXPECT_EQ(said.find(": "), std::string::npos) << said;
        EXPECT_EQ(said.find("  "), std::string::npos) << said;
        EXPECT_NE(said.back(), ' ') << said;
        for (const char* wrong : {"a a ", "a an ", "an a ", "the the ", "a the "})
            EXPECT_FALSE(said.starts_with(wrong)) << said;
    }
}

} // namespace
} // namespace ochre::training
