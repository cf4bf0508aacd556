// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/scoring/MakeStarterWords.h"

#include <unordered_set>

#include "core/models/diffusion/StarterText.h"
#include "core/models/diffusion/StarterWords.h"
#include "core/tensor/Runtime.h"
#include "core/training/data/EmojiWords.h"
#include "core/training/data/Paraphrases.h"

namespace ochre::training {

KnownTexts knownTexts(const EmojiSet& set) {
    const std::vector<std::string> reserved = reservedKeywords(set);
    KnownTexts known;
    std::vector<std::vector<std::string>> keywords;
    std::unordered_set<std::string> taken;
    const auto add = [&](const std::string& text, std::size_t name) {
        if (!text.empty() && taken.insert(text).second) known.texts.push_back({text, name});
    };
    std::vector<std::string> bare;
    for (std::size_t i = 0; i < set.size(); ++i) {
        if (set[i].base != i) continue;
        const Wording wording = wordingOf(set[i].name);
        known.names.push_back(wording.said());
        bare.push_back(wording.said(false));
        keywords.emplace_back();
        if (set[i].group == "Flags") continue; // theirs are codes of countries
        for (std::string& word : plainKeywords(set[i]))
            if (word != reserved[i]) keywords.back().push_back(std::move(word));
    }
    for (std::size_t i = 0; i < bare.size(); ++i) add(bare[i], i); // before all: a name is no keyword of another
    for (std::size_t i = 0; i < bare.size(); ++i) {
        std::string all;
        for (const std::string& word : keywords[i]) {
            add(word, i);
            add(bare[i] + ", " + word, i);
            all.append(all.empty() ? "" : ", ").append(word);
        }
        add(all, i);
    }
    return known;
}

void writeStarterWords(const std::filesystem::path& file) {
    const KnownTexts known = knownTexts(EmojiSet());
    std::vector<std::string> asked;
    std::vector<models::StarterWords::Text> texts;
    for (const KnownText& text : known.texts) {
        asked.push_back(text.text);
        texts.push_back({text.text, text.name});
    }
    tensor::run({}, [&] { models::StarterWords::save(file, known.names, texts, models::starterEncoder()->encode(asked).sentences); });
}

} // namespace ochre::training
