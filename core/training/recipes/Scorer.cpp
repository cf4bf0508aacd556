// SPDX-License-Identifier: GPL-3.0-or-later
// A judge of the small text-to-picture model: a CaptionMatcher that learns from real pictures which caption belongs to
// which, by symmetric InfoNCE (arXiv 2103.00020) over emoji and their close twins. It shares nothing with the model that it
// judges but the text encoder and the emoji: other seeds, other draws, and all combinations, those that are held out of the
// model's training too, since it must know what a right picture of them is.
#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/diffusion/StarterText.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Learning.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/SaveWeights.h"
#include "core/training/Batches.h"
#include "core/training/recipes/Diffusing.h"
#include "core/training/recipes/Recipes.h"
#include "core/training/recipes/SmallUNet.h"
#include "core/training/scoring/PictureScores.h"

namespace ochre::training {
namespace {

using models::CaptionMatcher;

constexpr std::uint64_t kExamplesSeed = 0x5c0e0000; // apart from the examples of other recipes
constexpr double kMasked = -1e4;                    // of captions that are true of a picture as well
constexpr double kBlurred = 0.6, kMostNoise = 0.1;  // share of pictures that are softened; deviation of values in −1…1
constexpr std::size_t kShown = 40;
constexpr std::uint64_t kMeasuredDraw = std::uint64_t{1} << 40;

CaptionMatcher::Config configOf(const Settings& settings, int states) {
    CaptionMatcher::Config config;
    config.widths = widthsOf(settings.text("widths"), CaptionMatcher::kMultiple);
    config.blocks = static_cast<int>(settings.integer("blocks"));
    config.states = states;
    config.width = static_cast<int>(settings.integer("text_width"));
    config.layers = static_cast<int>(settings.integer("text_layers"));
    config.tokens = models::kStarterTokens;
    config.embedding = static_cast<int>(settings.integer("embedding"));
    if (config.width % CaptionMatcher::kHeads != 0)
        throw Error(fmt::format("training: text_width {} is no multiple of {}", config.width, CaptionMatcher::kHeads),
                    fmt::format("the transformer has {} heads", CaptionMatcher::kHeads));
    if (config.lastSide() < 1)
        throw Error(fmt::format("training: {} levels are too many for pictures of {} pixels", config.widths.size(), config.side),
                    "give widths of at most five levels");
    return config;
}

/// Layers whose result is added to something begin silent.
double gainOf(const std::string& name) {
    if (name.find(".conv2.") != std::string::npos) return 0;
    return name.starts_with("text.layers.") && (name.ends_with(".out.weight") || name.ends_with(".down.weight")) ? 0 : 1;
}

class ScorerRecipe : public Recipe {
public:
    explicit ScorerRecipe(const Settings& settings)
        : m_settings(settings), m_encoder(openEncoder(settings)), m_config(configOf(settings, m_encoder.width())),
          m_parameters(m_config.expected(), computeType(settings)) {
        if (settings.integer("batch") % 2 != 0 || settings.integer("examples") % 2 != 0)
            throw Error(fmt::format("training: a batch of {} from {} examples", settings.integer("batch"), settings.integer("examples")),
                        "both are of twins: choose even numbers");
        m_parameters.initialise(seed(), gainOf);
        if (const std::string& from = settings.text("from"); !from.empty()) m_parameters.load(tensor::Weights::open(from));
    }

    Parameters& parameters() override { return m_parameters; }

    void prepare(const Workplace& place) override {
        const auto emoji = std::make_shared<EmojiSet>();
        const ComposeOptions options{.seed = kExamplesSeed + seed(), .side = m_config.side, .plain = 0.35, .color = 0.2,
                                     .background = 0.15, .pair = 0.3, .heldOutOneIn = 0};
        m_examples = std::make_shared<EmojiExamples>(emoji, options, place.cancel);
        tensor::run(place.cancel, [&] {
            m_pool = std::make_shared<CaptionPool>(CaptionPool::make(place, *m_examples, m_settings.integer("examples"),
                                                                     kExamplesSeed + seed(), m_encoder));
            const auto measured = static_cast<std::size_t>(m_settings.integer("measured"));
            const EmojiExamples usual(emoji, {}, place.cancel);
            for (PromptSet& set : ownPromptSets(usual)) {
                m_real.push_back(realPictures(*m_examples, set, measured, kMeasuredDraw));
                m_judges.emplace_back(std::move(set), measured, m_encoder);
            }
        });
        m_batches.emplace(std::make_shared<TwinPictures>(m_examples, m_pool), m_settings.integer("batch") / 2,
                          static_cast<int>(m_settings.integer("parts")), seed());
        tensor::learn({}, [&] { m_network.emplace(m_parameters.weights(), m_config); });
    }

