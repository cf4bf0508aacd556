// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/Compose.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/TaskPool.h"
#include "core/training/data/Recolor.h"

namespace ochre::training {
namespace {

constexpr std::size_t kTelling = 5; // entries that may share a keyword which stands alone
constexpr int kTries = 32;          // of a combination that is not held out
constexpr const char* kTones[] = {"light", "medium-light", "medium", "medium-dark", "dark"};

std::vector<Wording> wordingsOf(const EmojiSet& set) {
    std::vector<Wording> wordings;
    for (std::size_t i = 0; i < set.size(); ++i) wordings.push_back(wordingOf(set[i].name));
    // Skin tones do not make another thing.
    for (std::size_t i = 0; i < set.size(); ++i) wordings[i].thing = wordings[set[i].base].thing;
    return wordings;
}

bool holds(const std::vector<std::size_t>& sorted, std::size_t value) {
    return std::binary_search(sorted.begin(), sorted.end(), value);
}

/// "pink", "light blue": what a thing has, never what it is.
bool isColor(std::string_view word) {
    return namedColor(word.substr(word.rfind(' ') + 1)).has_value(); // npos + 1 is 0
}

/// The entry itself where it is in the list, else any of the list.
std::size_t oneOf(Draw& draw, const std::vector<std::size_t>& sorted, std::size_t entry) {
    return holds(sorted, entry) || sorted.empty() ? entry : sorted[draw.below(sorted.size())];
}

double longerSide(const Box& box) {
    return std::max({box.width, box.height, 1});
}

/// The visible part with its middle at (x, y) and its longer side `longest`, all in pixels.
Placement centred(const Sprite& sprite, const Box& box, double x, double y, double longest, bool flip) {
    const double scale = longest / longerSide(box);
    const double right = (box.x + box.width / 2.0 - sprite.width / 2.0) * (flip ? -1 : 1);
    return {x - right * scale, y - (box.y + box.height / 2.0 - sprite.height / 2.0) * scale, scale, flip};
}

/// Moved so that nothing visible is cut; what is larger than the canvas is left in the middle.
void keepInside(Placement& placement, const Sprite& sprite, const Box& box, double side) {
    const auto inside = [&](double& at, double from, double size) {
        const double low = at + from * placement.scale, high = low + size * placement.scale;
        if (high - low >= side)
            at += side / 2 - (low + high) / 2;
        else
            at += std::max(0.0, -low) - std::max(0.0, high - side);
    };
    const double x = placement.flip ? sprite.width - box.x - box.width : box.x;
    inside(placement.x, x - sprite.width / 2.0, box.width);
    inside(placement.y, box.y - sprite.height / 2.0, box.height);
}

void fillBackground(Draw& draw, Canvas& canvas, std::optional<NamedColor> color, double gradient) {
    if (!color || *color == NamedColor::White) return canvas.fill({255, 255, 255}, {255, 255, 255});
    const Lab lab = typical(*color);
    const auto l = static_cast<float>(lab.l + draw.between(-0.03, 0.03));
    const auto chroma = static_cast<float>(lab.chroma() * draw.between(0.85, 1.05));
    const auto hue = static_cast<float>(lab.hue() + draw.between(-5, 5));
    const float slope = draw.chance(gradient) ? 0.05f : 0;
    canvas.fill(rgbOf(labOfLch(l + slope, chroma, hue)), rgbOf(labOfLch(l - slope, chroma, hue)));
}

} // namespace

EmojiExamples::EmojiExamples(std::shared_ptr<const EmojiSet> set, const ComposeOptions& options,
                             const Cancel& cancel)
    : m_set(std::move(set)), m_options(options), m_wordings(wordingsOf(*m_set)),
      m_combinations(m_wordings, options.heldOutOneIn), m_reserved(reservedKeywords(*m_set)) {
    const ComposeOptions& o = m_options;
    if (o.side < 8 || o.side > 4096)
        throw Error(fmt::format("emoji examples: a side of {} pixels", o.side), "choose 8 to 4096");
    if (!(o.plain >= 0 && o.color >= 0 && o.background >= 0 && o.pair >= 0 &&
          o.plain + o.color + o.background + o.pair > 0))
        throw Error(
            fmt::format("emoji examples: shares of {} plain, {} coloured, {} on backgrounds and {} in pairs",
                        o.plain, o.color, o.background, o.pair),
            "none may be negative, and not all 0");
    for (std::size_t i = 0; i < m_set->size(); ++i) {
        if ((*m_set)[i].tones.empty()) m_bases.push_back(i);
        if (mayRecolor((*m_set)[i])) m_colorable.push_back(i);
        if (mayPair((*m_set)[i])) m_pairable.push_back(i);
    }
    sortKeywords();
    lookAtColors(cancel);
}

void EmojiExamples::sortKeywords() {
    std::unordered_map<std::string, std::size_t> uses;
    for (std::size_t i = 0; i < m_set->size(); ++i)
        if ((*m_set)[i].base == i)
            for (const std::string& word : plainKeywords((*m_set)[i])) ++uses[word];
    m_words.resize(m_set->size());
    for (std::size_t i = 0; i < m_set->size(); ++i) {
        Words& words = m_words[i];
        for (std::string& word : plainKeywords((*m_set)[i]))
            if (word != m_reserved[i])
                (uses[word] <= kTelling && !isColor(word) ? words.telling : words.common)
                    .push_back(std::move(word));
        for (const int tone : (*m_set)[i].tones)
            words.tone.append(words.tone.empty() ? "" : ", ").append(kTones[tone - 1]).append(" skin tone");
    }
}

void EmojiExamples::lookAtColors(const Cancel& cancel) {
    m_natural.resize(m_set->size());
    TaskPool::shared().parallelFor(
        m_bases.size(), 16,
        [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i)
                m_natural[m_bases[i]] = m_wordings[m_bases[i]].color
                                            ? m_wordings[m_bases[i]].color
                                            : naturalColor(m_set->bitmap(m_bases[i]));
        },
        cancel);
}

