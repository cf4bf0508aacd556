// SPDX-License-Identifier: GPL-3.0-or-later
// Textual inversion (arXiv 2208.01618): the vectors of a new word, through which a checkpoint draws what an artist's
// pictures show. Gradients go through the denoising network and CLIP's text encoders, which stay as they are.
#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/diffusion/ClipUse.h"
#include "core/models/text/ClipText.h"
#include "core/models/text/PromptWeights.h"
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

using models::ClipText;
using models::ClipTokenizer;
using models::DiffusionFamily;
using models::PromptTokens;
using models::UNet;

constexpr const char* kPlace = "{}"; // of the word, in a template

/// One of the text encoders, with what the family takes from it (as models::TextEncoder).
struct Encoder {
    std::string key; ///< of the vectors for it: in the file, and among the parameters
    ClipText net;
    ClipText::Options options;
    int pad = ClipTokenizer::kPadClip;
};

/// In the present mode.
std::vector<Encoder> encodersOf(const models::DiffusionCheckpoint& c) {
    const bool large = c.family == DiffusionFamily::Sdxl;
    std::vector<Encoder> encoders;
    for (const std::optional<tensor::Weights>& weights : {c.text1, c.text2}) {
        if (!weights) continue;
        const auto config = ClipText::Config::fromWeights(*weights);
        if (!config)
            throw broken(c.subject + ": its text encoder lacks layers or has them in other shapes",
                         "fetch the file again");
        const bool second = !encoders.empty();
        const models::ClipUse use = models::clipUse(c.family, second, config->layers);
        Encoder encoder{.key = !large ? "emb_params" : second ? "clip_g" : "clip_l",
                        .net = ClipText(*weights, *config),
                        .options = use.options,
                        .pad = use.pad};
        encoders.push_back(std::move(encoder));
    }
    if (encoders.size() != (large ? 2u : 1u))
        throw Error(fmt::format("{}: holds {} of the CLIP text encoders that a new word is learned for", c.subject,
                                encoders.size()),
                    "choose a whole checkpoint of Stable Diffusion 1, 2 or XL");
    return encoders;
}

/// The word is a file's name and part of prompts.
std::string checkedWord(const std::string& word) {
    const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; };
    if (word.empty() || !std::all_of(word.begin(), word.end(), fits) || word == "state" || word == "latents")
        throw Error(fmt::format("training: \"{}\" cannot be the name of a new word", word),
                    "write letters, digits, - and _, and neither \"state\" nor \"latents\": the result gets this name");
    return word;
}

class TextualInversionRecipe : public Recipe {
public:
    explicit TextualInversionRecipe(const Settings& settings)
        : m_settings(settings), m_word(checkedWord(settings.text("token"))), m_base(openClipBased(settings)),
          m_encoders(learningEncoders()), m_initial(initialVectors()), m_parameters(shapes()),
          m_diffusing(m_base.model.sampling(), settings.number("min_snr")) {
        if (settings.text("template").find(kPlace) == std::string::npos)
            throw Error(fmt::format("training: template \"{}\" has no {} for the word", settings.text("template"),
                                    kPlace),
                        "write it like \"a picture of {}\"");
        const std::string& from = settings.text("from");
        m_parameters.load(from.empty() ? firstVectors() : tensor::Weights::open(from));
    }

    Parameters& parameters() override { return m_parameters; }

    void prepare(const Workplace& place) override {
        m_pictures = LatentPictures::make(place, m_settings, m_base);
        std::vector<std::string> prompts;
        for (const std::string& caption : m_pictures.captions) prompts.push_back(promptOf(caption));
        const std::string& asked = m_settings.text("sample_prompt");
        prompts.push_back(asked.empty() ? promptOf({}) : withMark(asked));
        prompts.push_back({});
        for (const Encoder& encoder : m_encoders) {
            std::vector<PromptTokens>& all = m_tokens.emplace_back();
            for (const std::string& prompt : prompts) all.push_back(tokensOf(encoder, prompt));
        }
        std::size_t chunks = 1;
        for (const auto& all : m_tokens)
            for (const PromptTokens& tokens : all) chunks = std::max(chunks, tokens.chunks.size());
        for (std::size_t side = 0; side < m_tokens.size(); ++side)
            for (PromptTokens& tokens : m_tokens[side])
                while (tokens.chunks.size() < chunks) tokens.chunks.push_back(models::emptyChunk(m_encoders[side].pad));
        m_order.emplace(static_cast<std::uint32_t>(m_pictures.captions.size()),
                        static_cast<std::uint64_t>(m_settings.integer("seed")));
        m_base.makeRoom();
        m_recomputes = m_base.recomputes(m_settings, place.say);
        tensor::learn({}, [&] { m_network.emplace(m_base.weights(), m_base.config); });
    }

