// SPDX-License-Identifier: GPL-3.0-or-later
// Which combinations of things, colours and backgrounds are kept from training, so that what a model makes of
// them is its own.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/training/data/EmojiWords.h"

namespace ochre::training {

/// A stable hash of the words decides, so one in `oneIn` is held out, the same ones with every version and
/// machine. Things are Wording::thing: "apple" for "red apple" and "green apple".
class Combinations {
public:
    /// `wordings` of all entries: what the font draws as it is ("green apple") is never held out. `oneIn` 0
    /// holds out none.
    Combinations(const std::vector<Wording>& wordings, unsigned oneIn);

    bool colorHeldOut(std::string_view thing, NamedColor color) const;
    bool backgroundHeldOut(std::string_view thing, NamedColor background) const;
    bool pairHeldOut(std::string_view thing, std::string_view other) const; ///< in either order

private:
    unsigned m_oneIn;
    std::unordered_set<std::string> m_drawn; ///< "green apple"
};

} // namespace ochre::training
