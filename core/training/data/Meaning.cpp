// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/Meaning.h"

#include <map>
#include <utility>

#include <fmt/format.h>

namespace ochre::training {
namespace {

constexpr int kTries = 32;
using Part = Composition::Part;

NamedColor groundOf(const Composition& composition) {
    return composition.background.value_or(NamedColor::White);
}

bool isSmall(std::string_view size) {
    return size == "small" || size == "tiny";
}

Relation mirrored(Relation relation) {
    switch (relation) {
    case Relation::LeftOf:
        return Relation::RightOf;
    case Relation::RightOf:
        return Relation::LeftOf;
    case Relation::Above:
        return Relation::Below;
    case Relation::Below:
        return Relation::Above;
    default:
        return relation;
    }
}

bool isDirected(Relation relation) {
    return relation != Relation::None && relation != Relation::Beside;
}

bool partAgrees(const EmojiExamples& examples, const Part& said, const Part& shown) {
    const EmojiSet& set = examples.set();
    if (set[said.entry].samePicture != set[shown.entry].samePicture) return false;
    return !said.color || said.color == (shown.color ? shown.color : examples.colorOf(shown.entry));
}

/// A thing that is not said to be small fills the picture about as a large one does; in pairs all are small.
bool sizeAgrees(const Composition& said, const Composition& shown) {
    if (said.size.empty() || shown.parts.size() > 1) return true;
    return isSmall(said.size) == isSmall(shown.size);
}

bool relationAgrees(Relation said, Relation shown) {
    return said == shown || !isDirected(said) || !isDirected(shown);
}

bool pairAgrees(const EmojiExamples& examples, const Composition& said, const Composition& shown) {
    const auto agrees = [&](std::size_t first, Relation relation) {
        return partAgrees(examples, said.parts[0], shown.parts[first]) &&
               partAgrees(examples, said.parts[1], shown.parts[1 - first]) && relationAgrees(said.relation, relation);
    };
    return agrees(0, shown.relation) || agrees(1, mirrored(shown.relation));
}

} // namespace

std::string promptOf(const EmojiExamples& examples, const Composition& composition) {
    const auto said = [&](const Part& part) {
        return examples.wordings()[part.entry].said(true, part.color, composition.size);
    };
    std::string text = said(composition.parts.at(0));
    if (composition.parts.size() == 2) text = pairPrompt(text, said(composition.parts[1]), composition.relation);
    if (composition.background) {
        const char* const ground = name(*composition.background);
        text += composition.parts.size() == 2 ? fmt::format(", {} background", ground)
                                              : fmt::format(" on {} {} background", indefiniteArticle(ground), ground);
    }
    return text;
}

bool mayDescribe(const EmojiExamples& examples, const Composition& said, const Composition& shown) {
    if (said.background && *said.background != groundOf(shown)) return false;
    if (said.parts.size() == 2) return shown.parts.size() == 2 && pairAgrees(examples, said, shown);
    if (!sizeAgrees(said, shown)) return false;
    for (const Part& part : shown.parts)
        if (partAgrees(examples, said.parts.at(0), part)) return true;
    return false;
}

Twins::Twins(const EmojiExamples& examples) : m_examples(examples), m_kindOf(examples.size()) {
    const EmojiSet& set = examples.set();
    std::map<std::pair<std::string, bool>, std::size_t> known;
    for (std::size_t i = 0; i < set.size(); ++i) {
        const auto kind = known.emplace(std::pair(set[i].subgroup, !set[i].tones.empty()), m_kinds.size()).first->second;
        if (kind == m_kinds.size()) m_kinds.emplace_back();
        m_kinds[kind].push_back(i);
        m_kindOf[i] = kind;
        if (mayPair(set[i])) m_pairable.push_back(i);
    }
}

std::size_t Twins::neighbour(std::size_t entry, Draw& draw) const {
    const std::vector<std::size_t>& kind = m_kinds[m_kindOf[entry]];
    for (int i = 0; i < kTries; ++i) {
        const std::size_t other = i < kTries / 2 ? kind[draw.below(kind.size())] : draw.below(m_examples.size());
        if (m_examples.set()[other].samePicture != m_examples.set()[entry].samePicture) return other;
    }
    return entry;
}

void Twins::recolour(Composition& composition, std::size_t index, Draw& draw) const {
    Part& part = composition.parts[index];
    for (int i = 0; i < kTries; ++i) {
        const NamedColor color = namedColorAt(draw.below(kNamedColorCount));
        if (color == part.color || color == composition.background) continue;
        part.color = color;
        part.repaint = color != m_examples.colorOf(part.entry);
        return;
    }
}

void Twins::changePair(Composition& pair, Draw& draw) const {
    const bool colored = pair.parts[0].color || pair.parts[1].color;
    const double which = draw.unit();
    if (isDirected(pair.relation) && which < 0.5) {
        pair.relation = mirrored(pair.relation);
        return;
    }
    if (colored && which < 0.75) return recolour(pair, pair.parts[0].color ? 0 : 1, draw);
    const std::size_t changed = draw.below(2);
    for (int i = 0; i < kTries && !m_pairable.empty(); ++i) {
        const std::size_t other = m_pairable[draw.below(m_pairable.size())];
        const std::string& thing = m_examples.wordings()[other].thing;
        if (thing == m_examples.wordings()[pair.parts[0].entry].thing || thing == m_examples.wordings()[pair.parts[1].entry].thing)
            continue;
        pair.parts[changed] = {other};
        return;
    }
}

Composition Twins::twinOf(const Composition& composition, Draw& draw) const {
    Composition twin = composition;
    if (twin.parts.size() == 2) {
        changePair(twin, draw);
    } else if (twin.background && !(twin.parts[0].color && draw.chance(0.5))) {
        const auto shown = twin.parts[0].color ? twin.parts[0].color : m_examples.colorOf(twin.parts[0].entry);
        for (int i = 0; i < kTries && twin.background == composition.background; ++i) {
            const NamedColor ground = namedColorAt(draw.below(kNamedColorCount));
            if (ground != shown) twin.background = ground;
        }
    } else if (twin.parts[0].color) {
        recolour(twin, 0, draw);
    } else if (!twin.size.empty()) {
        twin.size = isSmall(twin.size) ? "large" : "small";
    } else {
        twin.parts[0].entry = neighbour(twin.parts[0].entry, draw);
    }
    twin.caption = m_examples.captionOf(draw, twin);
    return twin;
}

} // namespace ochre::training
