// SPDX-License-Identifier: GPL-3.0-or-later
// Trained text classifiers as files, and what they make of a text: scores of classes and, of a transformer, how much each token
// looks at each; also as a picture.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/image/Image.h"
#include "core/models/language/TextClassifier.h"

namespace ochre::models {

struct ClassifiedText {
    std::vector<std::string> pieces;  ///< the tokens as they are read: "apple", "##s"; "(zebra)" where it is unknown
    std::vector<std::string> classes;
    std::vector<float> scores;        ///< of the classes; their sum is 1
    std::vector<nn::Tensor> maps;     ///< [heads, T, T] a layer; rows look at columns. Of the transformer, else none
    std::string network;              ///< "Transformer", "LSTM", …
    std::string caption;              ///< a line over the picture; may be empty

    std::size_t best() const; ///< index of the likeliest class
};

/// `ids` of one text, `pieces` as many. Inside of tensor::run().
ClassifiedText classify(const TextClassifier& network, const std::vector<std::int64_t>& ids, std::vector<std::string> pieces,
                        std::vector<std::string> classes);

/// Scores as bars and, below them, a row of attention maps a layer.
Image picture(const ClassifiedText& text);

/// What the recipe text_classifier writes: weights, "vocabulary" (the WordPiece id of tokens 2, 3, …; 0 is padding, 1 unknown),
/// names of classes.
class ClassifierFile {
public:
    static constexpr const char* kClasses = "ochre.classes"; ///< metadata: a JSON list
    static constexpr const char* kVocabulary = "vocabulary";
    static constexpr std::int64_t kUnknown = 1;

    /// Throws Error where the file is another or damaged.
    static ClassifierFile open(const std::filesystem::path& file);

    /// Tokens beyond the longest text of a transformer are left out. Throws Error for a text without any.
    ClassifiedText classify(const std::string& text) const;

    const TextClassifier& network() const { return m_network; }
    const std::vector<std::string>& classes() const { return m_classes; }

private:
    ClassifierFile(TextClassifier network, std::vector<std::int64_t> vocabulary, std::vector<std::string> classes)
        : m_network(std::move(network)), m_vocabulary(std::move(vocabulary)), m_classes(std::move(classes)) {}

    TextClassifier m_network;
    std::vector<std::int64_t> m_vocabulary; ///< ascending
    std::vector<std::string> m_classes;
};

} // namespace ochre::models
