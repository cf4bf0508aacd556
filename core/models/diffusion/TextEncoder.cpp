// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/TextEncoder.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/base/Paths.h"
#include "core/models/diffusion/ClipUse.h"
#include "core/models/diffusion/Networks.h"
#include "core/models/diffusion/StarterText.h"
#include "core/models/text/ClipText.h"
#include "core/models/text/PromptSchedule.h"
#include "core/models/text/PromptTokens.h"
#include "core/models/text/PromptWeights.h"
#include "core/models/text/TextualInversion.h"

namespace ochre::models {
namespace {
namespace fs = std::filesystem;

fs::path findInEmbeddings(const std::string& name) {
    if (name.empty() || name.find("..") != std::string::npos || name.front() == '/') return {};
    return paths::findModel(name, "embeddings");
}

/// The textual inversions of one prompt, each opened once.
class Embeddings {
public:
    explicit Embeddings(const EncodeOptions& options)
        : m_find(options.findEmbedding ? options.findEmbedding : findInEmbeddings) {}

    const TextualInversion* find(const std::string& name) {
        const auto it = m_known.find(name);
        if (it != m_known.end()) return it->second ? &*it->second : nullptr;
        const fs::path path = m_find(name);
        auto& entry = m_known[name];
        if (!path.empty()) entry = TextualInversion::open(path);
        return entry ? &*entry : nullptr;
    }
    /// Those that no encoder can take would be left out without a word.
    void requireFit(const std::vector<std::int64_t>& widths) const {
        for (const auto& [name, embedding] : m_known)
            if (embedding && std::none_of(widths.begin(), widths.end(),
                                          [&](std::int64_t w) { return embedding->fits(w); }))
                embedding->vectors(widths.front()); // throws, naming the widths
    }
    void report(std::vector<std::string>* missing) const {
        if (!missing) return;
        for (const auto& [name, embedding] : m_known)
            if (!embedding && std::find(missing->begin(), missing->end(), name) == missing->end())
                missing->push_back(name);
    }

private:
    std::function<fs::path(const std::string&)> m_find;
    std::map<std::string, std::optional<TextualInversion>> m_known;
};

/// One of the encoders at work.
struct Side {
    std::shared_ptr<const ClipText> net;
    int pad = ClipTokenizer::kPadClip;
    ClipText::Options options;
    std::int64_t width() const { return net->config().width; }
};

PromptTokens tokensFor(const Side& side, const std::string& text, PromptStyle style, Embeddings& embeddings) {
    PromptTokensOptions options;
    options.style = style;
    options.pad = side.pad;
    options.embeddingRows = [&](const std::string& name) {
        const TextualInversion* embedding = embeddings.find(name);
        return embedding && embedding->fits(side.width()) ? embedding->rows() : 0;
    };
    PromptTokens tokens = tokenizePrompt(ClipTokenizer::shared(), text, options);
    if (tokens.chunks.size() > static_cast<std::size_t>(kMostChunks))
        throw Error(fmt::format("prompt: it has {} tokens, {} pieces of {}", tokens.tokens,
                                tokens.chunks.size(), ClipTokenizer::kRoom),
                    fmt::format("shorten it: {} tokens are the most", kMostChunks * ClipTokenizer::kRoom));
    return tokens;
}

ClipText::Output runSide(const Side& side, const PromptTokens& tokens, Embeddings& embeddings) {
    if (tokens.embeddings.empty()) return side.net->forward(idTensor(tokens), side.options);
    std::vector<nn::Tensor> vectors;
    for (const std::string& name : tokens.embeddings)
        vectors.push_back(embeddings.find(name)->vectors(side.width()));
    return side.net->forward(placeEmbeddings(side.net->embed(idTensor(tokens)), tokens, vectors),
                             endTensor(tokens), side.options);
}

struct Encoded {
    nn::Tensor states, pooled; ///< [1, 77·chunks, width], [1, P]
};

Encoded encodeSide(const Side& side, const PromptTokens& tokens, PromptStyle style, Embeddings& embeddings) {
    const ClipText::Output out = runSide(side, tokens, embeddings);
    nn::Tensor z = out.states.to(at::kFloat);
    if (tokens.weighted()) {
        if (style == PromptStyle::A1111) {
            z = applyWeightsA1111(z, weightTensor(tokens));
        } else {
            PromptTokens none;
            none.chunks = {emptyChunk(side.pad)};
            ClipText::Options plain = side.options;
            plain.pooled = false;
            const nn::Tensor empty = side.net->forward(idTensor(none), plain).states.to(at::kFloat);
            z = applyWeightsComfy(z, empty, weightTensor(tokens));
        }
    }
    Encoded encoded;
    encoded.states = z.reshape({1, -1, z.size(-1)}).contiguous();
    if (side.options.pooled)
        encoded.pooled = (out.projected.defined() ? out.projected : out.pooled)
                             .narrow(0, 0, 1)
                             .to(at::kFloat)
                             .contiguous();
    return encoded;
}

/// The encoders of a handle, built, with what its family takes from them.
class Encoders {
public:
    Encoders(const TextEncoder& encoder, const EncodeOptions& options)
        : m_options(options), m_embeddings(options) {
        if (encoder.family == DiffusionFamily::Starter) {
            m_sentences = starterEncoder();
            return;
        }
        const auto side = [&](std::shared_ptr<const ClipText> net, bool second) {
            const ClipUse use = clipUse(encoder.family, second, net->config().layers, encoder.clipSkip);
            return Side{.net = std::move(net), .pad = use.pad, .options = use.options};
        };
        if (auto net = encoder.network1()) m_first = side(std::move(net), false);
        if (auto net = encoder.network2()) m_second = side(std::move(net), true);
        if (!m_first && !m_second)
            throw Error("the checkpoint holds no text encoder",
                        "load one of a file of its own with the node Load text encoder");
        if (encoder.family == DiffusionFamily::Sdxl && !(m_first && m_second))
            throw Error(
                fmt::format("text encoder: SDXL has two, {} is there", m_first ? "CLIP-L" : "OpenCLIP bigG"),
                "load the other one as well");
    }

