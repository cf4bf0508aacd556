// SPDX-License-Identifier: GPL-3.0-or-later
// The program's own sets of prompts.
#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "core/base/Hash.h"
#include "core/training/data/Meaning.h"
#include "core/training/data/ScorePrompts.h"

namespace ochre::training {
namespace {

constexpr std::size_t kNear = 3;
constexpr int kTries = 64;
constexpr std::uint64_t kNearSeed = 0x4ea2;
constexpr const char *kTones = "skin tones", *kClocks = "clocks", *kKeycaps = "keycaps";

/// Of a set, by Unicode's groups and three kinds of variants that would fill them. Rounded up, so that they suffice.
const std::map<std::string, double>& shares() {
    static const std::map<std::string, double> all{
        {"Smileys & Emotion", 0.17}, {"People & Body", 0.10}, {"Animals & Nature", 0.18}, {"Food & Drink", 0.17},
        {"Travel & Places", 0.11},   {"Activities", 0.07},    {"Objects", 0.16},          {"Symbols", 0.015},
        {"Flags", 0.015},            {kTones, 0.03},          {kClocks, 0.01},            {kKeycaps, 0.005}};
    return all;
}

std::string shareOf(const Emoji& emoji) {
    if (!emoji.tones.empty()) return kTones;
    if (emoji.subgroup == "time") return kClocks;
    return emoji.subgroup == "keycap" ? kKeycaps : emoji.group;
}

/// "woman swimming" and "man swimming" are one thing here.
std::string withoutPerson(std::string_view thing) {
    for (const std::string_view who : {"person ", "woman ", "man ", "women ", "men ", "people "})
        if (thing.starts_with(who)) thing.remove_prefix(who.size());
    return std::string(thing);
}

/// Takes compositions until the set is full.
class Collector {
public:
    Collector(const EmojiExamples& examples, std::string kind, std::size_t count) : m_examples(examples), m_twins(examples), m_count(count) {
        m_set.kind = std::move(kind);
    }

    bool full() const { return m_set.prompts.size() >= m_count; }

    /// `ofKind`: at most `most` of the set are of it. `near`: close captions beside it.
    void offer(std::string prompt, const Composition& composition, int ofKind, double most, bool near) {
        const EmojiSet& emoji = m_examples.set();
        const Emoji& first = emoji[composition.parts.at(0).entry];
        const std::string share = shareOf(first);
        if (full() || m_kinds[ofKind] >= limit(most) || m_shares[share] >= limit(shares().contains(share) ? shares().at(share) : 0)) return;
        std::vector<std::string> things;
        for (const Composition::Part& part : composition.parts) things.push_back(withoutPerson(m_examples.wordings()[part.entry].thing));
        for (const std::string& thing : things)
            if (m_things.contains(thing)) return;
        for (const Composition& other : m_compositions)
            if (mayDescribe(m_examples, other, composition) || mayDescribe(m_examples, composition, other)) return;
        ScorePrompt& taken = m_set.prompts.emplace_back();
        taken = {std::move(prompt), promptOf(m_examples, composition), first.group, {}, shownThings(m_examples, composition)};
        if (near) taken.near = nearOf(composition);
        m_compositions.push_back(composition);
        m_things.insert(things.begin(), things.end());
        ++m_kinds[ofKind];
        ++m_shares[share];
    }

    PromptSet take() { return std::move(m_set); }

private:
    std::size_t limit(double share) const { return static_cast<std::size_t>(std::ceil(share * static_cast<double>(m_count))); }

    std::vector<std::string> nearOf(const Composition& composition) const {
        Draw draw(kNearSeed, composition.parts[0].entry, m_set.prompts.size());
        std::vector<std::string> near;
        for (int i = 0; i < kTries && near.size() < kNear; ++i) {
            const Composition twin = m_twins.twinOf(composition, draw);
            std::string text = promptOf(m_examples, twin);
            if (!mayDescribe(m_examples, twin, composition) && std::find(near.begin(), near.end(), text) == near.end())
                near.push_back(std::move(text));
        }
        return near;
    }

