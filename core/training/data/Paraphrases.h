// SPDX-License-Identifier: GPL-3.0-or-later
// Words kept from the captions of training, and prompts made of them: does a model know a thing by words that
// it never saw?
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/training/data/EmojiSet.h"

namespace ochre::training {

struct Paraphrase {
    std::size_t entry = 0;
    std::string prompt;
    bool newWord =
        false; ///< a keyword that captions never use; else the name's own words in an order they never have
};

/// For each entry the keyword that captions must not use; mostly empty. About half of the entries without
/// skin tone that have three or more keywords give up one that few others share; their skin tones do as well.
std::vector<std::string> reservedKeywords(const EmojiSet& set);

/// All prompts, in the order of entries: "bunny, pet", "an apple that is red", "a woman who is swimming".
std::vector<Paraphrase> paraphrases(const EmojiSet& set, const std::vector<std::string>& reserved);

} // namespace ochre::training
