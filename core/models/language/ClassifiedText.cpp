// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/language/ClassifiedText.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Json.h"
#include "core/image/Chart.h"
#include "core/models/text/WordPieceTokenizer.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

constexpr std::int64_t kFirstWord = 2; // id of the vocabulary's first

Error foreign(const std::string& subject, const std::string& what) {
    return Error(fmt::format("{}: {}", subject, what), "choose the result of a training of the recipe text_classifier");
}

std::vector<std::string> classesOf(const tensor::Weights& weights) {
    const auto& metadata = weights.checkpoint().metadata;
    const auto text = metadata.find(ClassifierFile::kClasses);
    if (text == metadata.end()) throw foreign(weights.subject(), "names no classes");
    const Json json = parseJson(text->second, weights.subject());
    const auto isName = [](const Json& one) { return one.is_string(); };
    if (!json.is_array() || !std::all_of(json.begin(), json.end(), isName)) throw foreign(weights.subject(), "its classes are no list of names");
    return json.get<std::vector<std::string>>();
}

std::vector<std::int64_t> vocabularyOf(const tensor::Weights& weights) {
    const char* const name = ClassifierFile::kVocabulary;
    if (!weights.has(name) || weights.shape(name).size() != 1 || weights.dtype(name) != tensor::Dtype::I64)
        throw foreign(weights.subject(), "has no vocabulary");
    const nn::Tensor ids = weights.tensor(name);
    const auto* first = ids.const_data_ptr<std::int64_t>();
    std::vector<std::int64_t> all(first, first + ids.numel());
    const int known = WordPieceTokenizer::shared().size();
    if (!std::is_sorted(all.begin(), all.end()) || (!all.empty() && (all.front() < 0 || all.back() >= known)))
        throw broken(fmt::format("{}: its vocabulary is not one of ascending WordPiece ids below {}", weights.subject(), known),
                     "train afresh");
    return all;
}

} // namespace

std::size_t ClassifiedText::best() const {
    return static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

ClassifiedText classify(const TextClassifier& network, const std::vector<std::int64_t>& ids, std::vector<std::string> pieces,
                        std::vector<std::string> classes) {
    nn::Tensor row = nn::zeros({1, static_cast<std::int64_t>(ids.size())}, at::kLong);
    std::copy(ids.begin(), ids.end(), row.mutable_data_ptr<std::int64_t>());
    ClassifiedText text{.pieces = std::move(pieces), .classes = std::move(classes), .scores = {}, .maps = {},
                        .network = labelOf(network.config().kind), .caption = {}};
    text.scores = nn::toValues(nn::softmax(network.forward(row).to(at::kFloat))[0]);
    for (const nn::Tensor& map : network.attentionMaps(row)) text.maps.push_back(map[0].to(at::kFloat));
    return text;
}

Image picture(const ClassifiedText& text) {
    std::vector<std::vector<Image>> rows;
    const std::string seen = fmt::format("{}: {}", text.network, text.classes.at(text.best()));
    rows.push_back({draw(BarChart{.title = text.caption.empty() ? seen : text.caption + ". " + seen,
                                  .names = text.classes,
                                  .values = text.scores,
                                  .marked = static_cast<int>(text.best())})});
    for (std::size_t layer = 0; layer < text.maps.size(); ++layer) {
        std::vector<Image>& row = rows.emplace_back();
        for (std::int64_t head = 0; head < text.maps[layer].size(0); ++head)
            row.push_back(draw(MatrixChart{.title = fmt::format("layer {}, head {}", layer + 1, head + 1),
                                           .rows = text.pieces,
                                           .columns = text.pieces,
                                           .values = nn::toValues(text.maps[layer][head])}));
    }
    return chartSheet(rows);
}

ClassifierFile ClassifierFile::open(const std::filesystem::path& file) {
    const tensor::Weights weights = tensor::Weights::open(file);
    const auto config = TextClassifier::Config::fromWeights(weights);
    if (!config) throw foreign(weights.subject(), "is no text classifier");
    ClassifierFile opened(TextClassifier(weights, *config), vocabularyOf(weights), classesOf(weights));
    const auto words = static_cast<std::int64_t>(opened.m_vocabulary.size());
    if (words + kFirstWord != config->vocabulary || static_cast<int>(opened.m_classes.size()) != config->classes)
        throw broken(fmt::format("{}: has {} words and {} classes, its network {} and {}", weights.subject(), words,
                                 opened.m_classes.size(), config->vocabulary - kFirstWord, config->classes),
                     "train afresh");
    return opened;
}

ClassifiedText ClassifierFile::classify(const std::string& text) const {
    const WordPieceTokenizer& tokenizer = WordPieceTokenizer::shared();
    std::vector<std::int64_t> ids;
    std::vector<std::string> pieces;
    for (const int token : tokenizer.encode(text)) {
        if (m_network.config().kind == TextClassifier::Kind::Transformer && ids.size() == static_cast<std::size_t>(m_network.config().positions))
            break;
        const auto found = std::lower_bound(m_vocabulary.begin(), m_vocabulary.end(), token);
        const bool known = found != m_vocabulary.end() && *found == token;
        ids.push_back(known ? kFirstWord + (found - m_vocabulary.begin()) : kUnknown);
        pieces.push_back(tokenizer.piece(token));
        if (!known) pieces.back() = "(" + pieces.back() + ")";
    }
    if (ids.empty()) throw Error("text classifier: there is no word in the text", "write some words, like \"red apple\"");
    return models::classify(m_network, ids, std::move(pieces), m_classes);
}

} // namespace ochre::models