    Tensor loss(std::int64_t step, int part) override {
        const std::vector<Example> twins = m_batches->part(step, part);
        std::vector<std::int64_t> which;
        for (const Example& both : twins) {
            which.push_back(2 * both.label);
            which.push_back(2 * both.label + 1);
        }
        const auto count = std::ssize(which);
        Draw draw(kExamplesSeed + seed(), static_cast<std::uint64_t>(step), static_cast<std::uint64_t>(part));
        for (std::int64_t i = 0; i < m_settings.integer("further_captions"); ++i)
            which.push_back(static_cast<std::int64_t>(draw.below(static_cast<std::size_t>(m_pool->count()))));
        at::Generator generator = generatorOf(m_settings, step, part);
        const nn::Tensor pictures = m_network->pictures(disturbed(apart(picturesOf(twins)), generator));
        const CaptionStates states = m_pool->states(which);
        const nn::Tensor captions = m_network->captions(states.states, states.mask);
        const nn::Tensor logits = m_network->logits(pictures, captions).add(alsoTrue(which, count)); // [pictures, captions]
        const nn::Tensor byPicture = logits.log_softmax(1).diagonal(), byCaption = logits.narrow(1, 0, count).log_softmax(0).diagonal();
        return byPicture.mean().add(byCaption.mean()).mul(-0.5);
    }

    std::optional<Image> samples() override {
        const CaptionMatcher network(m_parameters.averaged(), m_config);
        const PromptJudge& composed = m_judges.back();
        std::vector<PictureScore> scores = composed.scores(network, m_real.back());
        scores.resize(std::min(scores.size(), kShown));
        return scoreSheet(composed, m_real.back(), scores);
    }

    /// How often it knows real pictures that it did not learn from, among the candidates of their prompts; and unseen pictures
    /// of what it learned, among its captions.
    Json measure() override {
        const CaptionMatcher network(m_parameters.averaged(), m_config);
        Json figures{{"learned", learnedShare(network)}};
        for (std::size_t i = 0; i < m_judges.size(); ++i)
            figures[m_judges[i].set().kind] = rightShare(m_judges[i].scores(network, m_real[i]));
        return figures;
    }

    std::string save(const std::filesystem::path& folder, std::int64_t steps) override {
        std::map<std::string, Tensor> tensors;
        const tensor::Weights weights = m_parameters.averaged();
        for (const std::string& name : weights.names()) tensors[name] = weights.tensor(name).to(at::kHalf);
        tensor::saveWeights(folder / "scorer.safetensors", tensors,
                            {{"format", "pt"}, {"ochre.recipe", "scorer"}, {"ochre.steps", std::to_string(steps)},
                             {"ochre.settings", dumpJson(m_settings.toJson())}});
        return "scorer.safetensors";
    }

private:
    std::uint64_t seed() const { return static_cast<std::uint64_t>(m_settings.integer("seed")); }

    static models::SentenceEncoder openEncoder(const Settings& settings) {
        const std::string& file = settings.text("text_encoder");
        return file.empty() ? *models::starterEncoder() : models::SentenceEncoder::open(file);
    }

    double learnedShare(const CaptionMatcher& network) const {
        std::vector<std::int64_t> which;
        std::vector<Example> shown;
        for (std::int64_t i = 0; i < std::min<std::int64_t>(kCandidates, m_pool->count()); ++i) {
            which.push_back(i);
            shown.push_back(m_examples->drawn(m_pool->composition(i), kMeasuredDraw));
        }
        const CaptionStates states = m_pool->states(which);
        const nn::Tensor logits = network.logits(network.pictures(picturesOf(shown)), network.captions(states.states, states.mask));
        const nn::Tensor best = logits.add(alsoTrue(which, std::ssize(which))).argmax(1);
        return best.eq(nn::range(0, std::ssize(which))).to(at::kFloat).mean().item<double>();
    }

    /// Two above each other [N, 3, 2S, S] as pictures of their own [2N, 3, S, S].
    static nn::Tensor apart(const nn::Tensor& both) {
        const std::int64_t side = both.size(3);
        return both.permute({0, 2, 3, 1}).reshape({2 * both.size(0), side, side, 3}).permute({0, 3, 1, 2});
    }

