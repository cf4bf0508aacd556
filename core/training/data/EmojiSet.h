// SPDX-License-Identifier: GPL-3.0-or-later
// The emoji as pictures with words: every sequence of Unicode's list that the font joins into one picture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/training/data/EmojiFont.h"
#include "core/training/data/EmojiNames.h"

namespace ochre::training {

struct Emoji {
    std::u32string sequence;
    std::string name; ///< CLDR's: "waving hand: light skin tone"
    std::vector<std::string> keywords;
    std::string group, subgroup;
    int groupIndex = 0;          ///< into EmojiSet::groups()
    std::vector<int> tones;      ///< skin tones 1 (light) … 5 (dark) in the order of the sequence
    std::size_t base = 0;        ///< the entry without skin tones; itself where it has none
    std::size_t samePicture = 0; ///< the first entry with exactly this picture; itself where it is the first
    std::uint32_t glyph = 0;
};

class EmojiSet {
public:
    /// Throws Error. Takes some tens of milliseconds; pictures are drawn when they are asked for.
    explicit EmojiSet(const EmojiSources& sources = EmojiSources::find());

    std::size_t size() const { return m_entries.size(); }
    const Emoji& operator[](std::size_t index) const { return m_entries[index]; }
    const std::vector<std::string>& groups() const { return m_groups; } ///< in Unicode's order
    std::optional<std::size_t> find(std::string_view name) const;       ///< by CLDR's name

    /// Sequences of the list that the font has no picture for.
    const std::vector<std::string>& withoutPicture() const { return m_withoutPicture; }

    /// As the font holds it. Safe to call from several threads, as picture().
    Sprite bitmap(std::size_t index) const { return m_font->bitmap(m_entries[index].glyph); }
    /// RGBA, 8 bit, straight alpha, side×side: the whole bitmap made to fit, in the middle.
    std::vector<std::uint8_t> picture(std::size_t index, int side = 128) const;

private:
    void relate();

    std::unique_ptr<EmojiFont> m_font;
    std::vector<Emoji> m_entries;
    std::vector<std::string> m_groups, m_withoutPicture;
};

/// What brings a sprite into a square without cutting it.
Placement fitted(const Sprite& sprite, int side);

} // namespace ochre::training
