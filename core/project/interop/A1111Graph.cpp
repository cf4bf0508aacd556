// SPDX-License-Identifier: GPL-3.0-or-later
// Parameters as a graph, and back.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <deque>
#include <filesystem>
#include <functional>
#include <set>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/LoraTags.h"
#include "core/base/PromptEdit.h"
#include "core/project/interop/A1111.h"
#include "core/project/interop/ComfyTranslate.h"

namespace ochre::project::interop {
namespace {

using graph::Graph;
using graph::Link;
using graph::Node;
using graph::NodeId;

std::optional<double> number(const std::string* text) {
    if (!text) return std::nullopt;
    double value = 0;
    const char* const end = text->data() + text->size();
    const auto result = std::from_chars(text->data(), end, value);
    return result.ec == std::errc{} && result.ptr == end && std::isfinite(value) ? std::optional(value)
                                                                                 : std::nullopt;
}

std::optional<std::int64_t> whole(const std::string* text) {
    if (!text) return std::nullopt;
    std::int64_t value = 0;
    const char* const end = text->data() + text->size();
    const auto result = std::from_chars(text->data(), end, value);
    return result.ec == std::errc{} && result.ptr == end ? std::optional(value) : std::nullopt;
}

struct Size {
    std::int64_t width = 0, height = 0;
};

std::optional<Size> sizeOf(const std::string* text) {
    const std::size_t x = text ? text->find('x') : std::string::npos;
    if (x == std::string::npos) return std::nullopt;
    const std::string a = text->substr(0, x), b = text->substr(x + 1);
    const auto width = whole(&a), height = whole(&b);
    if (!width || !height || *width < 0 || *height < 0 || *width > 65536 || *height > 65536)
        return std::nullopt;
    return Size{*width, *height};
}

std::int64_t toEight(double side) {
    return std::max<std::int64_t>(8, static_cast<std::int64_t>(std::floor(side / 8)) * 8);
}

/// Builds the graph from left to right.
class Builder {
public:
    Builder(const A1111Text& text, const graph::NodeRegistry& registry, std::vector<std::string>& warnings)
        : m_text(text), m_registry(registry), m_warnings(warnings) {}

    Graph build() {
        addModels();
        m_positive = addPrompt(m_text.prompt, 680, 0, true);
        m_negative = addPrompt(withoutLoraTags(m_text.negative), 680, 320, false);
        m_size = sizeOf(m_text.find("Size")).value_or(Size{512, 512});
        if (m_size.width % 8 != 0 || m_size.height % 8 != 0)
            m_warnings.push_back("the size was rounded down to a multiple of 8");
        m_size = {toEight(static_cast<double>(m_size.width)), toEight(static_cast<double>(m_size.height))};
        const NodeId empty =
            add("latent.empty", 680, 640, {{"width", m_size.width}, {"height", m_size.height}});
        m_latent = {empty, "latent"};
        addFirstPass();
        const bool second =
            m_text.find("Hires upscale") || m_text.find("Hires resize") || m_text.find("Hires upscaler");
        if (second)
            addSecondPass();
        else if (m_text.find("Denoising strength"))
            m_warnings.push_back(
                "it was made from another picture, which is not in the file: the graph starts from noise");
        const Link image = decode(m_latent, m_x);
        const NodeId view = add("image.view", m_x + 320, 0, {});
        m_graph.connect(image, view, "image");
        return std::move(m_graph);
    }

private:
    /// Values that the declaration refuses are left out, and told.
    NodeId add(const std::string& type, double x, double y,
               const std::vector<std::pair<std::string, graph::ParameterValue>>& parameters) {
        Node node;
        node.type = type;
        node.look = {.x = x, .y = y};
        const graph::NodeDeclaration* declaration = m_registry.find(type);
        if (declaration) node.version = declaration->version();
        for (const auto& [id, value] : parameters) {
            const graph::Parameter* parameter = declaration ? declaration->findParameter(id) : nullptr;
            try {
                if (!parameter)
                    node.parameters[id] = value;
                else if (const auto checked = parameter->check(value);
                         !sameValue(checked, parameter->defaultValue))
                    node.parameters[id] = checked;
            } catch (const Error& e) {
                m_warnings.push_back(e.full());
            }
        }
        return m_graph.add(std::move(node));
    }

