// SPDX-License-Identifier: GPL-3.0-or-later
// Low-rank adaptation (arXiv 2106.09685) of a checkpoint's denoising network to an artist's pictures: its attention
// layers, others too where they are asked for, become W + alpha/rank · up · down, of which only up and down learn.
// Saved as kohya-ss/sd-scripts names it (networks/lora.py).
#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/diffusion/TextEncoder.h"
#include "core/models/diffusion/UNetNames.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Learning.h"
#include "core/tensor/Recompute.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/SaveWeights.h"
#include "core/training/Batches.h"
#include "core/training/recipes/BaseModel.h"
#include "core/training/recipes/Recipes.h"

namespace ochre::training {
namespace {

using models::DiffusionFamily;
using models::UNet;

constexpr const char* kUp = ".lora_up.weight";
constexpr const char* kDown = ".lora_down.weight";

struct Layer {
    std::string module; ///< kohya's name: "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
    std::string weight; ///< LDM's name of what it changes
    tensor::Shape shape;
};

/// The setting "layers": each choice has those of the one before, too.
enum class Adapted { Attention, FeedForward, Convolutions };

Adapted adaptedBy(const Settings& settings) {
    const std::string& layers = settings.text("layers");
    return layers == "attention" ? Adapted::Attention : layers == "attention_ff" ? Adapted::FeedForward : Adapted::Convolutions;
}

bool isAdapted(const std::string& name, const nn::Tensor& weight, Adapted adapted) {
    if (name.find(".transformer_blocks.") == std::string::npos)
        return adapted == Adapted::Convolutions && weight.dim() == 4 && weight.size(2) == 3 && !name.starts_with("input_blocks.0.") &&
               !name.starts_with("out.");
    for (const char* end : {".to_q.weight", ".to_k.weight", ".to_v.weight", ".to_out.0.weight"})
        if (name.ends_with(end)) return true;
    return adapted != Adapted::Attention && (name.ends_with(".ff.net.0.proj.weight") || name.ends_with(".ff.net.2.weight"));
}

/// kohya names SDXL's layers as LDM does, those of the others as diffusers does.
std::vector<Layer> layersOf(const BaseModel& base, Adapted adapted) {
    std::map<std::string, std::string> published; // by LDM's
    for (const auto& [diffusers, ldm] : models::diffusersToLdm(base.config))
        published[ldm] = base.checkpoint().family == DiffusionFamily::Sdxl ? ldm : diffusers;
    std::vector<Layer> layers;
    for (const auto& [name, weight] : base.network) {
        if (!isAdapted(name, weight, adapted)) continue;
        std::string module = "lora_unet_" + published.at(name.substr(0, name.rfind('.')));
        std::replace(module.begin(), module.end(), '.', '_');
        layers.push_back({.module = module, .weight = name, .shape = weight.sizes().vec()});
    }
    if (layers.empty()) throw Error(base.checkpoint().subject + ": has no attention layers to adapt");
    return layers;
}

Shapes shapesOf(const std::vector<Layer>& layers, std::int64_t rank) {
    Shapes shapes;
    for (const Layer& layer : layers) {
        tensor::Shape &down = shapes[layer.module + kDown] = layer.shape, &up = shapes[layer.module + kUp] = layer.shape;
        down[0] = rank;
        up[1] = rank;
        std::fill(up.begin() + 2, up.end(), 1); // of a kernel
    }
    return shapes;
}

/// At first nothing is changed; down is as a linear layer begins.
double gainOf(const std::string& name) {
    return name.ends_with(kUp) ? 0 : 1.0 / 3;
}

/// What a text encoder made of one caption, float16.
struct TextStates {
    nn::Tensor states, pooled; ///< [1, tokens, width], [1, P]
};

class LoraRecipe : public Recipe {
public:
    explicit LoraRecipe(const Settings& settings)
        : m_settings(settings), m_base(BaseModel::open(settings)),
          m_layers(layersOf(m_base, adaptedBy(settings))),
          m_parameters(shapesOf(m_layers, settings.integer("rank"))),
          m_diffusing(m_base.model.sampling(), settings.number("min_snr")) {
        m_parameters.initialise(static_cast<std::uint64_t>(settings.integer("seed")), gainOf);
        if (const std::string& from = settings.text("from"); !from.empty())
            m_parameters.load(tensor::Weights::open(from));
    }

