// SPDX-License-Identifier: GPL-3.0-or-later
// Diffusion over the pixels of small pictures of known classes (arXiv 2006.11239), guided without a classifier (arXiv
// 2207.12598): the UNet of latent diffusion, whose prompt is one token, the class. 2×2 pixels are the channels of one.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/ImageIo.h"
#include "core/models/diffusion/SmallModel.h"
#include "core/models/sampling/Noise.h"
#include "core/tensor/Attention.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Learning.h"
#include "core/tensor/Recompute.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/SaveWeights.h"
#include "core/training/Batches.h"
#include "core/training/data/Compose.h"
#include "core/training/data/OpenDataset.h"
#include "core/training/recipes/DdpmReport.h"
#include "core/training/recipes/Diffusing.h"
#include "core/training/recipes/Recipes.h"
#include "core/training/recipes/SmallUNet.h"

namespace ochre::training {
namespace {

using models::UNet;
namespace sampling = models::sampling;

constexpr int kUnshuffle = 2, kClassWidth = 64;
constexpr int kHeldOut = 50, kColumns = 8, kShownSide = 64;
constexpr std::size_t kMeasured = 256, kMeasureBatch = 32;
const std::string kTable = "class_embedding.weight"; // [classes + 1, kClassWidth]; the last row: no class
const std::string kPrefix = "network.";              // in the file, so that nobody takes it for Stable Diffusion's

UNet::Config configOf(const Settings& settings, int channels) {
    const std::vector<int> widths = widthsOf(settings.text("widths"), models::kSmallHeadWidth);
    return models::smallUNet(widths, static_cast<int>(settings.integer("blocks")), channels, 4 * widths.front(), kClassWidth, true);
}

/// Rows of the table have numbers of variance 1.
double gainOf(const std::string& name) {
    return name == kTable ? kClassWidth : smallUNetGain(name);
}

/// Emoji as they are: the classes are of things, not of colours and pairs.
std::shared_ptr<const Dataset> openLabelled(const Settings& settings) {
    const std::string& name = settings.text("dataset");
    const auto side = static_cast<int>(settings.integer("side"));
    std::shared_ptr<const Dataset> data;
    if (name == "emoji") {
        const ComposeOptions options{.side = side, .plain = 1, .color = 0, .background = 0, .pair = 0};
        data = std::make_shared<EmojiExamples>(std::make_shared<EmojiSet>(), options);
    } else {
        data = openDataset(name, side);
    }
    if (data->labels().empty())
        throw Error(fmt::format("data set \"{}\": its pictures have no classes", name),
                    "choose emoji, or a folder with the files of MNIST or CIFAR-10");
    return data;
}

class DdpmRecipe : public Recipe {
public:
    explicit DdpmRecipe(const Settings& settings)
        : m_settings(settings), m_data(openLabelled(settings)), m_labels(m_data->labels()),
          m_first(m_data->example(0, 0)),
          m_config(configOf(settings, m_first.channels * kUnshuffle * kUnshuffle)),
          m_parameters(shapes(), computeType(settings)),
          m_diffusing(levelsOf(settings), settings.number("min_snr")) {
        m_parameters.initialise(static_cast<std::uint64_t>(settings.integer("seed")), gainOf);
        if (const std::string& from = settings.text("from"); !from.empty())
            m_parameters.load(tensor::Weights::open(from).sub(kPrefix));
        const auto padded = [&](int side) {
            const std::string& widths = settings.text("widths");
            const int multiple = kUnshuffle << std::count(widths.begin(), widths.end(), ',');
            return (side + multiple - 1) / multiple * multiple;
        };
        m_width = padded(m_first.width);
        m_height = padded(m_first.height);
    }

    Parameters& parameters() override { return m_parameters; }

    void prepare(const Workplace&) override {
        m_batches.emplace(m_data, m_settings.integer("batch"), static_cast<int>(m_settings.integer("parts")),
                          static_cast<std::uint64_t>(m_settings.integer("seed")), kHeldOut);
        tensor::learn({}, [&] {
            m_network.emplace(m_parameters.weights(), m_config);
            m_table = nn::Embedding(m_parameters.weights(), kTable);
        });
    }

    Tensor loss(std::int64_t step, int part) override {
        const nn::Recomputing recomputing(m_settings.text("checkpointing") == "on");
        const std::vector<Example> examples = m_batches->part(step, part);
        at::Generator generator = generatorOf(m_settings, step, part);
        return lossOf(*m_network, m_table, examples, m_settings.number("drop_class"), generator);
    }

    std::optional<Image> samples() override { return sheet(m_settings.number("cfg")); }

