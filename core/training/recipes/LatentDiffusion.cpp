// SPDX-License-Identifier: GPL-3.0-or-later
// A small latent-diffusion model: the UNet of Stable Diffusion 2's build over the latents of the autoencoder recipe, which
// looks at MiniLM's states of a caption. It predicts v on a schedule that ends in pure noise (arXiv 2202.00512,
// 2305.08891), with min-SNR weights (arXiv 2303.09556).
#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Hash.h"
#include "core/base/StarterModel.h"
#include "core/image/ContactSheet.h"
#include "core/models/diffusion/LatentPreview.h"
#include "core/models/diffusion/SmallModel.h"
#include "core/models/diffusion/StarterText.h"
#include "core/models/diffusion/UNet.h"
#include "core/models/sampling/Noise.h"
#include "core/tensor/Convert.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Learning.h"
#include "core/tensor/Recompute.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/SaveWeights.h"
#include "core/training/Batches.h"
#include "core/training/LatentPool.h"
#include "core/training/data/OpenDataset.h"
#include "core/training/recipes/Diffusing.h"
#include "core/training/recipes/Recipes.h"
#include "core/training/recipes/SmallUNet.h"

namespace ochre::training {
namespace {

using models::AutoencoderKl;
using models::UNet;
namespace sampling = models::sampling;

constexpr double kMostSnr = 5;
constexpr int kHeldOut = 64; // examples of the pool, one in so many
constexpr double kSampleCfg = 3;
const std::vector<std::string> kPrompts{
    "a red apple",      "a blue cat",     "a snowman on a yellow background", "a green apple left of a rocket",
    "a smiling face",   "a purple heart", "a dog and a tree",                 "a firefighter",
    "a house",          "a pink fish",    "a slice of pizza",                 "a butterfly on a black background",
    "a bicycle",        "a king",         "a white rabbit",                   "a sunflower"};

UNet::Config configOf(const Settings& settings, int latentChannels, std::int64_t context) {
    const auto first = static_cast<int>(settings.integer("width")), second = static_cast<int>(settings.integer("inner_width"));
    if (first % models::kSmallHeadWidth != 0 || second % models::kSmallHeadWidth != 0)
        throw Error(fmt::format("training: widths {} and {} are no multiples of {}", first, second, models::kSmallHeadWidth),
                    "choose multiples of 64 for width and inner_width");
    return models::smallUNet({first, second}, static_cast<int>(settings.integer("blocks")), latentChannels,
                             static_cast<int>(settings.integer("embedding")), static_cast<int>(context), settings.flag("outer_attention"),
                             settings.flag("whole_text") ? static_cast<int>(context) : 0);
}

at::Device deviceOf(const tensor::Placement& placement) {
    return placement.device == tensor::Device::Cuda ? at::kCUDA : at::kCPU;
}

class LatentDiffusionRecipe : public Recipe {
public:
    explicit LatentDiffusionRecipe(const Settings& settings)
        : m_settings(settings), m_autoencoderWeights(openAutoencoder(settings)),
          m_autoencoderConfig(*AutoencoderKl::Config::fromWeights(m_autoencoderWeights)),
          m_encoder(openEncoder(settings)),
          m_config(configOf(settings, m_autoencoderConfig.latentChannels, m_encoder.width())),
          m_placement{computeDevice(settings), computeType(settings)},
          m_parameters(m_config.expected(), m_placement.floating, deviceOf(m_placement)),
          m_diffusing(sampling::ModelSampling({.prediction = sampling::Prediction::V, .zeroTerminalSnr = true}), kMostSnr) {
        m_parameters.initialise(static_cast<std::uint64_t>(settings.integer("seed")), smallUNetGain);
        if (const std::string& from = settings.text("from"); !from.empty()) {
            const tensor::Weights file = tensor::Weights::open(from);
            m_parameters.load(file.has("input_blocks.0.0.weight") ? file : file.sub("model.diffusion_model."), {"label_emb."});
        }
    }

    Parameters& parameters() override { return m_parameters; }