    Tensor loss(std::int64_t step, int part) override {
        const nn::Recomputing recomputing(m_recomputes);
        const std::int64_t batch = m_settings.integer("batch");
        const std::int64_t first = (step * m_settings.integer("parts") + part) * batch;
        std::vector<std::int64_t> pictures;
        for (std::int64_t n = first; n < first + batch; ++n)
            pictures.push_back(m_order->at(static_cast<std::uint64_t>(n)));
        at::Generator generator = generatorOf(m_settings, step, part);
        const std::vector<std::size_t> texts(pictures.begin(), pictures.end());
        return m_diffusing.loss(*m_network, m_pictures.picked(pictures),
                                shown(m_encoders, m_parameters.weights(), texts), generator);
    }

    std::optional<Image> samples() override {
        const std::int64_t count = m_settings.integer("samples");
        if (count == 0) return std::nullopt;
        const UNet network(m_base.weights(), m_base.config);
        const std::vector<Encoder> encoders = encodersOf(m_base.checkpoint());
        const std::size_t prompt = m_pictures.captions.size();
        const tensor::Weights vectors = m_parameters.averaged();
        const Shown with = shown(encoders, vectors, {prompt}), without = shown(encoders, vectors, {prompt + 1});
        std::vector<nn::Tensor> pictures;
        for (std::int64_t i = 0; i < count; ++i) {
            const nn::Tensor noise = sampleNoise(m_pictures.latents, 1, static_cast<std::uint64_t>(i) + 1);
            pictures.push_back(m_base.decode(m_diffusing.sample(network, noise, with, without,
                                                                sampleLook(m_settings))));
        }
        return sheetOf({nn::cat(pictures, 0)});
    }

    /// On the very pictures: of a handful none can be kept apart.
    Json measure() override {
        const UNet network(m_base.weights(), m_base.config);
        const std::vector<Encoder> encoders = encodersOf(m_base.checkpoint());
        const double before = meanLoss(network, encoders, firstVectors());
        return {{"loss_before", before}, {"loss", meanLoss(network, encoders, m_parameters.averaged())},
                {"pictures", m_pictures.captions.size()}};
    }

    std::string save(const std::filesystem::path& folder, std::int64_t steps) override {
        std::map<std::string, Tensor> tensors;
        const tensor::Weights weights = m_parameters.averaged();
        for (const std::string& name : weights.names()) tensors[name] = weights.tensor(name).to(at::kFloat);
        const std::string file = m_word + ".safetensors";
        std::map<std::string, std::string> metadata{{"format", "pt"},
                                                    {"name", m_word},
                                                    {"step", std::to_string(steps)},
                                                    {"sd_checkpoint_name", m_base.path.filename().string()},
                                                    {"ochre.recipe", "textual_inversion"},
                                                    {"ochre.settings", dumpJson(m_settings.toJson())}};
        if (const std::string hash = m_base.hash(); !hash.empty()) metadata["sd_checkpoint"] = hash;
        tensor::saveWeights(folder / file, tensors, metadata);
        return file;
    }

private:
    static BaseModel openClipBased(const Settings& settings) {
        BaseModel base = BaseModel::open(settings);
        if (base.checkpoint().family == DiffusionFamily::Starter)
            throw Error(base.checkpoint().subject +
                        ": looks at sentences, not at CLIP's tokens, so that it cannot learn a word",
                        "train a LoRA on it, or choose Stable Diffusion 1, 2 or XL");
        return base;
    }

    std::vector<Encoder> learningEncoders() const {
        std::vector<Encoder> encoders;
        tensor::learn({}, [&] { encoders = encodersOf(m_base.checkpoint()); });
        return encoders;
    }

    /// The rows of the tokens of "init", over again where more are wanted.
    std::map<std::string, Tensor> initialVectors() const {
        const std::string& init = m_settings.text("init");
        const std::vector<int> ids = ClipTokenizer::shared().encode(init);
        if (ids.empty())
            throw Error(fmt::format("training: init \"{}\" is no word to begin with", init),
                        "write one that comes near, like cat");
        std::vector<float> wanted;
        for (std::int64_t i = 0; i < m_settings.integer("vectors"); ++i)
            wanted.push_back(static_cast<float>(ids[static_cast<std::size_t>(i) % ids.size()]));
        std::map<std::string, Tensor> vectors;
        tensor::learn({}, [&] {
            const nn::Tensor rows = nn::fromValues(wanted, {1, static_cast<std::int64_t>(wanted.size())}).to(at::kLong);
            for (const Encoder& encoder : m_encoders)
                vectors[encoder.key] = encoder.net.embed(rows)[0].to(at::kFloat).clone();
        });
        return vectors;
    }

    tensor::Weights firstVectors() const { return tensor::Weights::of(m_initial, "the first vectors"); }

    Shapes shapes() const {
        Shapes all;
        for (const auto& [key, rows] : m_initial) all[key] = rows.sizes().vec();
        return all;
    }

    std::string mark() const { return "embedding:" + m_word; }

