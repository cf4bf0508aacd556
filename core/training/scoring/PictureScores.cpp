// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/scoring/PictureScores.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/ContactSheet.h"
#include "core/tensor/Convert.h"
#include "core/tensor/Fill.h"
#include "core/training/LatentPool.h"
#include "core/training/data/ExampleSheet.h"

namespace ochre::training {
namespace {

constexpr std::int64_t kAtOnce = 32;
constexpr std::array<float, 3> kRightPaper = {0.84f, 0.94f, 0.84f}, kWrongPaper = {0.98f, 0.82f, 0.80f};
constexpr int kColumns = 10;
constexpr std::uint64_t kStarterPool = 59000; ///< examples that the recipe latent_diffusion learns from by default, a little less
constexpr std::uint64_t kStarterSeed = 0;     ///< its default

/// `all` [N, …] in pieces through `run`.
template <typename Run>
nn::Tensor inPieces(std::int64_t count, const Run& run) {
    std::vector<nn::Tensor> parts;
    for (std::int64_t first = 0; first < count; first += kAtOnce) parts.push_back(run(first, std::min(kAtOnce, count - first)));
    return nn::cat(parts, 0);
}

} // namespace

double rightShare(const std::vector<PictureScore>& scores) {
    const auto right = std::count_if(scores.begin(), scores.end(), [](const PictureScore& s) { return s.right(); });
    return scores.empty() ? 0 : static_cast<double>(right) / static_cast<double>(scores.size());
}

PromptJudge::PromptJudge(PromptSet set, std::size_t count, const models::SentenceEncoder& encoder) : m_set(std::move(set)) {
    std::unordered_map<std::string, std::int64_t> known;
    for (std::size_t i = 0; i < std::min(count, m_set.prompts.size()); ++i) {
        std::vector<std::int64_t>& own = m_candidates.emplace_back();
        for (std::string& caption : candidatesOf(m_set, i)) {
            const auto [it, fresh] = known.emplace(caption, std::ssize(m_captions));
            own.push_back(it->second);
            if (fresh) m_captions.push_back(std::move(caption));
        }
    }
    m_states = captionStates(encoder, m_captions);
}

std::size_t PromptJudge::fewestCandidates() const {
    std::size_t fewest = kCandidates;
    for (const auto& own : m_candidates) fewest = std::min(fewest, own.size());
    return fewest;
}

std::vector<PictureScore> PromptJudge::scores(const models::CaptionMatcher& matcher, const nn::Tensor& pictures) const {
    const auto count = static_cast<std::int64_t>(m_candidates.size());
    if (pictures.size(0) != count)
        throw Error(fmt::format("scores: {} pictures for {} prompts", pictures.size(0), count));
    const std::int64_t side = matcher.config().side;
    const nn::Tensor fitting =
        pictures.size(2) == side && pictures.size(3) == side ? pictures : nn::resizeBicubic(pictures, side, side).clamp(-1, 1);
    const nn::Tensor seen = inPieces(count, [&](std::int64_t first, std::int64_t n) { return matcher.pictures(fitting.narrow(0, first, n)); });
    const nn::Tensor read = inPieces(std::ssize(m_captions), [&](std::int64_t first, std::int64_t n) {
        return matcher.captions(m_states.states.narrow(0, first, n), m_states.mask.narrow(0, first, n));
    });
    const std::vector<float> cosines = nn::toValues(seen.matmul(read.t())); // [prompts, captions]
    std::vector<PictureScore> scores;
    for (std::size_t i = 0; i < m_candidates.size(); ++i) {
        const auto cosine = [&](std::int64_t caption) { return cosines[i * m_captions.size() + static_cast<std::size_t>(caption)]; };
        const std::vector<std::int64_t>& own = m_candidates[i];
        std::int64_t best = own[0];
        int better = 0;
        for (const std::int64_t caption : own) {
            if (!(cosine(caption) <= cosine(best))) best = caption;
            // One that fits as well counts as better: a matcher that tells nothing apart is never right.
            better += caption != own[0] && !(cosine(caption) < cosine(own[0]));
        }
        scores.push_back({.prompt = i, .taken = m_captions[static_cast<std::size_t>(best)], .rank = better + 1, .cosine = cosine(own[0])});
    }
    return scores;
}

models::CaptionMatcher openMatcher(const std::filesystem::path& file) {
    const tensor::Weights weights = tensor::Weights::open(file, {.floating = at::kFloat}).finiteOnly();
    const auto config = models::CaptionMatcher::Config::fromWeights(weights);
    if (!config)
        throw Error(file.string() + ": is no scorer", "train one with `ochre train scorer -o FOLDER`", ErrorKind::NotMine);
    return {weights, *config};
}

nn::Tensor realPictures(const EmojiExamples& examples, const PromptSet& set, std::size_t count, std::uint64_t draw) {
    std::vector<nn::Tensor> parts;
    for (std::size_t i = 0; i < std::min(count, set.prompts.size()); ++i) {
        const ScorePrompt& prompt = set.prompts[i];
        if (!prompt.shows)
            throw Error(fmt::format("prompts \"{}\": prompt {}, \"{}\", does not say what it shows", set.kind, i + 1, prompt.prompt),
                        "real pictures need \"shows\": {\"things\": [{\"name\": …}]}");
        parts.push_back(picturesOf({examples.drawn(compositionOf(examples, *prompt.shows), draw + i)}));
    }
    return nn::cat(parts, 0);
}

Image scoreSheet(const PromptJudge& judge, const nn::Tensor& pictures, const std::vector<PictureScore>& scores) {
    std::optional<ContactSheet> sheet;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        const nn::Tensor picture = pictures[static_cast<std::int64_t>(i)].add(1).mul(0.5).clamp(0, 1);
        const std::string& prompt = judge.set().prompts[scores[i].prompt].prompt;
        const Image cell = scores[i].right() ? captioned(tensor::toImage(picture), prompt, kRightPaper)
                                             : captioned(tensor::toImage(picture), prompt + " = " + scores[i].taken + "?", kWrongPaper);
        if (!sheet)
            sheet.emplace(scores.size(), SheetOptions{.columns = kColumns, .cellWidth = cell.width(), .cellHeight = cell.height()});
        sheet->place(i, cell);
    }
    return sheet->take();
}

std::vector<PromptSet> ownPromptSets(const EmojiExamples& examples) {
    Order order = LatentPool::order(examples.size(), kStarterSeed);
    return {trainingPrompts(examples, [&](std::uint64_t n) { return order.at(n); }, kStarterPool), otherWordsPrompts(examples),
            composedPrompts(examples)};
}

} // namespace ochre::training