Example EmojiExamples::example(std::size_t index, std::uint64_t drawNumber) const {
    Draw draw(m_options.seed, index, drawNumber);
    Composition composition = choose(draw, index);
    Example example{m_options.side, m_options.side, 3, paint(draw, composition), std::move(composition.caption)};
    example.label = (*m_set)[composition.parts.front().entry].groupIndex;
    return example;
}

Composition EmojiExamples::composition(std::size_t index, std::uint64_t drawNumber) const {
    Draw draw(m_options.seed, index, drawNumber);
    return choose(draw, index);
}

Composition EmojiExamples::compositionOf(const HeldOutPrompt& prompt) const {
    Composition composition;
    composition.kind = prompt.kind;
    composition.parts = {{prompt.first}};
    if (prompt.second) composition.parts.push_back({*prompt.second});
    if (prompt.kind == ExampleKind::Background) {
        composition.background = prompt.color;
    } else if (prompt.color) {
        composition.parts[0].color = prompt.color;
        composition.parts[0].repaint = prompt.color != m_natural[prompt.first];
    }
    composition.relation = prompt.relation;
    composition.caption = prompt.prompt;
    return composition;
}

Example EmojiExamples::drawn(const Composition& composition, std::uint64_t drawNumber) const {
    Draw draw(m_options.seed, composition.parts.at(0).entry, drawNumber);
    Example example{m_options.side, m_options.side, 3, paint(draw, composition), composition.caption};
    example.label = (*m_set)[composition.parts[0].entry].groupIndex;
    return example;
}

std::string EmojiExamples::captionOf(Draw& draw, const Composition& composition) const {
    const Composition::Part& first = composition.parts.at(0);
    const Wording& wording = m_wordings[first.entry];
    if (composition.parts.size() == 2) {
        const auto said = [&](const Composition::Part& part) { return m_wordings[part.entry].said(true, part.color); };
        const std::string text = pairCaption(draw, said(first), said(composition.parts[1]), composition.relation);
        return composition.background ? fmt::format("{}, {} background", text, name(*composition.background)) : text;
    }
    if (composition.background) return backgroundCaption(draw, wording, first.color, *composition.background);
    if (first.color || !composition.size.empty()) return objectCaption(draw, wording, first.color, composition.size);
    const Words& words = m_words[first.entry];
    return plainCaption(draw, wording, {words.telling, words.common, words.tone}, m_options.keywordsAlone);
}

Composition EmojiExamples::choose(Draw& draw, std::size_t index) const {
    if (index >= m_set->size())
        throw Error(fmt::format("emoji examples: there is no example {} of {}", index, m_set->size()));
    const std::array<double, 4> shares = {m_options.plain, m_options.color, m_options.background,
                                          m_options.pair};
    const auto kind = static_cast<ExampleKind>(draw.weighted(shares));
    std::size_t entry = index;
    if (!(*m_set)[entry].tones.empty() && !draw.chance(m_options.toneKept))
        entry = m_bases[draw.below(m_bases.size())];
    std::optional<Composition> composition;
    if (kind == ExampleKind::Color) composition = chooseColor(draw, oneOf(draw, m_colorable, entry));
    if (kind == ExampleKind::Background) composition = chooseBackground(draw, entry);
    if (kind == ExampleKind::Pair) composition = choosePair(draw, oneOf(draw, m_pairable, entry));
    return composition ? *std::move(composition) : choosePlain(draw, entry);
}