    Json measure() override {
        const tensor::Weights weights = m_parameters.averaged();
        const UNet network(weights, m_config);
        const nn::Embedding table(weights, kTable);
        at::Generator generator = tensor::generator(1);
        std::vector<Example> examples;
        double sum = 0;
        std::size_t count = 0;
        const auto add = [&] {
            sum += lossOf(network, table, examples, 0, generator).item<double>() * static_cast<double>(examples.size());
            count += examples.size();
            examples.clear();
        };
        for (const std::uint32_t index : m_batches->heldOut()) {
            if (count + examples.size() == kMeasured) break;
            examples.push_back(m_data->example(index, kFixedDraw + index));
            if (examples.size() == kMeasureBatch) add();
        }
        if (!examples.empty()) add();
        Json figures{{"pictures", count}};
        if (count > 0) figures["held_out_loss"] = sum / static_cast<double>(count);
        return figures;
    }

    std::string save(const std::filesystem::path& folder, std::int64_t steps) override {
        std::map<std::string, Tensor> tensors;
        const tensor::Weights weights = m_parameters.averaged();
        for (const std::string& name : weights.names()) tensors[kPrefix + name] = weights.tensor(name).to(at::kHalf);
        tensor::saveWeights(folder / "ddpm.safetensors", tensors,
                            {{"format", "pt"}, {"ochre.recipe", "ddpm"}, {"ochre.steps", std::to_string(steps)},
                             {"ochre.labels", dumpJson(Json(m_labels))},
                             {"ochre.settings", dumpJson(m_settings.toJson())}});
        if (steps >= m_settings.integer("steps"))
            for (const double cfg : kReportedGuidance) writeImage(sheet(cfg), folder / guidanceFile(cfg));
        return "ddpm.safetensors";
    }

private:
    static sampling::ModelSampling levelsOf(const Settings& settings) {
        return sampling::ModelSampling({.prediction = sampling::predictionFromName(settings.text("prediction")),
                                        .spacing = sampling::BetaSpacing::Linear, .betaStart = 1e-4, .betaEnd = 0.02});
    }

    Shapes shapes() const {
        Shapes all = m_config.expected();
        all[kTable] = {static_cast<std::int64_t>(m_labels.size()) + 1, kClassWidth};
        return all;
    }

    /// Centred on the background's −1, the pixels of each square as channels.
    nn::Tensor inputOf(const std::vector<Example>& examples) const {
        const nn::Tensor pictures = picturesOf(examples);
        const std::int64_t x = m_width - pictures.size(3), y = m_height - pictures.size(2);
        if (x + y == 0) return nn::pixelUnshuffle(pictures, kUnshuffle);
        const nn::Tensor padded = nn::pad(pictures.add(1), x / 2, x - x / 2, y / 2, y - y / 2).sub(1);
        return nn::pixelUnshuffle(padded, kUnshuffle);
    }

    /// Back to pictures of 3 channels in 0…1, small ones enlarged so that they can be seen.
    nn::Tensor picturesFrom(const nn::Tensor& channels) const {
        const std::int64_t x = (m_width - m_first.width) / 2, y = (m_height - m_first.height) / 2;
        const nn::Tensor pictures = nn::pixelShuffle(channels, kUnshuffle);
        const nn::Tensor seen = pictures.narrow(2, y, m_first.height).narrow(3, x, m_first.width);
        const nn::Tensor large = nn::upsampleNearest(seen, std::max(1, kShownSide / m_first.width));
        return large.add(1).mul(0.5).clamp(0, 1).expand({-1, 3, -1, -1});
    }

    static Shown shownOf(const nn::Embedding& table, const std::vector<float>& classes) {
        const auto count = static_cast<std::int64_t>(classes.size());
        return {table(nn::fromValues(classes, {count}).to(at::kLong)).unsqueeze(1), {}}; // [N, 1, width]
    }

    Tensor lossOf(const UNet& network, const nn::Embedding& table, const std::vector<Example>& examples, double drop,
                  at::Generator& generator) const {
        std::vector<float> classes;
        const std::vector<double> chances = uniforms(static_cast<std::int64_t>(examples.size()), generator);
        const auto none = static_cast<float>(m_labels.size());
        for (std::size_t i = 0; i < examples.size(); ++i) {
            const int label = examples[i].label;
            if (label < 0 || label >= static_cast<int>(m_labels.size()))
                throw Error(fmt::format("data set \"{}\": a picture is of class {}, there are {}",
                                        m_settings.text("dataset"), label, m_labels.size()),
                            "choose a set whose classes have names");
            classes.push_back(chances[i] < drop ? none : static_cast<float>(label));
        }
        return m_diffusing.loss(network, inputOf(examples), shownOf(table, classes), generator);
    }

