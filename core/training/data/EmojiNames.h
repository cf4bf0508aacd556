// SPDX-License-Identifier: GPL-3.0-or-later
// Which emoji there are and what they are called: Unicode's emoji-test.txt (groups and sequences, UTS #51)
// joined with the English annotations of CLDR (LDML part 2, "Annotations").
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ochre::training {

/// The four files, as Debian's fonts-noto-color-emoji, unicode-data and unicode-cldr-core install them.
struct EmojiSources {
    std::filesystem::path font, test, annotations, derived;

    /// Throws Error that names the package to install where one is in none of the usual places.
    static EmojiSources find();
};

struct EmojiName {
    std::u32string sequence; ///< fully qualified, with variation selectors
    std::string name;        ///< CLDR's short name: "waving hand: light skin tone"
    std::vector<std::string>
        keywords; ///< in CLDR's order, without the name itself; empty for what CLDR does not know yet
    std::string group, subgroup; ///< "Food & Drink", "food-fruit"
};

/// Every fully-qualified sequence, in the file's order, its name as the file gives it. Throws Error (Broken)
/// with the line.
std::vector<EmojiName> readEmojiTest(std::string_view text, const std::string& subject);

struct Annotation {
    std::string name; ///< the text to speech name; may be empty
    std::vector<std::string> keywords;
};
/// By sequence without U+FE0F, as CLDR writes them.
using Annotations = std::map<std::u32string, Annotation>;

/// Adds what an annotations file holds. Throws Error (Broken).
void readAnnotations(std::string_view xml, const std::string& subject, Annotations& into);

/// Both joined.
std::vector<EmojiName> readEmojiNames(const EmojiSources& sources);

/// Without U+FE0F (variation selector 16).
std::u32string withoutSelectors(std::u32string_view sequence);
bool isSkinTone(char32_t c); ///< U+1F3FB…U+1F3FF

} // namespace ochre::training