    const EmojiExamples& m_examples;
    Twins m_twins;
    std::size_t m_count;
    PromptSet m_set;
    std::vector<Composition> m_compositions;
    std::unordered_set<std::string> m_things;
    std::map<std::string, std::size_t> m_shares;
    std::map<int, std::size_t> m_kinds;
};

/// Whether the caption of a plain example tells one concept: by its name, or by a keyword of that emoji alone.
class Telling {
public:
    explicit Telling(const EmojiExamples& examples) : m_examples(examples) {
        const EmojiSet& set = examples.set();
        for (std::size_t i = 0; i < set.size(); ++i)
            if (set[i].base == i)
                for (const std::string& word : plainKeywords(set[i])) ++m_uses[word];
    }

    bool operator()(const Composition& composition) const {
        if (composition.kind != ExampleKind::Plain || !composition.size.empty()) return true;
        const Wording& wording = m_examples.wordings()[composition.parts[0].entry];
        if (composition.caption.find(wording.said(false)) != std::string::npos) return true;
        for (std::size_t from = 0; from < composition.caption.size();) {
            const std::size_t end = std::min(composition.caption.find(", ", from), composition.caption.size());
            const auto uses = m_uses.find(composition.caption.substr(from, end - from));
            if (uses != m_uses.end() && uses->second == 1) return true;
            from = end + 2;
        }
        return false;
    }

private:
    const EmojiExamples& m_examples;
    std::unordered_map<std::string, std::size_t> m_uses;
};

/// In an order that stays when emoji are added.
template <typename Item>
void shuffleByText(std::vector<Item>& items) {
    std::vector<std::pair<Hash128, std::size_t>> order;
    for (std::size_t i = 0; i < items.size(); ++i) order.emplace_back(hashText("score: " + items[i].prompt), i);
    std::sort(order.begin(), order.end());
    std::vector<Item> sorted;
    for (const auto& [hash, i] : order) sorted.push_back(std::move(items[i]));
    items = std::move(sorted);
}

} // namespace

PromptSet trainingPrompts(const EmojiExamples& examples, const std::function<std::size_t(std::uint64_t)>& index,
                          std::uint64_t pool, std::size_t count) {
    const ComposeOptions usual;
    const double most[] = {usual.plain, usual.color, usual.background, usual.pair};
    Collector collector(examples, "training", count);
    const Telling telling(examples);
    for (std::uint64_t n = 0; n < pool && !collector.full(); ++n) {
        const Composition composition = examples.composition(index(n), n);
        const auto kind = static_cast<std::size_t>(composition.kind);
        if (telling(composition)) collector.offer(composition.caption, composition, static_cast<int>(kind), most[kind], false);
    }
    return collector.take();
}

PromptSet otherWordsPrompts(const EmojiExamples& examples, std::size_t count) {
    std::vector<Paraphrase> all = examples.paraphrases();
    shuffleByText(all);
    Collector collector(examples, "other_words", count);
    for (const Paraphrase& paraphrase : all) {
        Composition composition;
        composition.parts = {{paraphrase.entry}};
        collector.offer(paraphrase.prompt, composition, paraphrase.newWord, 0.5, false);
    }
    for (const Paraphrase& paraphrase : all) { // of words in another order there may be fewer than half
        Composition composition;
        composition.parts = {{paraphrase.entry}};
        collector.offer(paraphrase.prompt, composition, 2 + paraphrase.newWord, 0.5, false);
    }
    return collector.take();
}

PromptSet composedPrompts(const EmojiExamples& examples, std::size_t count) {
    std::vector<HeldOutPrompt> all = examples.heldOutPrompts();
    shuffleByText(all);
    Collector collector(examples, "composed", count);
    for (const HeldOutPrompt& prompt : all)
        collector.offer(prompt.prompt, examples.compositionOf(prompt), static_cast<int>(prompt.kind), 1.0 / 3, true);
    return collector.take();
}

} // namespace ochre::training
