// SPDX-License-Identifier: GPL-3.0-or-later
// BERT's tokenizer for uncased vocabularies: words and punctuation, cut into the longest pieces that the
// vocabulary has. Source: google-research/bert tokenization.py; where they differ (final sigma, characters
// that are not assigned yet) huggingface/tokenizers normalizers/bert.rs, with which the sentence models were
// trained.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ochre::models {

class WordPieceTokenizer {
public:
    static constexpr std::size_t kLongestWord =
        100; ///< characters; longer words are unknown (Google's code has 200)

    /// The tokenizer of resources/models/bert, the vocabulary of bert-base-uncased that MiniLM and most
    /// others have, read on first use. Thread-safe. Throws Error where the file is missing or damaged.
    static const WordPieceTokenizer& shared();

    /// `vocabulary`: a vocab.txt, a piece a line, the line is the id; pieces that go on a word begin with
    /// "##". Must have [PAD], [UNK], [CLS] and [SEP]. Throws Error.
    explicit WordPieceTokenizer(const std::filesystem::path& vocabulary);

    /// Ids of the text alone, any number of them. Controls and broken UTF-8 are left out, letters are
    /// lower-cased and lose their accents, punctuation and Chinese characters are words of their own; names
    /// of special tokens ("[MASK]") are those tokens. Never throws for its text.
    std::vector<int> encode(std::string_view text) const;

    /// [CLS], `ids`, [SEP]: at most `most` (2 or more) together, the last of `ids` are left out. No padding.
    std::vector<int> framed(std::span<const int> ids, std::size_t most) const;

    int size() const { return static_cast<int>(m_pieces.size()); }
    int pad() const { return m_pad; }
    int unknown() const { return m_unknown; }
    int start() const { return m_start; } ///< [CLS]
    int end() const { return m_end; }     ///< [SEP]
    const std::string& piece(int id) const { return m_pieces.at(static_cast<std::size_t>(id)); }

private:
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    using Pieces = std::unordered_map<std::string, int, Hash, std::equal_to<>>;
    struct Special {
        std::string text;
        int id;
    };
    void addLine(std::string_view line, const std::string& subject);
    int require(const std::string& name, const std::string& subject) const;
    const Special* specialAt(std::string_view text) const;
    void appendText(std::string_view text, std::vector<int>& ids) const;
    void appendWord(std::string_view word, std::vector<int>& ids) const;

    std::vector<std::string> m_pieces; ///< by id
    Pieces m_firsts, m_nexts;          ///< pieces that begin a word, and those that go on, without "##"
    std::size_t m_longest = 0;         ///< piece, in bytes
    std::vector<Special> m_specials;
    int m_pad = 0, m_unknown = 0, m_start = 0, m_end = 0;
};

} // namespace ochre::models