    ConditioningEntry entry(const std::string& textL, const std::string& textG) {
        if (m_sentences) return starterEntry(*m_sentences, textG.empty() ? textL : textG, m_options.style);
        PromptTokens tokensL, tokensG;
        if (m_first) tokensL = tokensFor(*m_first, textL, m_options.style, m_embeddings);
        if (m_second) tokensG = tokensFor(*m_second, textG, m_options.style, m_embeddings);
        if (m_first && m_second) {
            while (tokensL.chunks.size() < tokensG.chunks.size())
                tokensL.chunks.push_back(emptyChunk(m_first->pad));
            while (tokensG.chunks.size() < tokensL.chunks.size())
                tokensG.chunks.push_back(emptyChunk(m_second->pad));
        }
        checkFit();
        ConditioningEntry entry;
        Encoded first, second;
        if (m_first) first = encodeSide(*m_first, tokensL, m_options.style, m_embeddings);
        if (m_second) second = encodeSide(*m_second, tokensG, m_options.style, m_embeddings);
        entry.states = m_first && m_second ? nn::cat({first.states, second.states}, -1)
                       : m_first           ? first.states
                                           : second.states;
        entry.pooled = second.pooled;
        return entry;
    }

    void finish() const { m_embeddings.report(m_options.missing); }

private:
    void checkFit() const {
        std::vector<std::int64_t> widths;
        for (const std::optional<Side>& side : {m_first, m_second})
            if (side) widths.push_back(side->width());
        m_embeddings.requireFit(widths);
    }

