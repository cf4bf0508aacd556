// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/recipes/Restoring.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/image/ContactSheet.h"
#include "core/tensor/Convert.h"
#include "core/tensor/SaveWeights.h"
#include "core/training/Batches.h"
#include "core/training/recipes/Recipes.h"

namespace ochre::training {
namespace {

constexpr int kHeldOut = 16;                                 // one picture in so many is measured and not learned from
constexpr double kLeastError = 3e-4;                         // 35 dB: what is better counts for little, so that flat pictures do not rule
constexpr std::size_t kShown = 8, kMeasured = 64, kMeasureBatch = 8;

/// What is given and what is wanted, [N, 3, H, W] in 0…1.
struct Pair {
    nn::Tensor given, wanted;
};

Pair pairOf(const std::vector<Example>& examples) {
    const nn::Tensor both = picturesOf(examples).add(1).mul(0.5);
    return {nn::channelsLast(both.narrow(1, 0, 3)), nn::channelsLast(both.narrow(1, 3, 3))};
}

/// Of each picture, [N].
nn::Tensor errorsOf(const nn::Tensor& result, const nn::Tensor& wanted) {
    return result.to(at::kFloat).sub(wanted).square().mean({1, 2, 3});
}

double meanDecibels(const nn::Tensor& errors) {
    return errors.clamp_min(1e-10).log10().mean().item<double>() * -10;
}

class RestoringRecipe : public Recipe {
public:
    RestoringRecipe(std::string id, const Settings& settings, RestoringNetwork network, const PicturePairOptions& options)
        : m_id(std::move(id)), m_settings(settings), m_network(std::move(network)), m_options(options),
          m_parameters(m_network.learned, computeType(settings)) {
        m_parameters.initialise(static_cast<std::uint64_t>(settings.integer("seed")), m_network.gain);
        m_parameters.load(tensor::Weights::of(m_network.first, "first values"), {""});
        if (const std::string& from = settings.text("from"); !from.empty()) m_parameters.load(tensor::Weights::open(from));
        for (auto& [name, tensor] : m_network.fixed) tensor = tensor.to(computeType(settings));
    }

    Parameters& parameters() override { return m_parameters; }

    void prepare(const Workplace& place) override {
        m_batches.emplace(std::make_shared<PicturePairs>(m_settings.text("dataset"), m_options, place.cancel),
                          m_settings.integer("batch"), static_cast<int>(m_settings.integer("parts")),
                          static_cast<std::uint64_t>(m_settings.integer("seed")), kHeldOut);
    }

    Tensor loss(std::int64_t step, int part) override {
        const Pair pair = pairOf(m_batches->part(step, part));
        const nn::Tensor result = run(m_parameters.weights(), pair.given);
        return errorsOf(result, pair.wanted).add(kLeastError).log10().mean().mul(10);
    }

    std::optional<Image> samples() override {
        const Pair pair = pairOf(m_batches->fixed(kShown));
        const nn::Tensor result = run(m_parameters.averaged(), pair.given).to(at::kFloat);
        const auto side = static_cast<int>(result.size(3));
        const auto count = static_cast<std::size_t>(result.size(0));
        ContactSheet sheet(3 * count, {.columns = static_cast<int>(count), .cellWidth = side, .cellHeight = side});
        std::size_t cell = 0;
        for (const nn::Tensor& row : {pair.given, result, pair.wanted})
            for (std::size_t i = 0; i < count; ++i)
                sheet.place(cell++, tensor::toImage(row[static_cast<std::int64_t>(i)].clamp(0, 1)));
        return sheet.take();
    }

    Json measure() override {
        const std::vector<Example> examples = m_batches->fixed(kMeasured);
        const tensor::Weights weights = m_parameters.averaged();
        double before = 0, after = 0;
        for (std::size_t first = 0; first < examples.size(); first += kMeasureBatch) {
            const std::size_t last = std::min(first + kMeasureBatch, examples.size());
            const Pair pair = pairOf({examples.begin() + static_cast<std::ptrdiff_t>(first),
                                      examples.begin() + static_cast<std::ptrdiff_t>(last)});
            const auto count = static_cast<double>(last - first);
            before += count * meanDecibels(errorsOf(pair.given, pair.wanted));
            after += count * meanDecibels(errorsOf(run(weights, pair.given).clamp(0, 1), pair.wanted));
        }
        const auto count = static_cast<double>(examples.size());
        return {{"psnr_given", before / count}, {"psnr", after / count}, {"parts", examples.size()}};
    }

    std::string save(const std::filesystem::path& folder, std::int64_t steps) override {
        std::map<std::string, Tensor> tensors;
        const tensor::Weights weights = all(m_parameters.averaged());
        for (const std::string& name : weights.names()) tensors[name] = weights.tensor(name).to(at::kHalf);
        const std::string file = m_id + ".safetensors";
        tensor::saveWeights(folder / file, tensors,
                            {{"format", "pt"}, {"ochre.recipe", m_id}, {"ochre.steps", std::to_string(steps)},
                             {"ochre.settings", dumpJson(m_settings.toJson())}});
        return file;
    }

private:
    tensor::Weights all(const tensor::Weights& learned) const {
        if (m_network.fixed.empty()) return learned;
        auto tensors = m_network.fixed;
        for (const std::string& name : learned.names()) tensors[name] = learned.tensor(name);
        return tensor::Weights::of(std::move(tensors), learned.subject());
    }

    nn::Tensor run(const tensor::Weights& learned, const nn::Tensor& pictures) const {
        return m_network.run(all(learned), pictures.to(computeType(m_settings)));
    }

    std::string m_id;
    Settings m_settings;
    RestoringNetwork m_network;
    PicturePairOptions m_options;
    Parameters m_parameters;
    std::optional<Batches> m_batches;
};

} // namespace

std::unique_ptr<Recipe> restoringRecipe(const std::string& id, const Settings& settings, RestoringNetwork network,
                                        const PicturePairOptions& options) {
    return std::make_unique<RestoringRecipe>(id, settings, std::move(network), options);
}

std::vector<graph::Parameter> restoringParameters(std::int64_t side, const CommonDefaults& defaults) {
    std::vector<graph::Parameter> parameters{
        {.id = "dataset", .label = "Pictures", .help = "A folder of clean pictures, which are degraded as they are drawn.",
         .kind = graph::ParameterKind::Text, .defaultValue = std::string()},
        {.id = "side", .label = "Side", .help = "Of the squares that are learned from; a multiple of 8.",
         .kind = graph::ParameterKind::Int, .defaultValue = side, .min = 16, .max = 1024, .unit = "px"}};
    const auto common = commonParameters(defaults);
    parameters.insert(parameters.end(), common.begin(), common.end());
    parameters.push_back(fromParameter());
    return parameters;
}

} // namespace ochre::training
