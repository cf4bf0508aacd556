// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/StarterWords.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <span>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Log.h"
#include "core/base/Paths.h"
#include "core/base/Text.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/SaveWeights.h"

namespace ochre::models {
namespace {
namespace fs = std::filesystem;
using Part = std::string_view; // of the prompt

constexpr const char* kFormat = "ochre starter words 1";
constexpr std::string_view kColors[] = {"red",  "orange", "yellow", "green", "turquoise", "blue", "purple",
                                        "pink", "brown",  "black",  "grey",  "gray",      "white"};
constexpr std::string_view kSizes[] = {"small", "tiny", "large", "big"};
constexpr std::string_view kArticles[] = {"a", "an", "the"};
/// What captions say beside names (core/training/data/Captions.cpp).
constexpr std::string_view kOtherWords[] = {
    "emoji", "picture", "of",   "on",     "in",   "front", "background", "with", "and",    "left", "right",        "to",         "above",
    "below", "at",      "top",  "bottom", "next", "beside", "skin",      "tone", "light", "medium", "dark", "medium-light", "medium-dark"};
/// Longer ones before those that they end with.
constexpr std::string_view kRelations[] = {
    " on the left and ", " on the right and ", " at the top and ", " at the bottom and ", " to the left of ", " to the right of ",
    " left of ",         " right of ",         " above ",          " below ",             " next to ",        " beside ",
    " and ",             " with "};
constexpr std::string_view kBegins[] = {"an emoji of ", "a picture of "};
constexpr std::string_view kEnds[] = {" emoji", " on the left", " on the right", " at the top", " at the bottom"};

bool isOneOf(Part word, std::span<const std::string_view> list) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

/// Letters small, without the marks that lists and sentences put around words.
std::string plain(Part word) {
    while (!word.empty() && std::string_view(",.!?:;\"()").find(word.back()) != Part::npos) word.remove_suffix(1);
    while (!word.empty() && std::string_view("\"(").find(word.front()) != Part::npos) word.remove_prefix(1);
    std::string out(word);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

std::vector<Part> wordsOf(Part text) {
    std::vector<Part> words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(" \t\n"), text.size());
        if (end > 0) words.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

Part trimmed(Part text) {
    while (!text.empty() && std::string_view(" ,\t\n").find(text.front()) != Part::npos) text.remove_prefix(1);
    while (!text.empty() && std::string_view(" ,\t\n").find(text.back()) != Part::npos) text.remove_suffix(1);
    return text;
}

/// Without what frames a phrase: "an emoji of", a background, its place.
Part unframed(Part text) {
    text = trimmed(text);
    for (const Part begin : kBegins)
        if (text.starts_with(begin)) text.remove_prefix(begin.size());
    for (const Part end : kEnds)
        if (text.ends_with(end)) text.remove_suffix(end.size());
    for (const Part color : kColors) {
        const char* const article = color == "orange" ? "an" : "a";
        const std::string ground = fmt::format("{} {} background", article, color);
        for (const std::string& end : {" on " + ground, " in front of " + ground, fmt::format(", {} background", color), fmt::format(" on {}", color)})
            if (text.ends_with(end)) text.remove_suffix(end.size());
    }
    return trimmed(text);
}

/// At relations, where there are any.
std::vector<Part> phrasesOf(Part text) {
    for (const Part relation : kRelations)
        if (const std::size_t at = text.find(relation); at != Part::npos) {
            std::vector<Part> phrases = phrasesOf(text.substr(0, at));
            const std::vector<Part> rest = phrasesOf(text.substr(at + relation.size()));
            phrases.insert(phrases.end(), rest.begin(), rest.end());
            return phrases;
        }
    return {unframed(text)};
}

Part withoutArticle(Part phrase) {
    const std::size_t blank = phrase.find(' ');
    return blank != Part::npos && isOneOf(plain(phrase.substr(0, blank)), kArticles) ? trimmed(phrase.substr(blank)) : phrase;
}

/// "big blue alpaca" and "big alpaca that is blue": the colours and sizes that the nearest name may lack, and what is left.
struct Looks {
    std::vector<std::string> words;
    std::string thing; ///< never empty
};

Looks looksOf(Part phrase) {
    std::vector<Part> words = wordsOf(phrase);
    Looks looks;
    const auto isLook = [](Part word) { return isOneOf(plain(word), kColors) || isOneOf(plain(word), kSizes); };
    const auto take = [&](std::size_t from, std::size_t end, std::size_t look) {
        looks.words.push_back(plain(words[look]));
        words.erase(words.begin() + static_cast<std::ptrdiff_t>(from), words.begin() + static_cast<std::ptrdiff_t>(end));
    };
    while (words.size() > 1 && isLook(words.front())) take(0, 1, 0);
    if (const std::size_t n = words.size(); n > 3 && words[n - 3] == "that" && words[n - 2] == "is" && isLook(words[n - 1])) take(n - 3, n, n - 1);
    for (const Part word : words) looks.thing.append(looks.thing.empty() ? "" : " ").append(word);
    return looks;
}

/// "a llama" with "blue": "a blue llama".
std::string withLooks(Part name, const std::vector<std::string>& looks) {
    if (looks.empty()) return std::string(name);
    std::string out;
    if (const Part bare = withoutArticle(name); bare.size() < name.size()) {
        out = name.starts_with("the ") ? "the " : looks.front() == "orange" ? "an " : "a ";
        name = bare;
    }
    for (const std::string& word : looks) out.append(word) += ' ';
    return out.append(name);
}

std::vector<std::string> linesOf(const tensor::Weights& weights, const std::string& key) {
    const nn::Tensor bytes = weights.tensor(key).contiguous();
    Part text(reinterpret_cast<const char*>(bytes.data_ptr<std::uint8_t>()), static_cast<std::size_t>(bytes.numel()));
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

nn::Tensor bytesOf(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + '\n';
    nn::Tensor bytes = nn::zeros({static_cast<std::int64_t>(text.size())}, at::kByte);
    std::copy(text.begin(), text.end(), bytes.data_ptr<std::uint8_t>());
    return bytes;
}

} // namespace

StarterWords StarterWords::open(const fs::path& file) {
    const tensor::Weights weights = tensor::Weights::open(file);
    const auto broken = [&](const std::string& what) {
        return Error(fmt::format("{}: {}", file.string(), what), "make it anew with `ochre score --write-words`", ErrorKind::Broken);
    };
    for (const auto& [key, type] : {std::pair{"names", tensor::Dtype::U8}, {"texts", tensor::Dtype::U8}, {"owners", tensor::Dtype::I32},
                                    {"vectors", tensor::Dtype::I8}})
        if (!weights.has(key) || weights.dtype(key) != type || weights.shape(key).size() != (type == tensor::Dtype::I8 ? 2 : 1))
            throw broken(fmt::format("is no table of words: \"{}\" is missing or of another kind", key));
    StarterWords words;
    words.m_names = linesOf(weights, "names");
    const std::vector<std::string> texts = linesOf(weights, "texts");
    const nn::Tensor owners = weights.tensor("owners").contiguous(), vectors = weights.tensor("vectors").contiguous();
    if (texts.empty() || owners.numel() != static_cast<std::int64_t>(texts.size()) || vectors.size(0) != owners.numel())
        throw broken("its texts, owners and vectors are not as many");
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const std::int32_t owner = owners.data_ptr<std::int32_t>()[i];
        if (owner < 0 || static_cast<std::size_t>(owner) >= words.m_names.size()) throw broken(fmt::format("text {} stands for no name", i));
        words.m_texts.push_back({texts[i], static_cast<std::size_t>(owner)});
        words.m_known.insert(texts[i]);
    }
    words.m_width = static_cast<int>(vectors.size(1));
    words.m_vectors.assign(vectors.data_ptr<std::int8_t>(), vectors.data_ptr<std::int8_t>() + vectors.numel());
    for (std::size_t row = 0; row < texts.size(); ++row) {
        double square = 0;
        for (int i = 0; i < words.m_width; ++i) {
            const double v = words.m_vectors[row * static_cast<std::size_t>(words.m_width) + static_cast<std::size_t>(i)];
            square += v * v;
        }
        words.m_scales.push_back(static_cast<float>(square > 0 ? 1 / std::sqrt(square) : 0));
    }
    for (const std::string& name : words.m_names)
        for (const Part word : wordsOf(name)) words.m_words.insert(plain(word));
    for (const std::span<const Part> list : {std::span<const Part>(kColors), std::span<const Part>(kSizes), std::span<const Part>(kArticles),
                                             std::span<const Part>(kOtherWords)})
        words.m_words.insert(list.begin(), list.end());
    return words;
}

std::shared_ptr<const StarterWords> StarterWords::own() {
    static const std::shared_ptr<const StarterWords> words = [] {
        const fs::path file = paths::resources() / "models" / "starter-words.safetensors";
        return fs::is_regular_file(file) ? std::make_shared<const StarterWords>(open(file)) : nullptr;
    }();
    return words;
}

void StarterWords::save(const fs::path& file, const std::vector<std::string>& names, const std::vector<Text>& texts,
                        const nn::Tensor& vectors) {
    std::vector<std::string> lines;
    nn::Tensor owners = nn::zeros({static_cast<std::int64_t>(texts.size())}, at::kInt);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        lines.push_back(texts[i].text);
        owners.data_ptr<std::int32_t>()[i] = static_cast<std::int32_t>(texts[i].name);
    }
    const nn::Tensor whole = vectors.div(vectors.abs().amax(1, true).clamp_min(1e-12)).mul(127).round().to(at::kChar);
    tensor::saveWeights(file, {{"names", bytesOf(names)}, {"texts", bytesOf(lines)}, {"owners", owners}, {"vectors", whole}},
                        {{"format", kFormat}});
}

bool StarterWords::knows(Part phrase) const {
    const std::vector<Part> words = wordsOf(phrase);
    return std::all_of(words.begin(), words.end(), [&](Part word) {
        const std::string said = plain(word);
        return said.empty() || m_words.contains(said);
    });
}

StarterWords::Nearest StarterWords::nearest(const float* vector) const {
    Nearest best;
    const auto width = static_cast<std::size_t>(m_width);
    for (std::size_t row = 0; row < m_texts.size(); ++row) {
        const std::int8_t* other = m_vectors.data() + row * width;
        float product = 0;
        for (std::size_t i = 0; i < width; ++i) product += vector[i] * static_cast<float>(other[i]);
        product *= m_scales[row];
        if (product > best.likeness) best = {m_texts[row].name, product};
    }
    return best;
}

std::vector<WordReading> StarterWords::readings(const SentenceEncoder& encoder, const std::string& prompt) const {
    if (encoder.width() != m_width || prompt.size() > kLongest || knows(prompt)) return {};
    std::vector<WordReading> found;
    const Part whole = unframed(prompt); // may be a text of the table, relations and all
    for (const Part phrase : m_known.contains(withoutArticle(whole)) ? std::vector<Part>{whole} : phrasesOf(prompt)) {
        if (knows(phrase)) continue;
        const Part bare = withoutArticle(phrase);
        Looks looks = looksOf(bare);
        const std::vector<std::string> asked{std::string(bare), looks.thing};
        const nn::Tensor vectors = encoder.encode(asked, {}, tensor::currentCancel()).sentences.contiguous();
        const float* numbers = vectors.data_ptr<float>();
        Nearest best = nearest(numbers);
        // A colour of the name itself ("a heart that is grey") need not be said again; in lists of keywords it is one of them.
        const std::vector<Part> said = wordsOf(m_names[best.name]);
        const bool complete = std::all_of(looks.words.begin(), looks.words.end(), [&](const std::string& word) {
            return std::find(said.begin(), said.end(), word) != said.end();
        });
        if (complete || phrase.find(',') != Part::npos)
            looks.words.clear();
        else
            best = nearest(numbers + m_width);
        if (best.likeness < kLeast) continue;
        const auto begin = static_cast<std::size_t>(phrase.data() - prompt.data());
        found.push_back({begin, begin + phrase.size(), withLooks(m_names[best.name], looks.words), best.likeness});
        log::info("prompt: \"{}\" is read as \"{}\" ({:.2f})", printable(std::string(phrase)), found.back().text, best.likeness);
    }
    return found;
}

std::string StarterWords::read(const SentenceEncoder& encoder, const std::string& prompt) const {
    std::string text = prompt;
    const std::vector<WordReading> all = readings(encoder, prompt);
    for (auto reading = all.rbegin(); reading != all.rend(); ++reading)
        text.replace(reading->begin, reading->end - reading->begin, reading->text);
    return text;
}

} // namespace ochre::models