    void addModels() {
        const std::string* model = m_text.find("Model");
        if (!model) m_warnings.push_back("the model is not named: choose one");
        const NodeId checkpoint =
            add("generate.load_checkpoint", 0, 0, {{"checkpoint", model ? *model : std::string()}});
        m_model = {checkpoint, "model"};
        m_encoder = {checkpoint, "text_encoder"};
        m_autoencoder = {checkpoint, "autoencoder"};
        if (const std::string* vae = m_text.find("VAE"); vae && *vae != "None" && *vae != "Automatic")
            m_autoencoder = {add("generate.load_autoencoder", 0, 260, {{"autoencoder", *vae}}),
                             "autoencoder"};
        if (const auto skip = whole(m_text.find("Clip skip")); skip && *skip > 1) {
            const NodeId node = add("generate.clip_skip", 340, 0, {{"skip", *skip}});
            m_graph.connect(m_encoder, node, "text_encoder");
            m_encoder = {node, "text_encoder"};
        }
    }

    Link addPrompt(const std::string& prompt, double x, double y, bool takesModel) {
        const NodeId node = add("generate.prompt", x, y,
                                {{"text", prompt},
                                 {"style", std::string("a1111")},
                                 {"seed", whole(m_text.find("Seed")).value_or(0)},
                                 {"steps", steps("Steps")}});
        m_graph.connect(m_encoder, node, "text_encoder");
        if (takesModel && !takeLoraTags(prompt).loras.empty()) {
            m_graph.connect(m_model, node, "model");
            m_prompted = {node, "model"};
        }
        return {node, "conditioning"};
    }

    std::int64_t steps(const char* key) const {
        const auto said = whole(m_text.find(key));
        return said && *said > 0 && *said <= 10000 ? *said : whole(m_text.find("Steps")).value_or(20);
    }

    std::vector<std::pair<std::string, graph::ParameterValue>>
    sampling(const char* sampler, const char* schedule, const char* cfg, std::int64_t stepCount) {
        const std::string* name = m_text.find(sampler);
        if (!name || *name == "Use same sampler") name = m_text.find("Sampler");
        const std::string* type = m_text.find(schedule);
        if (!type || *type == "Use same scheduler") type = m_text.find("Schedule type");
        auto names = name ? samplerFromA1111(*name, type ? *type : std::string()) : std::nullopt;
        if (!names) {
            m_warnings.push_back(
                fmt::format("the sampler \"{}\" is not known: Euler is used", name ? *name : std::string()));
            names = SamplerNames{"euler", "normal"};
        }
        auto scale = number(m_text.find(cfg));
        if (!scale || *scale == 0) scale = number(m_text.find("CFG scale"));
        const std::string* rng = m_text.find("RNG");
        return {{"seed", whole(m_text.find("Seed")).value_or(0)},
                {"steps", stepCount},
                {"cfg", scale.value_or(7)},
                {"sampler", names->sampler},
                {"scheduler", names->scheduler},
                {"noise", std::string(rng && *rng == "CPU" ? "cpu" : "gpu")}};
    }

    void linkSampler(NodeId node) {
        m_graph.connect(m_prompted.node ? m_prompted : m_model, node, "model");
        m_graph.connect(m_positive, node, "positive");
        m_graph.connect(m_negative, node, "negative");
        m_graph.connect(m_latent, node, "latent");
        m_latent = {node, "latent"};
    }

    void addFirstPass() {
        auto parameters = sampling("Sampler", "Schedule type", "CFG scale", steps("Steps"));
        if (const auto strength = number(m_text.find("Variation seed strength"));
            strength && *strength != 0) {
            parameters.emplace_back("variation", *strength);
            parameters.emplace_back("variation_seed", whole(m_text.find("Variation seed")).value_or(0));
        }
        linkSampler(add("generate.sample", m_x, 0, parameters));
        m_x += 340;
    }

