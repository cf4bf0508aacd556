// SPDX-License-Identifier: GPL-3.0-or-later
// ochre restore and ochre upscale: one picture through the same nodes that the window uses.
#include <chrono>
#include <cstdio>

#include "app/Command.h"
#include "app/PictureGraph.h"
#include "core/image/Image.h"

namespace ochre::app {
namespace {

struct Options {
    std::string node, input, output, model, dtype = "auto";
    std::int64_t tile = 0, overlap = -1;
    double strength = 1; ///< of ochre restore
    bool json = false;
};

std::map<std::string, graph::ParameterValue> parametersOf(const Options& o) {
    std::map<std::string, graph::ParameterValue> parameters{{"model", o.model}, {"dtype", o.dtype}, {"tile", o.tile}};
    if (o.overlap >= 0) parameters["overlap"] = o.overlap;
    if (o.strength != 1) parameters["strength"] = o.strength;
    return parameters;
}

int run(const Options& o) {
    session::Session session; // no disk tier: asked for on the command line, it is computed
    const graph::NodeId node = buildOnPicture(session, o.input, o.node, parametersOf(o));
    const graph::Result result = evaluateOrThrow(session, {node});
    session.exportResult(node, "image", o.output);
    const Image& image = result.output(node, "image").as<Image>();
    if (o.json)
        printJson({{"ok", true}, {"output", o.output}, {"model", o.model}, {"width", image.width()},
                   {"height", image.height()}, {"seconds", result.states.at(node).seconds}});
    else
        std::printf("%s\n", o.output.c_str());
    return kDone;
}

/// The options that both have.
void addTo(CLI::App* sub, const std::shared_ptr<Options>& options, std::function<int()>& chosen) {
    sub->add_option("input", options->input, "Picture to read")->required();
    sub->add_option("-o,--output", options->output, "Picture to write")->required();
    sub->add_option("--dtype", options->dtype, "Numbers to compute with")
        ->check(CLI::IsMember({"auto", "float32", "bfloat16"}))
        ->capture_default_str();
    sub->add_option("--tile", options->tile, "Side of a tile in pixels of the input; 0: from the memory there is")
        ->check(CLI::Range(0, 65536));
    sub->add_option("--overlap", options->overlap, "Pixels that tiles share; default: from the model")
        ->check(CLI::Range(0, 512));
    sub->add_flag("--json", options->json, "Print one JSON object");
    sub->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

} // namespace

void addRestore(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand(
        "restore", "Repair a picture with SwinIR, Restormer, DnCNN, IAT, SCI or another model of pictures");
    auto options = std::make_shared<Options>();
    options->node = "restore.restore";
    options->model = "denoise";
    sub->add_option("-m,--model", options->model, "Name in the models folder, or a path; denoise and low-light come with Ochre")
        ->capture_default_str();
    sub->add_option("--strength", options->strength, "Share of the result, 0 to 1; the rest is the picture as it was")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    addTo(sub, options, chosen);
}

void addUpscale(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand("upscale", "Enlarge a picture with a super-resolution model");
    auto options = std::make_shared<Options>();
    options->node = "restore.upscale";
    options->model = "realesrgan-x4plus";
    sub->add_option("-m,--model", options->model, "Name in the models folder, or a path")->capture_default_str();
    addTo(sub, options, chosen);
}

} // namespace ochre::app
