// SPDX-License-Identifier: GPL-3.0-or-later
// ochre detect: what is in a picture, through the same node that the window uses.
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include "app/Command.h"
#include "app/PictureGraph.h"
#include "core/image/Detections.h"

namespace ochre::app {
namespace {

struct Options {
    std::string input, output, model;
    double threshold = 0, overlap = 0.45;
    bool json = false;
};

int run(const Options& o) {
    session::Session session; // no disk tier: asked for on the command line, it is computed
    const graph::NodeId detect = buildOnPicture(
        session, o.input, "understand.detect", {{"model", o.model}, {"threshold", o.threshold}, {"overlap", o.overlap}});
    const graph::Result result = evaluateOrThrow(session, {detect});
    const auto& found = result.output(detect, "boxes").as<Detections>();
    if (!o.output.empty()) session.exportResult(detect, "image", o.output);
    if (o.json) {
        Json report{{"ok", true}, {"model", o.model}, {"detections", detectionsToJson(found)},
                    {"seconds", result.states.at(detect).seconds}};
        if (!o.output.empty()) report["output"] = o.output;
        printJson(report);
        return kDone;
    }
    for (const Detection& d : found)
        std::printf("%s\n", fmt::format("{:<16} {:.3f}  {:.0f},{:.0f},{:.0f},{:.0f}", d.label, d.score, d.left, d.top, d.right,
                                        d.bottom).c_str());
    if (found.empty()) std::fprintf(stderr, "nothing was found; a lower --threshold shows what is less sure\n");
    return kDone;
}

} // namespace

void addDetect(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand("detect", "Find objects in a picture: class, score, left,top,right,bottom");
    auto options = std::make_shared<Options>();
    sub->add_option("input", options->input, "Picture to look at")->required();
    sub->add_option("-m,--model", options->model, "YOLOX or DETR: name in the models folder, or a path")->required();
    sub->add_option("-o,--output", options->output, "Picture to write, with the objects framed");
    sub->add_option("--threshold", options->threshold, "Least score; 0: what suits the network")->check(CLI::Range(0.0, 1.0));
    sub->add_option("--overlap", options->overlap, "Boxes of a class that share more are one object (YOLOX)")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    sub->add_flag("--json", options->json, "Print one JSON object");
    sub->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

} // namespace ochre::app
