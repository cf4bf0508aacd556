// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/Combinations.h"

#include <algorithm>

#include "core/base/Hash.h"

namespace ochre::training {
namespace {

bool picked(const std::string& words, unsigned oneIn) {
    return oneIn > 0 && hashText(words).low % oneIn == 0;
}

} // namespace

Combinations::Combinations(const std::vector<Wording>& wordings, unsigned oneIn) : m_oneIn(oneIn) {
    for (const Wording& wording : wordings)
        if (wording.color) m_drawn.insert(std::string(name(*wording.color)) + ' ' + wording.thing);
}

bool Combinations::colorHeldOut(std::string_view thing, NamedColor color) const {
    const std::string words = std::string(name(color)) + ' ' + std::string(thing);
    return picked("colour: " + words, m_oneIn) && !m_drawn.contains(words);
}

bool Combinations::backgroundHeldOut(std::string_view thing, NamedColor background) const {
    return picked("background: " + std::string(name(background)) + ' ' + std::string(thing), m_oneIn);
}

bool Combinations::pairHeldOut(std::string_view thing, std::string_view other) const {
    if (other < thing) std::swap(thing, other);
    return picked("pair: " + std::string(thing) + " | " + std::string(other), m_oneIn);
}

} // namespace ochre::training