    Parameters& parameters() override { return m_parameters; }

    void prepare(const Workplace& place) override {
        m_pictures = LatentPictures::make(place, m_settings, m_base);
        for (std::string& caption : m_pictures.captions) caption = withTrigger(caption);
        std::vector<std::string> prompts = m_pictures.captions;
        const std::string& asked = m_settings.text("sample_prompt");
        prompts.push_back(asked);
        prompts.push_back({});
        const auto encoder = models::TextEncoder::of(m_base.checkpoint(), m_base.model.identity);
        for (std::size_t i = 0; i < prompts.size(); ++i) {
            const bool isCaption = i < m_pictures.captions.size();
            const std::string text = isCaption ? withoutEmphasis(prompts[i]) : prompts[i];
            const models::ConditioningEntry entry = encoder.encode(text, {}, place.cancel).entries.front();
            m_texts.push_back({entry.states.to(at::kHalf), {}});
            if (entry.pooled.defined()) m_texts.back().pooled = entry.pooled.to(at::kHalf);
            place.progress.report(i + 1, prompts.size(), "captions");
        }
        m_base.makeRoom();
        m_recomputes = m_base.recomputes(m_settings, place.say);
        m_order.emplace(static_cast<std::uint32_t>(m_pictures.captions.size()),
                        static_cast<std::uint64_t>(m_settings.integer("seed")));
        tensor::learn({}, [&] { m_network.emplace(changed(m_parameters.weights()), m_base.config); });
    }

    Tensor loss(std::int64_t step, int part) override {
        const nn::Recomputing recomputing(m_recomputes);
        const std::int64_t batch = m_settings.integer("batch");
        const std::int64_t first = (step * m_settings.integer("parts") + part) * batch;
        std::vector<std::int64_t> pictures;
        std::vector<std::size_t> texts;
        at::Generator generator = generatorOf(m_settings, step, part);
        const std::vector<double> chances = uniforms(batch, generator);
        for (std::int64_t i = 0; i < batch; ++i) {
            pictures.push_back(m_order->at(static_cast<std::uint64_t>(first + i)));
            const bool dropped = chances[static_cast<std::size_t>(i)] < m_settings.number("drop_caption");
            texts.push_back(dropped ? m_texts.size() - 1 : static_cast<std::size_t>(pictures.back()));
        }
        return m_diffusing.loss(*m_network, m_pictures.picked(pictures), shown(texts), generator);
    }

    /// Above without, below with what was learned.
    std::optional<Image> samples() override {
        const std::int64_t count = m_settings.integer("samples");
        if (count == 0) return std::nullopt;
        if (!m_before.defined()) m_before = drawn(unchanged(), count);
        return sheetOf({m_before, drawn(UNet(changed(m_parameters.averaged()), m_base.config), count)},
                       {"without", "with"});
    }

    /// On the very pictures: of a handful none can be kept apart.
    Json measure() override {
        const double before = meanLoss(unchanged());
        const double after = meanLoss(UNet(changed(m_parameters.averaged()), m_base.config));
        return {{"loss_before", before}, {"loss", after}, {"pictures", m_pictures.captions.size()},
                {"layers", m_layers.size()}};
    }

    std::string save(const std::filesystem::path& folder, std::int64_t steps) override {
        std::map<std::string, Tensor> tensors;
        const tensor::Weights weights = m_parameters.averaged();
        const auto alpha = static_cast<float>(m_settings.number("alpha"));
        for (const std::string& name : weights.names()) tensors[name] = weights.tensor(name).to(at::kHalf);
        for (const Layer& layer : m_layers)
            tensors[layer.module + ".alpha"] = nn::fromValues(std::vector<float>{alpha}, {}).to(at::kHalf);
        tensor::saveWeights(folder / "lora.safetensors", tensors, metadata(steps));
        return "lora.safetensors";
    }

private:
    std::string withTrigger(const std::string& caption) const {
        const std::string& trigger = m_settings.text("trigger");
        return trigger.empty() ? caption : caption.empty() ? trigger : trigger + ", " + caption;
    }

