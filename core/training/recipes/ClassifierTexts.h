// SPDX-License-Identifier: GPL-3.0-or-later
// The texts that the recipe text_classifier learns from and is measured on, as tokens.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/models/text/WordPieceTokenizer.h"
#include "core/tensor/Nn.h"
#include "core/training/data/EmojiTexts.h"

namespace ochre::training {

/// Texts of one batch, padded to the longest.
struct TokenBatch {
    nn::Tensor ids;    ///< int64 [N, T]
    nn::Tensor mask;   ///< int64 [N, T]: 1, 0 where a text has ended
    nn::Tensor labels; ///< int64 [N]
};

class ClassifierTexts {
public:
    static constexpr std::int64_t kPadding = 0, kUnknown = 1;
    static constexpr std::size_t kLongest = 64; ///< tokens; the rest of a text is left out

    /// Those of the emoji, loaded once. Throws Error where their packages are not installed.
    static std::shared_ptr<const ClassifierTexts> ofEmoji();

    /// The vocabulary is the WordPiece ids that occur in texts to learn from, behind kPadding and kUnknown.
    ClassifierTexts(const EmojiTexts& texts, const models::WordPieceTokenizer& tokenizer);

    std::int64_t vocabularySize() const { return 2 + static_cast<std::int64_t>(m_vocabulary.size()); }
    const std::vector<std::int64_t>& vocabulary() const { return m_vocabulary; } ///< the WordPiece id of 2, 3, …
    const std::vector<std::string>& classes() const { return m_classes; }
    const std::vector<std::uint32_t>& learned() const { return m_learned; } ///< indices of texts
    const std::vector<std::uint32_t>& heldOut() const { return m_heldOut; }

    const std::string& name(std::uint32_t text) const { return m_texts[text].name; }
    int label(std::uint32_t text) const { return m_texts[text].label; }
    bool toned(std::uint32_t text) const { return m_texts[text].toned; }
    /// Name, then keywords.
    std::vector<std::int64_t> tokens(std::uint32_t text) const;
    std::string piece(std::int64_t id) const; ///< as it is read: "##s", "[UNK]"

    TokenBatch whole(std::span<const std::uint32_t> texts) const;
    /// As they are learned: the name or some keywords, at least one of them, in any order of the latter, and now and then
    /// an unknown token; text number i follows from (seed, draw + i).
    TokenBatch varied(std::span<const std::uint32_t> texts, std::uint64_t seed, std::uint64_t draw) const;

private:
    using Tokens = std::vector<std::int64_t>;
    struct Text {
        std::string name;
        Tokens nameTokens;
        std::vector<Tokens> keywords;
        int label = 0;
        bool toned = false;
    };
    Tokens variant(const Text& text, std::uint64_t seed, std::uint64_t draw) const;
    TokenBatch batch(std::span<const std::uint32_t> texts, const std::vector<Tokens>& tokens) const;

    const models::WordPieceTokenizer& m_tokenizer;
    std::vector<Text> m_texts;
    std::vector<std::int64_t> m_vocabulary;
    std::vector<std::string> m_classes;
    std::vector<std::uint32_t> m_learned, m_heldOut;
};

/// Up to `most` short held-out texts of different groups, all of known tokens: to be looked at.
std::vector<std::uint32_t> textsToShow(const ClassifierTexts& texts, std::size_t most);

} // namespace ochre::training
