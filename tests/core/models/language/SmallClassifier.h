// SPDX-License-Identifier: GPL-3.0-or-later
// A text classifier of random numbers as a file, whose words are those of some texts.
#pragma once

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/base/Json.h"
#include "core/models/language/ClassifiedText.h"
#include "core/models/text/WordPieceTokenizer.h"
#include "core/tensor/Fill.h"
#include "core/tensor/SaveWeights.h"

namespace ochre::test {

inline constexpr const char* kKnownWords = "red green apple fruit dog with";

struct SmallClassifier {
    models::TextClassifier::Kind kind = models::TextClassifier::Kind::Transformer;
    std::vector<std::string> classes = {"Food", "Animals", "Symbols"};
    int positions = 6;

    std::map<std::string, at::Tensor> tensors() const {
        std::set<std::int64_t> ids;
        for (const int id : models::WordPieceTokenizer::shared().encode(kKnownWords)) ids.insert(id);
        const auto words = static_cast<std::int64_t>(ids.size());
        const auto config = models::TextClassifier::Config::balanced(kind, static_cast<int>(words) + 2,
                                                                     static_cast<int>(classes.size()), 16, 2, positions);
        at::Generator random = tensor::generator(9);
        std::map<std::string, at::Tensor> all;
        for (const auto& [name, shape] : config.expected()) all[name] = nn::randn(shape, random).mul(0.7);
        at::Tensor vocabulary = nn::zeros({words}, at::kLong);
        std::copy(ids.begin(), ids.end(), vocabulary.mutable_data_ptr<std::int64_t>());
        all[models::ClassifierFile::kVocabulary] = vocabulary;
        return all;
    }

    std::filesystem::path write(const std::filesystem::path& file) const {
        tensor::saveWeights(file, tensors(), {{models::ClassifierFile::kClasses, dumpJson(Json(classes))}});
        return file;
    }
};

} // namespace ochre::test