    Link decode(const Link& latent, double x) {
        const NodeId node = add("latent.decode", x, 0, {});
        m_graph.connect(latent, node, "latent");
        m_graph.connect(m_autoencoder, node, "autoencoder");
        return {node, "image"};
    }

    Size hiresSize() const {
        const Size asked = sizeOf(m_text.find("Hires resize")).value_or(Size{});
        const double factor = std::clamp(number(m_text.find("Hires upscale")).value_or(2), 0.1, 16.0);
        const auto width = static_cast<double>(m_size.width), height = static_cast<double>(m_size.height);
        if (asked.width > 0 && asked.height > 0)
            return {toEight(static_cast<double>(asked.width)), toEight(static_cast<double>(asked.height))};
        if (asked.width > 0)
            return {toEight(static_cast<double>(asked.width)),
                    toEight(height * static_cast<double>(asked.width) / width)};
        if (asked.height > 0)
            return {toEight(width * static_cast<double>(asked.height) / height),
                    toEight(static_cast<double>(asked.height))};
        return {toEight(width * factor), toEight(height * factor)};
    }

    void addSecondPass() {
        const Size size = hiresSize();
        const std::string* named = m_text.find("Hires upscaler");
        const std::string upscaler = named ? *named : "Latent";
        if (upscaler.starts_with("Latent")) {
            const char* method = upscaler.find("nearest") != std::string::npos   ? "nearest"
                                 : upscaler.find("bicubic") != std::string::npos ? "bicubic"
                                                                                 : "bilinear";
            const NodeId node =
                add("latent.resize", m_x, 0,
                    {{"method", std::string(method)}, {"width", size.width}, {"height", size.height}});
            m_graph.connect(m_latent, node, "latent");
            m_latent = {node, "latent"};
            m_x += 340;
        } else {
            enlargePicture(upscaler, size);
        }
        const std::int64_t count = steps("Hires steps");
        const double strength = std::clamp(number(m_text.find("Denoising strength")).value_or(0.7), 0.0, 1.0);
        // That program walks the last int(strength · steps) + 1 steps of the whole schedule.
        const auto walked = static_cast<std::int64_t>(std::min(strength, 0.999) * static_cast<double>(count));
        auto parameters = sampling("Hires sampler", "Hires schedule type", "Hires CFG Scale", count);
        parameters.emplace_back("start_at_step", std::max<std::int64_t>(0, count - walked - 1));
        linkSampler(add("generate.sample_advanced", m_x, 0, parameters));
        m_x += 340;
    }

    void enlargePicture(const std::string& upscaler, const Size& size) {
        Link image = decode(m_latent, m_x);
        m_x += 300;
        const bool plain = upscaler == "None" || upscaler == "Lanczos" || upscaler == "Nearest";
        if (!plain) {
            const NodeId node = add("restore.upscale", m_x, 0, {{"model", upscaler}});
            m_graph.connect(image, node, "image");
            image = {node, "image"};
            m_x += 300;
        }
        const NodeId resize = add("image.resize", m_x, 0,
                                  {{"width", size.width},
                                   {"height", size.height},
                                   {"filter", std::string(upscaler == "Nearest" ? "nearest" : "lanczos")}});
        m_graph.connect(image, resize, "image");
        const NodeId encode = add("latent.encode", m_x + 300, 0, {});
        m_graph.connect({resize, "image"}, encode, "image");
        m_graph.connect(m_autoencoder, encode, "autoencoder");
        m_latent = {encode, "latent"};
        m_x += 600;
    }

    const A1111Text& m_text;
    const graph::NodeRegistry& m_registry;
    std::vector<std::string>& m_warnings;
    Graph m_graph;
    Link m_model, m_prompted, m_encoder, m_autoencoder, m_positive, m_negative, m_latent;
    Size m_size;
    double m_x = 1020;
};

/// Reads settings off a graph by walking up its links.
class Describer {
public:
    Describer(const Graph& graph, const graph::NodeRegistry& registry)
        : m_graph(graph), m_registry(registry) {}

