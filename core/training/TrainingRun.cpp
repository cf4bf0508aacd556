// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/TrainingRun.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <fstream>
#include <numeric>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/image/ImageIo.h"
#include "core/tensor/Learning.h"
#include "core/tensor/Runtime.h"

namespace ochre::training {
namespace {
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kRecentSteps = 100;
constexpr int kBadStepsInARow = 5, kMostFalls = 3;
constexpr std::uint64_t kLongestLog = std::uint64_t{1} << 30;

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

class Run {
public:
    Run(const TrainingRequest& request, Group& group, const TrainingObserver& observer)
        : m_request(request), m_group(group), m_observer(observer), m_info(findRecipe(request.recipe)),
          m_settings(m_info.parameters, allSettings()), m_recipe(m_info.make(m_settings)),
          m_trainer(m_recipe->parameters(), optimizerOptions(m_settings), static_cast<int>(m_settings.integer("parts")), group) {}

    TrainingOutcome run() {
        begin();
        const std::int64_t total = m_settings.integer("steps");
        m_start = Clock::now();
        m_saved = m_start;
        m_firstStep = m_trainer.steps();
        try {
            while (m_trainer.steps() < total) {
                tensor::learn(m_request.cancel, [&] { oneStep(total); });
                housekeeping(total);
            }
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::Cancelled) throw;
        }
        return end(total);
    }

private:
    fs::path stateFile() const { return m_request.folder / "state.safetensors"; }
    fs::path logFile() const { return m_request.folder / "log.jsonl"; }
    bool leads() const { return m_group.rank() == 0; }

    /// Those of the folder, where it is resumed, under those that were asked for now.
    std::map<std::string, std::string> allSettings() const {
        std::map<std::string, std::string> all;
        const fs::path file = m_request.folder / "settings.json";
        if (m_request.resume && fs::exists(file)) {
            const Json json = parseJson(readTextFile(file, 1 << 20), file.string());
            if (json.value("recipe", std::string()) != m_request.recipe)
                throw Error(fmt::format("{}: is of the recipe \"{}\", not \"{}\"", file.string(),
                                        json.value("recipe", std::string()), m_request.recipe),
                            "name the recipe it was started with, or another folder");
            for (const auto& [id, value] : json.at("settings").items())
                all[id] = graph::toText(graph::parameterFromJson(value));
        }
        for (const auto& [id, value] : m_request.settings) all[id] = value;
        return all;
    }

    void begin() {
        const bool known = fs::exists(stateFile());
        if (known && !m_request.resume && leads())
            throw Error(fmt::format("{}: holds a training already", m_request.folder.string()),
                        "add --resume to go on with it, or name another folder");
        fs::create_directories(m_request.folder / "samples");
        if (leads())
            writeFileAtomic(m_request.folder / "settings.json",
                            dumpJson({{"recipe", m_request.recipe}, {"settings", m_settings.toJson()}}, 2));
        // Rank 0 computes what is kept in the folder; those who share the folder then find it there.
        const Workplace place{.folder = m_request.folder, .say = m_observer.say, .progress = m_observer.preparing, .cancel = m_request.cancel};
        if (leads()) m_recipe->prepare(place);
        if (leads() && known) {
            m_trainer.load(stateFile());
            m_observer.say(fmt::format("goes on after step {}", m_trainer.steps()));
        }
        m_trainer.share();
        if (!leads()) m_recipe->prepare(place);
        if (leads()) openLog();
    }

    /// Lines after the state are steps that will be done again.
    void openLog() {
        m_log.close();
        std::string kept;
        if (fs::exists(logFile())) {
            std::istringstream lines(readTextFile(logFile(), kLongestLog));
            std::int64_t count = 0;
            for (std::string line; count < m_trainer.steps() && std::getline(lines, line); ++count) kept += line + "\n";
        }
        writeFileAtomic(logFile(), kept);
        m_log.open(logFile(), std::ios::app);
    }

