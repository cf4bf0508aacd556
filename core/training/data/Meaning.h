// SPDX-License-Identifier: GPL-3.0-or-later
// What compositions say of each other: whether the words of one are true of a picture of the other, and what a picture
// could be mistaken for. For models that tell right captions from wrong ones.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/training/data/Compose.h"

namespace ochre::training {

/// The words that prompts use: "a tiny cat", "a blue cat on a yellow background", "an apple left of a rocket".
std::string promptOf(const EmojiExamples& examples, const Composition& composition);

/// Whether what the words of `said` say may be true of a picture of `shown`. Words that leave something open are true of
/// all that it can be: "a cat" of a blue cat, and of a cat beside a rocket. Keywords that things share are not looked at.
bool mayDescribe(const EmojiExamples& examples, const Composition& said, const Composition& shown);

/// Compositions that are close to a given one, and are something else.
class Twins {
public:
    explicit Twins(const EmojiExamples& examples);

    /// The same with another colour, background, partner or side; a plain thing's twin is one of its kind. With a caption.
    /// Rarely, where nothing else is near, the words of one are true of the other.
    Composition twinOf(const Composition& composition, Draw& draw) const;

private:
    std::size_t neighbour(std::size_t entry, Draw& draw) const;
    void recolour(Composition& composition, std::size_t part, Draw& draw) const;
    void changePair(Composition& pair, Draw& draw) const;

    const EmojiExamples& m_examples;
    std::vector<std::vector<std::size_t>> m_kinds; ///< entries of a subgroup, those with skin tones apart
    std::vector<std::size_t> m_kindOf;             ///< by entry
    std::vector<std::size_t> m_pairable;
};

} // namespace ochre::training
