// SPDX-License-Identifier: GPL-3.0-or-later
// The emoji as texts with classes: what each is called, and the group that Unicode puts it into.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/training/data/EmojiSet.h"

namespace ochre::training {

struct EmojiText {
    std::string name;                  ///< CLDR's
    std::vector<std::string> keywords; ///< CLDR's, in its order
    int group = 0;                     ///< into EmojiTexts::groups()
    bool toned = false;                ///< has skin tones: a variant of another entry
    bool heldOut = false;
};

class EmojiTexts {
public:
    static constexpr int kHeldOut = 6; ///< one base in so many is held out

    explicit EmojiTexts(const EmojiSet& set);

    const std::vector<EmojiText>& entries() const { return m_entries; }
    const std::vector<std::string>& groups() const { return m_groups; }

    /// Whether the emoji of this name, with all its skin tones, is kept for tests: by a hash of the name without tones, so
    /// that it stays where it is when emoji are added.
    static bool isHeldOut(std::string_view baseName);

private:
    std::vector<EmojiText> m_entries;
    std::vector<std::string> m_groups;
};

} // namespace ochre::training