    std::optional<A1111Text> describe() {
        const Node* first = nullptr;
        const Node* second = nullptr;
        m_graph.forEach([&](const Node& node) {
            if (!isSampler(node)) return;
            if (!first || m_graph.dependsOn(first->id, node.id)) first = &node;
        });
        if (!first) return std::nullopt;
        m_graph.forEach([&](const Node& node) {
            if (isSampler(node) && node.id != first->id && !second && m_graph.dependsOn(node.id, first->id))
                second = &node;
        });
        const Node* positive = above(*first, "positive", isPrompt);
        if (!positive) return std::nullopt;
        m_out.prompt = promptOf(*positive);
        for (const std::string& tag : loras(*first)) m_out.prompt += " " + tag;
        if (const Node* negative = above(*first, "negative", isPrompt)) m_out.negative = promptOf(*negative);
        describeFirst(*first);
        describeSecond(*first, second);
        if (text(*first, "noise") == "cpu") m_out.set("RNG", "CPU");
        m_out.set("Version", "Ochre " OCHRE_VERSION);
        return std::move(m_out);
    }

private:
    static bool isSampler(const Node& node) {
        return !node.muted && !node.bypassed &&
               (node.type == "generate.sample" || node.type == "generate.sample_advanced" ||
                node.type == "generate.sample_custom");
    }
    static bool isPrompt(const Node& node) { return node.type.starts_with("generate.prompt"); }

    /// The nearest node above an input (or any input, when empty) that `wanted` takes. What goes through a node under one
    /// name, as "positive" and "negative" through one of a ControlNet, is followed under that name alone.
    const Node* above(const Node& start, const std::string& input,
                      const std::function<bool(const Node&)>& wanted) const {
        std::deque<graph::Link> next;
        std::set<graph::Link> seen;
        for (const auto& [id, link] : start.inputs)
            if (input.empty() || id == input) next.push_back(link);
        while (!next.empty()) {
            const graph::Link from = next.front();
            next.pop_front();
            const Node* node = m_graph.find(from.node);
            if (!node || !seen.insert(from).second) continue;
            if (wanted(*node)) return node;
            const auto through = node->inputs.find(from.output);
            for (const auto& [name, link] : node->inputs)
                if (through == node->inputs.end() || name == from.output) next.push_back(link);
        }
        return nullptr;
    }

    std::optional<graph::ParameterValue> value(const Node& node, const std::string& id) const {
        if (const auto link = node.inputs.find(id); link != node.inputs.end()) {
            const Node* source = m_graph.find(link->second.node);
            if (!source || !source->type.starts_with("value.")) return std::nullopt;
            const auto set = source->parameters.find("value");
            return set == source->parameters.end() ? std::nullopt : std::optional(set->second);
        }
        const graph::NodeDeclaration* declaration = m_registry.find(node.type);
        return declaration ? currentValue(node, *declaration, id) : std::nullopt;
    }
    std::string text(const Node& node, const std::string& id) const {
        const auto v = value(node, id);
        return v ? graph::toText(*v) : std::string();
    }

    std::string promptOf(const Node& node) const {
        const std::string own = text(node, "text");
        return !own.empty() || node.type != "generate.prompt_sdxl" ? own : text(node, "text_g");
    }

    std::vector<std::string> loras(const Node& sampler) const {
        std::vector<std::string> tags;
        const Node* node = above(sampler, "model", [](const Node& n) { return n.type == "generate.lora"; });
        while (node && tags.size() < 100) {
            if (!node->muted && !node->bypassed)
                tags.insert(tags.begin(), writeLoraTag(tagOf(*node)));
            node = above(*node, "model", [](const Node& n) { return n.type == "generate.lora"; });
        }
        return tags;
    }

    /// Without a text encoder its strength is not said, so that both are one number again.
    LoraTag tagOf(const Node& lora) const {
        const auto strength = [&](const char* id) {
            return parseWeight(text(lora, id)).value_or(1);
        };
        const double model = strength("strength_model");
        const bool both = lora.inputs.contains("text_encoder");
        return {stem(text(lora, "lora")), model, both ? strength("strength_text") : model};
    }

    static std::string stem(const std::string& model) {
        static const std::set<std::string> endings{".safetensors", ".ckpt", ".pth", ".pt", ".bin", ".gguf"};
        const std::filesystem::path name = std::filesystem::path(model).filename();
        return endings.contains(name.extension().string()) ? name.stem().string() : name.string();
    }

