// SPDX-License-Identifier: GPL-3.0-or-later
// ochre track: an object followed through a video, through the same nodes that the window uses.
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include "app/Command.h"
#include "core/video/Clip.h"

namespace ochre::app {
namespace {

struct Options {
    std::string input, output, model, box, direction = "both";
    std::vector<std::string> points, prompts;
    int frame = 0;
    bool json = false;
};

std::string promptsOf(const Options& o) {
    std::string text;
    if (!o.points.empty() || !o.box.empty()) {
        text = fmt::format("{}:", o.frame);
        for (const std::string& point : o.points) text += " " + point;
        if (!o.box.empty()) text += " [" + o.box + "]";
        text += "\n";
    }
    for (const std::string& line : o.prompts) text += line + "\n";
    return text;
}

int run(const Options& o) {
    const std::string prompts = promptsOf(o);
    if (prompts.empty())
        throw Error("nothing says what is to be followed", "give a point on the object as --point x,y, or a box around it");
    session::Session session; // no disk tier: asked for on the command line, it is computed
    graph::NodeId track = 0, save = 0;
    session.document().edit("Build", [&](graph::Graph& graph) {
        const auto add = [&graph](const char* type) {
            graph::Node node;
            node.type = type;
            return graph.add(std::move(node));
        };
        track = add("understand.track");
        save = add("video.save");
        graph.setParameter(track, "video", std::filesystem::absolute(o.input).string());
        graph.setParameter(track, "model", o.model);
        graph.setParameter(track, "prompts", prompts);
        graph.setParameter(track, "direction", o.direction);
        graph.setParameter(save, "path", std::filesystem::absolute(o.output).string());
        graph.connect({track, "masks"}, save, "video");
    });
    const graph::Result result = evaluateOrThrow(session, {track, save});
    if (o.model.empty()) std::fprintf(stderr, "followed by motion, colours and edges; -m with SAM 2 weights knows objects\n");
    if (o.json)
        printJson({{"ok", true}, {"output", o.output}, {"model", o.model},
                   {"tracker", o.model.empty() ? "colours" : "sam2"},
                   {"frames", result.output(track, "masks").as<ClipPtr>()->frames()},
                   {"score", result.output(track, "score").as<double>()}, {"seconds", result.states.at(track).seconds}});
    else
        std::printf("%s\n", o.output.c_str());
    return kDone;
}

} // namespace

void addTrack(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand("track", "Follow an object through a video, from points on it or a box around it");
    auto options = std::make_shared<Options>();
    sub->add_option("input", options->input, "Video, or a folder of pictures")->required();
    sub->add_option("-o,--output", options->output, "Masks to write: masks.mp4, masks.mov, or pictures such as masks/%04d.png, numbered from 0")->required();
    sub->add_option("-m,--model", options->model,
                    "SAM 2: name in the models folder, or a path; without it motion, colours and edges decide");
    sub->add_option("--point", options->points, "x,y of a point on the object, in pixels; x,y,0: not on it; may be repeated")
        ->allow_extra_args(false);
    sub->add_option("--box", options->box, "left,top,right,bottom around the object, in pixels");
    sub->add_option("--frame", options->frame, "The frame that these are of, from 0")->check(CLI::NonNegativeNumber)->capture_default_str();
    sub->add_option("--prompt", options->prompts, "What is known of another frame: \"12: 120,80 300,200,0 [40,30,200,180]\"; may be repeated")
        ->allow_extra_args(false);
    sub->add_option("--direction", options->direction, "Which way from there")
        ->check(CLI::IsMember({"both", "forward", "backward"}))
        ->capture_default_str();
    sub->add_flag("--json", options->json, "Print one JSON object");
    sub->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

} // namespace ochre::app
