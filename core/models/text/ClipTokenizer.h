// SPDX-License-Identifier: GPL-3.0-or-later
// The byte-level BPE of CLIP: text to token ids and back. Source: openai/CLIP clip/simple_tokenizer.py; arXiv
// 2103.00020, 1508.07909.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ochre::models {

class ClipTokenizer {
public:
    static constexpr int kVocabulary = 49408;
    static constexpr int kStart = 49406, kEnd = 49407; ///< "<|startoftext|>", "<|endoftext|>"
    static constexpr int kLength = 77; ///< ids that a text encoder takes, start and end counted
    static constexpr int kRoom = kLength - 2;
    /// What fills a model's input behind the end: CLIP ViT-L was trained with the end token, OpenCLIP with 0.
    static constexpr int kPadClip = kEnd, kPadOpenClip = 0;

    /// The tokenizer of resources/models/clip, read on first use (some 20 ms). Thread-safe. Throws Error
    /// where the file is missing or damaged.
    static const ClipTokenizer& shared();

    /// `vocabulary`: gzip of a list of merges, of which the lines 2…48895 are used. Throws Error.
    explicit ClipTokenizer(const std::filesystem::path& vocabulary);

    /// Ids of the text alone, any number of them. Text is mended, references of HTML are read twice, white
    /// space is collapsed and letters are lower-cased first. Broken UTF-8 becomes U+FFFD; never throws for
    /// its text.
    std::vector<int> encode(std::string_view text) const;
    /// The same without the mending (curly quotes, full-width forms, …), as programs without ftfy have it.
    std::vector<int> encodeUnmended(std::string_view text) const;

    /// Text of the ids, a space after each word. Ids that are out of range are left out.
    std::string decode(std::span<const int> ids) const;

    /// start, at most 75 of `ids`, end, then `pad` up to 77.
    static std::vector<int> framed(std::span<const int> ids, int pad = kPadClip);
    /// Framed pieces of 75, as many as it takes, at least one.
    static std::vector<std::vector<int>> chunks(std::span<const int> ids, int pad = kPadClip);

private:
    struct Merge {
        int rank, id;
    };
    void addMerges(std::string_view lines, const std::string& subject);
    std::vector<int> encodeClean(std::u32string_view text) const;
    void appendWord(std::string_view bytes, std::vector<int>& ids) const;
    const Merge* mergeOf(int left, int right) const;

    std::array<int, 256> m_byteIds{};                  ///< id of a byte that no word ends with
    std::unordered_map<std::uint64_t, Merge> m_merges; ///< by left · 2^32 + right
    std::vector<std::string> m_texts;                  ///< bytes of each id, a space at the end of words
};

} // namespace ochre::models