    UNet unchanged() const { return {m_base.weights(), m_base.config}; }

    /// The network's weights with those of `low` on top.
    tensor::Weights changed(const tensor::Weights& low) const {
        const double scale = m_settings.number("alpha") / static_cast<double>(m_settings.integer("rank"));
        std::map<std::string, tensor::LowRank> changes;
        for (const Layer& layer : m_layers)
            changes[layer.weight] = {low.tensor(layer.module + kDown), low.tensor(layer.module + kUp), scale};
        return m_base.weights().changed(changes);
    }

    /// Shorter captions are filled up with the states of the empty text, of which all chunks are as long.
    Shown shown(const std::vector<std::size_t>& texts) const {
        std::int64_t tokens = 0;
        for (const std::size_t text : texts) tokens = std::max(tokens, m_texts[text].states.size(1));
        std::vector<nn::Tensor> states, pooled;
        for (const std::size_t text : texts) {
            std::vector<nn::Tensor> chunks{m_texts[text].states};
            for (std::int64_t have = chunks.front().size(1); have < tokens; have += m_texts.back().states.size(1))
                chunks.push_back(m_texts.back().states);
            states.push_back(nn::cat(chunks, 1));
            if (m_texts[text].pooled.defined()) pooled.push_back(m_texts[text].pooled);
        }
        Shown all{nn::cat(states, 0).to(at::kFloat), {}};
        all.vector = m_base.vectorOf(all.context, pooled.empty() ? nn::Tensor() : nn::cat(pooled, 0), m_base.side(m_settings));
        return all;
    }

    /// [count, 3, H, W] in 0…1: of the setting's prompt, else of the first captions.
    nn::Tensor drawn(const UNet& network, std::int64_t count) const {
        const std::size_t captions = m_pictures.captions.size();
        const nn::Tensor noise = sampleNoise(m_pictures.latents, count, 1);
        std::vector<nn::Tensor> pictures; // one at a time: memory
        for (std::int64_t i = 0; i < count; ++i) {
            const bool asked = !m_settings.text("sample_prompt").empty();
            const Shown both = shown({asked ? captions : static_cast<std::size_t>(i) % captions, m_texts.size() - 1});
            const auto one = [&](std::int64_t at) {
                Shown part{both.context.narrow(0, at, 1), {}};
                if (both.vector.defined()) part.vector = both.vector.narrow(0, at, 1);
                return part;
            };
            pictures.push_back(m_base.decode(
                m_diffusing.sample(network, noise.narrow(0, i, 1), one(0), one(1), sampleLook(m_settings))));
        }
        return nn::cat(pictures, 0);
    }

    double meanLoss(const UNet& network) const {
        return m_pictures.meanLoss(m_diffusing, network, [&](const auto& texts) { return shown(texts); });
    }

