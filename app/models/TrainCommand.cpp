// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/TrainCommand.h"

#include <chrono>

#include <fmt/format.h>

#include "core/tensor/Runtime.h"
#include "core/training/TrainingRun.h"

namespace ochre::app {
namespace {

constexpr double kLineEvery = 10; // seconds between lines where they cannot be rewritten

Json recipesJson() {
    Json list = Json::array();
    for (const training::RecipeInfo& recipe : training::recipes()) {
        Json parameters = Json::array();
        for (const graph::Parameter& parameter : recipe.parameters) parameters.push_back(parameter.toJson());
        list.push_back({{"id", recipe.id}, {"label", recipe.label}, {"help", recipe.help}, {"parameters", std::move(parameters)}});
    }
    return {{"ok", true}, {"recipes", std::move(list)}};
}

/// Lines about the steps on stderr: one that is rewritten on a terminal, else now and then one.
class Narrator {
public:
    Narrator(const ModelRequest& request) : m_note(request.note), m_terminal(request.options.value("terminal", false)) {}

    training::TrainingObserver observer() {
        training::TrainingObserver observer;
        observer.step = [this](const training::StepReport& report, double left) { step(report, left); };
        observer.say = [this](const std::string& text) { line(text + "\n"); };
        observer.samples = [this](std::int64_t step, const Image&) { line(fmt::format("samples after step {}\n", step)); };
        observer.preparing = Progress([this](double share, std::string_view what) {
            if (due()) line(fmt::format("{} {:.0f} %{}", what, 100 * share, m_terminal ? "" : "\n"));
        });
        return observer;
    }

private:
    void step(const training::StepReport& report, double left) {
        m_loss += report.loss;
        ++m_count;
        if (!due()) return;
        line(fmt::format("step {}  loss {:.4f}  gradient {:.2f}  {:.0f} min left{}", report.step + 1, m_loss / m_count, report.norm,
                         left / 60, m_terminal ? "" : "\n"));
        m_loss = m_count = 0;
    }
    bool due() {
        const auto now = std::chrono::steady_clock::now();
        const double every = m_terminal ? 0.2 : kLineEvery;
        if (std::chrono::duration<double>(now - m_last).count() < every) return false;
        m_last = now;
        return true;
    }
    void line(const std::string& text) {
        if (m_note) m_note((m_terminal ? "\r\033[K" : "") + text);
    }

    std::function<void(const std::string&)> m_note;
    bool m_terminal;
    std::chrono::steady_clock::time_point m_last = {};
    double m_loss = 0, m_count = 0;
};

} // namespace

Json trainCommand(const ModelRequest& request) {
    const Json& o = request.options;
    if (o.value("recipe", std::string()).empty()) return recipesJson();
    tensor::useThreads();
    training::TrainingRequest training{.recipe = o.value("recipe", std::string()), .folder = o.value("output", std::string()),
                                       .resume = o.value("resume", false), .saveEvery = o.value("save_every", 300.0),
                                       .samplesEvery = o.value("samples_every", std::int64_t{0}), .cancel = request.cancel};
    for (const auto& [name, value] : o.at("settings").items()) training.settings[name] = value.get<std::string>();
    training::Group alone;
    Narrator narrator(request);
    const training::TrainingOutcome outcome = training::train(training, alone, narrator.observer());
    return {{"ok", true},           {"steps", outcome.steps},   {"finished", outcome.finished},
            {"loss", outcome.loss}, {"figures", outcome.figures}, {"result", outcome.result}};
}

} // namespace ochre::app
