// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/text/SentenceEncoder.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

constexpr std::size_t kTogether = 32; // texts that run at once: bounds the memory of long lists

/// The view that is a BERT, under any of the usual wrappers.
tensor::Weights bertOf(const tensor::Weights& file) {
    for (const tensor::Weights& view : file.unwrapped())
        if (Bert::Config::fromWeights(view)) return view;
    throw Error(file.subject() + ": is no BERT text encoder",
                "choose all-MiniLM-L6-v2 or another one of its kind", ErrorKind::NotMine);
}

std::shared_ptr<const WordPieceTokenizer> tokenizerFor(const tensor::Weights& weights,
                                                       const std::filesystem::path& vocabulary) {
    if (!vocabulary.empty()) return std::make_shared<const WordPieceTokenizer>(vocabulary);
    const WordPieceTokenizer& own = WordPieceTokenizer::shared();
    const int count = Bert::Config::fromWeights(weights)->vocabulary;
    if (count != own.size())
        throw Error(fmt::format("{}: has a vocabulary of its own, {} pieces in place of {}",
                                weights.subject(), count, own.size()),
                    "give its vocab.txt, too");
    return {std::shared_ptr<const void>(), &own}; // lives as long as the program
}

Bert::Config configOf(const tensor::Weights& weights, std::optional<int> heads) {
    Bert::Config config = *Bert::Config::fromWeights(weights);
    config.heads = heads.value_or(config.heads);
    return config;
}

} // namespace

SentenceEncoder::SentenceEncoder(const tensor::Weights& weights,
                                 std::shared_ptr<const WordPieceTokenizer> tokenizer,
                                 std::optional<int> heads)
    : m_tokenizer(std::move(tokenizer)) {
    const Cancel cancel = tensor::currentCancel();
    tensor::run(cancel, [&] {
        const tensor::Weights view = bertOf(weights).finiteOnly();
        m_model = std::make_shared<const Bert>(view, configOf(view, heads));
    });
    if (m_tokenizer->size() > m_model->config().vocabulary)
        throw Error(fmt::format("{}: has {} pieces, its vocabulary {}", weights.subject(),
                                m_model->config().vocabulary, m_tokenizer->size()),
                    "give the vocab.txt that belongs to it");
}

SentenceEncoder SentenceEncoder::open(const std::filesystem::path& encoder,
                                      const std::filesystem::path& vocabulary, const tensor::Placement& placement) {
    const tensor::Weights weights = bertOf(tensor::Weights::open(encoder, placement));
    return {weights, tokenizerFor(weights, vocabulary)};
}

std::vector<std::vector<int>> SentenceEncoder::tokenize(std::span<const std::string> texts,
                                                        const Options& options) const {
    const int positions = m_model->config().positions;
    if (options.tokens != 0 && (options.tokens < 2 || options.tokens > positions))
        throw Error(
            fmt::format("sentence encoder: {} tokens a text are not in 2...{}", options.tokens, positions));
    const int most = options.tokens > 0 ? options.tokens : std::min(kMostTokens, positions);
    std::vector<std::vector<int>> ids;
    for (const std::string& text : texts)
        ids.push_back(m_tokenizer->framed(m_tokenizer->encode(text), static_cast<std::size_t>(most)));
    return ids;
}

/// Runs `texts` no longer than the longest of them and puts the results from row `first` on.
void SentenceEncoder::encodeSome(std::span<const std::vector<int>> texts, std::size_t first,
                                 Encoded& into) const {
    std::size_t longest = 0;
    for (const auto& text : texts) longest = std::max(longest, text.size());
    const auto rows = static_cast<std::int64_t>(texts.size()), length = static_cast<std::int64_t>(longest);
    nn::Tensor ids = nn::zeros({rows, length}, at::kLong).fill_(m_tokenizer->pad());
    nn::Tensor mask = nn::zeros({rows, length}, at::kLong);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        std::copy(texts[i].begin(), texts[i].end(), ids.data_ptr<std::int64_t>() + i * longest);
        std::fill_n(mask.data_ptr<std::int64_t>() + i * longest, texts[i].size(), 1);
    }
    ids = ids.to(m_model->device());
    mask = mask.to(m_model->device());
    const nn::Tensor states = m_model->forward(ids, mask).to(at::kFloat); // [rows, length, width]
    const auto place = [&](const nn::Tensor& whole) {
        return whole.narrow(0, static_cast<std::int64_t>(first), rows);
    };
    place(into.states).narrow(1, 0, length).copy_(states.mul(mask.unsqueeze(-1)));
    place(into.mask).narrow(1, 0, length).copy_(mask);
    place(into.sentences).copy_(Bert::normalised(Bert::meanPooled(states, mask)));
}

SentenceEncoder::Encoded SentenceEncoder::encode(std::span<const std::string> texts, const Options& options,
                                                 const Cancel& cancel) const {
    const std::vector<std::vector<int>> ids = tokenize(texts, options);
    std::size_t longest = static_cast<std::size_t>(options.tokens);
    for (const auto& text : ids) longest = std::max(longest, text.size());
    const auto rows = static_cast<std::int64_t>(ids.size()), length = static_cast<std::int64_t>(longest);
    Encoded encoded;
    tensor::run(cancel, [&] {
        encoded.states = nn::zeros({rows, length, width()});
        encoded.mask = nn::zeros({rows, length}, at::kLong);
        encoded.sentences = nn::zeros({rows, width()});
        for (std::size_t first = 0; first < ids.size(); first += kTogether) {
            cancel.check();
            encodeSome(std::span(ids).subspan(first, std::min(kTogether, ids.size() - first)), first,
                       encoded);
        }
    });
    return encoded;
}

} // namespace ochre::models
