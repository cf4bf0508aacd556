// SPDX-License-Identifier: GPL-3.0-or-later
// ochre bench: timings with every figure that a comparison needs.
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include "app/Command.h"
#include "app/ModelLibrary.h"
#include "core/base/Paths.h"
#include "core/graph/Bench.h"
#include "core/models/field/FieldFile.h"
#include "core/render/Bench.h"
#include "core/scene/Ply.h"
#include "core/scene/SceneIo.h"
#include "core/scene/field/PlacedField.h"

namespace ochre::app {
namespace {

constexpr std::size_t kEditedSplats = 3'000'000; // of a made-up scene, where none is named

struct Options {
    std::vector<std::string> names;
    std::string scene, model, dtype = "auto";
    std::vector<std::string> checkpoint; ///< kind and file to make
    std::string weights = "float16";
    std::string shape = "sd15"; ///< of diffusion
    std::vector<std::string> parts;
    std::string size; ///< of the picture for splats and diffusion
    std::size_t count = 0;
    std::string saved; ///< where the made-up scene goes
    int frames = 10, steps = 3, threads = 0;
    bool exact = true, json = false;
};

int sideOf(const std::string& text) {
    const Size size = parseSize(text.find('x') == std::string::npos ? text + "x" + text : text, "--size");
    if (size.width != size.height || size.width < 64 || size.width > 4096)
        throw Error(fmt::format("--size {}: diffusion is measured on squares of 64 to 4096 pixels a side", text), "for example --size 512");
    return size.width;
}

Json benchSplatsOf(const Options& o) {
    SplatBench settings{.frames = o.frames, .cpu = o.exact};
    if (!o.size.empty()) {
        const Size size = parseSize(o.size, "--size");
        settings.width = size.width;
        settings.height = size.height;
    }
    if (o.count > 0 && !o.scene.empty()) throw Error("--count, --scene: one of both for splats");
    if (o.count > 0) {
        const SplatCloud cloud = benchCloud(o.count);
        if (!o.saved.empty()) writePly(cloud, o.saved);
        return benchSplats(cloud, settings, interrupted());
    }
    return benchSplats(o.scene.empty() ? (paths::resources() / "scenes/vase.ply").string() : o.scene, settings, interrupted());
}

Json benchEditsOf(const Options& o) {
    if (!o.scene.empty()) return benchEdits(readSplats(o.scene, interrupted()), o.frames, interrupted());
    return benchEdits(benchCloud(o.count > 0 ? o.count : kEditedSplats), o.frames, interrupted());
}

/// A picture of 300×200 through the network, by the same node as everywhere; the first run also loads the model.
Json benchUpscale(const Options& o) {
    const std::string model = o.model.empty() ? "realesrgan-x4plus" : o.model;
    Json result{{"model", model}, {"dtype", o.dtype}, {"width", 300}, {"height", 200}, {"seconds", Json::array()}};
    for (int i = 0; i < 3; ++i) {
        session::Session session;
        graph::NodeId upscale = 0;
        session.document().edit("Build", [&](graph::Graph& graph) {
            graph::Node constant, node;
            constant.type = "image.constant";
            node.type = "restore.upscale";
            const graph::NodeId first = graph.add(constant);
            graph.setParameter(first, "width", std::int64_t{300});
            graph.setParameter(first, "height", std::int64_t{200});
            upscale = graph.add(node);
            graph.setParameter(upscale, "model", model);
            graph.setParameter(upscale, "dtype", o.dtype);
            graph.connect({first, "image"}, upscale, "image");
        });
        result["seconds"].push_back(evaluateOrThrow(session, {upscale}).states.at(upscale).seconds);
    }
    return result;
}

Json benchFieldOf(const Options& o) {
    if (o.scene.empty()) throw Error("bench field: no field is given", "--scene X.field.safetensors, which ochre convert makes of a NeRF checkpoint");
    FieldBench settings{.frames = o.frames};
    if (!o.size.empty()) {
        const Size size = parseSize(o.size, "--size");
        settings.width = size.width;
        settings.height = size.height;
    }
    const PlacedField placed = upright(std::make_shared<const HashField>(models::readField(o.scene)));
    const std::string name = std::filesystem::path(o.scene).filename().string();
    const SplatCloud splats = o.count > 0 ? benchCloud(o.count) : SplatCloud({}, name);
    return benchFields(splats.withFields({placed}), settings, interrupted());
}

Json bench(const std::string& name, const Options& o) {
    if (name == "graph") return graph::benchGraph();
    if (name == "splats") return benchSplatsOf(o);
    if (name == "edits") return benchEditsOf(o);
    if (name == "field") return benchFieldOf(o);
    if (name == "diffusion")
        return runModelCommand({.command = "bench_diffusion",
                                .files = {},
                                .options = {{"model", o.model}, {"shape", o.shape}, {"dtype", o.dtype},
                                            {"size", sideOf(o.size.empty() ? "512" : o.size)}, {"steps", o.steps}, {"threads", o.threads},
                                            {"parts", o.parts}},
                                .cancel = interrupted()});
    return benchUpscale(o);
}

/// True sizes and speeds can be measured with it, its pictures are noise.
int makeCheckpoint(const Options& o) {
    const Json made = runModelCommand({.command = "make_checkpoint",
                                       .files = {o.checkpoint[1]},
                                       .options = {{"kind", o.checkpoint[0]}, {"dtype", o.weights}},
                                       .cancel = interrupted()});
    if (o.json) printJson(made);
    else std::printf("%s\n", o.checkpoint[1].c_str());
    return kDone;
}

int run(const Options& o) {
    if (!o.checkpoint.empty()) return makeCheckpoint(o);
    const std::vector<std::string> names = o.names.empty() ? std::vector<std::string>{"graph", "splats"} : o.names;
    Json all = Json::object();
    for (const std::string& name : names) all[name] = bench(name, o);
    if (o.json) {
        all["ok"] = true;
        printJson(all);
    } else {
        for (const auto& [name, result] : all.items()) std::printf("%s\n%s\n", name.c_str(), dumpJson(result, 2).c_str());
    }
    return kDone;
}

} // namespace

void addBench(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand("bench", "Measure the engine, the renderers and the models");
    auto o = std::make_shared<Options>();
    sub->add_option("name", o->names, "What to measure; default: graph and splats")
        ->check(CLI::IsMember({"diffusion", "edits", "field", "graph", "splats", "upscale"}));
    sub->add_option("--scene", o->scene, "Scene for splats and edits, field for field; default: the sample, and 3 million made-up splats for edits");
    sub->add_option("--count", o->count, "Splats of a made-up scene instead, of the sizes and opacities that trained ones have; among a field")
        ->check(CLI::Range(std::size_t{1}, std::size_t{20'000'000}));
    sub->add_option("--save-scene", o->saved, "Write that scene as a .ply, for other programs")->needs("--count");
    sub->add_option("--frames", o->frames, "Frames of splats and fields that each renderer draws; times that each edit is done")->check(CLI::Range(1, 10000))->capture_default_str();
    sub->add_flag("!--no-exact", o->exact, "Leave out the exact CPU renderer of splats");
    sub->add_option("--model", o->model, "Model for upscale, default: realesrgan-x4plus; checkpoint for diffusion, default: random weights");
    sub->add_option("--dtype", o->dtype, "Numbers for upscale and diffusion")->check(CLI::IsMember({"auto", "float32", "bfloat16"}));
    sub->add_option("--shape", o->shape, "Shape of those random weights (sd15, sd2, sdxl, …), which are kept in the cache")->capture_default_str();
    sub->add_option("--size", o->size, "Picture in pixels: width and height for splats, default 1280x720, and for field, default 400x400; a side for diffusion, default 512");
    sub->add_option("--steps", o->steps, "Runs of each part of diffusion")->check(CLI::Range(1, 1000))->capture_default_str();
    sub->add_option("--threads", o->threads, "Threads for diffusion; 0: one a core")->check(CLI::Range(0, 1024));
    sub->add_option("--parts", o->parts, "Parts of diffusion; default: all")
        ->check(CLI::IsMember({"text", "step", "encode", "decode"}))
        ->delimiter(',');
    sub->add_option("--make-checkpoint", o->checkpoint,
                    "Write a checkpoint of random weights instead: KIND (sd15, sd2, sdxl, sd15-small, …) and FILE")
        ->expected(2);
    sub->add_option("--weights", o->weights, "Numbers of --make-checkpoint")
        ->check(CLI::IsMember({"float16", "bfloat16", "float32"}))
        ->capture_default_str();
    sub->add_flag("--json", o->json, "Print one JSON object");
    sub->callback([o, &chosen] { chosen = [o] { return run(*o); }; });
}

} // namespace ochre::app
