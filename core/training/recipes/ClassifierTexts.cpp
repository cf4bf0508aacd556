// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/recipes/ClassifierTexts.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "core/tensor/Fill.h"
#include "core/training/data/Draw.h"

namespace ochre::training {
namespace {

constexpr std::size_t kLeastShown = 5, kMostShown = 9; // tokens of texts to be looked at
constexpr double kKeep = 0.7, kForget = 0.05; // chances of a name or keyword to stay, of a token to become unknown

void append(std::vector<std::int64_t>& all, const std::vector<std::int64_t>& more) {
    all.insert(all.end(), more.begin(), more.end());
}

} // namespace

ClassifierTexts::ClassifierTexts(const EmojiTexts& texts, const models::WordPieceTokenizer& tokenizer)
    : m_tokenizer(tokenizer), m_classes(texts.groups()) {
    const auto encode = [&](const std::string& text) {
        const std::vector<int> ids = tokenizer.encode(text);
        return Tokens(ids.begin(), ids.end());
    };
    std::set<std::int64_t> occurring;
    for (const EmojiText& entry : texts.entries()) {
        Text text{.name = entry.name, .nameTokens = encode(entry.name), .label = entry.group, .toned = entry.toned};
        for (const std::string& keyword : entry.keywords) text.keywords.push_back(encode(keyword));
        (entry.heldOut ? m_heldOut : m_learned).push_back(static_cast<std::uint32_t>(m_texts.size()));
        if (!entry.heldOut) {
            occurring.insert(text.nameTokens.begin(), text.nameTokens.end());
            for (const Tokens& keyword : text.keywords) occurring.insert(keyword.begin(), keyword.end());
        }
        m_texts.push_back(std::move(text));
    }
    occurring.erase(tokenizer.unknown());
    m_vocabulary.assign(occurring.begin(), occurring.end());
    std::unordered_map<std::int64_t, std::int64_t> own;
    for (const std::int64_t id : m_vocabulary) own.emplace(id, 2 + static_cast<std::int64_t>(own.size()));
    const auto renumber = [&](Tokens& tokens) {
        for (std::int64_t& id : tokens) {
            const auto it = own.find(id);
            id = it == own.end() ? kUnknown : it->second;
        }
    };
    for (Text& text : m_texts) {
        renumber(text.nameTokens);
        for (Tokens& keyword : text.keywords) renumber(keyword);
    }
}

std::shared_ptr<const ClassifierTexts> ClassifierTexts::ofEmoji() {
    static const auto texts = std::make_shared<const ClassifierTexts>(EmojiTexts(EmojiSet()), models::WordPieceTokenizer::shared());
    return texts;
}

std::vector<std::int64_t> ClassifierTexts::tokens(std::uint32_t text) const {
    Tokens all = m_texts[text].nameTokens;
    for (const Tokens& keyword : m_texts[text].keywords) append(all, keyword);
    return all;
}

std::string ClassifierTexts::piece(std::int64_t id) const {
    if (id < 2) return id == kPadding ? "[PAD]" : "[UNK]";
    return m_tokenizer.piece(static_cast<int>(m_vocabulary.at(static_cast<std::size_t>(id - 2))));
}

TokenBatch ClassifierTexts::whole(std::span<const std::uint32_t> texts) const {
    std::vector<Tokens> all;
    for (const std::uint32_t text : texts) all.push_back(tokens(text));
    return batch(texts, all);
}

TokenBatch ClassifierTexts::varied(std::span<const std::uint32_t> texts, std::uint64_t seed, std::uint64_t draw) const {
    std::vector<Tokens> all;
    for (const std::uint32_t text : texts) all.push_back(variant(m_texts[text], seed, draw++));
    return batch(texts, all);
}

ClassifierTexts::Tokens ClassifierTexts::variant(const Text& text, std::uint64_t seed, std::uint64_t draw) const {
    Draw random(seed, 0, draw);
    Tokens tokens;
    if (text.keywords.empty() || random.chance(kKeep)) tokens = text.nameTokens;
    std::vector<std::size_t> order(text.keywords.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        order[i] = i;
        std::swap(order[i], order[random.below(i + 1)]);
    }
    for (const std::size_t i : order)
        if (random.chance(kKeep)) append(tokens, text.keywords[i]);
    if (tokens.empty()) tokens = text.nameTokens;
    for (std::int64_t& id : tokens)
        if (random.chance(kForget)) id = kUnknown;
    return tokens;
}

TokenBatch ClassifierTexts::batch(std::span<const std::uint32_t> texts, const std::vector<Tokens>& tokens) const {
    std::size_t longest = 1;
    for (const Tokens& one : tokens) longest = std::max(longest, std::min(one.size(), kLongest));
    const auto rows = static_cast<std::int64_t>(texts.size()), columns = static_cast<std::int64_t>(longest);
    TokenBatch batch{nn::zeros({rows, columns}, at::kLong), nn::zeros({rows, columns}, at::kLong),
                     nn::zeros({rows}, at::kLong)};
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const std::size_t count = std::min(tokens[i].size(), kLongest), at = i * longest;
        std::copy_n(tokens[i].begin(), count, batch.ids.mutable_data_ptr<std::int64_t>() + at);
        std::fill_n(batch.mask.mutable_data_ptr<std::int64_t>() + at, count, 1);
        batch.labels.mutable_data_ptr<std::int64_t>()[i] = m_texts[texts[i]].label;
    }
    return batch;
}

std::vector<std::uint32_t> textsToShow(const ClassifierTexts& texts, std::size_t most) {
    std::vector<std::uint32_t> chosen;
    std::set<int> groups;
    for (const std::uint32_t text : texts.heldOut()) {
        const std::vector<std::int64_t> tokens = texts.tokens(text);
        const bool known = std::find(tokens.begin(), tokens.end(), ClassifierTexts::kUnknown) == tokens.end();
        if (!known || tokens.size() < kLeastShown || tokens.size() > kMostShown || chosen.size() == most) continue;
        if (groups.insert(texts.label(text)).second) chosen.push_back(text);
    }
    return chosen;
}

} // namespace ochre::training
