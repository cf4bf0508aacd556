// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/Captions.h"

#include <array>
#include <vector>

#include <fmt/format.h>

namespace ochre::training {
namespace {

/// One to three, the first a telling one.
std::string keywordList(Draw& draw, const Keywords& keywords) {
    std::string text = draw.of(keywords.telling);
    std::vector<std::string_view> others;
    for (const std::string& word : keywords.telling)
        if (word != text) others.push_back(word);
    others.insert(others.end(), keywords.common.begin(), keywords.common.end());
    for (std::size_t more = draw.below(3); more > 0 && !others.empty(); --more) {
        const std::size_t i = draw.below(others.size());
        text.append(", ").append(others[i]);
        others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return keywords.tone.empty() ? text : text.append(", ").append(keywords.tone);
}

std::string framed(Draw& draw, const Wording& wording, std::optional<NamedColor> color,
                   std::string_view size) {
    constexpr std::array<double, 5> kWeights = {0.45, 0.27, 0.1, 0.1, 0.08};
    const std::string full = wording.said(true, color, size), bare = wording.said(false, color, size);
    switch (draw.weighted(kWeights)) {
    case 0:
        return full;
    case 1:
        return bare;
    case 2:
        return "an emoji of " + full;
    case 3:
        return "a picture of " + full;
    default:
        return bare + " emoji";
    }
}

} // namespace

std::string plainCaption(Draw& draw, const Wording& wording, const Keywords& keywords, double keywordsAlone) {
    constexpr double kWithKeyword = 0.15;
    const double which = draw.unit();
    if (which < keywordsAlone && !keywords.telling.empty()) return keywordList(draw, keywords);
    const std::size_t words = keywords.telling.size() + keywords.common.size();
    if (which >= keywordsAlone && which < keywordsAlone + kWithKeyword && words > 0) {
        const std::size_t i = draw.below(words);
        const std::string& word =
            i < keywords.telling.size() ? keywords.telling[i] : keywords.common[i - keywords.telling.size()];
        const std::string text = wording.said(draw.chance(0.5));
        return text.find(word) == std::string::npos ? text + ", " + word : text;
    }
    return framed(draw, wording, std::nullopt, {});
}

std::string objectCaption(Draw& draw, const Wording& wording, std::optional<NamedColor> color,
                          std::string_view size) {
    return framed(draw, wording, color, size);
}

std::string backgroundCaption(Draw& draw, const Wording& wording, std::optional<NamedColor> color,
                              NamedColor background) {
    constexpr std::array<double, 6> kWeights = {0.4, 0.15, 0.15, 0.12, 0.1, 0.08};
    const char* const ground = name(background);
    const char* const article = indefiniteArticle(ground);
    const std::string full = wording.said(true, color), bare = wording.said(false, color);
    switch (draw.weighted(kWeights)) {
    case 0:
        return fmt::format("{} on {} {} background", full, article, ground);
    case 1:
        return fmt::format("{}, {} background", bare, ground);
    case 2:
        return fmt::format("{} on {}", full, ground);
    case 3:
        return fmt::format("{} in front of {} {} background", full, article, ground);
    case 4:
        return fmt::format("{} {} background with {}", article, ground, full);
    default:
        return fmt::format("a picture of {} on {} {} background", full, article, ground);
    }
}

std::string pairCaption(Draw& draw, const std::string& first, const std::string& second, Relation relation) {
    struct Forms {
        std::string_view near, opposite, places; ///< {0} and {1}: the objects
    };
    constexpr Forms kForms[] = {
        {},
        {"{} left of {}", "{} right of {}", "{} on the left and {} on the right"},
        {"{} right of {}", "{} left of {}", "{} on the right and {} on the left"},
        {"{} above {}", "{} below {}", "{} at the top and {} at the bottom"},
        {"{} below {}", "{} above {}", "{} at the bottom and {} at the top"},
    };
    if (relation == Relation::Beside) {
        constexpr std::string_view kBeside[] = {"{} and {}", "{} and {}", "{} next to {}", "{} with {}",
                                                "{} beside {}"};
        return fmt::format(fmt::runtime(draw.of(std::span<const std::string_view>(kBeside))), first, second);
    }
    const Forms& forms = kForms[static_cast<std::size_t>(relation)];
    const double which = draw.unit();
    std::string text = which < 0.65   ? fmt::format(fmt::runtime(forms.near), first, second)
                       : which < 0.85 ? fmt::format(fmt::runtime(forms.places), first, second)
                                      : fmt::format(fmt::runtime(forms.opposite), second, first);
    const bool sideways = relation == Relation::LeftOf || relation == Relation::RightOf;
    if (sideways && which < 0.2) // "to the left of"
        text.replace(first.size() + 1, 0, "to the ");
    return draw.chance(0.1) ? "a picture of " + text : text;
}

std::string pairPrompt(const std::string& first, const std::string& second, Relation relation) {
    constexpr const char* kWords[] = {"and", "left of", "right of", "above", "below", "and"};
    return fmt::format("{} {} {}", first, kWords[static_cast<std::size_t>(relation)], second);
}

} // namespace ochre::training