    void prepare(const Workplace& place) override {
        const double keywords = m_settings.number("keywords_alone");
        const auto data = openDataset(m_settings.text("dataset"), static_cast<int>(m_settings.integer("side")), place.cancel, place.say, keywords);
        const std::int64_t count = m_settings.integer("examples");
        const std::string identity =
            fmt::format("{} {} {} {} {} {}", m_settings.text("dataset"), m_settings.integer("side"), count, keywords,
                        m_settings.integer("seed"), sha256File(autoencoderFile(m_settings)));
        tensor::run(place.cancel, [&] {
            m_pool.emplace(LatentPool::make(place, identity, *data, count, static_cast<std::uint64_t>(m_settings.integer("seed")),
                                            AutoencoderKl(m_autoencoderWeights.placed(encoderPlacement()), m_autoencoderConfig), unshuffle(),
                                            placedEncoder(), device()));
            m_emptyStates = models::starterStates(m_encoder, {""}).to(device()); // [1, tokens, width]
        });
        m_heldOutFrom = m_pool->count() - m_pool->count() / kHeldOut;
        m_order.emplace(static_cast<std::uint32_t>(m_heldOutFrom), static_cast<std::uint64_t>(m_settings.integer("seed")));
        tensor::learn({}, [&] { m_network.emplace(m_parameters.weights(), m_config); });
    }

    Tensor loss(std::int64_t step, int part) override {
        const nn::Recomputing recomputing(m_settings.text("checkpointing") == "on");
        const std::int64_t batch = m_settings.integer("batch");
        const std::int64_t first = (step * m_settings.integer("parts") + part) * batch;
        std::vector<std::int64_t> examples;
        for (std::int64_t n = first; n < first + batch; ++n) examples.push_back(m_order->at(static_cast<std::uint64_t>(n)));
        at::Generator generator = generatorOf(m_settings, step, part);
        return lossOf(*m_network, examples, {m_settings.number("drop_caption"), m_settings.number("hide_words"), m_settings.number("text_noise")},
                      generator);
    }

    std::optional<Image> samples() override {
        const UNet network(m_parameters.averaged(device()), m_config);
        const nn::Tensor pictures = decode(sample(network, kPrompts));
        const auto side = static_cast<int>(pictures.size(3));
        ContactSheet sheet(kPrompts.size(), {.columns = 8, .cellWidth = side, .cellHeight = side});
        for (std::size_t i = 0; i < kPrompts.size(); ++i)
            sheet.place(i, tensor::toImage(pictures[static_cast<std::int64_t>(i)]));
        return sheet.take();
    }

    Json measure() override {
        const UNet network(m_parameters.averaged(device()), m_config);
        at::Generator generator = tensor::generator(1);
        double sum = 0;
        std::int64_t parts = 0;
        const std::int64_t batch = m_settings.integer("batch");
        for (std::int64_t from = m_heldOutFrom; from + batch <= m_pool->count(); from += batch, ++parts) {
            std::vector<std::int64_t> examples;
            for (std::int64_t i = 0; i < batch; ++i) examples.push_back(from + i);
            sum += lossOf(network, examples, {}, generator).item<double>();
        }
        return {{"held_out_loss", parts ? sum / static_cast<double>(parts) : 0.0}};
    }

    std::string save(const std::filesystem::path& folder, std::int64_t steps) override {
        std::map<std::string, Tensor> tensors;
        const auto take = [&](const tensor::Weights& weights, const std::string& prefix) {
            for (const std::string& name : weights.names()) tensors[prefix + name] = weights.tensor(name).to(at::kHalf);
        };
        take(m_parameters.averaged(), "model.diffusion_model.");
        take(m_autoencoderWeights, "first_stage_model.");
        tensors["ztsnr"] = nn::emptyValues(0, at::TensorOptions().dtype(at::kHalf));
        tensor::saveWeights(folder / "model.safetensors", tensors,
                            {{"format", "pt"}, {"modelspec.prediction_type", "v"}, {"ochre.latent_colors", colors().text()}, {"ochre.recipe", "latent_diffusion"},
                             {"ochre.steps", std::to_string(steps)}, {"ochre.settings", dumpJson(m_settings.toJson())}});
        return "model.safetensors";
    }

private:
    /// The one that is set, else that which comes along.
    static std::string autoencoderFile(const Settings& settings) {
        if (const std::string& file = settings.text("autoencoder"); !file.empty()) return file;
        if (const auto file = paths::starterModel(); !file.empty()) return file.string();
        throw Error("training: no autoencoder is set", "train one with the recipe autoencoder and set autoencoder=FILE");
    }

