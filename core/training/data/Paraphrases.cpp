// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/Paraphrases.h"

#include <algorithm>
#include <unordered_map>

#include "core/base/Hash.h"
#include "core/training/data/EmojiWords.h"

namespace ochre::training {
namespace {

/// "woman swimming" → "a woman who is swimming", "grinning face" → "a face that is grinning", "red apple" →
/// "an apple that is red"; empty where none fits.
std::string reordered(const Emoji& emoji) {
    const Wording wording = wordingOf(emoji.name);
    const std::string text = wording.said(false);
    const auto article = [](const std::string& words) { return indefiniteArticle(words) + (' ' + words); };
    if (wording.color && wording.before.empty() && !wording.plural)
        return article(wording.after) + " that is " + name(*wording.color);
    const std::size_t blank = text.find(' ');
    if (blank == std::string::npos || wording.article != Article::Indefinite) return {};
    const std::string first = text.substr(0, blank), rest = text.substr(blank + 1);
    for (const char* who : {"person", "man", "woman"})
        if (first == who && rest.substr(0, rest.find(' ')).ends_with("ing"))
            return article(first) + " who is " + rest;
    const bool adjective = first.ends_with("ing") || first.ends_with("ed");
    const bool noun =
        rest == "face" || rest == "cat" || rest == "hand" || rest == "heart" || rest == "eyebrow";
    if (adjective && noun) return article(rest) + " that is " + first;
    return {};
}

} // namespace

std::vector<std::string> reservedKeywords(const EmojiSet& set) {
    constexpr std::size_t kFewest = 3, kSharedBy = 1; // entries
    std::unordered_map<std::string, std::size_t> uses;
    for (std::size_t i = 0; i < set.size(); ++i) {
        if (set[i].base != i) continue;
        for (const std::string& word : plainKeywords(set[i])) ++uses[word];
        uses[set[i].name] += kSharedBy + 1; // the name of something else is no free word
    }
    std::vector<std::string> reserved(set.size());
    for (std::size_t i = 0; i < set.size(); ++i) {
        if (set[i].base != i || set[i].group == "Flags" || hashText("reserve: " + set[i].name).low % 2 != 0)
            continue;
        const std::vector<std::string> words = plainKeywords(set[i]);
        if (words.size() < kFewest) continue;
        // The choice of words does not hang on their order in CLDR's file.
        Hash128 best;
        for (const std::string& word : words) {
            if (uses[word] > kSharedBy || set[i].name.find(word) != std::string::npos) continue;
            const Hash128 hash = hashText("keyword: " + set[i].name + " | " + word);
            if (!reserved[i].empty() && best < hash) continue;
            best = hash;
            reserved[i] = word;
        }
    }
    for (std::size_t i = 0; i < set.size(); ++i) reserved[i] = reserved[set[i].base];
    return reserved;
}

std::vector<Paraphrase> paraphrases(const EmojiSet& set, const std::vector<std::string>& reserved) {
    std::vector<Paraphrase> all;
    for (std::size_t i = 0; i < set.size(); ++i) {
        if (set[i].base != i) continue;
        if (!reserved[i].empty()) {
            std::string prompt = reserved[i];
            for (const std::string& word : plainKeywords(set[i])) {
                if (word == reserved[i]) continue;
                prompt += ", " + word;
                break;
            }
            all.push_back({i, prompt, true});
        }
        if (std::string other = reordered(set[i]); !other.empty())
            all.push_back({i, std::move(other), false});
    }
    return all;
}

} // namespace ochre::training