    void add(const std::string& key, const std::string& value) {
        if (!value.empty()) m_out.set(key, value);
    }

    void describeFirst(const Node& sampler) {
        add("Steps", text(sampler, "steps"));
        SamplerNames names{text(sampler, "sampler"), text(sampler, "scheduler")};
        if (names.scheduler.empty())
            if (const Node* sigmas =
                    above(sampler, "sigmas", [](const Node& n) { return n.type.starts_with("sigmas."); })) {
                names.scheduler = text(*sigmas, "scheduler");
                add("Steps", text(*sigmas, "steps"));
            }
        const auto [label, schedule] = samplerToA1111(names);
        add("Sampler", label);
        add("Schedule type", schedule);
        add("CFG scale", text(sampler, "cfg"));
        add("Seed", text(sampler, "seed"));
        if (const Node* empty =
                above(sampler, "latent", [](const Node& n) { return n.type == "latent.empty"; }))
            add("Size", text(*empty, "width") + "x" + text(*empty, "height"));
        const auto isModel = [](const Node& n) {
            return n.type == "generate.load_checkpoint" || n.type == "generate.load_model";
        };
        if (const Node* model = above(sampler, "model", isModel))
            add("Model", stem(text(*model, model->type == "generate.load_model" ? "model" : "checkpoint")));
        if (const auto variation = value(sampler, "variation");
            variation && !sameValue(*variation, std::int64_t{0})) {
            add("Variation seed", text(sampler, "variation_seed"));
            add("Variation seed strength", graph::toText(*variation));
        }
    }

    void describeSecond(const Node& first, const Node* second) {
        const Node* strengthOf = second ? second : &first;
        std::string strength = text(*strengthOf, "denoise");
        if (strengthOf->type == "generate.sample_advanced") {
            const std::string start = text(*strengthOf, "start_at_step"), steps = text(*strengthOf, "steps");
            const auto from = whole(&start), count = whole(&steps);
            if (from && count && *count > 0 && *from > 0 && *from <= *count)
                strength =
                    fmt::format("{:.4g}", static_cast<double>(*count - *from) / static_cast<double>(*count));
        }
        if (second || (strength != "1" && strength != "1.0")) add("Denoising strength", strength);
        const Node* skip =
            above(first, "positive", [](const Node& n) { return n.type == "generate.clip_skip"; });
        if (skip && !skip->bypassed) add("Clip skip", text(*skip, "skip"));
        if (!second) return;
        add("Hires steps", text(*second, "steps"));
        const auto isLarger = [](const Node& n) {
            return n.type == "latent.scale" || n.type == "latent.resize" || n.type == "restore.upscale" ||
                   n.type == "image.resize";
        };
        const Node* larger = above(*second, "latent", isLarger);
        if (!larger) return;
        if (larger->type == "latent.scale") add("Hires upscale", text(*larger, "factor"));
        if (larger->type == "latent.resize" || larger->type == "image.resize")
            add("Hires resize", text(*larger, "width") + "x" + text(*larger, "height"));
        const Node* model =
            above(*second, "latent", [](const Node& n) { return n.type == "restore.upscale"; });
        if (model)
            add("Hires upscaler", stem(text(*model, "model")));
        else if (larger->type == "image.resize")
            add("Hires upscaler", "Lanczos");
        else
            add("Hires upscaler", text(*larger, "method") == "nearest"   ? "Latent (nearest)"
                                  : text(*larger, "method") == "bicubic" ? "Latent (bicubic)"
                                                                         : "Latent");
    }

    const Graph& m_graph;
    const graph::NodeRegistry& m_registry;
    A1111Text m_out;
};

} // namespace

Graph graphFromParameters(const A1111Text& text, const graph::NodeRegistry& registry,
                          std::vector<std::string>& warnings) {
    return Builder(text, registry, warnings).build();
}

std::optional<A1111Text> parametersFromGraph(const Graph& graph, const graph::NodeRegistry& registry) {
    return Describer(graph, registry).describe();
}

} // namespace ochre::project::interop