namespace {

std::string_view drawnSize(Draw& draw) {
    constexpr std::array<double, 4> kWeights = {0.35, 0.25, 0.25, 0.15};
    constexpr std::string_view kSizes[] = {"small", "tiny", "large", "big"};
    return kSizes[draw.weighted(kWeights)];
}

} // namespace

Composition EmojiExamples::choosePlain(Draw& draw, std::size_t entry) const {
    const Wording& wording = m_wordings[entry];
    Composition composition;
    composition.parts = {{entry}};
    if (!wording.sized && (*m_set)[entry].group != "Flags" && draw.chance(m_options.sized))
        composition.size = drawnSize(draw);
    composition.caption = captionOf(draw, composition);
    return composition;
}

void EmojiExamples::colorPart(Draw& draw, Composition::Part& part) const {
    for (int i = 0; i < kTries && !part.color; ++i) {
        const NamedColor color = namedColorAt(draw.below(kNamedColorCount));
        if (m_combinations.colorHeldOut(m_wordings[part.entry].thing, color)) continue;
        part.color = color;
        part.repaint = color != m_natural[part.entry];
    }
}

std::optional<NamedColor> EmojiExamples::shown(const Composition::Part& part) const {
    return part.color ? part.color : m_natural[part.entry];
}

std::optional<Composition> EmojiExamples::chooseColor(Draw& draw, std::size_t entry) const {
    Composition composition;
    composition.kind = ExampleKind::Color;
    composition.parts = {{entry}};
    if (holds(m_colorable, entry)) colorPart(draw, composition.parts[0]);
    if (!composition.parts[0].color) return std::nullopt;
    if (!m_wordings[entry].sized && draw.chance(m_options.sized)) composition.size = drawnSize(draw);
    composition.caption = captionOf(draw, composition);
    return composition;
}

std::optional<Composition> EmojiExamples::chooseBackground(Draw& draw, std::size_t entry) const {
    Composition composition;
    composition.kind = ExampleKind::Background;
    composition.parts = {{entry}};
    if (holds(m_colorable, entry) && draw.chance(m_options.colorOnBackground))
        colorPart(draw, composition.parts[0]);
    for (int i = 0; i < kTries && !composition.background; ++i) {
        const NamedColor color = namedColorAt(draw.below(kNamedColorCount));
        if (color == shown(composition.parts[0]) ||
            m_combinations.backgroundHeldOut(m_wordings[entry].thing, color))
            continue;
        composition.background = color;
    }
    if (!composition.background) return std::nullopt;
    composition.caption = captionOf(draw, composition);
    return composition;
}

std::optional<Composition> EmojiExamples::choosePair(Draw& draw, std::size_t entry) const {
    constexpr std::array<double, 6> kRelations = {0, 0.2, 0.2, 0.15, 0.15, 0.3};
    Composition composition;
    composition.kind = ExampleKind::Pair;
    composition.parts = {{entry}};
    if (!holds(m_pairable, entry)) return std::nullopt;
    const std::string& thing = m_wordings[entry].thing;
    for (int i = 0; i < kTries && composition.parts.size() < 2; ++i) {
        const std::size_t other = m_pairable[draw.below(m_pairable.size())];
        if (m_wordings[other].thing != thing && !m_combinations.pairHeldOut(thing, m_wordings[other].thing))
            composition.parts.push_back({other});
    }
    if (composition.parts.size() < 2) return std::nullopt;
    for (Composition::Part& part : composition.parts)
        if (holds(m_colorable, part.entry) && draw.chance(m_options.colorInPair)) colorPart(draw, part);
    composition.relation = static_cast<Relation>(draw.weighted(kRelations));
    composition.caption = captionOf(draw, composition);
    if (!draw.chance(m_options.backgroundInPair)) return composition;
    const NamedColor ground = namedColorAt(draw.below(kNamedColorCount));
    const bool clear = std::all_of(composition.parts.begin(), composition.parts.end(), [&](const Composition::Part& part) {
        return shown(part) != ground &&
               !m_combinations.backgroundHeldOut(m_wordings[part.entry].thing, ground);
    });
    if (clear) {
        composition.background = ground;
        composition.caption += fmt::format(", {} background", name(ground));
    }
    return composition;
}

