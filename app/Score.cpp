// SPDX-License-Identifier: GPL-3.0-or-later
// ochre score: how well a text-to-picture model draws what prompts say, as a scorer that learned apart tells it.
#include <cstdio>

#include "app/Command.h"
#include "app/ModelLibrary.h"

namespace ochre::app {
namespace {

struct Options {
    std::string model, scorer, output, sampler = "dpmpp_2m", writePrompts, writeWords;
    std::vector<std::string> prompts;
    std::int64_t steps = 20, seed = 1, count = 0;
    double cfg = 3;
    bool real = false, json = false;
};

int run(const Options& o) {
    ModelRequest request{.command = "score", .cancel = interrupted()};
    request.options = {{"model", o.model},   {"scorer", o.scorer}, {"prompts", o.prompts},
                       {"count", o.count},   {"sampler", o.sampler}, {"steps", o.steps},
                       {"cfg", o.cfg},       {"seed", o.seed},     {"output", o.output},
                       {"write_prompts", o.writePrompts}, {"write_words", o.writeWords}};
    request.note = [](const std::string& text) {
        std::fprintf(stderr, "%s", text.c_str());
        std::fflush(stderr);
    };
    const Json result = runModelCommand(request);
    if (o.json) {
        printJson(result);
        return kDone;
    }
    if (result.contains("files"))
        for (const Json& file : result.at("files")) std::printf("%s\n", file.get<std::string>().c_str());
    else
        for (const Json& kind : result.at("kinds"))
            std::printf("%-12s %5.1f %%  %zu of %zu are told first among %zu\n", kind.value("kind", "").c_str(),
                        100 * kind.value("share", 0.0), kind.value("right", std::size_t{0}), kind.value("prompts", std::size_t{0}),
                        kind.value("candidates", std::size_t{0}));
    if (!o.output.empty()) std::printf("%s\n", o.output.c_str());
    return kDone;
}

} // namespace

void addScore(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand("score", "Measure how well the small text-to-picture model draws what prompts say");
    auto o = std::make_shared<Options>();
    CLI::Option* model = sub->add_option("model", o->model, "Result of the recipe latent_diffusion: a path, or a name in the models folder");
    CLI::Option* real = sub->add_flag("--real", o->real, "Real pictures in place of a model's: how well the scorer itself knows them");
    sub->add_option("--scorer", o->scorer, "Result of the recipe scorer; default: the one that comes with Ochre");
    sub->add_option("--prompts", o->prompts, "Files of prompts; default: the three that come with Ochre")->take_all();
    sub->add_option("--count", o->count, "Prompts of each file, from the first on; 0: all")->check(CLI::Range(0, 100000));
    sub->add_option("--steps", o->steps, "Steps of sampling")->check(CLI::Range(1, 10000))->capture_default_str();
    sub->add_option("--cfg", o->cfg, "How closely the prompt is followed")->check(CLI::Range(0.0, 100.0))->capture_default_str();
    sub->add_option("--sampler", o->sampler, "As `ochre nodes` lists them")->capture_default_str();
    sub->add_option("--seed", o->seed, "Of the noise")->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 62))->capture_default_str();
    sub->add_option("-o,--output", o->output, "Sheet of all pictures with their prompts: green those that are told, red the others");
    CLI::Option* write = sub->add_option("--write-prompts", o->writePrompts,
                                         "Write the prompts that come with Ochre into this folder, made anew from the emoji, and end");
    CLI::Option* words = sub->add_option("--write-words", o->writeWords,
                                         "Write the table by which prompts in other words are read to this file, made anew, and end");
    sub->add_flag("--json", o->json, "Print one JSON object");
    real->excludes(model);
    sub->callback([o, write, words, &chosen] {
        if (o->model.empty() && !o->real && write->empty() && words->empty()) throw CLI::RequiredError("model, or --real");
        chosen = [o] { return run(*o); };
    });
}

} // namespace ochre::app
