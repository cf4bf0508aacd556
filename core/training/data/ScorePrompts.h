// SPDX-License-Identifier: GPL-3.0-or-later
// Prompts that a text-to-picture model is scored by: what it is given, the concept that its picture must be told by, and
// the captions that the picture must not be taken for. Kept as JSON:
//   {"format": "ochre prompts 1", "kind": "composed", "prompts": [{"prompt": …, "concept": …}, …]}
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/Json.h"
#include "core/training/data/Compose.h"

namespace ochre::training {

/// What a picture of a prompt shows, by names that do not hang on the version of the emoji.
struct ShownThings {
    struct Thing {
        std::string name; ///< CLDR's
        std::optional<NamedColor> color;
    };
    std::vector<Thing> things; ///< one or two
    std::optional<NamedColor> background;
    Relation relation = Relation::None;
    std::string size; ///< "small", … or empty
};

struct ScorePrompt {
    std::string prompt;            ///< what the model is given
    std::string meaning;           ///< "concept" in the file: the caption that its picture must be told by
    std::string group;             ///< Unicode's, of the first thing; may be empty
    std::vector<std::string> near; ///< captions that are close and wrong
    std::optional<ShownThings> shows; ///< to draw a real picture of it; prompts of one's own need none
};

struct PromptSet {
    std::string kind; ///< "training", "other_words", "composed", or another name
    std::vector<ScorePrompt> prompts;
};

inline constexpr std::size_t kCandidates = 100;

/// The captions that the picture of prompt `index` is compared with: its own concept first, then those that are near,
/// then the concepts of the prompts after it (over the end it goes on at the start), `count` in all or as many as there are.
std::vector<std::string> candidatesOf(const PromptSet& set, std::size_t index, std::size_t count = kCandidates);

/// Throws Error that names the prompt: fields that are missing or of another kind, empty texts, unknown colours.
PromptSet promptSetFromJson(const Json& json, const std::string& subject);
PromptSet readPromptSet(const std::filesystem::path& file);
/// A line a prompt.
std::string promptSetText(const PromptSet& set);

/// Throws Error where an emoji of that name is not there.
Composition compositionOf(const EmojiExamples& examples, const ShownThings& shown);
ShownThings shownThings(const EmojiExamples& examples, const Composition& composition);

// The sets of this program. They follow from the emoji alone: other examples than the default ones would say something
// else. Groups have the shares that they have among what artists ask for, and not among emoji; of two prompts of a set
// neither's concept is true of the other's picture, and no two are of one thing.

/// Captions of examples number 0 … `pool` − 1, of which `index` tells the example. A caption of keywords counts where one
/// of them is of its emoji alone.
PromptSet trainingPrompts(const EmojiExamples& examples, const std::function<std::size_t(std::uint64_t)>& index,
                          std::uint64_t pool, std::size_t count = 200);
/// Paraphrases: half of them keywords that captions never use, half words in another order.
PromptSet otherWordsPrompts(const EmojiExamples& examples, std::size_t count = 100);
/// Combinations that no example shows: colour and thing, two things, thing and background, a third each.
PromptSet composedPrompts(const EmojiExamples& examples, std::size_t count = 100);

} // namespace ochre::training
