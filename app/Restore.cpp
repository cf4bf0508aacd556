// SPDX-License-Identifier: GPL-3.0-or-later
// ochre restore and ochre upscale: a picture, a folder or a video through the same nodes that the window uses.
#include <chrono>
#include <cstdio>
#include <optional>

#include <fmt/format.h>

#include "app/BatchCommand.h"
#include "app/Command.h"
#include "app/PictureGraph.h"
#include "core/image/Image.h"

namespace ochre::app {
namespace {

struct Options {
    std::string node, input, output, dtype = "auto";
    std::vector<std::string> models;
    std::int64_t tile = 0, overlap = -1;
    bool json = false;
    session::BatchOptions batch; ///< of folders and videos
    // of ochre restore
    double strength = 1;
    std::vector<std::string> example; ///< before and after
    std::string right, task;
    std::optional<std::int64_t> samples, steps, seed;
};

/// The node that the models and pictures are for.
std::string nodeOf(const Options& o) {
    if (!o.node.empty()) return o.node;
    if (!o.example.empty()) return "restore.paint_like";
    if (!o.right.empty()) return "restore.deblur_dual_pixel";
    return o.models.size() == 3 ? "restore.brighten_retinex" : o.models.size() == 2 ? "restore.brighten_bem" : "restore.restore";
}

/// Names of the parameters that hold the models.
std::vector<std::string> modelParameters(const std::string& node) {
    if (node == "restore.brighten_bem") return {"first", "second"};
    if (node == "restore.brighten_retinex") return {"decomposition", "reflectance", "illumination"};
    return {"model"};
}

/// What was asked for, as far as it was; what the node has no parameter for is an Error.
std::map<std::string, graph::ParameterValue> parametersOf(const Options& o, const graph::NodeDeclaration& node) {
    std::map<std::string, graph::ParameterValue> parameters;
    const std::vector<std::string> names = modelParameters(node.id());
    if (o.models.size() != names.size())
        throw Error(fmt::format("--model: {} are given, and \"{}\" takes {}", o.models.size(), node.label(), names.size()),
                    "one for most; two for BEM, in their order; three for Diff-Retinex: decomposition, reflectance, illumination");
    for (std::size_t i = 0; i < names.size(); ++i) parameters[names[i]] = o.models[i];
    const auto set = [&](const char* id, bool given, graph::ParameterValue value) {
        if (!given) return;
        if (!node.findParameter(id)) throw Error(fmt::format("--{}: \"{}\" has no use for it", id, node.label()), "leave it out, or see the models that are given");
        parameters[id] = std::move(value);
    };
    set("dtype", o.dtype != "auto", o.dtype);
    set("tile", o.tile != 0, o.tile);
    set("overlap", o.overlap >= 0, o.overlap);
    set("strength", o.strength != 1, o.strength);
    set("task", !o.task.empty(), o.task);
    set("samples", o.samples.has_value(), o.samples.value_or(0));
    set("steps", o.steps.has_value(), o.steps.value_or(0));
    set("seed", o.seed.has_value(), o.seed.value_or(0));
    return parameters;
}

std::vector<std::pair<std::string, std::string>> picturesOf(const Options& o) {
    if (!o.example.empty()) return {{"image", o.input}, {"before", o.example[0]}, {"after", o.example[1]}};
    if (!o.right.empty()) return {{"left", o.input}, {"right", o.right}};
    return {{"image", o.input}};
}

int run(const Options& o) {
    session::Session session; // no disk tier: asked for on the command line, it is computed
    const std::string type = nodeOf(o);
    const graph::NodeId node = buildOnPictures(session, picturesOf(o), type, parametersOf(o, *session.registry().find(type)));
    if (isBatchSource(o.input)) {
        session::BatchOptions batch = o.batch;
        batch.source = o.input;
        batch.target = o.output;
        batch.input = "load";
        return runBatch(session, batch, o.json);
    }
    const graph::Result result = evaluateOrThrow(session, {node});
    session.exportResult(node, "image", o.output, o.batch.bitDepth);
    const Image& image = result.output(node, "image").as<Image>();
    if (o.json)
        printJson({{"ok", true}, {"output", o.output}, {"model", o.models.front()}, {"width", image.width()},
                   {"height", image.height()}, {"seconds", result.states.at(node).seconds}});
    else
        std::printf("%s\n", o.output.c_str());
    return kDone;
}

/// The options that both have.
void addTo(CLI::App* sub, const std::shared_ptr<Options>& options, std::function<int()>& chosen) {
    sub->add_option("input", options->input, "Picture to read, or a folder of them, or a video")->required();
    sub->add_option("-o,--output", options->output, "Picture to write; of a folder or a video: a folder, or a video (.mp4, .mov)")->required();
    sub->add_option("--dtype", options->dtype, "Numbers to compute with")
        ->check(CLI::IsMember({"auto", "float32", "bfloat16"}))
        ->capture_default_str();
    sub->add_option("--tile", options->tile, "Side of a tile in pixels of the input; 0: from the memory there is")
        ->check(CLI::Range(0, 65536));
    sub->add_option("--overlap", options->overlap, "Pixels that tiles share; default: from the model")
        ->check(CLI::Range(0, 512));
    addBitsOption(sub, options->batch.bitDepth);
    addBatchOptions(sub, options->batch);
    sub->add_flag("--json", options->json, "Print one JSON object");
    sub->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

} // namespace

void addRestore(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand(
        "restore", "Repair a picture with SwinIR, Restormer, DnCNN, IAT, SCI or another model of pictures; or with BEM, Diff-Retinex or Painter");
    auto options = std::make_shared<Options>();
    options->models = {"denoise"};
    sub->add_option("-m,--model", options->models,
                    "Name in the models folder, or a path; denoise and low-light come with Ochre; twice for BEM, three times for Diff-Retinex "
                    "(decomposition, reflectance, illumination)")
        ->capture_default_str()
        ->allow_extra_args(false);
    sub->add_option("--strength", options->strength, "Share of the result, 0 to 1; the rest is the picture as it was")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    auto* example = sub->add_option("--example", options->example, "Painter: a picture, and what was made of it; the same is done to the input")->expected(2);
    sub->add_option("--task", options->task, "Painter: how its colours are read")->check(CLI::IsMember({"picture", "depth", "classes"}))->needs(example);
    sub->add_option("--right", options->right, "Restormer for dual pixels: what the right halves see; the input is what the left see")->excludes(example);
    sub->add_option("--samples", options->samples, "BEM: pictures drawn and averaged; 0: its best guess")->check(CLI::Range(0, 1000));
    sub->add_option("--steps", options->steps, "Diff-Retinex: steps of each diffusion")->check(CLI::Range(1, 1000));
    sub->add_option("--seed", options->seed, "BEM and Diff-Retinex: of what is drawn")->check(CLI::NonNegativeNumber);
    addTo(sub, options, chosen);
}

void addUpscale(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand("upscale", "Enlarge a picture with a super-resolution model");
    auto options = std::make_shared<Options>();
    options->node = "restore.upscale";
    options->models = {"realesrgan-x4plus"};
    sub->add_option("-m,--model", options->models.front(), "Name in the models folder, or a path")->capture_default_str();
    addTo(sub, options, chosen);
}

} // namespace ochre::app
