// SPDX-License-Identifier: GPL-3.0-or-later
// ochre generate: a prompt to pictures, through the same nodes that the window uses.
#include <cstdio>
#include <filesystem>
#include <random>

#include <fmt/format.h>

#include "app/Command.h"
#include "core/base/Paths.h"
#include "core/image/Image.h"
#include "core/library/ModelFolder.h"

namespace ochre::app {
namespace {
namespace fs = std::filesystem;

constexpr double kUsualStrength = 0.75;

struct Options {
    std::string prompt, negative, output, model, autoencoder, sampler = "euler", scheduler = "normal",
                                                              style = "comfy";
    std::string precision = "auto", noise = "cpu", size, init, mask;
    std::int64_t steps = 20, seed = -1, count = 1;
    double cfg = 7, strength = -1;
    bool json = false;
};

struct Size {
    std::int64_t width = 512, height = 512;
};

Size sizeOf(const std::string& text) {
    Size size;
    char x = 0, rest = 0;
    const int read = std::sscanf(text.c_str(), "%ld%c%ld%c", &size.width, &x, &size.height, &rest);
    if (read != 3 || (x != 'x' && x != 'X'))
        throw Error(fmt::format("--size is \"{}\"", text), "give it as WIDTHxHEIGHT, like 512x768");
    return size;
}

/// Paths are kept whole in the graph, so that it runs from every folder.
std::string fileOrName(const std::string& text) {
    std::error_code ignored;
    return fs::exists(text, ignored) ? fs::absolute(text).string() : text;
}

/// The one that is asked for, else the first by path: of the user's own folder, then of other programs'.
std::string checkpointOf(const Options& o) {
    if (!o.model.empty()) return fileOrName(o.model);
    const std::string own = (paths::models() / "").string();
    std::string first;
    for (const library::ModelFile& file : library::listModels("checkpoints")) {
        const std::string extension = file.path.extension().string(), path = file.path.string();
        if (extension != ".safetensors" && extension != ".ckpt") continue;
        if (path.starts_with(own)) return path;
        if (first.empty()) first = path;
    }
    if (first.empty())
        throw Error("no checkpoint is there to generate with",
                    "name one with --model, put one into " + (paths::models() / "checkpoints").string() +
                        ", or say with `ochre models --add` where another program has some");
    return first;
}

/// The graph that the options stand for.
class Builder {
public:
    Builder(graph::Graph& graph, const Options& options) : m_graph(graph), m_options(options) {}

    graph::NodeId sample = 0, decode = 0;

    void build() {
        const auto load = add("generate.load_checkpoint");
        set(load, "checkpoint", checkpointOf(m_options));
        set(load, "precision", m_options.precision);
        graph::Link autoencoder{load, "autoencoder"};
        if (!m_options.autoencoder.empty()) {
            autoencoder.node = add("generate.load_autoencoder");
            set(autoencoder.node, "autoencoder", fileOrName(m_options.autoencoder));
            set(autoencoder.node, "precision", m_options.precision);
        }
        const auto positive = prompt(load, m_options.prompt, "positive");
        m_graph.connect({load, "model"}, positive, "model"); // for LoRAs named in the prompt
        const auto negative = prompt(load, m_options.negative, "negative");
        sample = add("generate.sample");
        settings(positive);
        m_graph.connect({positive, "conditioning"}, sample, "positive");
        m_graph.connect({negative, "conditioning"}, sample, "negative");
        m_graph.connect(m_options.init.empty() ? empty() : encoded(autoencoder), sample, "latent");
        decode = add("latent.decode");
        m_graph.connect({sample, "latent"}, decode, "latent");
        m_graph.connect(autoencoder, decode, "autoencoder");
    }

private:
    graph::NodeId add(const std::string& type, const std::string& name = {}) {
        graph::Node node;
        node.type = type;
        node.name = name;
        return m_graph.add(std::move(node));
    }
    void set(graph::NodeId node, const std::string& id, graph::ParameterValue value) {
        m_graph.setParameter(node, id, std::move(value));
    }

    graph::NodeId prompt(graph::NodeId load, const std::string& text, const std::string& name) {
        const auto node = add("generate.prompt", name);
        set(node, "text", text);
        set(node, "style", m_options.style);
        set(node, "steps", m_options.steps);
        m_graph.connect({load, "text_encoder"}, node, "text_encoder");
        return node;
    }

    void settings(graph::NodeId positive) {
        m_graph.connect({positive, "model"}, sample, "model");
        set(sample, "steps", m_options.steps);
        set(sample, "cfg", m_options.cfg);
        set(sample, "sampler", m_options.sampler);
        set(sample, "scheduler", m_options.scheduler);
        set(sample, "noise", m_options.noise);
        const double usual = m_options.init.empty() ? 1.0 : kUsualStrength;
        set(sample, "denoise", m_options.strength >= 0 ? m_options.strength : usual);
    }

