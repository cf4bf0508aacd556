// SPDX-License-Identifier: GPL-3.0-or-later
// The autoencoder of a small latent-diffusion model: AutoencoderKL over pictures whose 4×4 pixels are the channels of one,
// so that its layers are wide and few.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/ContactSheet.h"
#include "core/models/diffusion/AutoencoderKl.h"
#include "core/models/diffusion/SmallModel.h"
#include "core/tensor/Convert.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Learning.h"
#include "core/tensor/Recompute.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/SaveWeights.h"
#include "core/training/Batches.h"
#include "core/training/data/OpenDataset.h"
#include "core/training/recipes/Recipes.h"
#include "core/training/recipes/SmallUNet.h"

namespace ochre::training {
namespace {

using models::AutoencoderKl;

constexpr int kUnshuffle = models::kSmallUnshuffle, kHeldOut = 32, kGroups = 32; // of the norms
// Weights of the squared difference, of its logarithm, which is what decibels are the mean of, and of the differences of
// neighbours.
constexpr double kSquared = 4, kLogarithm = 0.2, kEdges = 1;
constexpr double kLeastError = 1e-4; // mean square of values in −1…1 below which a picture counts as right
constexpr std::size_t kShown = 8, kMeasured = 128, kMeasureBatch = 16;

AutoencoderKl::Config configOf(const Settings& settings) {
    return models::smallAutoencoder(widthsOf(settings.text("widths"), kGroups), static_cast<int>(settings.integer("blocks")),
                                    static_cast<int>(settings.integer("latent_channels")), settings.flag("attention"));
}

/// The half that turns latents into pictures.
AutoencoderKl::Config decoderOf(AutoencoderKl::Config config) {
    config.encoder = config.quant = false;
    return config;
}

/// Layers whose result is added to something begin silent.
double gainOf(const std::string& name) {
    return name.find(".conv2.") != std::string::npos || name.find(".proj_out.") != std::string::npos ? 0 : 1;
}

nn::Tensor edges(const nn::Tensor& x, std::int64_t dimension) {
    const std::int64_t last = x.size(dimension) - 1;
    return x.narrow(dimension, 1, last).sub(x.narrow(dimension, 0, last));
}

class AutoencoderRecipe : public Recipe {
public:
    explicit AutoencoderRecipe(const Settings& settings)
        : m_settings(settings), m_config(configOf(settings)), m_decoderOnly(settings.flag("decoder_only")),
          m_parameters((m_decoderOnly ? decoderOf(m_config) : m_config).expected(), computeType(settings)) {
        m_parameters.initialise(static_cast<std::uint64_t>(settings.integer("seed")), gainOf);
        const std::string& from = settings.text("from");
        if (m_decoderOnly && from.empty())
            throw Error("training: decoder_only is set, and no encoder to keep", "name the file of an autoencoder with from=FILE");
        if (from.empty()) return;
        const tensor::Weights file = autoencoderOf(tensor::Weights::open(from, {.floating = computeType(settings)}));
        m_parameters.load(file);
        if (!m_decoderOnly) return;
        for (const auto& [name, shape] : m_config.expected())
            if (name.starts_with("encoder.") || name.starts_with("quant_conv.")) m_encoder[name] = file.tensor(name).clone();
    }

    Parameters& parameters() override { return m_parameters; }

    void prepare(const Workplace& place) override {
        m_batches.emplace(openDataset(m_settings.text("dataset"), static_cast<int>(m_settings.integer("side")), place.cancel, place.say),
                          m_settings.integer("batch"), static_cast<int>(m_settings.integer("parts")),
                          static_cast<std::uint64_t>(m_settings.integer("seed")), kHeldOut);
        tensor::learn({}, [&] { m_network.emplace(m_parameters.weights(), m_decoderOnly ? decoderOf(m_config) : m_config); });
        if (m_decoderOnly) tensor::run({}, [&] { m_frozen.emplace(averagedWeights(), m_config); });
    }

