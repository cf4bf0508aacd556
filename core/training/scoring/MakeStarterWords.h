// SPDX-License-Identifier: GPL-3.0-or-later
// The table by which prompts in other words are read, made from the emoji's names and keywords.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/training/data/EmojiSet.h"

namespace ochre::training {

struct KnownText {
    std::string text;
    std::size_t name = 0; ///< into KnownTexts::names
};

struct KnownTexts {
    std::vector<std::string> names; ///< with their articles
    std::vector<KnownText> texts;   ///< each once: names, keywords, names with a keyword, all keywords of a name
};

/// Of the entries without skin tone. Keywords that captions of training may not use are left out, so that prompts made of them
/// stay a measure.
KnownTexts knownTexts(const EmojiSet& set);

/// Needs the emoji and the text encoder; takes a minute or two. Throws Error.
void writeStarterWords(const std::filesystem::path& file);

} // namespace ochre::training