    graph::Link empty() {
        const auto node = add("latent.empty");
        const Size size = m_options.size.empty() ? Size{} : sizeOf(m_options.size);
        set(node, "width", size.width);
        set(node, "height", size.height);
        return {node, "latent"};
    }

    graph::Link encoded(const graph::Link& autoencoder) {
        graph::Link image{add("image.load"), "image"};
        set(image.node, "path", fs::absolute(m_options.init).string());
        if (!m_options.size.empty()) {
            const Size size = sizeOf(m_options.size);
            const auto resize = add("image.resize");
            set(resize, "width", size.width);
            set(resize, "height", size.height);
            m_graph.connect(image, resize, "image");
            image.node = resize;
        }
        graph::Link latent{add("latent.encode"), "latent"};
        m_graph.connect(image, latent.node, "image");
        m_graph.connect(autoencoder, latent.node, "autoencoder");
        if (m_options.mask.empty()) return latent;
        const auto mask = add("image.load", "mask");
        set(mask, "path", fs::absolute(m_options.mask).string());
        const auto masked = add("latent.noise_mask");
        m_graph.connect(latent, masked, "latent");
        m_graph.connect({mask, "image"}, masked, "mask");
        return {masked, "latent"};
    }

    graph::Graph& m_graph;
    const Options& m_options;
};

/// out.png, or out-1.png, out-2.png, … where there are several.
fs::path fileOf(const Options& o, std::int64_t index) {
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

int run(const Options& o) {
    if (!o.mask.empty() && o.init.empty())
        throw Error("--mask is given without --init", "name the picture to paint into");
    session::Session session; // no disk tier: asked for on the command line, it is computed
    graph::NodeId sample = 0, decode = 0;
    session.document().edit("Build", [&](graph::Graph& graph) {
        Builder builder(graph, o);
        builder.build();
        sample = builder.sample;
        decode = builder.decode;
    });
    const std::int64_t first = o.seed >= 0 ? o.seed : freshSeed();
    Json pictures = Json::array();
    for (std::int64_t i = 0; i < o.count; ++i) {
        session.document().edit("Seed",
                                [&](graph::Graph& graph) { graph.setParameter(sample, "seed", first + i); });
        const graph::Result result = evaluateOrThrow(session, {decode});
        const fs::path path = fileOf(o, i);
        session.exportResult(decode, "image", path);
        const Image& image = result.output(decode, "image").as<Image>();
        const auto state = result.states.find(sample);
        pictures.push_back(
            {{"output", path.string()},
             {"seed", first + i},
             {"width", image.width()},
             {"height", image.height()},
             {"seconds", result.seconds},
             {"sampling_seconds", state == result.states.end() ? 0.0 : state->second.seconds}});
        if (!o.json) std::printf("%s\n", path.c_str());
    }
    if (o.json)
        printJson(
            {{"ok", true}, {"pictures", std::move(pictures)}, {"steps", o.steps}, {"sampler", o.sampler}});
    return kDone;
}

} // namespace

void addGenerate(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub =
        app.add_subcommand("generate", "Make pictures from a prompt with a Stable Diffusion checkpoint");
    auto o = std::make_shared<Options>();
    sub->add_option("prompt", o->prompt, "What the picture is to show")->required();
    sub->add_option("-o,--output", o->output, "Picture to write; with --count, NAME-1, NAME-2, …")
        ->required();
    sub->add_option("--model", o->model,
                    "Checkpoint: a name in the models folder, or a path; default: the first there is");
    sub->add_option("--autoencoder", o->autoencoder,
                    "Another autoencoder (VAE, TAESD) than the checkpoint's");
    sub->add_option("--negative", o->negative, "What it is not to show");
    sub->add_option("--steps", o->steps, "Steps of sampling")
        ->check(CLI::Range(1, 10000))
        ->capture_default_str();
    sub->add_option("--cfg", o->cfg, "How closely the prompt is followed")
        ->check(CLI::Range(0.0, 100.0))
        ->capture_default_str();
    sub->add_option("--seed", o->seed, "Of the first picture; the next ones count on. Default: by chance")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 62));
    sub->add_option("--sampler", o->sampler, "As `ochre nodes` lists them")->capture_default_str();
    sub->add_option("--scheduler", o->scheduler, "As `ochre nodes` lists them")->capture_default_str();
    sub->add_option("--size", o->size,
                    "WIDTHxHEIGHT in pixels, multiples of 8; default: 512x512, or the --init picture's");
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