    /// What is judged is softer and noisier than what is learned from.
    static nn::Tensor disturbed(const nn::Tensor& pictures, at::Generator& generator) {
        const std::int64_t count = pictures.size(0), side = pictures.size(3);
        std::vector<float> soft, noise;
        for (const double chance : uniforms(count, generator)) soft.push_back(static_cast<float>(std::max(0.0, chance - (1 - kBlurred)) / kBlurred));
        for (const double chance : uniforms(count, generator)) noise.push_back(static_cast<float>(std::max(0.0, 2 * chance - 1) * kMostNoise));
        const auto column = [&](const std::vector<float>& values) { return nn::fromValues(values, {count, 1, 1, 1}); };
        const nn::Tensor blurred = nn::resizeBilinear(nn::resizeBilinear(pictures, side / 2, side / 2), side, side);
        const nn::Tensor mixed = pictures.add(blurred.sub(pictures).mul(column(soft)));
        return mixed.add(nn::randn(mixed.sizes(), generator).mul(column(noise)));
    }

    /// Added to the logits: what keeps captions that are true of another picture, too, from being taught as wrong.
    nn::Tensor alsoTrue(const std::vector<std::int64_t>& which, std::int64_t pictures) const {
        std::vector<float> values;
        for (std::int64_t i = 0; i < pictures; ++i)
            for (std::int64_t j = 0; j < std::ssize(which); ++j) {
                const Composition& shown = m_pool->composition(which[static_cast<std::size_t>(i)]);
                const Composition& said = m_pool->composition(which[static_cast<std::size_t>(j)]);
                values.push_back(i != j && mayDescribe(*m_examples, said, shown) ? static_cast<float>(kMasked) : 0.0f);
            }
        return nn::fromValues(values, {pictures, std::ssize(which)});
    }

    Settings m_settings;
    models::SentenceEncoder m_encoder;
    CaptionMatcher::Config m_config;
    Parameters m_parameters;
    std::shared_ptr<const EmojiExamples> m_examples;
    std::shared_ptr<const CaptionPool> m_pool;
    std::vector<PromptJudge> m_judges;
    std::vector<nn::Tensor> m_real; ///< pictures of their prompts
    std::optional<Batches> m_batches;
    std::optional<CaptionMatcher> m_network;
};

} // namespace

RecipeInfo scorerRecipe() {
    using graph::ParameterKind;
    const auto whole = [](const char* id, const char* label, const char* help, std::int64_t value, double min, const char* group) {
        return graph::Parameter{.id = id, .label = label, .help = help, .kind = ParameterKind::Int, .defaultValue = value,
                                .min = min, .group = group};
    };
    std::vector<graph::Parameter> parameters;
    for (graph::Parameter& parameter :
         commonParameters({.steps = 3000, .batch = 64, .warmUp = 50, .learningRate = 1e-3, .weightDecay = 0.01, .average = 0.998,
                           .optimizer = "muon"})) {
        if (parameter.id == "dtype") parameter.defaultValue = std::string("float32"); // so small a network is not faster in less
        parameters.push_back(std::move(parameter));
    }
    parameters.push_back({.id = "text_encoder", .label = "Text encoder", .help = "File of MiniLM; empty: that of the models folder.",
                          .kind = ParameterKind::Text, .defaultValue = std::string(), .advanced = true});
    parameters.push_back(whole("examples", "Examples", "How many captions are kept to learn from; an even number.", 24000, 2, ""));
    parameters.push_back(whole("further_captions", "Further captions", "Beside those of a batch, for its pictures to be told from.", 96, 0, ""));
    parameters.push_back({.id = "widths", .label = "Widths",
                          .help = "Channels at each level of the picture, an eighth of its side first; multiples of 32.",
                          .kind = ParameterKind::Text, .defaultValue = std::string("64,128,256"), .group = "Network"});
    parameters.push_back(whole("blocks", "Blocks", "Residual blocks of a level.", 1, 1, "Network"));
    parameters.push_back(whole("text_width", "Text width", "Numbers of a token; a multiple of 4.", 128, 4, "Network"));
    parameters.push_back(whole("text_layers", "Text layers", "Of the transformer over the tokens.", 2, 1, "Network"));
    parameters.push_back(whole("embedding", "Embedding", "Numbers that a picture or caption becomes.", 256, 2, "Network"));
    parameters.push_back(whole("measured", "Measured", "Prompts of each kind that it is measured by at the end.", 200, 1, ""));
    parameters.push_back(fromParameter());
    return {.id = "scorer",
            .label = "Scorer",
            .help = "Learns which caption belongs to which emoji, to measure with `ochre score` how well the small text-to-picture "
                    "model draws what a prompt says.",
            .parameters = std::move(parameters),
            .make = [](const Settings& settings) { return std::make_unique<ScorerRecipe>(settings); }};
}

} // namespace ochre::training
