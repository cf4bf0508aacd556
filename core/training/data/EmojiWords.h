// SPDX-License-Identifier: GPL-3.0-or-later
// Emoji names as people would say them: "person: medium skin tone" is "a person with medium skin tone", "red
// heart" made blue is "a blue heart".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/training/data/EmojiSet.h"
#include "core/training/data/NamedColor.h"

namespace ochre::training {

enum class Article { None, Indefinite, The };

/// One name, taken apart so that adjectives can be put in.
struct Wording {
    Article article = Article::Indefinite;
    bool plural = false;
    bool sized = false;              ///< speaks of a size already, or has no place for one
    std::string before, after;       ///< of the place of a colour: "large ", "diamond"
    std::string colorText;           ///< the name's own colour as written: "light blue"; mostly empty
    std::optional<NamedColor> color; ///< that colour, where it is one of the twelve
    std::string thing;               ///< the name without colour

    /// "a red apple"; with another colour in its place, and a size before it ("small"), both optional.
    std::string said(bool withArticle = true, std::optional<NamedColor> other = {},
                     std::string_view size = {}) const;
};

/// Names as in CLDR.
Wording wordingOf(std::string_view name);

/// "an" before a vowel as it is spoken ("an hourglass", "a unicorn", "an OK hand").
const char* indefiniteArticle(std::string_view word);

/// May be mirrored: nothing in words or sequence speaks of left and right, letters, digits, flags, clocks or
/// arrows.
bool mayFlip(const Emoji& emoji);
/// May take another colour: no flags, people, signs or whole scenes.
bool mayRecolor(const Emoji& emoji);
/// An object that can stand beside another one under a name of at most four words.
bool mayPair(const Emoji& emoji);

/// The keywords that are words of everyday English, without those on skin tones.
std::vector<std::string> plainKeywords(const Emoji& emoji);

} // namespace ochre::training
