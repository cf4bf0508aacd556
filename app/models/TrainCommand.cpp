// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/TrainCommand.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/Error.h"
#include "core/tensor/Runtime.h"
#include "core/training/TrainingRun.h"
#include "core/training/distributed/DistributedGroup.h"

namespace ochre::app {
namespace {

constexpr double kLineEvery = 10; // seconds between lines where they cannot be rewritten

Json recipesJson() {
    Json list = Json::array();
    for (const training::RecipeInfo& recipe : training::recipes()) {
        Json parameters = Json::array();
        for (const graph::Parameter& parameter : recipe.parameters) parameters.push_back(parameter.toJson());
        list.push_back({{"id", recipe.id}, {"label", recipe.label}, {"help", recipe.help}, {"parameters", std::move(parameters)}, {"report", recipe.report != nullptr}});
    }
    return {{"ok", true}, {"recipes", std::move(list)}};
}

/// The processes that train together: those of this machine are started here, as this very command with --join.
class Processes {
public:
    explicit Processes(const Json& options) {
        training::GroupAddress address{.rank = options.value("rank", 0), .size = options.value("processes", 1)};
        if (address.size == 1) {
            m_group = std::make_unique<training::Group>();
            return;
        }
        const std::string join = options.value("join", std::string());
        if (join.empty()) {
            m_group = std::make_unique<training::DistributedGroup>(address, [&](std::uint16_t port) { startOthers(address.size, port); });
            return;
        }
        const std::size_t colon = join.rfind(':');
        const int port = colon == std::string::npos ? 0 : std::atoi(join.c_str() + colon + 1);
        if (port < 1 || port > 65535 || address.rank >= address.size)
            throw Error(fmt::format("--join {} --rank {} --processes {}: is no place among them", join, address.rank, address.size),
                        "write --join HOST:PORT and ranks from 0 to one less than the processes");
        address.host = join.substr(0, colon);
        address.port = static_cast<std::uint16_t>(port);
        m_group = std::make_unique<training::DistributedGroup>(address);
    }

    training::Group& group() { return *m_group; }

    /// Waits for those that were started here.
    void end() {
        m_group.reset();
        for (const pid_t child : m_children) ::waitpid(child, nullptr, 0);
        m_children.clear();
    }

private:
    void startOthers(int size, std::uint16_t port) {
        std::ifstream file("/proc/self/cmdline", std::ios::binary);
        std::vector<std::string> words;
        for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
        for (int rank = 1; rank < size; ++rank) {
            std::vector<std::string> all = words;
            all.insert(all.end(), {"--join", fmt::format("127.0.0.1:{}", port), "--rank", std::to_string(rank)});
            std::vector<char*> arguments;
            for (std::string& word : all) arguments.push_back(word.data());
            arguments.push_back(nullptr);
            pid_t child = 0;
            posix_spawn_file_actions_t actions;
            ::posix_spawn_file_actions_init(&actions);
            ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
            const int failed = ::posix_spawn(&child, "/proc/self/exe", &actions, nullptr, arguments.data(), environ);
            ::posix_spawn_file_actions_destroy(&actions);
            if (failed) throw Error(fmt::format("training: process {} of {} could not be started: {}", rank, size, std::strerror(failed)));
            m_children.push_back(child);
        }
    }

    std::unique_ptr<training::Group> m_group;
    std::vector<pid_t> m_children;
};

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
    tensor::useThreads(std::max(1, tensor::physicalCores() / (o.value("join", std::string()).empty() ? o.value("processes", 1) : 1)));
    training::TrainingRequest training{.recipe = o.value("recipe", std::string()), .folder = o.value("output", std::string()),
                                       .resume = o.value("resume", false), .saveEvery = o.value("save_every", 300.0),
                                       .samplesEvery = o.value("samples_every", std::int64_t{0}), .cancel = request.cancel};
    const training::RecipeInfo& recipe = training::findRecipe(training.recipe);
    if (o.value("report", false) && !recipe.report)
        throw Error(fmt::format("--report: the recipe {} has no report", recipe.id), "train it without");
    for (const auto& [name, value] : o.at("settings").items()) training.settings[name] = value.get<std::string>();
    Processes processes(o);
    Narrator narrator(request);
    training::TrainingOutcome outcome;
    try {
        outcome = o.value("report", false) ? recipe.report(training, processes.group(), narrator.observer())
                                           : training::train(training, processes.group(), narrator.observer());
    } catch (...) {
        processes.end();
        throw;
    }
    processes.end();
    return {{"ok", true},           {"steps", outcome.steps},   {"finished", outcome.finished},
            {"loss", outcome.loss}, {"figures", outcome.figures}, {"result", outcome.result}};
}

} // namespace ochre::app
