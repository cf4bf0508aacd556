// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/ScorePrompts.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"

namespace ochre::training {
namespace {

constexpr const char* kFormat = "ochre prompts 1";
constexpr std::uint64_t kLongestFile = std::uint64_t{16} << 20;
constexpr std::size_t kLongestText = 2000, kMostPrompts = 100000, kMostNear = 1000;
constexpr std::array<std::string_view, 6> kRelations = {"", "left of", "right of", "above", "below", "and"};
constexpr std::array<std::string_view, 5> kSizes = {"", "small", "tiny", "large", "big"};

/// One prompt of a file, for messages.
class Reader {
public:
    explicit Reader(std::string subject) : m_subject(std::move(subject)) {}

    [[noreturn]] void fail(const std::string& what, const std::string& hint = {}) const {
        throw broken(m_subject + ": " + what, hint);
    }

    std::string text(const Json& json, const char* key, bool needed) const {
        if (!json.contains(key)) {
            if (needed) fail(fmt::format("has no \"{}\"", key), "each prompt has a \"prompt\" and a \"concept\"");
            return {};
        }
        return text(json.at(key), key);
    }

    std::string text(const Json& value, const char* key) const {
        if (!value.is_string()) fail(fmt::format("\"{}\" is {}, not a text", key, value.type_name()));
        const auto& text = value.get_ref<const std::string&>();
        if (text.empty()) fail(fmt::format("\"{}\" is empty", key));
        if (text.size() > kLongestText) fail(fmt::format("\"{}\" has {} bytes, the limit is {}", key, text.size(), kLongestText));
        return text;
    }

    const Json& list(const Json& json, const char* key, std::size_t most) const {
        const Json& value = json.at(key);
        if (!value.is_array()) fail(fmt::format("\"{}\" is {}, not a list", key, value.type_name()));
        if (value.size() > most) fail(fmt::format("\"{}\" has {} entries, the limit is {}", key, value.size(), most));
        return value;
    }

    std::optional<NamedColor> color(const Json& json, const char* key) const {
        const std::string word = text(json, key, false);
        if (word.empty()) return std::nullopt;
        const auto color = namedColor(word);
        if (!color) fail(fmt::format("\"{}\" is \"{}\", which is none of the twelve colours", key, word));
        return color;
    }

    template <std::size_t N>
    std::size_t choice(const Json& json, const char* key, const std::array<std::string_view, N>& all) const {
        const std::string word = text(json, key, false);
        const auto at = std::find(all.begin(), all.end(), word);
        if (at == all.end()) fail(fmt::format("\"{}\" is \"{}\", which is not known", key, word));
        return static_cast<std::size_t>(at - all.begin());
    }

    ShownThings shown(const Json& json) const {
        if (!json.is_object() || !json.contains("things")) fail("\"shows\" has no \"things\"");
        ShownThings shown;
        for (const Json& thing : list(json, "things", 2)) {
            if (!thing.is_object()) fail(fmt::format("\"things\" holds {}, not an object with a name", thing.type_name()));
            shown.things.push_back({text(thing, "name", true), color(thing, "color")});
        }
        if (shown.things.empty()) fail("\"things\" is empty");
        shown.background = color(json, "background");
        shown.relation = static_cast<Relation>(choice(json, "relation", kRelations));
        shown.size = kSizes[choice(json, "size", kSizes)];
        if ((shown.relation != Relation::None) != (shown.things.size() == 2))
            fail("\"relation\" goes with two things", "one of left of, right of, above, below, and");
        return shown;
    }