    void oneStep(std::int64_t total) {
        const auto start = Clock::now();
        const std::int64_t step = m_trainer.steps();
        const StepReport report = m_trainer.step([&](int part) { return m_recipe->loss(step, part); });
        m_recent.push_back(report.loss);
        if (m_recent.size() > kRecentSteps) m_recent.pop_front();
        m_badSteps = report.skipped ? m_badSteps + 1 : 0;
        if (leads())
            m_log << dumpJson({{"step", report.step}, {"loss", report.loss}, {"norm", report.norm}, {"rate", report.rate},
                               {"seconds", secondsSince(start)}})
                  << "\n"
                  << std::flush;
        const double each = secondsSince(m_start) / static_cast<double>(m_trainer.steps() - m_firstStep);
        m_observer.step(report, each * static_cast<double>(total - m_trainer.steps()));
    }

    void housekeeping(std::int64_t total) {
        if (m_badSteps >= kBadStepsInARow) return fallBack();
        const std::int64_t every = m_request.samplesEvery > 0 ? m_request.samplesEvery : std::max<std::int64_t>(1, total / 20);
        const bool last = m_trainer.steps() == total;
        if (leads() && (last || m_trainer.steps() % every == 0)) showSamples();
        if (last || secondsSince(m_saved) > m_request.saveEvery) save();
    }

    void showSamples() {
        std::optional<Image> picture;
        tensor::run(m_request.cancel, [&] { picture = m_recipe->samples(); });
        if (!picture) return;
        writeImage(*picture, m_request.folder / "samples" / fmt::format("{:07}.png", m_trainer.steps()));
        m_observer.samples(m_trainer.steps(), *picture);
    }

    void save() {
        m_saved = Clock::now();
        if (leads()) m_trainer.save(stateFile(), {{"recipe", m_request.recipe}});
    }

    void fallBack() {
        m_badSteps = 0;
        const std::int64_t reached = m_trainer.steps();
        if (++m_falls > kMostFalls || (leads() && !fs::exists(stateFile())))
            throw Error(fmt::format("training: loss or gradient is not finite at step {}", reached),
                        "start again with a smaller learning_rate, or with dtype=float32");
        const double factor = m_trainer.rateFactor();
        if (leads()) m_trainer.load(stateFile());
        m_trainer.slowDown(factor);
        m_trainer.share();
        if (leads()) openLog();
        m_observer.say(fmt::format("losses were not finite at step {}: goes on from step {} at half the learning rate", reached,
                                   m_trainer.steps()));
    }

    TrainingOutcome end(std::int64_t total) {
        if (!m_request.cancel.requested() || m_trainer.steps() > m_firstStep) save();
        TrainingOutcome outcome{.steps = m_trainer.steps(), .finished = m_trainer.steps() >= total};
        if (!m_recent.empty())
            outcome.loss = std::accumulate(m_recent.begin(), m_recent.end(), 0.0) / static_cast<double>(m_recent.size());
        if (!leads()) return outcome;
        tensor::run({}, [&] {
            if (outcome.finished) outcome.figures = m_recipe->measure();
            outcome.result = m_recipe->save(m_request.folder, m_trainer.steps());
        });
        return outcome;
    }

    TrainingRequest m_request;
    Group& m_group;
    const TrainingObserver& m_observer;
    const RecipeInfo& m_info;
    Settings m_settings;
    std::unique_ptr<Recipe> m_recipe;
    Trainer m_trainer;
    std::ofstream m_log;
    std::deque<double> m_recent;
    Clock::time_point m_start, m_saved;
    std::int64_t m_firstStep = 0;
    int m_badSteps = 0, m_falls = 0;
};

} // namespace

TrainingOutcome train(const TrainingRequest& request, Group& group, const TrainingObserver& observer) {
    return Run(request, group, observer).run();
}

} // namespace ochre::training
