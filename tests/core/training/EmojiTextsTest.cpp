// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/EmojiTexts.h"

#include <map>
#include <set>

#include "tests/core/training/Emoji.h"
#include "tests/support/Support.h"

namespace ochre::training {
namespace {

/// "kiss: person, person, light skin tone" → "kiss: person, person".
std::string withoutTones(const std::string& name) {
    std::string rest = name;
    for (const char* tone : {"medium-light skin tone", "medium-dark skin tone", "light skin tone", "medium skin tone", "dark skin tone"})
        for (const char* joint : {": ", ", "})
            for (std::size_t at; (at = rest.find(std::string(joint) + tone)) != std::string::npos;)
                rest.erase(at, std::string(joint).size() + std::string(tone).size());
    return rest;
}

TEST(EmojiTexts, VariantsNeverStandOnBothSides) {
    OCHRE_EMOJI_OR_SKIP(set);
    const EmojiTexts texts(set);
    std::map<std::string, std::set<bool>> sides;
    std::size_t toned = 0, heldOut = 0;
    for (const EmojiText& entry : texts.entries()) {
        // A couple without tones has a name of its own, "kiss"; those with tones tell the persons, too.
        std::string base = withoutTones(entry.name);
        if (base.starts_with("kiss:") || base.starts_with("couple with heart:")) base = base.substr(0, base.find(':')) + (base.find("person") != std::string::npos ? "" : base.substr(base.find(':')));
        sides[base].insert(entry.heldOut);
        toned += entry.toned;
        heldOut += entry.heldOut;
        EXPECT_EQ(entry.toned, entry.name.find("skin tone") != std::string::npos) << entry.name;
    }
    for (const auto& [base, seen] : sides) EXPECT_EQ(seen.size(), 1u) << base;
    EXPECT_GT(toned, 1000u);
    const double share = static_cast<double>(heldOut) / static_cast<double>(texts.entries().size());
    EXPECT_NEAR(share, 1.0 / EmojiTexts::kHeldOut, 0.05);
}

TEST(EmojiTexts, EveryGroupIsLearnedAndHeldOut) {
    OCHRE_EMOJI_OR_SKIP(set);
    const EmojiTexts texts(set);
    std::map<int, std::set<bool>> sides;
    for (const EmojiText& entry : texts.entries()) sides[entry.group].insert(entry.heldOut);
    EXPECT_EQ(sides.size(), texts.groups().size());
    for (const auto& [group, seen] : sides) EXPECT_EQ(seen.size(), 2u) << texts.groups()[static_cast<std::size_t>(group)];
}

TEST(EmojiTexts, TheSplitIsAFixedOne) {
    int heldOut = 0;
    for (int i = 0; i < 6000; ++i) heldOut += EmojiTexts::isHeldOut("emoji " + std::to_string(i));
    EXPECT_NEAR(heldOut, 1000, 120);
    EXPECT_EQ(EmojiTexts::isHeldOut("red apple"), EmojiTexts::isHeldOut("red apple"));
}

} // namespace
} // namespace ochre::training
