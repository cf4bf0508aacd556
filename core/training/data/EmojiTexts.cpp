// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/EmojiTexts.h"

#include "core/base/Hash.h"

namespace ochre::training {

EmojiTexts::EmojiTexts(const EmojiSet& set) : m_groups(set.groups()) {
    for (std::size_t i = 0; i < set.size(); ++i) {
        const Emoji& emoji = set[i];
        m_entries.push_back({.name = emoji.name,
                             .keywords = emoji.keywords,
                             .group = emoji.groupIndex,
                             .toned = !emoji.tones.empty(),
                             .heldOut = isHeldOut(set[emoji.base].name)});
    }
}

bool EmojiTexts::isHeldOut(std::string_view baseName) {
    return hashText(baseName).low % kHeldOut == 0;
}

} // namespace ochre::training
