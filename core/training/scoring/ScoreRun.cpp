// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/scoring/ScoreRun.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Paths.h"
#include "core/models/diffusion/StarterText.h"
#include "core/models/sampling/Samplers.h"
#include "core/tensor/Runtime.h"
#include "core/training/scoring/PictureScores.h"
#include "core/training/scoring/PromptPictures.h"

namespace ochre::training {
namespace {
namespace fs = std::filesystem;

constexpr std::size_t kAtOnce = 16; // prompts that are drawn together
constexpr const char* kOwnSets[] = {"training", "other_words", "composed"};
constexpr std::uint64_t kUnseen = std::uint64_t{1} << 41; // draws that no training makes

fs::path scorerFile(const fs::path& asked) {
    const fs::path file = asked.empty() ? paths::resources() / "models" / "scorer.safetensors" : asked;
    if (!fs::is_regular_file(file))
        throw Error(fmt::format("scorer {}: there is no such file", file.string()),
                    "train one with `ochre train scorer -o FOLDER` and name FOLDER/scorer.safetensors with --scorer");
    return file;
}

std::vector<fs::path> promptFiles(const std::vector<fs::path>& asked) {
    if (!asked.empty()) return asked;
    std::vector<fs::path> own;
    for (const char* set : kOwnSets) own.push_back(paths::resources() / "prompts" / (std::string(set) + ".json"));
    return own;
}

class Run {
public:
    explicit Run(const ScoreRequest& request) : m_request(request), m_scorer(scorerFile(request.scorer)) {
        models::sampling::findSampler(request.sampler); // a wrong name is said at once
        for (const fs::path& file : promptFiles(request.prompts)) {
            m_sets.push_back(readPromptSet(file));
            m_prompts += countOf(m_sets.back());
        }
        m_encoder = models::starterEncoder();
        m_matcher.emplace(openMatcher(m_scorer));
        if (m_matcher->config().states != m_encoder->width())
            throw Error(fmt::format("{}: reads states of {} numbers, the text encoder gives {}", m_scorer.string(),
                                    m_matcher->config().states, m_encoder->width()),
                        "choose a scorer that was trained with this text encoder");
        if (request.model.empty())
            m_examples.emplace(std::make_shared<EmojiSet>(), ComposeOptions{.seed = request.seed, .side = PromptPictures::kSide, .heldOutOneIn = 0},
                               request.cancel);
        else
            m_drawer.emplace(request.model);
    }

    ScoreOutcome take() {
        ScoreOutcome outcome{.scorer = m_scorer, .kinds = {}, .pictures = {}, .sheet = {}};
        for (PromptSet& set : m_sets) {
            const PromptJudge judge(set, countOf(set), *m_encoder);
            const nn::Tensor pictures = m_drawer ? drawn(judge) : real(judge);
            const std::vector<PictureScore> scores = judge.scores(*m_matcher, pictures);
            ScoredKind& kind = outcome.kinds.emplace_back();
            kind = {.kind = set.kind, .right = 0, .prompts = scores.size(), .candidates = judge.fewestCandidates()};
            for (const PictureScore& score : scores) {
                const ScorePrompt& prompt = set.prompts[score.prompt];
                kind.right += score.right();
                outcome.pictures.push_back({set.kind, prompt.prompt, prompt.meaning, score.taken, score.rank, score.cosine});
            }
            if (m_request.sheet) add(scoreSheet(judge, pictures, scores), outcome.sheet);
        }
        return outcome;
    }

private:
    std::size_t countOf(const PromptSet& set) const {
        return m_request.count == 0 ? set.prompts.size() : std::min(m_request.count, set.prompts.size());
    }

    nn::Tensor real(const PromptJudge& judge) const {
        return realPictures(*m_examples, judge.set(), judge.count(), kUnseen);
    }

    nn::Tensor drawn(const PromptJudge& judge) {
        std::vector<nn::Tensor> parts;
        for (std::size_t first = 0; first < judge.count(); first += kAtOnce) {
            std::vector<std::string> prompts;
            for (std::size_t i = first; i < std::min(first + kAtOnce, judge.count()); ++i) prompts.push_back(judge.set().prompts[i].prompt);
            parts.push_back(m_drawer->sample(prompts, {.sampler = m_request.sampler, .steps = m_request.steps, .cfg = m_request.cfg},
                                             m_request.seed, static_cast<int>(first)));
            m_done += prompts.size();
            m_request.progress.report(m_done, m_prompts, fmt::format("{} of {} pictures", m_done, m_prompts));
            m_request.cancel.check();
        }
        return nn::cat(parts, 0);
    }

    /// Below what is there.
    static void add(const Image& sheet, Image& onto) {
        if (onto.empty()) {
            onto = sheet;
            return;
        }
        Image both(std::max(onto.width(), sheet.width()), onto.height() + sheet.height(), 3);
        int row = 0;
        for (const Image* part : {static_cast<const Image*>(&onto), &sheet})
            for (int y = 0; y < part->height(); ++y, ++row)
                std::copy_n(part->pixel(0, y), 3 * part->width(),
                            both.edit().data() + 3 * static_cast<std::ptrdiff_t>(row) * both.width());
        onto = std::move(both);
    }

    const ScoreRequest& m_request;
    fs::path m_scorer;
    std::vector<PromptSet> m_sets;
    std::shared_ptr<const models::SentenceEncoder> m_encoder;
    std::optional<models::CaptionMatcher> m_matcher;
    std::optional<EmojiExamples> m_examples;
    std::optional<PromptPictures> m_drawer;
    std::size_t m_prompts = 0, m_done = 0;
};

} // namespace

ScoreOutcome score(const ScoreRequest& request) {
    ScoreOutcome outcome;
    tensor::run(request.cancel, [&] { outcome = Run(request).take(); });
    return outcome;
}

std::vector<fs::path> writeOwnPrompts(const fs::path& folder) {
    const EmojiExamples examples(std::make_shared<EmojiSet>());
    std::vector<fs::path> files;
    fs::create_directories(folder);
    for (const PromptSet& set : ownPromptSets(examples)) {
        files.push_back(folder / (set.kind + ".json"));
        writeFileAtomic(files.back(), promptSetText(set));
    }
    return files;
}

} // namespace ochre::training