    Tensor loss(std::int64_t step, int part) override {
        const nn::Recomputing recomputing(m_settings.text("checkpointing") == "on");
        const nn::Tensor pictures = picturesOf(m_batches->part(step, part)); // [N, 3, H, W]
        at::Generator generator = generatorOf(m_settings, step, part);
        const nn::Tensor moments = momentsOf(nn::pixelUnshuffle(pictures, kUnshuffle));
        const std::int64_t channels = moments.size(1) / 2;
        const nn::Tensor mean = moments.narrow(1, 0, channels);
        const nn::Tensor logVariance = moments.narrow(1, channels, channels).clamp(-30.0, 20.0); // [N, z, h, w]
        const nn::Tensor latent = mean.add(logVariance.mul(0.5).exp().mul(nn::randn(mean.sizes(), generator)));
        const nn::Tensor out = nn::pixelShuffle(m_network->decodeWhole(latent), kUnshuffle);
        const nn::Tensor difference = out.sub(pictures), errors = difference.square().mean({1, 2, 3}); // of each picture
        const nn::Tensor spread = mean.square().add(logVariance.exp()).sub(1).sub(logVariance).mean().mul(0.5);
        return difference.abs()
            .mean()
            .add(errors.mean().mul(kSquared))
            .add(errors.div(kLeastError).log1p().mean().mul(kLogarithm))
            .add(edges(difference, 2).abs().mean().add(edges(difference, 3).abs().mean()).mul(kEdges))
            .add(spread.mul(m_settings.number("kl")));
    }

    std::optional<Image> samples() override {
        const AutoencoderKl network = averaged();
        std::vector<Example> examples = fixed(kShown);
        const nn::Tensor before = picturesOf(examples), after = restored(network, before);
        const auto side = static_cast<int>(before.size(3));
        ContactSheet sheet(2 * examples.size(), {.columns = static_cast<int>(examples.size()), .cellWidth = side, .cellHeight = side});
        for (std::size_t i = 0; i < examples.size(); ++i) {
            const auto at = static_cast<std::int64_t>(i);
            sheet.place(i, tensor::toImage(before[at].add(1).mul(0.5)));
            sheet.place(examples.size() + i, tensor::toImage(after[at].add(1).mul(0.5).clamp(0, 1)));
        }
        return sheet.take();
    }

    Json measure() override {
        if (m_batches->heldOut().empty()) return Json::object(); // of a handful of pictures none is held out
        const AutoencoderKl network = averaged();
        const std::vector<Example> examples = fixed(kMeasured);
        double sum = 0;
        for (std::size_t first = 0; first < examples.size(); first += kMeasureBatch) {
            const std::size_t last = std::min(first + kMeasureBatch, examples.size());
            const nn::Tensor before = picturesOf({examples.begin() + static_cast<std::ptrdiff_t>(first),
                                                  examples.begin() + static_cast<std::ptrdiff_t>(last)});
            const nn::Tensor after = restored(network, before).clamp(-1, 1);
            for (std::int64_t i = 0; i < before.size(0); ++i) {
                const double error = after[i].sub(before[i]).square().mean().item<double>() / 4; // of values in 0…1
                sum += 10 * std::log10(1 / std::max(error, 1e-10));
            }
        }
        return {{"psnr", sum / static_cast<double>(examples.size())}, {"pictures", examples.size()}};
    }

    std::string save(const std::filesystem::path& folder, std::int64_t steps) override {
        std::map<std::string, Tensor> tensors;
        const tensor::Weights weights = averagedWeights();
        for (const std::string& name : weights.names()) tensors[name] = weights.tensor(name).to(at::kHalf);
        if (!m_decoderOnly) whiten(tensors);
        tensor::saveWeights(folder / "autoencoder.safetensors", tensors,
                            {{"format", "pt"}, {"ochre.recipe", "autoencoder"}, {"ochre.steps", std::to_string(steps)},
                             {"ochre.settings", dumpJson(m_settings.toJson())}});
        return "autoencoder.safetensors";
    }

private:
    AutoencoderKl averaged() const { return {averagedWeights(), m_config}; }

    /// With the encoder that is kept.
    tensor::Weights averagedWeights() const {
        const tensor::Weights learned = m_parameters.averaged();
        if (!m_decoderOnly) return learned;
        auto all = m_encoder;
        for (const std::string& name : learned.names()) all[name] = learned.tensor(name);
        return tensor::Weights::of(std::move(all), learned.subject());
    }

    nn::Tensor momentsOf(const nn::Tensor& pictures) const {
        if (!m_decoderOnly) return m_network->encodeWhole(pictures);
        nn::Tensor moments;
        tensor::run({}, [&] { moments = m_frozen->encodeWhole(pictures).clone(); });
        return moments;
    }

    /// Held out, as long as there are any.
    std::vector<Example> fixed(std::size_t count) const {
        std::vector<Example> examples;
        for (const std::uint32_t index : m_batches->heldOut())
            if (examples.size() < count) examples.push_back(m_batches->data().example(index, kFixedDraw + index));
        for (std::size_t index = 0; m_batches->heldOut().empty() && index < std::min(count, m_batches->data().size()); ++index)
            examples.push_back(m_batches->data().example(index, kFixedDraw + index));
        return examples;
    }