Sprite EmojiExamples::spriteOf(const Composition::Part& part) const {
    Sprite sprite = m_set->bitmap(part.entry);
    return part.repaint && part.color ? recolored(sprite, *part.color) : sprite;
}

std::vector<std::uint8_t> EmojiExamples::paint(Draw& draw, const Composition& composition) const {
    const double side = m_options.side;
    Canvas canvas(m_options.side);
    fillBackground(draw, canvas, composition.background, m_options.gradient);
    const bool pair = composition.parts.size() == 2;
    const bool upright = composition.relation == Relation::Above || composition.relation == Relation::Below ||
                         (composition.relation == Relation::Beside && draw.chance(0.15));
    const bool secondFirst = composition.relation == Relation::RightOf || composition.relation == Relation::Below;
    for (std::size_t i = 0; i < composition.parts.size(); ++i) {
        const Sprite sprite = spriteOf(composition.parts[i]);
        const Box box = visibleBox(sprite);
        const bool flip = mayFlip((*m_set)[composition.parts[i].entry]) && draw.chance(m_options.flip);
        Placement placement = fitted(sprite, m_options.side);
        placement.flip = flip;
        if (pair) {
            // Two halves of the canvas, an object of at most 0.46 of the side in each.
            const double along =
                side * (((i == 0) != secondFirst ? 0.26 : 0.74) + draw.between(-0.015, 0.015));
            const double across = side * (0.5 + draw.between(-0.08, 0.08));
            placement = centred(sprite, box, upright ? across : along, upright ? along : across,
                                side * draw.between(0.37, 0.46), flip);
        } else if (!composition.size.empty()) {
            const bool tiny = composition.size == "tiny", small = composition.size == "small";
            const double longest = tiny    ? draw.between(0.19, 0.28)
                                   : small ? draw.between(0.34, 0.48)
                                           : draw.between(0.97, 1);
            const double reach = tiny || small ? 0.12 : 0;
            const double x = 0.5 + draw.between(-reach, reach), y = 0.5 + draw.between(-reach, reach);
            placement = centred(sprite, box, side * x, side * y, side * longest, flip);
        } else if (composition.background || draw.chance(m_options.moved)) {
            placement.scale *=
                composition.background ? draw.between(0.7, 0.92) : draw.between(m_options.smallest, 1);
            placement.x += side * draw.between(-m_options.shift, m_options.shift);
            placement.y += side * draw.between(-m_options.shift, m_options.shift);
        }
        keepInside(placement, sprite, box, side);
        canvas.place(sprite, placement);
    }
    return canvas.rgb8();
}

std::vector<HeldOutPrompt> EmojiExamples::heldOutPrompts() const {
    std::vector<HeldOutPrompt> prompts;
    std::unordered_set<std::string> seen;
    for (const std::size_t entry : m_bases) {
        const Wording& wording = m_wordings[entry];
        if ((*m_set)[entry].group == "Flags" || !seen.insert(wording.thing).second) continue;
        for (std::size_t c = 0; c < kNamedColorCount; ++c) {
            const NamedColor color = namedColorAt(c);
            if (color == m_natural[entry]) continue;
            if (holds(m_colorable, entry) && m_combinations.colorHeldOut(wording.thing, color))
                prompts.push_back({ExampleKind::Color, wording.said(true, color), entry, {}, color});
            if (color != NamedColor::White && m_combinations.backgroundHeldOut(wording.thing, color))
                prompts.push_back({ExampleKind::Background,
                                   fmt::format("{} on {} {} background", wording.said(),
                                               indefiniteArticle(name(color)), name(color)),
                                   entry,
                                   {},
                                   color});
        }
        if (!holds(m_pairable, entry)) continue;
        Draw draw(0, entry, 0);
        for (int i = 0; i < 4 * kTries; ++i) {
            const std::size_t other = m_pairable[draw.below(m_pairable.size())];
            if (m_wordings[other].thing == wording.thing ||
                !m_combinations.pairHeldOut(wording.thing, m_wordings[other].thing))
                continue;
            const auto relation = static_cast<Relation>(1 + draw.below(5));
            prompts.push_back({ExampleKind::Pair,
                               pairPrompt(wording.said(), m_wordings[other].said(), relation),
                               entry,
                               other,
                               {},
                               relation});
            break;
        }
    }
    return prompts;
}

} // namespace ochre::training