    /// A row a class; the pictures of a column begin with the same noise.
    Image sheet(double cfg) const {
        const tensor::Weights weights = m_parameters.averaged();
        const UNet network(weights, m_config);
        const nn::Embedding table(weights, kTable);
        const SampleLook look{.sampler = m_settings.text("sampler"),
                              .steps = static_cast<int>(m_settings.integer("sample_steps")),
                              .cfg = cfg, .clamp = true};
        const nn::Tensor noise =
            sampling::startNoise({kColumns, m_config.inChannels, m_height / kUnshuffle, m_width / kUnshuffle}, 1);
        const Shown without = shownOf(table, std::vector<float>(kColumns, static_cast<float>(m_labels.size())));
        std::vector<nn::Tensor> rows;
        for (std::size_t label = 0; label < m_labels.size(); ++label) {
            const Shown with = shownOf(table, std::vector<float>(kColumns, static_cast<float>(label)));
            rows.push_back(picturesFrom(m_diffusing.sample(network, noise, with, without, look)));
        }
        return sheetOf(rows, m_labels);
    }

    Settings m_settings;
    std::shared_ptr<const Dataset> m_data;
    std::vector<std::string> m_labels;
    Example m_first; ///< tells size and channels
    UNet::Config m_config;
    Parameters m_parameters;
    Diffusing m_diffusing;
    int m_width = 0, m_height = 0; ///< of pictures with what was added at their edges
    std::optional<Batches> m_batches;
    std::optional<UNet> m_network;
    nn::Embedding m_table;
};

} // namespace

RecipeInfo ddpmRecipe() {
    using graph::ParameterKind;
    std::vector<graph::Parameter> parameters =
        commonParameters({.steps = 20000, .batch = 64, .warmUp = 500, .learningRate = 4e-4, .average = 0.9995});
    const auto data = datasetParameters("emoji", 32);
    parameters.insert(parameters.begin(), data.begin(), data.end());
    parameters.push_back({.id = "drop_class", .label = "Drop classes",
                          .help = "Share of examples that are learned without their class, for guidance.",
                          .kind = ParameterKind::Float, .defaultValue = 0.1, .min = 0, .max = 1});
    parameters.push_back({.id = "widths", .label = "Widths",
                          .help = "Channels at each level, half the pictures' size first; multiples of 64.",
                          .kind = ParameterKind::Text, .defaultValue = std::string("128,256"), .group = "Network"});
    parameters.push_back({.id = "blocks", .label = "Blocks", .help = "Residual blocks of a level.",
                          .kind = ParameterKind::Int,
                          .defaultValue = std::int64_t{1}, .min = 1, .max = 8, .group = "Network"});
    parameters.push_back({.id = "prediction", .label = "Prediction",
                          .help = "What the network tells of a noisy picture.",
                          .kind = ParameterKind::Choice, .defaultValue = std::string("eps"),
                          .choices = {{"eps", "The noise"}, {"v", "The velocity"}}, .group = "Network"});
    parameters.push_back({.id = "min_snr", .label = "Min-SNR",
                          .help = "Up to which ratio of signal to noise cleaner pictures weigh more; 0: all errors weigh the same.",
                          .kind = ParameterKind::Float, .defaultValue = 0.0, .min = 0, .max = 100, .advanced = true});
    parameters.push_back({.id = "cfg", .label = "Guidance",
                          .help = "Of the samples: 0 no class, 1 the class, more: away from no class.",
                          .kind = ParameterKind::Float, .defaultValue = 3.0, .min = 0, .max = 100, .group = "Samples"});
    parameters.push_back({.id = "sampler", .label = "Sampler", .help = "Of the samples.", .kind = ParameterKind::Choice,
                          .defaultValue = std::string("dpmpp_2m"),
                          .choices = {{"dpmpp_2m", "DPM++ 2M"}, {"ddim", "DDIM"}},
                          .group = "Samples"});
    parameters.push_back({.id = "sample_steps", .label = "Sampling steps", .help = "Of the samples.",
                          .kind = ParameterKind::Int,
                          .defaultValue = std::int64_t{20}, .min = 1, .max = 1000, .group = "Samples"});
    parameters.push_back(checkpointingParameter());
    parameters.push_back(fromParameter());
    return {.id = "ddpm",
            .label = "Class-conditional diffusion",
            .help = "Learns to draw small pictures of a class, pixel by pixel: emoji by group, MNIST's digits, CIFAR-10. At the end it "
                    "draws every class at the guidance scales 0, 1, 3 and 7, which its report shows.",
            .parameters = std::move(parameters),
            .make = [](const Settings& settings) { return std::make_unique<DdpmRecipe>(settings); },
            .report = reportOnDdpm};
}

} // namespace ochre::training
