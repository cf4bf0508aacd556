// SPDX-License-Identifier: GPL-3.0-or-later
// Training examples out of emoji: as they are, in other colours, on backgrounds, two at a time, with captions
// that say so.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/Cancel.h"
#include "core/training/data/Captions.h"
#include "core/training/data/Combinations.h"
#include "core/training/data/Dataset.h"
#include "core/training/data/Paraphrases.h"

namespace ochre::training {

enum class ExampleKind { Plain, Color, Background, Pair };

struct ComposeOptions {
    std::uint64_t seed = 1;
    int side = 128;                                                    ///< pixels
    double plain = 0.45, color = 0.15, background = 0.15, pair = 0.25; ///< shares of the kinds
    double toneKept =
        0.5; ///< a draw of an entry with skin tone stays one; else another entry without takes its place
    double keywordsAlone = 0.15; ///< of plain captions: "fruit, apple", without the name
    double flip = 0.25;     ///< where words allow it
    double moved = 0.5;     ///< of plain and coloured examples: shifted and made a little smaller
    double shift = 0.05;    ///< furthest, of the side
    double smallest = 0.85; ///< scale of what moved
    double sized = 0.08;    ///< plain and coloured: notably small or large, and the caption says so
    double gradient = 0.3;  ///< of backgrounds: lighter at the top
    double colorOnBackground = 0.25, colorInPair = 0.25, backgroundInPair = 0.1; ///< that too
    unsigned heldOutOneIn = 8; ///< see Combinations; 0: none
};

/// What one example shows.
struct Composition {
    struct Part {
        std::size_t entry = 0;
        std::optional<NamedColor> color; ///< that the caption names
        bool repaint = false;            ///< it has another colour by nature
    };
    ExampleKind kind = ExampleKind::Plain;
    std::vector<Part> parts;
    std::optional<NamedColor> background; ///< that the caption names; white otherwise
    Relation relation = Relation::None;
    std::string_view size; ///< "small", "tiny", "large", "big" or empty
    std::string caption;
};

/// A prompt that no example shows.
struct HeldOutPrompt {
    ExampleKind kind = ExampleKind::Color;
    std::string prompt;
    std::size_t first = 0;
    std::optional<std::size_t> second;
    std::optional<NamedColor> color; ///< of the object or the background
    Relation relation = Relation::None;
};

/// Example `index` is mostly about entry `index` of the set; where the kind that is drawn cannot have it,
/// about another one.
class EmojiExamples final : public Dataset {
public:
    /// Looks at the pictures once for their colours, about a second on two cores.
    explicit EmojiExamples(std::shared_ptr<const EmojiSet> set, const ComposeOptions& options = {},
                           const Cancel& cancel = {});

    std::size_t size() const override { return m_set->size(); }
    Example example(std::size_t index, std::uint64_t draw) const override;
    std::vector<std::string> labels() const override { return m_set->groups(); }

    Composition composition(std::size_t index, std::uint64_t draw) const; ///< of that example, without drawing it
    Composition compositionOf(const HeldOutPrompt& prompt) const;
    /// A caption for what `composition` shows; which one is drawn.
    std::string captionOf(Draw& draw, const Composition& composition) const;
    /// A picture of `composition`; all that words leave open follows from `draw` and the seed of the options.
    Example drawn(const Composition& composition, std::uint64_t draw) const;
    const EmojiSet& set() const { return *m_set; }
    const std::vector<Wording>& wordings() const { return m_wordings; }
    const Combinations& combinations() const { return m_combinations; }
    std::optional<NamedColor> colorOf(std::size_t entry) const {
        return m_natural[entry];
    } ///< by nature, if one stands out

    /// Every colour and background that is held out of a thing, and one partner for each thing; the things in
    /// set order.
    std::vector<HeldOutPrompt> heldOutPrompts() const;
    std::vector<Paraphrase> paraphrases() const { return training::paraphrases(*m_set, m_reserved); }

private:
    struct Words {
        std::vector<std::string> telling, common;
        std::string tone;
    };

    void sortKeywords();
    void lookAtColors(const Cancel& cancel);
    Composition choose(Draw& draw, std::size_t index) const;
    Composition choosePlain(Draw& draw, std::size_t entry) const;
    std::optional<Composition> chooseColor(Draw& draw, std::size_t entry) const;
    std::optional<Composition> chooseBackground(Draw& draw, std::size_t entry) const;
    std::optional<Composition> choosePair(Draw& draw, std::size_t entry) const;
    void colorPart(Draw& draw, Composition::Part& part) const;
    std::optional<NamedColor> shown(const Composition::Part& part) const;
    Sprite spriteOf(const Composition::Part& part) const;
    std::vector<std::uint8_t> paint(Draw& draw, const Composition& composition) const;

    std::shared_ptr<const EmojiSet> m_set;
    ComposeOptions m_options;
    std::vector<Wording> m_wordings;
    Combinations m_combinations;
    std::vector<std::string> m_reserved;
    std::vector<Words> m_words;
    std::vector<std::optional<NamedColor>> m_natural;
    std::vector<std::size_t> m_bases, m_colorable, m_pairable; ///< entries
};

} // namespace ochre::training
