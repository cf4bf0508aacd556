// SPDX-License-Identifier: GPL-3.0-or-later
// The sentences that captions are made of; which one is drawn.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/training/data/Draw.h"
#include "core/training/data/EmojiWords.h"

namespace ochre::training {

/// Where the first object lies, seen from the second; Beside: either side by side or one above the other.
enum class Relation { None, LeftOf, RightOf, Above, Below, Beside };

/// What a caption may say of an entry beside its name.
struct Keywords {
    std::span<const std::string> telling; ///< shared with few other entries: enough on their own
    std::span<const std::string> common;
    std::string_view tone; ///< "medium skin tone", or empty
};

/// "red apple", "a red apple", "fruit, apple", "red apple, fruit", "an emoji of a red apple", "a picture of a
/// red apple". `keywordsAlone`: share of those without the name.
std::string plainCaption(Draw& draw, const Wording& wording, const Keywords& keywords, double keywordsAlone);
/// Name with a size or a colour, or both: "a tiny blue cat".
std::string objectCaption(Draw& draw, const Wording& wording, std::optional<NamedColor> color,
                          std::string_view size = {});
/// "a snowman on a yellow background", "snowman, yellow background", "a snowman on yellow".
std::string backgroundCaption(Draw& draw, const Wording& wording, std::optional<NamedColor> color,
                              NamedColor background);
/// "a green apple left of a rocket"; the objects come with their articles.
std::string pairCaption(Draw& draw, const std::string& first, const std::string& second, Relation relation);
/// The one that prompts use.
std::string pairPrompt(const std::string& first, const std::string& second, Relation relation);

} // namespace ochre::training
