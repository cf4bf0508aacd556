// SPDX-License-Identifier: GPL-3.0-or-later
// Texts to what a picture model is steered by and texts are compared with: a BERT file, its vocabulary,
// padding and pooling in one. Source: huggingface sentence-transformers/all-MiniLM-L6-v2 (modules.json:
// Transformer, mean, Normalize).
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/Cancel.h"
#include "core/models/text/Bert.h"
#include "core/models/text/WordPieceTokenizer.h"

namespace ochre::models {

class SentenceEncoder {
public:
    /// Where sentence-transformers cuts texts for all-MiniLM-L6-v2, [CLS] and [SEP] counted.
    static constexpr int kMostTokens = 256;

    struct Options {
        int tokens = 0; ///< T, 2…positions: longer texts are cut, shorter padded; 0: of the longest, at most
                        ///< kMostTokens
    };

    struct Encoded {
        nn::Tensor states;    ///< on the CPU, as all of it; float32 [N, T, width]; 0 where the mask is 0
        nn::Tensor mask;      ///< int64 [N, T]: 1, 0 where a text has ended
        nn::Tensor sentences; ///< float32 [N, width] of length 1, whose products are cosines
    };

    /// `encoder`: weights of a BERT. `vocabulary`: its vocab.txt; empty: the program's own, that of
    /// bert-base-uncased, which fits the models with a table of 30522 and no others. Throws Error, of kind
    /// NotMine where the file is no BERT.
    static SentenceEncoder open(const std::filesystem::path& encoder,
                                const std::filesystem::path& vocabulary = {}, const tensor::Placement& placement = {});

    /// The same from weights and a tokenizer that are there already; `heads` where the file's are not the
    /// usual ones.
    SentenceEncoder(const tensor::Weights& weights, std::shared_ptr<const WordPieceTokenizer> tokenizer,
                    std::optional<int> heads = std::nullopt);

    /// UTF-8 texts, any number of them. What comes of a text is the same in any company but for rounding, and
    /// always the same in the same company. Threads may share an encoder. Asks Cancel.
    Encoded encode(std::span<const std::string> texts, const Options& options,
                   const Cancel& cancel = {}) const;
    Encoded encode(std::span<const std::string> texts) const { return encode(texts, {}); }

    int width() const { return m_model->config().width; }
    const Bert& model() const { return *m_model; }
    const WordPieceTokenizer& tokenizer() const { return *m_tokenizer; }

private:
    std::vector<std::vector<int>> tokenize(std::span<const std::string> texts, const Options& options) const;
    void encodeSome(std::span<const std::vector<int>> texts, std::size_t first, Encoded& into) const;

    std::shared_ptr<const WordPieceTokenizer> m_tokenizer;
    std::shared_ptr<const Bert> m_model;
};

} // namespace ochre::models
