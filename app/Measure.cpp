// SPDX-License-Identifier: GPL-3.0-or-later
// ochre measure: a model that restores or selects against the classic way, on pictures of which the truth is known.
#include <cstdio>

#include "app/Command.h"
#include "app/ModelLibrary.h"

namespace ochre::app {
namespace {

struct Options {
    std::string task, pictures, truth, cutouts, baseline, model, output;
    std::int64_t seed = 1, count = 0, side = 512;
    bool json = false;
};

void printRow(const Json& row, bool masks) {
    const auto figure = [&](const char* of) {
        if (!row.contains(of)) return std::string();
        const Json& f = row.at(of);
        char text[64];
        if (masks)
            std::snprintf(text, sizeof text, "%8.1f %%", 100 * f.value("iou", 0.0));
        else if (f.at("psnr").is_null())
            std::snprintf(text, sizeof text, "    equal     ");
        else
            std::snprintf(text, sizeof text, "%6.2f dB %.4f", f.at("psnr").get<double>(), f.value("ssim", 0.0));
        return std::string(text) + "  ";
    };
    std::printf("%-36.36s  %s%s%s\n", row.value("name", "").c_str(), figure("given").c_str(), figure("baseline").c_str(), figure("model").c_str());
}

int run(const Options& o) {
    ModelRequest request{.command = "measure", .progress = progressLine(), .cancel = interrupted()};
    request.options = {{"task", o.task},   {"pictures", o.pictures}, {"truth", o.truth}, {"cutouts", o.cutouts}, {"baseline", o.baseline},
                       {"model", o.model}, {"seed", o.seed},         {"count", o.count}, {"side", o.side},       {"output", o.output}};
    const Json result = runModelCommand(request);
    endProgress();
    if (o.json) {
        printJson(result);
        return kDone;
    }
    const bool masks = o.task == "click";
    std::printf("%-36s  %s%s, then %s\n", "", masks ? "" : "given, ", result.value("baseline", "").c_str(), result.value("model", "").c_str());
    for (const Json& row : result.at("pictures")) printRow(row, masks);
    printRow(result.at("mean"), masks);
    for (const auto& [key, words] : {std::pair{"margin", "more in the mean"}, {"median_margin", "in half of the pictures"}})
        if (const Json& margin = result.at(key); margin.is_number())
            std::printf("%+.2f %s %s\n", (masks ? 100 : 1) * margin.get<double>(), masks ? "points" : "dB", words);
    if (!o.output.empty()) std::printf("%s\n", o.output.c_str());
    return kDone;
}

} // namespace

void addMeasure(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand("measure", "Measure a model that restores or selects against the classic way of doing it");
    auto o = std::make_shared<Options>();
    sub->add_option("task", o->task,
                    "noise_jpeg, low_light: the pictures are degraded so; pairs: they are degraded, --truth has what they were; "
                    "click: objects are laid on them, and each is clicked on once")
        ->required()
        ->check(CLI::IsMember({"noise_jpeg", "low_light", "pairs", "click"}));
    sub->add_option("pictures", o->pictures, "Folder of pictures")->required();
    CLI::Option* truth = sub->add_option("--truth", o->truth, "Folder of what they were, under the same names");
    CLI::Option* cutouts = sub->add_option("--cutouts", o->cutouts, "Folder of objects with alpha");
    sub->add_option("-m,--model", o->model, "Name in the models folder, or a path; default: what comes with Ochre for it");
    sub->add_option("--baseline", o->baseline, "Of pairs")->check(CLI::IsMember({"nlm", "clahe"}));
    sub->add_option("--seed", o->seed, "Of degradations and scenes")->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 62))->capture_default_str();
    sub->add_option("--count", o->count, "Pictures, from the first on, or scenes; 0: all, and 60")->check(CLI::Range(0, 100000));
    sub->add_option("--side", o->side, "The middle of each is measured, at most so wide and high, 0: all; of scenes, their side")
        ->check(CLI::Range(0, 65536))
        ->capture_default_str();
    sub->add_option("-o,--output", o->output, "Sheet of the first twelve");
    sub->add_flag("--json", o->json, "Print one JSON object");
    sub->callback([o, truth, cutouts, &chosen] {
        if (o->task == "pairs" && truth->empty()) throw CLI::RequiredError("--truth");
        if (o->task == "click" && cutouts->empty()) throw CLI::RequiredError("--cutouts");
        chosen = [o] { return run(*o); };
    });
}

} // namespace ochre::app