    static tensor::Weights openAutoencoder(const Settings& settings) {
        const std::string file = autoencoderFile(settings);
        const tensor::Weights weights = autoencoderOf(tensor::Weights::open(file));
        const auto config = AutoencoderKl::Config::fromWeights(weights);
        if (!config || config->inChannels % 3 != 0)
            throw Error(fmt::format("{}: is no autoencoder that this recipe can use", file), "set the file of the recipe autoencoder");
        return weights;
    }

    static models::SentenceEncoder openEncoder(const Settings& settings) {
        const std::string& file = settings.text("text_encoder");
        return file.empty() ? *models::starterEncoder() : models::SentenceEncoder::open(file);
    }

    at::Device device() const { return m_parameters.device(); }

    /// A GPU has time enough for float32.
    tensor::Placement encoderPlacement() const { return device().is_cpu() ? m_placement : tensor::Placement{m_placement.device}; }

    /// Where the network is trained, for the many captions of the pool.
    models::SentenceEncoder placedEncoder() const {
        if (device().is_cpu()) return m_encoder;
        const std::string& file = m_settings.text("text_encoder");
        return models::SentenceEncoder::open(file.empty() ? models::starterEncoderFile() : std::filesystem::path(file), {}, {m_placement.device});
    }

    /// Least squares from latents to the mean colours of the pixels they stand for.
    models::LatentColors colors() const {
        constexpr std::int64_t most = 256;
        const std::int64_t count = std::min(most, m_pool->count()), z = m_pool->latentShape()[0];
        std::vector<std::int64_t> examples(static_cast<std::size_t>(count));
        std::iota(examples.begin(), examples.end(), 0);
        const nn::Tensor x = m_pool->latents(examples).to(at::kCPU);
        const nn::Tensor pictures = decode(x).mul(2).sub(1); // [count, 3, H, W]
        const std::int64_t cell = pictures.size(3) / x.size(3);
        const nn::Tensor means = nn::pixelUnshuffle(pictures, static_cast<int>(cell)).unflatten(1, {3, cell * cell}).mean(2);
        const auto columns = [](const nn::Tensor& map) { return map.permute({0, 2, 3, 1}).flatten(0, 2).to(at::kDouble); };
        const nn::Tensor values = columns(x), targets = columns(means);                           // [cells, z], [cells, 3]
        const nn::Tensor known = nn::cat({values, values.narrow(1, 0, 1).mul(0).add(1)}, 1);      // a 1 for the bias
        return solveColors(known.t().matmul(known), known.t().matmul(targets), z);
    }

    static models::LatentColors solveColors(const nn::Tensor& left, const nn::Tensor& right, std::int64_t z) {
        std::vector<float> a = nn::toValues(left), b = nn::toValues(right);
        const auto n = static_cast<std::size_t>(z + 1);
        for (std::size_t pivot = 0; pivot < n; ++pivot) // positive definite: no rows need be exchanged
            for (std::size_t row = 0; row < n; ++row) {
                if (row == pivot) continue;
                const float factor = a[row * n + pivot] / a[pivot * n + pivot];
                for (std::size_t i = 0; i < n; ++i) a[row * n + i] -= factor * a[pivot * n + i];
                for (std::size_t i = 0; i < 3; ++i) b[row * 3 + i] -= factor * b[pivot * 3 + i];
            }
        models::LatentColors colors;
        for (std::size_t row = 0; row < n; ++row) {
            const float d = a[row * n + row];
            colors.channels.push_back({b[row * 3] / d, b[row * 3 + 1] / d, b[row * 3 + 2] / d});
        }
        colors.bias = colors.channels.back();
        colors.channels.pop_back();
        return colors;
    }

