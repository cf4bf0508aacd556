// SPDX-License-Identifier: GPL-3.0-or-later
// ochre segment: an object cut out of a picture, or all of them, through the same nodes that the window uses.
#include <cstdio>
#include <filesystem>

#include "app/Command.h"
#include "app/PictureGraph.h"
#include "core/base/File.h"
#include "core/image/ImageIo.h"

namespace ochre::app {
namespace {

struct Options {
    std::string input, output, model, box, answer = "auto";
    std::vector<std::string> points;
    std::int64_t grid = 32, layers = 0;
    bool invert = false, everything = false, json = false;
};

/// Share of the picture that is selected.
double shareOf(const Image& mask) {
    double sum = 0;
    for (const float v : mask.values()) sum += static_cast<double>(v);
    return sum / static_cast<double>(mask.pixelCount());
}

/// Labels as a picture of 16 bits, and beside it the list of what they are.
int runEverything(const Options& o) {
    if (!o.points.empty() || !o.box.empty()) throw Error("--everything needs no point and no box", "leave them out");
    session::Session session;
    const graph::NodeId node = buildOnPicture(session, o.input, "understand.everything",
                                              {{"model", o.model}, {"points", o.grid}, {"layers", o.layers}});
    const graph::Result result = evaluateOrThrow(session, {node});
    writeImage(result.output(node, "labels").as<Image>(), o.output, {.bitDepth = 16});
    const std::string list = std::filesystem::path(o.output).replace_extension(".json").string();
    const auto text = result.output(node, "list").as<std::string>();
    writeFileAtomic(list, text + "\n");
    const auto count = result.output(node, "count").as<std::int64_t>();
    if (o.json)
        printJson({{"ok", true}, {"output", o.output}, {"list", list}, {"model", o.model}, {"count", count},
                   {"masks", parseJson(text, "list")}, {"seconds", result.states.at(node).seconds}});
    else
        std::printf("%s\n%s\n", o.output.c_str(), list.c_str());
    return kDone;
}

int run(const Options& o) {
    if (o.everything) return runEverything(o);
    if (o.points.empty() && o.box.empty())
        throw Error("nothing says what is to be selected", "give a point on the object as --point x,y, or a box around it");
    std::string points;
    for (const std::string& point : o.points) points += point + " ";
    session::Session session; // no disk tier: asked for on the command line, it is computed
    const graph::NodeId select = buildOnPicture(
        session, o.input, "understand.select",
        {{"model", o.model}, {"points", points}, {"box", o.box}, {"answer", o.answer}, {"invert", o.invert}});
    const graph::Result result = evaluateOrThrow(session, {select});
    session.exportResult(select, "mask", o.output);
    const Image& mask = result.output(select, "mask").as<Image>();
    if (o.json)
        printJson({{"ok", true}, {"output", o.output}, {"model", o.model}, {"width", mask.width()}, {"height", mask.height()},
                   {"score", result.output(select, "score").as<double>()}, {"share", shareOf(mask)},
                   {"seconds", result.states.at(select).seconds}});
    else
        std::printf("%s\n", o.output.c_str());
    return kDone;
}

} // namespace

void addSegment(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand("segment", "Cut an object out of a picture by points on it or a box around it");
    auto options = std::make_shared<Options>();
    sub->add_option("input", options->input, "Picture to look at")->required();
    sub->add_option("-m,--model", options->model,
                    "SAM, SAM 2 or MobileSAM: name in the models folder, or a path; segment comes with Ochre; without it GrabCut, by colours and edges");
    sub->add_option("-o,--output", options->output, "Mask to write: white where the object is")->required();
    sub->add_option("--point", options->points, "x,y of a point on the object, in pixels; x,y,0: not on it; may be repeated")
        ->allow_extra_args(false);
    sub->add_option("--box", options->box, "left,top,right,bottom around the object, in pixels");
    sub->add_option("--answer", options->answer, "Which of the network's answers")
        ->check(CLI::IsMember({"auto", "first", "second", "third"}))
        ->capture_default_str();
    sub->add_flag("--everything", options->everything,
                  "All that is in the picture: numbers of parts as a 16-bit picture, and their list as .json beside it");
    sub->add_option("--grid", options->grid, "Points a side that --everything asks")->check(CLI::Range(1, 256))->capture_default_str();
    sub->add_option("--layers", options->layers, "1, 2, …: --everything also looks at quarters, sixteenths, …")
        ->check(CLI::Range(0, 4))
        ->capture_default_str();
    sub->add_flag("--invert", options->invert, "Select all but the object");
    sub->add_flag("--json", options->json, "Print one JSON object");
    sub->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

} // namespace ochre::app