    /// What kohya's programs write and galleries read.
    std::map<std::string, std::string> metadata(std::int64_t steps) const {
        struct Name {
            const char *version, *architecture;
        };
        const Name name = [&]() -> Name {
            switch (m_base.checkpoint().family) {
            case DiffusionFamily::Sd1:
                return {"sd_v1", "stable-diffusion-v1/lora"};
            case DiffusionFamily::Sd2:
                if (m_base.checkpoint().prediction == models::Prediction::V)
                    return {"sd_v2", "stable-diffusion-v2-768-v/lora"};
                return {"sd_v2", "stable-diffusion-v2-512/lora"};
            case DiffusionFamily::Sdxl:
                return {"sdxl_base_v1-0", "stable-diffusion-xl-v1-base/lora"};
            default:
                return {"ochre_starter", "ochre-starter/lora"};
            }
        }();
        const int side = m_base.side(m_settings);
        const bool isSecond = m_base.checkpoint().family == DiffusionFamily::Sd2;
        const double rate = m_settings.number("learning_rate");
        std::map<std::string, std::string> all{{"format", "pt"},
                                               {"ss_network_module", "networks.lora"},
                                               {"ss_network_dim", std::to_string(m_settings.integer("rank"))},
                                               {"ss_network_alpha", fmt::format("{:g}", m_settings.number("alpha"))},
                                               {"ss_base_model_version", name.version},
                                               {"ss_sd_model_name", m_base.path.filename().string()},
                                               {"ss_v2", isSecond ? "True" : "False"},
                                               {"ss_steps", std::to_string(steps)},
                                               {"ss_max_train_steps", std::to_string(m_settings.integer("steps"))},
                                               {"ss_num_train_images", std::to_string(m_pictures.captions.size())},
                                               {"ss_resolution", fmt::format("({}, {})", side, side)},
                                               {"ss_learning_rate", fmt::format("{:g}", rate)},
                                               {"ss_seed", std::to_string(m_settings.integer("seed"))},
                                               {"modelspec.architecture", name.architecture},
                                               {"ochre.recipe", "lora"},
                                               {"ochre.settings", dumpJson(m_settings.toJson())}};
        if (const std::string hash = m_base.hash(); !hash.empty()) all["ss_new_sd_model_hash"] = hash;
        if (const std::string& trigger = m_settings.text("trigger"); !trigger.empty())
            all["modelspec.trigger_phrase"] = trigger;
        return all;
    }

    Settings m_settings;
    BaseModel m_base;
    std::vector<Layer> m_layers;
    Parameters m_parameters;
    Diffusing m_diffusing;
    LatentPictures m_pictures;
    std::vector<TextStates> m_texts; ///< of the captions, the samples' prompt, the empty text
    nn::Tensor m_before;             ///< samples without what was learned
    std::optional<Order> m_order;
    bool m_recomputes = false;
    std::optional<UNet> m_network; ///< that learns
};

} // namespace

RecipeInfo loraRecipe() {
    using graph::ParameterKind;
    std::vector<graph::Parameter> parameters =
        baseParameters({.steps = 800, .batch = 4, .warmUp = 50, .learningRate = 5e-4, .average = 0.99});
    for (graph::Parameter& parameter : parameters)
        if (parameter.id == "dtype") {
            parameter.defaultValue = std::string("float32");
            parameter.help = "What is computed with. bfloat16 takes half the memory; what is learned is kept in float32.";
        }
    parameters.push_back({.id = "trigger", .label = "Trigger word",
                          .help = "Put before every caption, so that it calls what was learned.",
                          .kind = ParameterKind::Text, .defaultValue = std::string()});
    parameters.push_back({.id = "drop_caption", .label = "Drop captions",
                          .help = "Share of examples that are learned without their caption.",
                          .kind = ParameterKind::Float, .defaultValue = 0.05, .min = 0, .max = 1});
    parameters.push_back({.id = "rank", .label = "Rank",
                          .help = "How many numbers each change passes through: more hold more, and take a larger file.",
                          .kind = ParameterKind::Int, .defaultValue = std::int64_t{8}, .min = 1, .max = 1024,
                          .group = "Network"});
    parameters.push_back({.id = "alpha", .label = "Alpha", .help = "Changes are multiplied by alpha / rank.",
                          .kind = ParameterKind::Float, .defaultValue = 8.0, .min = 0.001, .max = 4096,
                          .group = "Network"});
    parameters.push_back({.id = "layers", .label = "Layers", .help = "Which layers of the denoising network change.",
                          .kind = ParameterKind::Choice,
                          .defaultValue = std::string("attention"),
                          .choices = {{"attention", "Attention"},
                                      {"attention_ff", "Attention and feed-forward"},
                                      {"attention_ff_conv", "These and convolutions"}},
                          .group = "Network"});
    parameters.push_back(fromParameter());
    return {.id = "lora",
            .label = "LoRA",
            .help = "Teaches a checkpoint the style or subject of a few pictures, as a small file that is put on top of it at any strength.",
            .parameters = std::move(parameters),
            .make = [](const Settings& settings) { return std::make_unique<LoraRecipe>(settings); }};
}

} // namespace ochre::training