    ScorePrompt prompt(const Json& json) const {
        if (!json.is_object()) fail(fmt::format("is {}, not an object", json.type_name()));
        ScorePrompt prompt{text(json, "prompt", true), text(json, "concept", true), text(json, "group", false), {}, {}};
        if (json.contains("near"))
            for (const Json& near : list(json, "near", kMostNear)) prompt.near.push_back(text(near, "near"));
        if (json.contains("shows")) prompt.shows = shown(json.at("shows"));
        return prompt;
    }

private:
    std::string m_subject;
};

Json shownJson(const ShownThings& shown) {
    Json things = Json::array();
    for (const ShownThings::Thing& thing : shown.things) {
        Json json{{"name", thing.name}};
        if (thing.color) json["color"] = name(*thing.color);
        things.push_back(std::move(json));
    }
    Json json{{"things", std::move(things)}};
    if (shown.relation != Relation::None) json["relation"] = std::string(kRelations[static_cast<std::size_t>(shown.relation)]);
    if (shown.background) json["background"] = name(*shown.background);
    if (!shown.size.empty()) json["size"] = shown.size;
    return json;
}

} // namespace

std::vector<std::string> candidatesOf(const PromptSet& set, std::size_t index, std::size_t count) {
    const ScorePrompt& own = set.prompts.at(index);
    std::vector<std::string> candidates;
    std::unordered_set<std::string_view> seen;
    const auto take = [&](const std::string& text) {
        if (candidates.size() < count && seen.insert(text).second) candidates.push_back(text);
    };
    take(own.meaning);
    for (const std::string& near : own.near) take(near);
    for (std::size_t i = 1; i < set.prompts.size(); ++i) take(set.prompts[(index + i) % set.prompts.size()].meaning);
    return candidates;
}

PromptSet promptSetFromJson(const Json& json, const std::string& subject) {
    const Reader whole(subject);
    if (!json.is_object() || !json.contains("format") || json.at("format") != kFormat)
        throw Error(subject + ": is no file of prompts", fmt::format("it begins with \"format\": \"{}\"", kFormat), ErrorKind::NotMine);
    PromptSet set{.kind = whole.text(json, "kind", true), .prompts = {}};
    if (!json.contains("prompts")) whole.fail("has no \"prompts\"");
    for (const Json& prompt : whole.list(json, "prompts", kMostPrompts))
        set.prompts.push_back(Reader(fmt::format("{}: prompt {}", subject, set.prompts.size() + 1)).prompt(prompt));
    if (set.prompts.empty()) whole.fail("has no prompts");
    return set;
}

PromptSet readPromptSet(const std::filesystem::path& file) {
    return promptSetFromJson(parseJson(readTextFile(file, kLongestFile), file.string()), file.string());
}

std::string promptSetText(const PromptSet& set) {
    std::string text = fmt::format("{{\"format\": \"{}\", \"kind\": {}, \"prompts\": [", kFormat, dumpJson(set.kind));
    for (std::size_t i = 0; i < set.prompts.size(); ++i) {
        const ScorePrompt& prompt = set.prompts[i];
        Json json{{"prompt", prompt.prompt}, {"concept", prompt.meaning}};
        if (!prompt.group.empty()) json["group"] = prompt.group;
        if (!prompt.near.empty()) json["near"] = prompt.near;
        if (prompt.shows) json["shows"] = shownJson(*prompt.shows);
        text += (i ? ",\n" : "\n") + dumpJson(json);
    }
    return text + "\n]}\n";
}

Composition compositionOf(const EmojiExamples& examples, const ShownThings& shown) {
    Composition composition;
    for (const ShownThings::Thing& thing : shown.things) {
        const auto entry = examples.set().find(thing.name);
        if (!entry)
            throw Error(fmt::format("prompts: there is no emoji \"{}\"", thing.name), "the names are CLDR's: \"red apple\"");
        composition.parts.push_back({*entry, thing.color, thing.color && thing.color != examples.colorOf(*entry)});
    }
    composition.background = shown.background;
    composition.relation = shown.relation;
    for (const std::string_view size : kSizes)
        if (size == shown.size) composition.size = size;
    composition.kind = composition.parts.size() == 2    ? ExampleKind::Pair
                       : composition.background         ? ExampleKind::Background
                       : composition.parts.at(0).color ? ExampleKind::Color
                                                        : ExampleKind::Plain;
    return composition;
}

ShownThings shownThings(const EmojiExamples& examples, const Composition& composition) {
    ShownThings shown{.things = {}, .background = composition.background, .relation = composition.relation,
                      .size = std::string(composition.size)};
    for (const Composition::Part& part : composition.parts) shown.things.push_back({examples.set()[part.entry].name, part.color});
    return shown;
}

} // namespace ochre::training
