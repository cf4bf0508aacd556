// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/GenerateGraph.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Log.h"
#include "core/base/Paths.h"
#include "core/image/ImageIo.h"

namespace ochre::app {
namespace {
namespace fs = std::filesystem;

constexpr double kUsualStrength = 0.75;
constexpr std::int64_t kLeastSide = 8, kMostSide = 16384;
constexpr double kMostProportion = 4; // of the sides of what is drawn: no model knows narrower pictures
constexpr double kFeather = 8;        // pixels in which what is painted goes over into what was there

class Builder {
public:
    Builder(graph::Graph& graph, graph::NodeId checkpoint, const GenerateOptions& options, const GeneratePlan& plan)
        : m_graph(graph), m_checkpoint(checkpoint), m_options(options), m_plan(plan) {}

    GenerateNodes build() {
        graph::Link autoencoder{m_checkpoint, "autoencoder"};
        if (!m_options.autoencoder.empty()) {
            autoencoder.node = add("generate.load_autoencoder");
            set(autoencoder.node, "autoencoder", fileOrName(m_options.autoencoder));
            set(autoencoder.node, "precision", m_options.precision);
        }
        const auto positive = prompt(m_options.prompt, "positive");
        m_graph.connect({m_checkpoint, "model"}, positive, "model"); // for LoRAs named in the prompt
        const auto negative = prompt(m_options.negative, "negative");
        GenerateNodes nodes;
        nodes.sample = add("generate.sample");
        settings(nodes.sample, positive);
        m_graph.connect({positive, "conditioning"}, nodes.sample, "positive");
        m_graph.connect({negative, "conditioning"}, nodes.sample, "negative");
        m_graph.connect(m_options.init.empty() ? empty() : encoded(autoencoder), nodes.sample, "latent");
        nodes.decode = add("latent.decode");
        m_graph.connect({nodes.sample, "latent"}, nodes.decode, "latent");
        m_graph.connect(autoencoder, nodes.decode, "autoencoder");
        nodes.result = enlarged({nodes.decode, "image"}).node;
        return nodes;
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

    graph::NodeId prompt(const std::string& text, const std::string& name) {
        const auto node = add("generate.prompt", name);
        set(node, "text", text);
        set(node, "style", m_options.style);
        set(node, "steps", m_plan.steps);
        m_graph.connect({m_checkpoint, "text_encoder"}, node, "text_encoder");
        return node;
    }

    void settings(graph::NodeId sample, graph::NodeId positive) {
        m_graph.connect({positive, "model"}, sample, "model");
        set(sample, "steps", m_plan.steps);
        set(sample, "cfg", m_plan.cfg);
        set(sample, "sampler", m_plan.sampler);
        set(sample, "scheduler", m_plan.scheduler);
        set(sample, "noise", m_options.noise);
        set(sample, "denoise", m_options.strength.value_or(m_options.init.empty() ? 1.0 : kUsualStrength));
    }

    graph::Link empty() {
        const auto node = add("latent.empty");
        set(node, "width", m_plan.drawn->width);
        set(node, "height", m_plan.drawn->height);
        return {node, "latent"};
    }

    graph::Link loaded(const std::string& file, const std::string& name = {}) {
        const auto node = add("image.load", name);
        set(node, "path", fs::absolute(file).string());
        return {node, "image"};
    }

    graph::Link resized(const graph::Link& image, const PictureSize& size, bool cut = false) {
        const auto node = add("image.resize");
        set(node, "width", size.width);
        set(node, "height", size.height);
        if (cut) set(node, "crop", std::string("center"));
        m_graph.connect(image, node, "image");
        return {node, "image"};
    }

    graph::Link encoded(const graph::Link& autoencoder) {
        m_before = loaded(m_options.init);
        const graph::Link image = m_plan.drawn ? resized(m_before, *m_plan.drawn) : m_before;
        const graph::Link latent{add("latent.encode"), "latent"};
        m_graph.connect(image, latent.node, "image");
        m_graph.connect(autoencoder, latent.node, "autoencoder");
        if (m_options.mask.empty()) return latent;
        m_mask = loaded(m_options.mask, "mask");
        const auto masked = add("latent.noise_mask");
        m_graph.connect(latent, masked, "latent");
        m_graph.connect(m_mask, masked, "mask");
        return {masked, "latent"};
    }

    /// What is drawn, brought to the size that is wanted. Pictures that began with another stretch, so that all stays
    /// in its place; around a mask the first picture is put back, sharper than the model has seen it.
    graph::Link enlarged(graph::Link picture) {
        if (!m_plan.wanted) return picture;
        if (!m_plan.upscaler.empty()) {
            const auto upscale = add("restore.upscale");
            set(upscale, "model", m_plan.upscaler);
            m_graph.connect(picture, upscale, "image");
            picture = {upscale, "image"};
        }
        picture = resized(picture, *m_plan.wanted, m_options.init.empty());
        if (m_options.mask.empty()) return picture;
        const auto soft = add("mask.grow_feather"), composite = add("image.composite");
        set(soft, "feather", kFeather);
        m_graph.connect(resized(m_mask, *m_plan.wanted), soft, "mask");
        m_graph.connect(resized(m_before, *m_plan.wanted), composite, "base");
        m_graph.connect(picture, composite, "over");
        m_graph.connect({soft, "mask"}, composite, "mask");
        return {composite, "image"};
    }

    graph::Graph& m_graph;
    graph::NodeId m_checkpoint;
    const GenerateOptions& m_options;
    const GeneratePlan& m_plan;
    graph::Link m_before, m_mask; ///< pictures of --init and --mask
};

/// The size of the file: as asked for, as the picture to begin with has it, or as large as the family's are enlarged.
PictureSize fileSize(const GenerateOptions& o, const nodes::FamilyDefaults& defaults) {
    if (!o.size.empty()) return pictureSize(o.size);
    if (o.init.empty()) return {defaults.side * defaults.factor, defaults.side * defaults.factor};
    const ImageInfo info = probeImage(o.init);
    return {info.width, info.height};
}

} // namespace

PictureSize pictureSize(const std::string& text) {
    PictureSize size;
    char x = 0, rest = 0;
    const int read = std::sscanf(text.c_str(), "%ld%c%ld%c", &size.width, &x, &size.height, &rest);
    if (read != 3 || (x != 'x' && x != 'X'))
        throw Error(fmt::format("--size is \"{}\"", text), "give it as WIDTHxHEIGHT, like 512x768");
    return size;
}

PictureSize drawnSize(PictureSize wanted, const nodes::FamilyDefaults& defaults) {
    const double proportion = std::clamp(static_cast<double>(wanted.width) / static_cast<double>(wanted.height),
                                         1 / kMostProportion, kMostProportion);
    const auto area = static_cast<double>(defaults.side * defaults.side);
    PictureSize best{defaults.side, defaults.side};
    double least = HUGE_VAL;
    for (std::int64_t height = defaults.multiple; height <= defaults.side * 4; height += defaults.multiple) {
        const double across = static_cast<double>(height) * proportion / static_cast<double>(defaults.multiple);
        const std::int64_t width = std::max<std::int64_t>(1, std::llround(across)) * defaults.multiple;
        const auto w = static_cast<double>(width), h = static_cast<double>(height);
        const double cost = std::abs(std::log(w / h / proportion)) + 0.5 * std::abs(std::log(w * h / area));
        if (cost < least) least = cost, best = {width, height};
    }
    return best;
}

std::string fileOrName(const std::string& text) {
    std::error_code ignored;
    return fs::exists(text, ignored) ? fs::absolute(text).string() : text;
}

GeneratePlan planOf(const GenerateOptions& o, const nodes::FamilyDefaults& defaults) {
    GeneratePlan plan;
    plan.sampler = o.sampler.value_or(defaults.sampler);
    plan.scheduler = o.scheduler.value_or(defaults.scheduler);
    plan.steps = o.steps.value_or(defaults.steps);
    plan.cfg = o.cfg.value_or(defaults.cfg);
    const std::string upscaler = defaults.upscaler;
    if (upscaler.empty()) {
        if (!o.size.empty() || o.init.empty()) plan.drawn = fileSize(o, defaults);
        return plan;
    }
    const PictureSize wanted = fileSize(o, defaults);
    for (const std::int64_t side : {wanted.width, wanted.height})
        if (side < kLeastSide || side > kMostSide)
            throw Error(fmt::format("the picture is to be {}x{} px", wanted.width, wanted.height),
                        fmt::format("give --size with sides from {} to {}", kLeastSide, kMostSide));
    plan.drawn = drawnSize(wanted, defaults);
    if (wanted == *plan.drawn) return plan;
    plan.wanted = wanted;
    if (wanted.width <= plan.drawn->width && wanted.height <= plan.drawn->height) return plan;
    if (paths::findModel(upscaler, "upscale").empty())
        log::warning("{} is not in the models folder: the picture of {}x{} px is only stretched. Run ./installer/run "
                     "again with a network, which brings it.",
                     upscaler, plan.drawn->width, plan.drawn->height);
    else
        plan.upscaler = upscaler;
    return plan;
}

graph::NodeId addCheckpoint(graph::Graph& graph, const GenerateOptions& options, const std::string& checkpoint) {
    graph::Node node;
    node.type = "generate.load_checkpoint";
    const graph::NodeId load = graph.add(std::move(node));
    graph.setParameter(load, "checkpoint", checkpoint);
    graph.setParameter(load, "precision", options.precision);
    return load;
}

GenerateNodes addPicture(graph::Graph& graph, graph::NodeId checkpoint, const GenerateOptions& options,
                         const GeneratePlan& plan) {
    return Builder(graph, checkpoint, options, plan).build();
}

} // namespace ochre::app
