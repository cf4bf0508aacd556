// SPDX-License-Identifier: GPL-3.0-or-later
// Texts into classes: the name and keywords of an emoji into the group that Unicode gives it, by one of four small networks
// of equal size.
#include "core/models/language/ClassifiedText.h"

#include <chrono>
#include <cmath>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "core/tensor/Fill.h"
#include "core/tensor/Learning.h"
#include "core/tensor/SaveWeights.h"
#include "core/training/Batches.h"
#include "core/training/TrainingLog.h"
#include "core/training/recipes/ClassifierScores.h"
#include "core/training/recipes/Recipes.h"
#include "core/training/recipes/TextClassifierReport.h"

namespace ochre::training {
namespace {

using models::TextClassifier;

constexpr double kShortestStep = 1e-3, kLongestStep = 0.1; // of Mamba's channels at the start, as its paper has them
constexpr double kRecurrentGain = 1.0 / 3;                 // as torch.nn.LSTM begins

TextClassifier::Config configOf(const Settings& settings, const ClassifierTexts& texts) {
    const auto width = static_cast<int>(settings.integer("width"));
    if (width % TextClassifier::kHeads != 0)
        throw Error(fmt::format("training: width {} is no multiple of {}", width, TextClassifier::kHeads),
                    fmt::format("the transformer has {} heads", TextClassifier::kHeads));
    return TextClassifier::Config::balanced(models::textClassifierKind(settings.text("network")), static_cast<int>(texts.vocabularySize()),
                                            static_cast<int>(texts.classes().size()), width, static_cast<int>(settings.integer("layers")),
                                            static_cast<int>(ClassifierTexts::kLongest));
}

/// Layers whose result is added to something begin silent.
double gainOf(const std::string& name) {
    if (name.starts_with("recurrent.")) return kRecurrentGain;
    return name.ends_with(".attention.out.weight") || name.ends_with(".down.weight") || name.ends_with(".out_proj.weight") ? 0 : 1;
}

/// What does not begin as random numbers do: Mamba's decays 1 … S, its steps from short to long, its way past the state; the
/// forget gates of LSTM open.
void setStart(Parameters& parameters, const TextClassifier::Config& config) {
    for (const Parameters::Entry& entry : parameters.entries()) {
        if (entry.name.ends_with(".A_log")) {
            entry.master.copy_(nn::linspace(1, config.state, config.state).log());
        } else if (entry.name.ends_with(".mixer.D")) {
            entry.master.fill_(1);
        } else if (entry.name.ends_with(".dt_proj.bias")) {
            const Tensor steps = nn::linspace(std::log(kShortestStep), std::log(kLongestStep), config.inner).exp();
            entry.master.copy_(steps.expm1().log()); // whose softplus they are
        } else if (config.kind == TextClassifier::Kind::Lstm && entry.name.find(".bias_ih_l") != std::string::npos) {
            entry.master.narrow(0, config.inner, config.inner).fill_(1); // gates are input, forget, cell, output
        }
    }
    parameters.average().copy_(parameters.master());
    parameters.mastersChanged();
}

class TextClassifierRecipe : public Recipe {
public:
    explicit TextClassifierRecipe(const Settings& settings)
        : m_settings(settings), m_texts(ClassifierTexts::ofEmoji()), m_config(configOf(settings, *m_texts)),
          m_parameters(m_config.expected(), computeType(settings)) {
        m_parameters.initialise(static_cast<std::uint64_t>(settings.integer("seed")), gainOf);
        setStart(m_parameters, m_config);
        if (const std::string& from = settings.text("from"); !from.empty()) m_parameters.load(tensor::Weights::open(from));
    }

    Parameters& parameters() override { return m_parameters; }

    void prepare(const Workplace& place) override {
        m_folder = place.folder;
        m_order.emplace(static_cast<std::uint32_t>(m_texts->learned().size()), seed());
        tensor::learn({}, [&] { m_network.emplace(m_parameters.weights(), m_config); });
    }

    Tensor loss(std::int64_t step, int part) override {
        const std::int64_t batch = m_settings.integer("batch");
        const auto first = static_cast<std::uint64_t>((step * m_settings.integer("parts") + part) * batch);
        std::vector<std::uint32_t> texts;
        for (std::int64_t i = 0; i < batch; ++i)
            texts.push_back(m_texts->learned()[m_order->at(first + static_cast<std::uint64_t>(i))]);
        const TokenBatch tokens = m_texts->varied(texts, seed(), first);
        const Tensor logits = m_network->forward(tokens.ids, tokens.mask).to(at::kFloat); // [N, classes]
        return logits.log_softmax(1).gather(1, tokens.labels.unsqueeze(1)).mean().neg();
    }