    int unshuffle() const { return static_cast<int>(std::lround(std::sqrt(m_autoencoderConfig.inChannels / 3))); }

    /// How captions are made harder to read.
    struct Disturbed {
        double drop = 0;      ///< share of examples without their caption
        double hideWords = 0; ///< share of the others of which only the text as a whole is seen
        double noise = 0;     ///< most that is added to states and vector, of their own size
    };

    Tensor lossOf(const UNet& network, const std::vector<std::int64_t>& examples, const Disturbed& disturbed, at::Generator& generator) const {
        const auto count = static_cast<std::int64_t>(examples.size());
        const auto column = [&](const std::vector<float>& values) { return nn::fromValues(values, {count, 1, 1}).to(device()); };
        std::vector<float> keeps, wordKeeps;
        for (const double chance : uniforms(count, generator)) {
            keeps.push_back(chance < disturbed.drop ? 0.0f : 1.0f);
            wordKeeps.push_back(chance < disturbed.drop + (1 - disturbed.drop) * disturbed.hideWords ? 0.0f : 1.0f);
        }
        const auto keptStates = [&](const std::vector<float>& kept) {
            const nn::Tensor keep = column(kept);
            return m_pool->states(examples).mul(keep).add(m_emptyStates.mul(keep.mul(-1).add(1)));
        };
        Shown seen = shown(keptStates(keeps));
        if (disturbed.hideWords > 0) seen.context = keptStates(wordKeeps);
        if (disturbed.noise > 0) {
            std::vector<float> amounts;
            for (const double chance : uniforms(count, generator)) amounts.push_back(static_cast<float>(chance * disturbed.noise));
            const nn::Tensor amount = column(amounts);
            const auto noisy = [&](const nn::Tensor& values, const nn::Tensor& size) {
                return values.add(nn::randn(values.sizes(), generator).to(device()).mul(size));
            };
            // Each token's noise is as long as the token, so padding stays zero.
            seen.context = noisy(seen.context, seen.context.square().mean(2, true).sqrt().mul(amount));
            if (seen.vector.defined()) seen.vector = noisy(seen.vector, amount.squeeze(2));
        }
        return m_diffusing.loss(network, m_pool->latents(examples), seen, generator);
    }

    Shown shown(const nn::Tensor& states) const { return shownToStarter(states, m_config.vector > 0); }

    /// Prompts → latents, with guidance.
    nn::Tensor sample(const UNet& network, const std::vector<std::string>& prompts) const {
        const tensor::Shape shape = m_pool->latentShape();
        const auto count = static_cast<std::int64_t>(prompts.size());
        const Shown with = shown(models::starterStates(m_encoder, prompts).to(device()));
        const Shown without = shown(models::starterStates(m_encoder, std::vector<std::string>(prompts.size())).to(device()));
        const nn::Tensor noise = sampling::startNoise({count, shape[0], shape[1], shape[2]}, 1).to(device());
        return m_diffusing.sample(network, noise, with, without, {.cfg = kSampleCfg}).to(at::kCPU);
    }

    /// Latents → pictures [N, 3, H, W] in 0…1.
    nn::Tensor decode(const nn::Tensor& latents) const {
        const AutoencoderKl autoencoder(m_autoencoderWeights, m_autoencoderConfig);
        return nn::pixelShuffle(autoencoder.decodeWhole(latents), unshuffle()).add(1).mul(0.5).clamp(0, 1);
    }

