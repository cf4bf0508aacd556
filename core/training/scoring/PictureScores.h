// SPDX-License-Identifier: GPL-3.0-or-later
// How often a picture is told by the concept of its prompt among many: pictures of a set of prompts, drawn by a model or
// real ones, against the candidates of each.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/models/quality/CaptionMatcher.h"
#include "core/training/data/ScorePrompts.h"
#include "core/training/scoring/CaptionPool.h"

namespace ochre::training {

struct PictureScore {
    std::size_t prompt = 0; ///< of the set
    std::string taken;      ///< the candidate that fits best
    int rank = 0;           ///< of the right one, from 1
    double cosine = 0;      ///< with the right one
    bool right() const { return rank == 1; }
};

/// The share of right ones, 0…1.
double rightShare(const std::vector<PictureScore>& scores);

/// The first `count` prompts of a set with their candidates, whose captions are read once for many matchers.
class PromptJudge {
public:
    /// In run().
    PromptJudge(PromptSet set, std::size_t count, const models::SentenceEncoder& encoder);

    const PromptSet& set() const { return m_set; }
    std::size_t count() const { return m_candidates.size(); }
    std::size_t fewestCandidates() const;

    /// Picture i is of prompt i: `pictures` [count, 3, H, W] in −1…1, of any size. In run().
    std::vector<PictureScore> scores(const models::CaptionMatcher& matcher, const nn::Tensor& pictures) const;

private:
    PromptSet m_set;
    std::vector<std::string> m_captions;                  ///< of all candidates, each once
    std::vector<std::vector<std::int64_t>> m_candidates; ///< of each prompt: into captions, the right one first
    CaptionStates m_states;
};

/// The matcher of a file. Throws Error where it is none.
models::CaptionMatcher openMatcher(const std::filesystem::path& file);

/// Real pictures of the first `count` prompts [count, 3, side, side] in −1…1. Throws Error where one does not say what it
/// shows.
nn::Tensor realPictures(const EmojiExamples& examples, const PromptSet& set, std::size_t count, std::uint64_t draw);

/// `pictures` over their prompts, those that were taken for something else on red paper with what it was.
Image scoreSheet(const PromptJudge& judge, const nn::Tensor& pictures, const std::vector<PictureScore>& scores);

/// The program's own three sets; `examples` as the default options make them.
std::vector<PromptSet> ownPromptSets(const EmojiExamples& examples);

} // namespace ochre::training
