// SPDX-License-Identifier: GPL-3.0-or-later
// ochre generate: a prompt to pictures, through the same nodes that the window uses.
#include <cstdio>
#include <filesystem>
#include <random>

#include <fmt/format.h>

#include "app/Command.h"
#include "app/GenerateGraph.h"
#include "core/base/Paths.h"
#include "core/base/StarterModel.h"
#include "core/graph/Types.h"
#include "core/image/Image.h"
#include "core/library/ModelFolder.h"

namespace ochre::app {
namespace {
namespace fs = std::filesystem;

/// The one that is asked for, else the usual one.
std::string checkpointOf(const GenerateOptions& o) {
    if (!o.model.empty()) return fileOrName(o.model);
    const fs::path usual = library::usualCheckpoint();
    if (usual.empty())
        throw Error("no checkpoint is there to generate with",
                    "name one with --model, put one into " + (paths::models() / "checkpoints").string() +
                        ", or say with `ochre models --add` where another program has some");
    // By its name: that of a file that came with the program is another on every machine.
    return usual == paths::starterModel() ? usual.stem().string() : usual.string();
}

void check(const GenerateOptions& o) {
    if (!o.mask.empty() && o.init.empty())
        throw Error("--mask is given without --init", "name the picture to paint into");
    if (!o.size.empty()) pictureSize(o.size);
}

/// out.png, or out-1.png, out-2.png, … where there are several.
fs::path fileOf(const GenerateOptions& o, std::int64_t index) {
    fs::path path = o.output;
    if (o.count > 1)
        path.replace_filename(
            fmt::format("{}-{}{}", path.stem().string(), index + 1, path.extension().string()));
    return path;
}

/// Some that is easy to write down.
std::int64_t freshSeed() {
    return static_cast<std::int64_t>(std::random_device()() & 0x7fffffff);
}

/// "sd1", "starter", …, of the checkpoint that the node loads.
std::string familyOf(session::Session& session, graph::NodeId checkpoint) {
    const graph::Result loaded = evaluateOrThrow(session, {checkpoint});
    const graph::Value& model = loaded.output(checkpoint, "model");
    const graph::TypeInfo* type = graph::TypeRegistry::shared().find(model.type());
    return type && type->modelFamily ? type->modelFamily(model) : std::string();
}

/// Evaluates the graph with the seed, writes the picture and says what it is.
Json makePicture(session::Session& session, const GenerateNodes& nodes, std::int64_t seed, const fs::path& path) {
    session.document().edit("Seed", [&](graph::Graph& graph) { graph.setParameter(nodes.sample, "seed", seed); });
    const graph::Result result = evaluateOrThrow(session, {nodes.result});
    session.exportResult(nodes.result, "image", path);
    const Image& image = result.output(nodes.result, "image").as<Image>();
    const auto secondsOf = [&](graph::NodeId node) {
        const auto state = result.states.find(node);
        return state == result.states.end() ? 0.0 : state->second.seconds;
    };
    Json json{{"output", path.string()},
              {"seed", seed},
              {"width", image.width()},
              {"height", image.height()},
              {"seconds", result.seconds},
              {"sampling_seconds", secondsOf(nodes.sample)}};
    Json parts = Json::object();
    session.document().graph().forEach([&](const graph::Node& node) { parts[node.name] = secondsOf(node.id); });
    json["node_seconds"] = std::move(parts);
    return json;
}

int run(const GenerateOptions& o) {
    check(o);
    session::Session session; // no disk tier: asked for on the command line, it is computed
    const std::string checkpoint = checkpointOf(o);
    graph::NodeId load = 0;
    session.document().edit("Load", [&](graph::Graph& graph) { load = addCheckpoint(graph, o, checkpoint); });
    const std::string family = familyOf(session, load);
    const GeneratePlan plan = planOf(o, nodes::familyDefaults(family));
    GenerateNodes nodes;
    session.document().edit("Build", [&](graph::Graph& graph) { nodes = addPicture(graph, load, o, plan); });
    const std::int64_t first = o.seed >= 0 ? o.seed : freshSeed();
    Json pictures = Json::array();
    for (std::int64_t i = 0; i < o.count; ++i) {
        const fs::path path = fileOf(o, i);
        pictures.push_back(makePicture(session, nodes, first + i, path));
        if (!o.json) std::printf("%s\n", path.c_str());
    }
    if (!o.json) return kDone;
    Json json{{"ok", true},           {"pictures", std::move(pictures)}, {"model", checkpoint},
              {"family", family},     {"steps", plan.steps},             {"cfg", plan.cfg},
              {"sampler", plan.sampler}, {"scheduler", plan.scheduler},  {"upscaler", plan.upscaler}};
    if (plan.drawn) json["drawn"] = {{"width", plan.drawn->width}, {"height", plan.drawn->height}};
    printJson(json);
    return kDone;
}

} // namespace

void addGenerate(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub =
        app.add_subcommand("generate", "Make pictures from a prompt with the model that comes along, or a Stable Diffusion checkpoint");
    auto o = std::make_shared<GenerateOptions>();
    sub->add_option("prompt", o->prompt, "What the picture is to show")->required();
    sub->add_option("-o,--output", o->output, "Picture to write; with --count, NAME-1, NAME-2, …")
        ->required();
    sub->add_option("--model", o->model,
                    "Checkpoint: a name in the models folder, or a path; default: the first there is, else the model that "
                    "comes along (starter)");
    sub->add_option("--autoencoder", o->autoencoder,
                    "Another autoencoder (VAE, TAESD) than the checkpoint's");
    sub->add_option("--negative", o->negative, "What it is not to show");
    sub->add_option("--steps", o->steps, "Steps of sampling; default: 20")->check(CLI::Range(1, 10000));
    sub->add_option("--cfg", o->cfg, "How closely the prompt is followed; default: what suits the model, 7 or 3 (starter)")
        ->check(CLI::Range(0.0, 100.0));
    sub->add_option("--seed", o->seed, "Of the first picture; the next ones count on. Default: by chance")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 62));
    sub->add_option("--sampler", o->sampler, "As `ochre nodes` lists them; default: what suits the model");
    sub->add_option("--scheduler", o->scheduler, "As `ochre nodes` lists them; default: what suits the model");
    sub->add_option("--size", o->size,
                    "WIDTHxHEIGHT in pixels, multiples of 8; default: what suits the model, or the --init picture's. What "
                    "the starter model draws, of about 128x128 pixels, is enlarged to any size; default: 512x512");
    sub->add_option("--init", o->init, "Picture to begin with");
    sub->add_option("--mask", o->mask, "Where to paint into --init: its alpha, or its brightness");
    sub->add_option("--strength", o->strength, "How much of --init is made anew, 0 to 1; default: 0.75")
        ->check(CLI::Range(0.0, 1.0));
    sub->add_option("--count", o->count, "How many pictures")
        ->check(CLI::Range(1, 10000))
        ->capture_default_str();
    sub->add_option("--style", o->style, "Grammar of the prompt's weights")
        ->check(CLI::IsMember({"comfy", "a1111"}))
        ->capture_default_str();
    sub->add_option("--noise", o->noise, "Random numbers as ComfyUI (cpu) or AUTOMATIC1111 (gpu) draws them")
        ->check(CLI::IsMember({"cpu", "gpu"}))
        ->capture_default_str();
    sub->add_option("--precision", o->precision, "Numbers to compute with")
        ->check(CLI::IsMember({"auto", "float32", "bfloat16"}))
        ->capture_default_str();
    sub->add_flag("--json", o->json, "Print one JSON object");
    sub->callback([o, &chosen] { chosen = [o] { return run(*o); }; });
}

} // namespace ochre::app