    static nn::Tensor restored(const AutoencoderKl& network, const nn::Tensor& pictures) {
        const nn::Tensor moments = network.encodeWhole(nn::pixelUnshuffle(pictures, kUnshuffle));
        return nn::pixelShuffle(network.decodeWhole(AutoencoderKl::mean(moments)), kUnshuffle);
    }

    /// Brings the latents to mean 0 and variance 1 a channel, by the 1×1 convolutions on both sides of them.
    void whiten(std::map<std::string, Tensor>& tensors) const {
        const nn::Tensor pictures = picturesOf(fixed(kMeasured));
        const nn::Tensor moments = averaged().encodeWhole(nn::pixelUnshuffle(pictures, kUnshuffle));
        const nn::Tensor latents = AutoencoderKl::mean(moments).transpose(0, 1).flatten(1); // [z, values]
        const nn::Tensor mean = latents.mean(1), deviation = latents.std(1).clamp_min(1e-6);
        const std::int64_t z = mean.size(0);
        nn::Tensor weight = tensors.at("quant_conv.weight").to(at::kFloat), bias = tensors.at("quant_conv.bias").to(at::kFloat);
        nn::Tensor back = tensors.at("post_quant_conv.weight").to(at::kFloat), backBias = tensors.at("post_quant_conv.bias").to(at::kFloat);
        weight.narrow(0, 0, z).div_(deviation.view({z, 1, 1, 1}));
        bias.narrow(0, 0, z).sub_(mean).div_(deviation);
        bias.narrow(0, z, z).sub_(deviation.log().mul(2)); // of the variance
        backBias.add_(back.flatten(1).mv(mean));
        back.mul_(deviation.view({1, z, 1, 1}));
        tensors["quant_conv.weight"] = weight.to(at::kHalf);
        tensors["quant_conv.bias"] = bias.to(at::kHalf);
        tensors["post_quant_conv.weight"] = back.to(at::kHalf);
        tensors["post_quant_conv.bias"] = backBias.to(at::kHalf);
    }

    Settings m_settings;
    AutoencoderKl::Config m_config;
    bool m_decoderOnly;
    std::map<std::string, Tensor> m_encoder; ///< that is kept, of m_decoderOnly
    Parameters m_parameters;
    std::optional<Batches> m_batches;
    std::optional<AutoencoderKl> m_network, m_frozen; ///< what learns; what encodes where only the decoder does
};

} // namespace

RecipeInfo autoencoderRecipe() {
    using graph::ParameterKind;
    std::vector<graph::Parameter> parameters = commonParameters(
        {.steps = 3500, .batch = 16, .warmUp = 50, .learningRate = 1.5e-3, .average = 0.995, .optimizer = "muon"});
    const auto data = datasetParameters("emoji", 128);
    parameters.insert(parameters.begin(), data.begin(), data.end());
    parameters.push_back({.id = "widths", .label = "Widths", .help = "Channels at each level, full size first; multiples of 32.",
                          .kind = ParameterKind::Text, .defaultValue = std::string("128,192"), .group = "Network"});
    parameters.push_back({.id = "blocks", .label = "Blocks", .help = "Residual blocks of a level.", .kind = ParameterKind::Int,
                          .defaultValue = std::int64_t{1}, .min = 1, .max = 8, .group = "Network"});
    parameters.push_back({.id = "latent_channels", .label = "Latent channels", .help = "Numbers for each 8×8 pixels.",
                          .kind = ParameterKind::Int, .defaultValue = std::int64_t{8}, .min = 1, .max = 64, .group = "Network"});
    parameters.push_back({.id = "attention", .label = "Attention", .help = "In the middle, over the whole picture.",
                          .kind = ParameterKind::Bool, .defaultValue = false, .group = "Network"});
    parameters.push_back({.id = "kl", .label = "KL weight", .help = "How strongly latents are drawn to a normal distribution.",
                          .kind = ParameterKind::Float, .defaultValue = 1e-6, .min = 0, .max = 1, .step = 1e-6, .group = "Network"});
    parameters.push_back({.id = "decoder_only", .label = "Decoder only", .help = "Keeps the encoder of the file to start from, so that latents stay what they are.",
                          .kind = ParameterKind::Bool, .defaultValue = false, .group = "Network", .advanced = true});
    parameters.push_back(checkpointingParameter());
    parameters.push_back(fromParameter());
    return {.id = "autoencoder",
            .label = "Autoencoder",
            .help = "Learns to put pictures into latents an eighth as wide and high, and back: the first half of a "
                    "latent-diffusion model.",
            .parameters = std::move(parameters),
            .make = [](const Settings& settings) { return std::make_unique<AutoencoderRecipe>(settings); }};
}

} // namespace ochre::training