    /// The word, where it stands by itself, as a mark of its vectors.
    std::string withMark(const std::string& text) const {
        const auto isLetter = [&](std::size_t at) {
            return at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) != 0 || text[at] == '_' ||
                                        text[at] == '-');
        };
        std::string marked;
        for (std::size_t at = 0; at < text.size();) {
            const bool starts = at == 0 || !isLetter(at - 1);
            const std::string found = starts && text.compare(at, mark().size(), mark()) == 0     ? mark()
                                      : starts && text.compare(at, m_word.size(), m_word) == 0 ? m_word
                                                                                              : std::string();
            const bool whole = !found.empty() && !isLetter(at + found.size());
            marked += whole ? mark() : text.substr(at, 1);
            at += whole ? found.size() : 1;
        }
        return marked;
    }

    /// A caption that names the word as it is, others behind it; without a caption the template.
    std::string promptOf(const std::string& caption) const {
        if (caption.empty()) {
            std::string text = m_settings.text("template");
            return text.replace(text.find(kPlace), std::string(kPlace).size(), mark());
        }
        const std::string marked = withMark(withoutEmphasis(caption));
        return marked.find(mark()) != std::string::npos ? marked : mark() + ", " + marked;
    }

    PromptTokens tokensOf(const Encoder& encoder, const std::string& prompt) const {
        models::PromptTokensOptions options;
        options.pad = encoder.pad;
        const auto rows = static_cast<int>(m_settings.integer("vectors"));
        options.embeddingRows = [&, rows](const std::string& name) { return name == m_word ? rows : 0; };
        return models::tokenizePrompt(ClipTokenizer::shared(), prompt, options);
    }

    /// Texts of m_tokens with the word's `vectors` in them.
    Shown shown(const std::vector<Encoder>& encoders, const tensor::Weights& vectors,
                const std::vector<std::size_t>& texts) const {
        const auto count = static_cast<std::int64_t>(texts.size());
        std::vector<nn::Tensor> sides;
        nn::Tensor pooled;
        for (std::size_t side = 0; side < encoders.size(); ++side) {
            const Encoder& encoder = encoders[side];
            std::vector<nn::Tensor> rows, ends;
            for (const std::size_t text : texts) {
                const PromptTokens& tokens = m_tokens[side][text];
                const nn::Tensor embedded = encoder.net.embed(idTensor(tokens));
                std::vector<nn::Tensor> placed;
                if (!tokens.embeddings.empty()) placed.push_back(vectors.tensor(encoder.key));
                rows.push_back(placeEmbeddings(embedded, tokens, placed));
                ends.push_back(endTensor(tokens));
            }
            const ClipText::Output out = encoder.net.forward(nn::cat(rows, 0), nn::cat(ends, 0), encoder.options);
            sides.push_back(out.states.reshape({count, -1, out.states.size(2)})); // chunks of a text behind one another
            if (!encoder.options.pooled) continue;
            const nn::Tensor one = out.projected.defined() ? out.projected : out.pooled; // [N·chunks, P]
            pooled = one.reshape({count, -1, one.size(1)}).select(1, 0);
        }
        const nn::Tensor states = nn::cat(sides, -1);
        return {states, m_base.vectorOf(states, pooled, m_base.side(m_settings))};
    }

    double meanLoss(const UNet& network, const std::vector<Encoder>& encoders, const tensor::Weights& vectors) const {
        const auto show = [&](const auto& texts) { return shown(encoders, vectors, texts); };
        return m_pictures.meanLoss(m_diffusing, network, show);
    }

    Settings m_settings;
    std::string m_word;
    BaseModel m_base;
    std::vector<Encoder> m_encoders;
    std::map<std::string, Tensor> m_initial;
    Parameters m_parameters;
    Diffusing m_diffusing;
    LatentPictures m_pictures;
    std::vector<std::vector<PromptTokens>> m_tokens; ///< by encoder: of captions, the samples' prompt, the empty text
    std::optional<Order> m_order;
    bool m_recomputes = false;
    std::optional<UNet> m_network;
};

} // namespace

RecipeInfo textualInversionRecipe() {
    using graph::ParameterKind;
    std::vector<graph::Parameter> parameters =
        baseParameters({.steps = 2000, .batch = 2, .warmUp = 50, .learningRate = 5e-3, .weightDecay = 0,
                        .average = 0.99});
    parameters.push_back({.id = "token", .label = "Word",
                          .help = "The new word: the name of the result, which prompts then call as embedding:word.",
                          .kind = ParameterKind::Text, .defaultValue = std::string("my-style")});
    parameters.push_back({.id = "vectors", .label = "Vectors",
                          .help = "How many tokens the word is: more hold more, and leave less room in a prompt.",
                          .kind = ParameterKind::Int, .defaultValue = std::int64_t{4}, .min = 1, .max = 64});
    parameters.push_back({.id = "init", .label = "Begin as",
                          .help = "A word that comes near, whose vectors are the first ones.",
                          .kind = ParameterKind::Text, .defaultValue = std::string("picture")});
    parameters.push_back({.id = "template", .label = "Template",
                          .help = "Caption of pictures that have none, {} standing for the word.",
                          .kind = ParameterKind::Text, .defaultValue = std::string("a picture of {}")});
    parameters.push_back(fromParameter());
    return {.id = "textual_inversion",
            .label = "Textual inversion",
            .help = "Learns a new word for what a few pictures show, as a file of some kilobytes that prompts name.",
            .parameters = std::move(parameters),
            .make = [](const Settings& settings) { return std::make_unique<TextualInversionRecipe>(settings); }};
}

} // namespace ochre::training
