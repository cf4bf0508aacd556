// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <optional>
#include <tuple>

#include "core/graph/NodeRegistry.h"
#include "core/graph/Types.h"

namespace ochre::graph {
namespace {

std::string lower(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

std::vector<std::string> words(const std::string& text) {
    std::vector<std::string> list;
    std::string word;
    for (const char c : lower(text) + " ") {
        const bool part =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
        if (part)
            word += c;
        else if (!word.empty())
            list.push_back(std::exchange(word, {}));
    }
    return list;
}

int bestWord(const std::vector<std::string>& candidates, const std::string& word, int whole, int prefix) {
    int best = 0;
    for (const std::string& c : candidates) {
        if (c == word)
            best = std::max(best, whole);
        else if (c.starts_with(word))
            best = std::max(best, prefix);
    }
    return best;
}

// All letters in order, the first at a word's start; fewer gaps score higher. "gbl" finds "Gaussian Blur".
int fuzzy(const std::string& label, const std::string& word) {
    std::size_t at = 0;
    int gaps = 0;
    for (std::size_t i = 0; i < word.size(); ++i) {
        const std::size_t found = label.find(word[i], at);
        if (found == std::string::npos) return 0;
        if (i == 0 && found > 0 && label[found - 1] != ' ') return 0;
        if (i > 0 && found != at) ++gaps;
        at = found + 1;
    }
    return word.size() < 2 ? 0 : std::max(1, 25 - 5 * gaps);
}

struct Candidate {
    explicit Candidate(const NodeDeclaration& d)
        : label(lower(d.label())), id(lower(d.id())), labelWords(words(d.label())),
          keywords(words(d.searchWords())), categoryWords(words(d.category())), idWords(words(d.id())) {}

    std::string label, id;
    std::vector<std::string> labelWords, keywords, categoryWords, idWords;

    int score(const std::string& word) const {
        int best = label.starts_with(word) ? 90 : 0;
        best = std::max(best, bestWord(labelWords, word, 85, 75));
        best = std::max(best, bestWord(keywords, word, 60, 50));
        best = std::max(best, bestWord(idWords, word, 55, 45));
        best = std::max(best, bestWord(categoryWords, word, 35, 30));
        if (best == 0 && word.size() >= 3 && (label + " " + id).find(word) != std::string::npos) best = 40;
        return best > 0 ? best : fuzzy(label, word);
    }
};

bool takes(const NodeDeclaration& d, const TypeName& type) {
    const TypeRegistry& types = TypeRegistry::shared();
    const auto fits = [&](const TypeName& to) { return types.accepts(to, type); };
    return std::any_of(d.inputs().begin(), d.inputs().end(), [&](const Socket& s) { return fits(s.type); }) ||
           std::any_of(d.parameters().begin(), d.parameters().end(),
                       [&](const Parameter& p) { return fits(p.socketType()); });
}

bool gives(const NodeDeclaration& d, const TypeName& type) {
    return std::any_of(d.outputs().begin(), d.outputs().end(),
                       [&](const Socket& s) { return TypeRegistry::shared().accepts(type, s.type); });
}

std::optional<int> scoreOf(const NodeDeclaration& d, const std::string& text) {
    const std::vector<std::string> query = words(text);
    if (query.empty()) return 0;
    const Candidate candidate(d);
    int total = candidate.label == lower(text) ? 100 : 0;
    for (const std::string& word : query) {
        const int score = candidate.score(word);
        if (score == 0) return std::nullopt;
        total += score;
    }
    return total;
}

} // namespace

std::vector<NodeRegistry::Match> NodeRegistry::search(const std::string& text,
                                                      const std::string& fromOutputType,
                                                      const std::string& toInputType) const {
    std::vector<Match> matches;
    for (const NodeDeclaration* d : all()) {
        if (!fromOutputType.empty() && !takes(*d, fromOutputType)) continue;
        if (!toInputType.empty() && !gives(*d, toInputType)) continue;
        if (const auto score = scoreOf(*d, text)) matches.push_back({d, *score});
    }
    std::stable_sort(matches.begin(), matches.end(), [](const Match& a, const Match& b) {
        if (a.score != b.score) return a.score > b.score;
        return std::tie(a.declaration->label(), a.declaration->id()) <
               std::tie(b.declaration->label(), b.declaration->id());
    });
    return matches;
}

} // namespace ochre::graph