    Settings m_settings;
    tensor::Weights m_autoencoderWeights;
    AutoencoderKl::Config m_autoencoderConfig;
    models::SentenceEncoder m_encoder;
    UNet::Config m_config;
    tensor::Placement m_placement;
    Parameters m_parameters;
    Diffusing m_diffusing;
    std::optional<LatentPool> m_pool;
    nn::Tensor m_emptyStates;
    std::int64_t m_heldOutFrom = 0;
    std::optional<Order> m_order;
    std::optional<UNet> m_network;
};

} // namespace

RecipeInfo latentDiffusionRecipe() {
    using graph::ParameterKind;
    const auto whole = [](const char* id, const char* label, const char* help, std::int64_t value, const char* group) {
        return graph::Parameter{.id = id, .label = label, .help = help, .kind = ParameterKind::Int, .defaultValue = value,
                                .min = 1, .group = group};
    };
    std::vector<graph::Parameter> parameters =
        commonParameters({.steps = 6000, .batch = 32, .warmUp = 50, .learningRate = 1e-3, .average = 0.998, .optimizer = "muon"});
    const auto data = datasetParameters("emoji", 128);
    parameters.insert(parameters.begin(), data.begin(), data.end());
    parameters.push_back({.id = "autoencoder", .label = "Autoencoder", .help = "File of the autoencoder recipe; empty: the one that comes with Ochre.",
                          .kind = ParameterKind::Text, .defaultValue = std::string()});
    parameters.push_back({.id = "text_encoder", .label = "Text encoder", .help = "File of MiniLM; empty: that of the models folder.",
                          .kind = ParameterKind::Text, .defaultValue = std::string(), .advanced = true});
    parameters.push_back(whole("examples", "Examples", "How many are made of the data set and kept as latents.", 36000, ""));
    parameters.push_back({.id = "drop_caption", .label = "Drop captions", .help = "Share of examples that are learned without their caption, for guidance.",
                          .kind = ParameterKind::Float, .defaultValue = 0.1, .min = 0, .max = 1});
    parameters.push_back({.id = "keywords_alone", .label = "Keywords alone", .help = "Of emoji: share of plain captions that are keywords without the name.",
                          .kind = ParameterKind::Float, .defaultValue = 0.15, .min = 0, .max = 1});
    parameters.push_back({.id = "hide_words", .label = "Hide words", .help = "Share of captions of which only the text as a whole is seen; needs that.",
                          .kind = ParameterKind::Float, .defaultValue = 0.0, .min = 0, .max = 1});
    parameters.push_back({.id = "text_noise", .label = "Noise on texts", .help = "Up to how much noise is added to what is seen of captions, so that words of like meaning draw alike; 1: as much as there is.",
                          .kind = ParameterKind::Float, .defaultValue = 0.0, .min = 0, .max = 4});
    parameters.push_back(whole("width", "Width", "Channels at the full size of the latent; a multiple of 64.", 192, "Network"));
    parameters.push_back(whole("inner_width", "Inner width", "Channels at half the size; a multiple of 64.", 256, "Network"));
    parameters.push_back({.id = "outer_attention", .label = "Attention everywhere", .help = "At the full size of the latent too, where it costs most.",
                          .kind = ParameterKind::Bool, .defaultValue = false, .group = "Network"});
    parameters.push_back({.id = "whole_text", .label = "Text as a whole", .help = "What a caption says as a whole steers every layer, beside the states of its words.",
                          .kind = ParameterKind::Bool, .defaultValue = true, .group = "Network"});
    parameters.push_back(whole("blocks", "Blocks", "Residual blocks of a level.", 1, "Network"));
    parameters.push_back(whole("embedding", "Embedding", "Width of the time step's embedding.", 512, "Network"));
    parameters.push_back(checkpointingParameter());
    parameters.push_back(deviceParameter());
    parameters.push_back(fromParameter());
    return {.id = "latent_diffusion",
            .label = "Latent diffusion",
            .help = "Learns to draw from captions: the second half of a small text-to-picture model, over the latents of an autoencoder.",
            .parameters = std::move(parameters),
            .make = [](const Settings& settings) { return std::make_unique<LatentDiffusionRecipe>(settings); }};
}

} // namespace ochre::training