    const EncodeOptions& m_options;
    Embeddings m_embeddings;
    std::optional<Side> m_first, m_second;
    std::shared_ptr<const SentenceEncoder> m_sentences; ///< of the starter model, in place of both
};

std::shared_ptr<const ClipText> network(const std::optional<tensor::Weights>& weights,
                                        const std::string& identity) {
    if (!weights) return nullptr;
    return Networks::shared().get<ClipText>(
        NetworkKind::Text, identity, weightBytes(*weights), [&]() -> std::shared_ptr<const ClipText> {
            std::shared_ptr<const ClipText> net;
            const Cancel cancel = tensor::currentCancel();
            tensor::run(cancel, [&] {
                const auto config = ClipText::Config::fromWeights(*weights);
                if (!config)
                    throw broken(weights->subject() +
                                     ": its text encoder lacks layers or has them in other shapes",
                                 "fetch the file again, or choose another");
                net = std::make_shared<const ClipText>(*weights, *config);
            });
            return net;
        });
}

} // namespace

std::shared_ptr<const ClipText> TextEncoder::network1() const {
    return network(text1, identity + "|text1");
}

std::shared_ptr<const ClipText> TextEncoder::network2() const {
    return network(text2, identity + "|text2");
}

TextEncoder TextEncoder::adapted(const AdaptedParts& parts, const std::string& adapter) const {
    TextEncoder encoder = *this;
    if (parts.text1) encoder.text1 = parts.text1;
    if (parts.text2) encoder.text2 = parts.text2;
    encoder.identity += "|" + adapter;
    return encoder;
}

Conditioning TextEncoder::encode(const std::string& text, const EncodeOptions& options,
                                 const Cancel& cancel) const {
    checkPromptLength(text);
    Conditioning result;
    result.family = family;
    result.text = text;
    const bool web = options.style == PromptStyle::A1111;
    const int steps = web ? options.steps : 0;
    std::vector<ScheduledPrompt> schedule{{std::max(steps, 1), text}};
    if (steps > 0) schedule = schedulePrompt(text, steps);
    tensor::run(cancel, [&] {
        Encoders encoders(*this, options);
        int from = 0;
        for (const ScheduledPrompt& prompt : schedule) {
            const auto parts = web ? splitAnd(prompt.text) : std::vector<PromptSegment>{{prompt.text}};
            for (const PromptSegment& part : parts) {
                cancel.check();
                ConditioningEntry entry = encoders.entry(part.text, part.text);
                entry.parts = static_cast<int>(parts.size());
                entry.partWeight = part.weight;
                if (schedule.size() > 1) {
                    entry.stepStart = static_cast<double>(from) / steps;
                    entry.stepEnd = static_cast<double>(prompt.lastStep) / steps;
                }
                result.entries.push_back(std::move(entry));
            }
            from = prompt.lastStep;
        }
        encoders.finish();
    });
    return result;
}

Conditioning TextEncoder::encode(const std::string& textL, const std::string& textG,
                                 const EncodeOptions& options, const Cancel& cancel) const {
    checkPromptLength(textL);
    checkPromptLength(textG);
    Conditioning result;
    result.family = family;
    result.text = textG.empty() ? textL : textG;
    tensor::run(cancel, [&] {
        Encoders encoders(*this, options);
        result.entries.push_back(encoders.entry(textL, textG));
        encoders.finish();
    });
    return result;
}

TextEncoder TextEncoder::of(const DiffusionCheckpoint& checkpoint, const std::string& identity) {
    TextEncoder encoder;
    encoder.text1 = checkpoint.text1;
    encoder.text2 = checkpoint.text2;
    encoder.family = checkpoint.family;
    encoder.identity = identity;
    return encoder;
}

TextEncoder TextEncoder::open(const fs::path& first, const fs::path& second,
                              const OpenModelOptions& options) {
    TextEncoder encoder;
    std::optional<tensor::Weights> middle;
    for (const fs::path& path : {first, second}) {
        if (path.empty()) continue;
        const tensor::Weights file = tensor::Weights::open(path, options.placement());
        bool any = false;
        for (const tensor::Weights& view : file.unwrapped()) {
            for (const tensor::Weights& found : findClipTexts(view)) {
                const int width = ClipText::Config::fromWeights(found)->width;
                (width >= 1280 ? encoder.text2 : width == 1024 ? middle : encoder.text1) = found.finiteOnly();
                any = true;
            }
            if (any) break;
        }
        if (!any) {
            const WeightsKind kind = kindOfWeights(file);
            const bool known = !kind.what.empty() && kind.what != "a text encoder";
            throw Error(fmt::format("{}: is {}", path.string(),
                                    known ? kind.what + ", not a text encoder" : "no CLIP text encoder"),
                        known ? kind.hint : "choose CLIP-L, OpenCLIP H or bigG", ErrorKind::NotMine);
        }
        encoder.identity += (encoder.identity.empty() ? "" : "+") + identityOf(path, options);
    }
    if (middle && (encoder.text1 || encoder.text2))
        throw Error("text encoders: one of Stable Diffusion 2 and another do not belong together",
                    "choose CLIP-L, or CLIP-L and bigG for SDXL, or Stable Diffusion 2's alone");
    if (middle) encoder.text1 = middle;
    encoder.family = middle                           ? DiffusionFamily::Sd2
                     : encoder.text1 && encoder.text2 ? DiffusionFamily::Sdxl
                     : encoder.text2                  ? DiffusionFamily::SdxlRefiner
                                                      : DiffusionFamily::Sd1;
    return encoder;
}

} // namespace ochre::models
