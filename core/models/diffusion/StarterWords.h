// SPDX-License-Identifier: GPL-3.0-or-later
// Prompts in words that Ochre's own small model never learned, read as the nearest thing that it knows: "an
// alpaca on a blue background" as "a llama on a blue background". Nearest are the texts of a table by the
// sentence vectors of the model's own text encoder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/models/text/SentenceEncoder.h"

namespace ochre::models {

/// A stretch of a prompt, in bytes, and what stands in its place.
struct WordReading {
    std::size_t begin = 0, end = 0;
    std::string text;
    float likeness = 0; ///< cosine
};

class StarterWords {
public:
    static constexpr float kLeast = 0.55F; ///< likeness below which a phrase stays as it is
    static constexpr std::size_t kLongest = 1000; ///< bytes: the model sees a few words of longer prompts, which are left alone

    struct Text {
        std::string text;
        std::size_t name = 0; ///< what it stands for, into the names
    };

    /// Throws Error, of kind Broken where the file is no such table.
    static StarterWords open(const std::filesystem::path& file);
    /// models/starter-words.safetensors of the resources, opened once; null where it is not there.
    static std::shared_ptr<const StarterWords> own();
    /// `names` with their articles; `vectors`: float32 [texts, width], any length but zero. Written as int8.
    static void save(const std::filesystem::path& file, const std::vector<std::string>& names, const std::vector<Text>& texts,
                     const nn::Tensor& vectors);

    /// In order, without overlap. Colours, sizes, backgrounds, skin tones, relations and the phrases whose words all occur in
    /// names are left alone. None where the encoder's vectors are of another width. In run().
    std::vector<WordReading> readings(const SentenceEncoder& encoder, const std::string& prompt) const;
    std::string read(const SentenceEncoder& encoder, const std::string& prompt) const;

    const std::vector<std::string>& names() const { return m_names; }
    const std::vector<Text>& texts() const { return m_texts; }

private:
    struct Nearest {
        std::size_t name = 0;
        float likeness = -1;
    };
    bool knows(std::string_view phrase) const;
    Nearest nearest(const float* vector) const;

    std::vector<std::string> m_names;
    std::vector<Text> m_texts;
    std::set<std::string, std::less<>> m_known; ///< the texts
    std::set<std::string, std::less<>> m_words; ///< of all names, and those that captions say beside them
    int m_width = 0;
    std::vector<std::int8_t> m_vectors; ///< [texts, width]
    std::vector<float> m_scales;        ///< of a row, to the length 1
};

} // namespace ochre::models
