// SPDX-License-Identifier: GPL-3.0-or-later
// ochre train: a recipe, its settings, and the folder in which the training lives.
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

#include "app/Command.h"
#include "app/ModelLibrary.h"

namespace ochre::app {
namespace {
namespace fs = std::filesystem;

struct Options {
    std::string recipe, output;
    std::vector<std::string> settings;
    bool resume = false, report = false, json = false;
    double saveEvery = 300;
    std::int64_t samplesEvery = 0;
    int processes = 1, rank = 0;
    std::string join;
};

Json settingsJson(const std::vector<std::string>& settings) {
    Json json = Json::object();
    for (const std::string& setting : settings) {
        const std::size_t equals = setting.find('=');
        if (equals == std::string::npos || equals == 0)
            throw Error(fmt::format("--set {}: is no setting", setting), "write --set name=value");
        json[setting.substr(0, equals)] = setting.substr(equals + 1);
    }
    return json;
}

void listRecipes(const Json& recipes) {
    for (const Json& recipe : recipes) {
        std::printf("%s\n    %s\n", recipe.value("id", "").c_str(), recipe.value("help", "").c_str());
        for (const Json& parameter : recipe.at("parameters"))
            std::printf("    %-16s %s\n", fmt::format("{}={}", parameter.value("id", ""), parameter.at("default").dump()).c_str(),
                        parameter.value("help", "").c_str());
    }
}

int run(const Options& o) {
    ModelRequest request{.command = "train", .cancel = interrupted()};
    request.options = {{"recipe", o.recipe},       {"settings", settingsJson(o.settings)}, {"output", o.output},
                       {"resume", o.resume},       {"save_every", o.saveEvery},            {"samples_every", o.samplesEvery},
                       {"terminal", ::isatty(STDERR_FILENO) != 0}, {"processes", o.processes},
                       {"rank", o.rank},           {"join", o.join},                       {"report", o.report}};
    request.note = [](const std::string& text) {
        std::fprintf(stderr, "%s", text.c_str());
        std::fflush(stderr);
    };
    const Json result = runModelCommand(request);
    if (o.json || result.contains("recipes")) {
        if (o.json) printJson(result);
        else
            listRecipes(result.at("recipes"));
        return kDone;
    }
    std::printf("%s\n", (fs::path(o.output) / result.value("result", "")).c_str());
    for (const auto& [name, value] : result.at("figures").items())
        std::printf("%s %s\n", name.c_str(), value.dump().c_str());
    return kDone;
}

} // namespace

void addTrain(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand("train", "Train a model; without a recipe, list them with their settings");
    auto options = std::make_shared<Options>();
    sub->add_option("recipe", options->recipe, "What to train");
    sub->add_option("-o,--output", options->output, "Folder of the training: its state, log, samples and result");
    sub->add_option("--set", options->settings, "Setting of the recipe, name=value")->take_all();
    sub->add_flag("--resume", options->resume, "Go on with the training that the folder holds");
    sub->add_flag("--report", options->report, "Train all that the recipe compares, each in a folder of its own, and write report.html");
    sub->add_option("--save-every", options->saveEvery, "Seconds between states on disk")->capture_default_str()->check(CLI::PositiveNumber);
    sub->add_option("--samples-every", options->samplesEvery, "Steps between sample pictures; 0: a twentieth of all")
        ->check(CLI::NonNegativeNumber);
    sub->add_option("--processes", options->processes, "How many train together, each a share of the parts of a step")
        ->check(CLI::Range(1, 1024));
    sub->add_option("--join", options->join,
                    "On several machines: HOST:PORT of the one with rank 0, which listens there. Without it, all processes are started here");
    sub->add_option("--rank", options->rank, "With --join: which one this is, from 0")->check(CLI::Range(0, 1023));
    sub->add_flag("--json", options->json, "Print one JSON object");
    sub->callback([options, &chosen] {
        if (!options->recipe.empty() && options->output.empty()) throw CLI::RequiredError("--output");
        chosen = [options] { return run(*options); };
    });
}

} // namespace ochre::app