    /// What it makes of a held-out text; of the transformer with its attention maps.
    std::optional<Image> samples() override {
        const std::vector<std::uint32_t> shown = textsToShow(*m_texts, 1);
        if (shown.empty()) return std::nullopt;
        const std::uint32_t text = shown.front();
        const std::vector<std::int64_t> tokens = m_texts->tokens(text);
        std::vector<std::string> pieces;
        for (const std::int64_t id : tokens) pieces.push_back(m_texts->piece(id));
        models::ClassifiedText seen =
            models::classify(TextClassifier(m_parameters.averaged(), m_config), tokens, pieces, m_texts->classes());
        seen.caption = fmt::format("\"{}\" is of {}", m_texts->name(text), m_texts->classes()[static_cast<std::size_t>(m_texts->label(text))]);
        return models::picture(seen);
    }

    Json measure() override {
        const TextClassifier network(m_parameters.averaged(), m_config);
        const ClassifierScores scores = scoresOf(*m_texts, m_texts->heldOut(), classified(network, *m_texts, m_texts->heldOut()));
        const double step = medianSeconds(readTrainingLog(m_folder));
        const auto examples = static_cast<double>(m_settings.integer("batch") * m_settings.integer("parts"));
        return {{"accuracy", scores.all},
                {"accuracy_without_tones", scores.withoutTones},
                {"accuracy_mean_of_groups", scores.meanOfClasses},
                {"texts", m_texts->heldOut().size()},
                {"parameters", m_config.weightCount()},
                {"trained_per_second", step > 0 ? examples / step : 0.0},
                {"classified_per_second", textsPerSecond(network, *m_texts)}};
    }

    std::string save(const std::filesystem::path& folder, std::int64_t steps) override {
        std::map<std::string, Tensor> tensors;
        const tensor::Weights weights = m_parameters.averaged();
        for (const std::string& name : weights.names()) tensors[name] = weights.tensor(name).to(at::kFloat);
        const std::vector<std::int64_t>& ids = m_texts->vocabulary();
        const auto count = static_cast<std::int64_t>(ids.size());
        Tensor vocabulary = nn::emptyValues(count, at::TensorOptions().dtype(at::kLong));
        std::copy(ids.begin(), ids.end(), vocabulary.mutable_data_ptr<std::int64_t>());
        tensors[models::ClassifierFile::kVocabulary] = vocabulary;
        tensor::saveWeights(folder / kClassifierFile, tensors,
                            {{"format", "pt"}, {"ochre.recipe", "text_classifier"}, {"ochre.steps", std::to_string(steps)},
                             {models::ClassifierFile::kClasses, dumpJson(m_texts->classes())}, {"ochre.settings", dumpJson(m_settings.toJson())}});
        return kClassifierFile;
    }

private:
    std::uint64_t seed() const { return static_cast<std::uint64_t>(m_settings.integer("seed")); }

    Settings m_settings;
    std::shared_ptr<const ClassifierTexts> m_texts;
    TextClassifier::Config m_config;
    Parameters m_parameters;
    std::filesystem::path m_folder;
    std::optional<Order> m_order;
    std::optional<TextClassifier> m_network;
};

} // namespace

RecipeInfo textClassifierRecipe() {
    using graph::ParameterKind;
    graph::Parameter network{.id = "network", .label = "Network", .help = "What mixes the tokens; all have as many weights.",
                             .kind = ParameterKind::Choice, .defaultValue = std::string("transformer")};
    for (const TextClassifier::Kind kind : models::textClassifierKinds())
        network.choices.push_back({models::nameOf(kind), models::labelOf(kind)});
    std::vector<graph::Parameter> parameters{network};
    for (graph::Parameter& parameter :
         commonParameters({.steps = 1000, .batch = 32, .warmUp = 50, .learningRate = 2e-3, .weightDecay = 0.05, .average = 0.99})) {
        if (parameter.id == "dtype") parameter.defaultValue = std::string("float32"); // so small a network is not faster in less
        parameters.push_back(std::move(parameter));
    }
    parameters.push_back({.id = "width", .label = "Width", .help = "Numbers of a token; a multiple of 4.", .kind = ParameterKind::Int,
                          .defaultValue = std::int64_t{96}, .min = 4, .max = 1024, .group = "Network"});
    parameters.push_back({.id = "layers", .label = "Layers", .help = "Of the transformer and the recurrent networks; Mamba has two blocks for each.",
                          .kind = ParameterKind::Int, .defaultValue = std::int64_t{2}, .min = 1, .max = 24, .group = "Network"});
    parameters.push_back(fromParameter());
    return {.id = "text_classifier",
            .label = "Text classifier",
            .help = "Learns to tell the group of an emoji from its name and keywords, by a transformer, LSTM, GRU or Mamba of equal "
                    "size; its report compares the four.",
            .parameters = std::move(parameters),
            .make = [](const Settings& settings) { return std::make_unique<TextClassifierRecipe>(settings); },
            .report = reportOnTextClassifiers};
}

} // namespace ochre::training
