// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/text/PromptSchedule.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/models/text/Prompt.h"

namespace ochre::models {
namespace {

using Piece = std::string_view;
constexpr int kDeepest = 100; // brackets nested deeper are letters

bool escapes(Piece text, std::size_t at, Piece letters) {
    return text[at] == '\\' && at + 1 < text.size() && letters.find(text[at + 1]) != Piece::npos;
}

/// For each bracket its partner; the text's size where it has none.
std::vector<std::size_t> partners(Piece text, Piece pairs) {
    std::vector<std::size_t> result(text.size(), text.size()), opened;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
            continue;
        }
        const std::size_t kind = pairs.find(text[i]);
        if (kind == Piece::npos) continue;
        if (kind % 2 == 0) {
            opened.push_back(i);
        } else if (!opened.empty() && text[opened.back()] == pairs[kind - 1]) {
            result[i] = opened.back();
            result[opened.back()] = i;
            opened.pop_back();
        }
    }
    return result;
}

/// Numbers that a seed gives, the same on every machine: SplitMix64 (Steele, Lea, Flood 2014).
class Dice {
public:
    explicit Dice(std::uint64_t seed) : m_state(seed) {}
    double next() { ///< 0…1, 1 left out
        m_state += 0x9e3779b97f4a7c15u;
        std::uint64_t z = m_state;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
    }

private:
    std::uint64_t m_state;
};

/// A stretch of the text.
struct Range {
    std::size_t begin = 0, end = 0;
};

class Wildcards {
public:
    Wildcards(Piece text, std::uint64_t seed) : m_text(text), m_partner(partners(text, "{}")), m_dice(seed) {}

    std::string run() {
        expand({0, m_text.size()}, 0);
        return std::move(m_out);
    }

private:
    void expand(Range range, int depth) {
        for (std::size_t i = range.begin; i < range.end; ++i) {
            if (escapes(m_text, i, "{|}")) {
                m_out.push_back(m_text[++i]);
                continue;
            }
            const std::size_t close = m_text[i] == '{' ? m_partner[i] : range.end;
            if (close >= range.end || depth >= kDeepest || !group({i + 1, close}, depth)) {
                m_out.push_back(m_text[i]);
                continue;
            }
            i = close;
        }
    }

    std::vector<Range> choices(Range group) const {
        std::vector<Range> result{{group.begin, group.end}};
        for (std::size_t i = group.begin; i < group.end; ++i) {
            if (m_text[i] == '\\')
                ++i;
            else if (m_text[i] == '{' && m_partner[i] < group.end)
                i = m_partner[i];
            else if (m_text[i] == '|') {
                result.back().end = i;
                result.push_back({i + 1, group.end});
            }
        }
        return result;
    }

    /// Takes "2::" off the choice.
    double takeWeight(Range& choice) const {
        const Piece text = m_text.substr(choice.begin, choice.end - choice.begin);
        const std::size_t mark = text.find("::");
        const auto weight = mark == Piece::npos ? std::nullopt : parseWeight(text.substr(0, mark));
        if (!weight || *weight < 0) return 1;
        choice.begin += mark + 2;
        return *weight;
    }

    /// False where it is no choice but braces in the text.
    bool group(Range range, int depth) {
        std::vector<Range> options = choices(range);
        if (options.size() < 2) return false;
        std::vector<double> weights;
        double total = 0;
        for (Range& option : options) total += weights.emplace_back(takeWeight(option));
        double at = m_dice.next() * total;
        std::size_t chosen = 0;
        while (chosen + 1 < options.size() && (at >= weights[chosen] || weights[chosen] == 0))
            at -= weights[chosen++];
        while (chosen > 0 && weights[chosen] == 0) --chosen; // rounding may lead past the last that counts
        // A group of its own dice, so that what is nested in one does not change the choice of the next.
        Dice own(static_cast<std::uint64_t>(m_dice.next() * 0x1p53));
        std::swap(own, m_dice);
        expand(options[chosen], depth + 1);
        std::swap(own, m_dice);
        return true;
    }

    Piece m_text;
    std::vector<std::size_t> m_partner;
    Dice m_dice;
    std::string m_out;
};

class Schedule {
public:
    explicit Schedule(Piece text) : m_text(text), m_partner(partners(text, "()[]")) {}

    std::string at(int step, int steps) {
        m_step = step;
        m_steps = steps;
        m_out.clear();
        expand({0, m_text.size()}, 0);
        return m_out;
    }

private:
    void expand(Range range, int depth) {
        for (std::size_t i = range.begin; i < range.end; ++i) {
            const std::size_t close = m_text[i] == '[' ? m_partner[i] : range.end;
            if (close < range.end && depth < kDeepest && group({i + 1, close}, depth)) {
                i = close;
                continue;
            }
            m_out.push_back(m_text[i]);
            if (m_text[i] == '\\' && i + 1 < range.end) m_out.push_back(m_text[++i]);
        }
    }

    /// Parts between `mark`s that stand in no inner bracket.
    std::vector<Range> parts(Range group, char mark) const {
        std::vector<Range> result{{group.begin, group.end}};
        for (std::size_t i = group.begin; i < group.end; ++i) {
            const char c = m_text[i];
            if (c == '\\')
                ++i;
            else if ((c == '(' || c == '[') && m_partner[i] < group.end)
                i = m_partner[i];
            else if (c == mark) {
                result.back().end = i;
                result.push_back({i + 1, group.end});
            }
        }
        return result;
    }

    /// The step after which the text changes, of the number that stands last.
    std::optional<double> changeStep(Range number) const {
        const Piece text = m_text.substr(number.begin, number.end - number.begin);
        const auto value = parseWeight(text);
        if (!value) return std::nullopt;
        const double share = text.find('.') != Piece::npos ? *value * m_steps : *value;
        return std::min(std::trunc(share), static_cast<double>(m_steps));
    }

    /// False where it is no schedule but brackets of emphasis.
    bool group(Range range, int depth) {
        if (const auto turns = parts(range, '|'); turns.size() > 1) {
            expand(turns[static_cast<std::size_t>(std::max(m_step, 1) - 1) % turns.size()], depth + 1);
            return true;
        }
        const auto texts = parts(range, ':');
        if (texts.size() != 2 && texts.size() != 3) return false;
        const auto change = changeStep(texts.back());
        if (!change) return false;
        const bool before = m_step <= *change;
        if (texts.size() == 3)
            expand(texts[before ? 0 : 1], depth + 1);
        else if (!before)
            expand(texts[0], depth + 1);
        return true;
    }

    Piece m_text;
    std::vector<std::size_t> m_partner;
    int m_step = 1, m_steps = 1;
    std::string m_out;
};

} // namespace

std::string expandWildcards(std::string_view prompt, std::uint64_t seed) {
    checkPromptLength(prompt);
    return Wildcards(prompt, seed).run();
}

std::string promptAt(std::string_view prompt, int step, int steps) {
    checkPromptLength(prompt);
    return Schedule(prompt).at(step, steps);
}

std::vector<ScheduledPrompt> schedulePrompt(std::string_view prompt, int steps) {
    checkPromptLength(prompt);
    Schedule schedule(prompt);
    std::vector<ScheduledPrompt> result;
    for (int step = 1; step <= std::max(steps, 1); ++step) {
        std::string text = schedule.at(step, steps);
        if (result.empty() || result.back().text != text) result.push_back({step, std::move(text)});
        result.back().lastStep = step;
    }
    return result;
}

} // namespace ochre::models
