// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/Guider.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

#include "core/models/diffusion/ControlNet.h"
#include "core/models/diffusion/GuiderEntries.h"
#include "core/models/diffusion/Latent.h"
#include "core/models/diffusion/UNet.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Resample.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

constexpr double kNoWeight = 1e-37;      ///< where nothing acts, so that 0 / 0 is 0
constexpr std::int64_t kMostRepeats = 4; ///< of a prompt's tokens, to be as long as another's
/// Latent pixels that go through the network at once: two sides of SDXL's 1024². Fixed, so that a picture
/// does not depend on the memory that happens to be free.
constexpr std::int64_t kMostPixels = 2 * 128 * 128;

using Group = std::vector<std::size_t>; ///< entries that go through the network together
using Predictions = std::array<nn::Tensor, kGuideSides>;

bool isOne(double cfg) {
    return std::abs(cfg - 1) <= 1e-9 * std::max(std::abs(cfg), 1.0);
}

bool sameUse(const ControlUse& a, const ControlUse& b) {
    return a.net == b.net && a.hint.is_same(b.hint) && a.strength == b.strength && a.start == b.start &&
           a.end == b.end;
}

bool sameControls(const GuideEntry& a, const GuideEntry& b) {
    return std::equal(a.source.controls.begin(), a.source.controls.end(), b.source.controls.begin(),
                      b.source.controls.end(), sameUse);
}

/// Repeating tokens does not change what attention gives.
bool sameLength(std::int64_t a, std::int64_t b) {
    return a == b || std::lcm(a, b) / std::min(a, b) <= kMostRepeats;
}

/// The side that differences are taken from; nothing where it is not asked for.
std::optional<std::size_t> unconditionalSide(const std::array<bool, kGuideSides>& wanted) {
    for (const GuideSide side : {GuideSide::Empty, GuideSide::Negative})
        if (wanted[static_cast<std::size_t>(side)]) return static_cast<std::size_t>(side);
    return std::nullopt;
}

/// Guidance in the space of v, brought to the spread of the prompt's own prediction.
nn::Tensor rescaled(const nn::Tensor& x, const nn::Tensor& positive, const nn::Tensor& negative, double cfg,
                    double sigma, double share) {
    const double variance = sigma * sigma + 1, root = std::sqrt(variance);
    const nn::Tensor scaled = x.div(variance);
    const auto velocity = [&](const nn::Tensor& denoised) {
        return scaled.sub(denoised).mul_(root).div_(sigma);
    };
    const nn::Tensor p = velocity(positive), n = velocity(negative);
    const nn::Tensor guided = p.sub(n).mul_(cfg).add_(n);
    const std::vector<std::int64_t> all{1, 2, 3};
    const nn::Tensor ratio = p.std(all, true, true).div(guided.std(all, true, true)); // [N, 1, 1, 1]
    const nn::Tensor mixed = guided.mul(ratio).mul_(share).add_(guided, 1 - share);
    return scaled.sub(mixed.mul(sigma / root));
}

/// The share of the negative that lies along the positive is left out.
nn::Tensor perpendicular(const Predictions& p, double cfg, double scale) {
    const nn::Tensor& empty = p[static_cast<int>(GuideSide::Empty)];
    const nn::Tensor positive = p[static_cast<int>(GuideSide::Positive)].sub(empty);
    const nn::Tensor negative = p[static_cast<int>(GuideSide::Negative)].sub(empty);
    const nn::Tensor along = negative.mul(positive).sum().div(positive.norm().pow(2));
    const nn::Tensor across = negative.sub(along.mul(positive));
    return empty.add(positive.sub(across.mul(scale)), cfg);
}

} // namespace

struct Guider::State {
    State(const GuiderSetup& given, const nn::Tensor& x)
        : setup(given), model(given.model.sampling()), net(given.model.network()),
          entries(guideEntries(given, x, model)) {
        const auto& positive = setup.positive.entries;
        hasParts = std::any_of(positive.begin(), positive.end(), [](const auto& e) { return e.parts > 1; });
        prepareControls();
    }

    sampling::DenoiseResult denoise(const nn::Tensor& x, double sigma);
    Predictions predict(const nn::Tensor& x, double sigma, const std::array<bool, kGuideSides>& wanted);
    bool active(const GuideEntry& entry, double sigma) const;
    double place(double sigma) const;
    Group take(std::vector<std::size_t>& waiting, const nn::Tensor& x) const;
    bool together(const GuideEntry& a, const GuideEntry& b, const nn::Tensor& x) const;
    std::vector<nn::Tensor> run(const Group& group, const nn::Tensor& x, double sigma);
    nn::Tensor context(const Group& group, std::int64_t batch) const;
    bool control(const Group& group, const nn::Tensor& x, const nn::Tensor& time, double sigma,
                 const nn::Tensor& y, UNetMaps& maps);
    nn::Tensor hint(const ControlUse& use, std::int64_t height, std::int64_t width, std::int64_t batch,
                    std::int64_t parts);
    void prepareControls();

    GuiderSetup setup;
    sampling::ModelSampling model;
    std::shared_ptr<const UNet> net;
    std::vector<GuideEntry> entries;
    std::map<std::pair<Group, std::int64_t>, PromptCache> prompts; ///< by entries and batch
    std::map<std::tuple<const ControlNetModel*, Group, std::int64_t>, PromptCache> controlPrompts;
    std::map<std::tuple<const ControlNetModel*, const void*, std::int64_t, std::int64_t>, nn::Tensor> hints;
    std::map<const ControlNetModel*, std::shared_ptr<const ControlNet>> controlNets;
    int calls = 0;
    bool hasParts = false; ///< differences from the unconditional prediction are summed at a cfg of 1, too
};

void Guider::State::prepareControls() {
    for (const GuideEntry& e : entries)
        for (const ControlUse& use : e.source.controls)
            if (!controlNets.contains(use.net.get())) controlNets[use.net.get()] = use.net->network();
}

double Guider::State::place(double sigma) const {
    const auto& sigmas = setup.sigmas;
    const int steps = std::max(static_cast<int>(sigmas.size()) - 1, 1);
    int step = 0;
    while (step + 1 < steps && sigmas[static_cast<std::size_t>(step) + 1] >= sigma) ++step;
    const int total = setup.totalSteps > 0 ? setup.totalSteps : steps;
    return (setup.firstStep + step + 0.5) / total;
}

bool Guider::State::active(const GuideEntry& e, double sigma) const {
    if (e.sigmaStart && sigma > *e.sigmaStart) return false;
    if (e.sigmaEnd && sigma < *e.sigmaEnd) return false;
    if (e.source.stepStart <= 0 && e.source.stepEnd >= 1) return true;
    const double share = place(sigma);
    return e.source.stepStart <= share && share < e.source.stepEnd;
}

bool Guider::State::together(const GuideEntry& a, const GuideEntry& b, const nn::Tensor& x) const {
    const LatentRect ra = a.rect(x), rb = b.rect(x);
    return ra.height == rb.height && ra.width == rb.width && a.vector.defined() == b.vector.defined() &&
           sameLength(a.source.states.size(1), b.source.states.size(1)) && sameControls(a, b);
}

Group Guider::State::take(std::vector<std::size_t>& waiting, const nn::Tensor& x) const {
    const GuideEntry& first = entries[waiting.front()];
    const LatentRect rect = first.rect(x);
    const std::int64_t each = x.size(0) * rect.height * rect.width;
    const auto most = static_cast<std::size_t>(std::max<std::int64_t>(1, kMostPixels / each));
    Group group;
    for (const std::size_t i : waiting) {
        if (group.size() >= (setup.batched ? most : 1)) break;
        const auto fits = [&](std::size_t other) { return together(entries[other], entries[i], x); };
        if (std::all_of(group.begin(), group.end(), fits)) group.push_back(i);
    }
    std::erase_if(waiting,
                  [&](std::size_t i) { return std::find(group.begin(), group.end(), i) != group.end(); });
    return group;
}

nn::Tensor Guider::State::context(const Group& group, std::int64_t batch) const {
    std::int64_t length = 1;
    for (const std::size_t i : group) length = std::lcm(length, entries[i].source.states.size(1));
    std::vector<nn::Tensor> parts;
    for (const std::size_t i : group) {
        const nn::Tensor& states = entries[i].source.states;
        parts.push_back(states.repeat({batch, length / states.size(1), 1}));
    }
    return parts.size() == 1 ? parts.front() : nn::cat(parts, 0);
}

nn::Tensor Guider::State::hint(const ControlUse& use, std::int64_t height, std::int64_t width,
                               std::int64_t batch, std::int64_t parts) {
    const ControlNet& control = *controlNets.at(use.net.get());
    nn::Tensor& prepared = hints[{use.net.get(), use.hint.unsafeGetTensorImpl(), height, width}];
    if (!prepared.defined()) {
        const std::int64_t scale = use.net->hintScale(), h = height * scale, w = width * scale;
        const bool same = use.hint.size(2) == h && use.hint.size(3) == w;
        const nn::Tensor fitted =
            same ? use.hint : nn::resizeNearestExact(croppedToProportions(use.hint, w, h), h, w);
        prepared = control.prepareHint(fitted);
    }
    if (prepared.size(0) == 1) return prepared;
    return toBatch(prepared, batch).repeat({parts, 1, 1, 1});
}

bool Guider::State::control(const Group& group, const nn::Tensor& x, const nn::Tensor& time, double sigma,
                            const nn::Tensor& y, UNetMaps& maps) {
    const auto parts = static_cast<std::int64_t>(group.size());
    const std::int64_t batch = x.size(0) / parts;
    bool any = false;
    for (const ControlUse& use : entries[group.front()].source.controls) {
        if (sigma > model.percentToSigma(use.start) || sigma < model.percentToSigma(use.end)) continue;
        const ControlNet& network = *controlNets.at(use.net.get());
        PromptCache& prompt = controlPrompts[{use.net.get(), group, batch}];
        if (prompt.keyValues.empty()) prompt = network.prepareContext(context(group, batch));
        const nn::Tensor prepared = hint(use, x.size(2), x.size(3), batch, parts);
        addControl(maps, network.forward(x, prepared, time, prompt, y), use.strength);
        any = true;
    }
    return any;
}

std::vector<nn::Tensor> Guider::State::run(const Group& group, const nn::Tensor& x, double sigma) {
    const auto parts = static_cast<std::int64_t>(group.size());
    const std::int64_t batch = x.size(0);
    std::vector<nn::Tensor> inputs, vectors, concats;
    for (const std::size_t i : group) {
        const GuideEntry& e = entries[i];
        const LatentRect r = e.rect(x);
        inputs.push_back(x.narrow(2, r.y, r.height).narrow(3, r.x, r.width));
        if (e.vector.defined()) vectors.push_back(e.vector.expand({batch, -1}));
        if (e.concat.defined()) concats.push_back(e.concat);
    }
    const nn::Tensor noisy = nn::cat(inputs, 0);
    const nn::Tensor scaled = model.input(noisy, sigma);
    const nn::Tensor y = vectors.empty() ? nn::Tensor() : nn::cat(vectors, 0);
    const std::vector<float> level{static_cast<float>(model.timestep(sigma))};
    const nn::Tensor time = nn::fromValues(level, {1});

    UNetMaps maps;
    const bool steered = control(group, scaled, time, sigma, y, maps);
    PromptCache& prompt = prompts[{group, batch}];
    if (prompt.keyValues.empty()) prompt = net->prepareContext(context(group, batch));
    const nn::Tensor input = concats.empty() ? scaled : nn::cat({scaled, nn::cat(concats, 0)}, 1);
    const nn::Tensor out = net->forward(input, time, prompt, y, steered ? &maps : nullptr);
    ++calls;
    return model.denoised(noisy, out, sigma).chunk(parts, 0);
}

Predictions Guider::State::predict(const nn::Tensor& x, double sigma,
                                   const std::array<bool, kGuideSides>& wanted) {
    const std::optional<std::size_t> base = unconditionalSide(wanted);
    Predictions sums, weights;
    nn::Tensor rest; // of the positive side: the weight of the unconditional prediction in it
    for (int side = 0; side < kGuideSides; ++side) {
        sums[static_cast<std::size_t>(side)] = x.new_zeros(x.sizes());
        weights[static_cast<std::size_t>(side)] = x.new_full({x.size(0), 1, x.size(2), x.size(3)}, kNoWeight);
    }
    std::vector<std::size_t> waiting;
    for (std::size_t i = 0; i < entries.size(); ++i)
        if (wanted[static_cast<std::size_t>(entries[i].side)] && active(entries[i], sigma))
            waiting.push_back(i);
    while (!waiting.empty()) {
        tensor::currentCancel().check();
        const Group group = take(waiting, x);
        const std::vector<nn::Tensor> outputs = run(group, x, sigma);
        for (std::size_t k = 0; k < group.size(); ++k) {
            const GuideEntry& e = entries[group[k]];
            const LatentRect r = e.rect(x);
            const auto side = static_cast<std::size_t>(e.side);
            const auto add = [&r](nn::Tensor& all, const nn::Tensor& part) {
                all.narrow(2, r.y, r.height).narrow(3, r.x, r.width).add_(part);
            };
            // Of a part: base + gain · (its own − base), or gain as a weight where there is no base.
            const bool isPart = e.source.parts > 1, moves = isPart && base && e.side == GuideSide::Positive;
            const double gain = isPart ? e.source.parts * e.source.partWeight : 1;
            const nn::Tensor own = isPart ? e.weight.mul(gain) : e.weight;
            add(sums[side], outputs[k].mul(own));
            add(weights[side], moves ? e.weight : own);
            if (!moves) continue;
            if (!rest.defined()) rest = x.new_zeros(weights[side].sizes());
            add(rest, e.weight.mul(1 - gain));
        }
    }
    for (std::size_t side = 0; side < sums.size(); ++side) sums[side].div_(weights[side]);
    if (rest.defined()) sums[0].add_(sums[*base].mul(rest.div(weights[0])));
    return sums;
}

sampling::DenoiseResult Guider::State::denoise(const nn::Tensor& x, double sigma) {
    const auto& perpNeg = setup.model.perpNeg;
    const bool hasNegative = !setup.negative.entries.empty();
    const bool alone = isOne(setup.cfg) && !hasParts;
    std::array<bool, kGuideSides> wanted{true, false, false};
    bool& negative = wanted[static_cast<int>(GuideSide::Negative)];
    bool& empty = wanted[static_cast<int>(GuideSide::Empty)];
    empty = perpNeg && hasNegative && !(perpNeg->scale == 0 && alone && !setup.needsUnconditional);
    negative =
        hasNegative && (setup.needsUnconditional || (perpNeg ? perpNeg->scale != 0 : !alone));
    const Predictions p = predict(x, sigma, wanted);
    const nn::Tensor& positive = p[0];
    const nn::Tensor& other = p[static_cast<int>(GuideSide::Negative)];
    sampling::DenoiseResult result;
    if (setup.needsUnconditional && negative) result.unconditional = other;
    if (empty)
        result.denoised = perpendicular(p, setup.cfg, perpNeg->scale);
    else if (!negative)
        result.denoised = positive;
    else if (setup.model.rescaleCfg > 0)
        result.denoised = rescaled(x, positive, other, setup.cfg, sigma, setup.model.rescaleCfg);
    else
        result.denoised = other.add(positive.sub(other).mul_(setup.cfg));
    return result;
}

Guider::Guider(const GuiderSetup& setup, const nn::Tensor& x) {
    if (setup.positive.entries.empty()) throw Error("no prompt is given", "link one to the positive side");
    if (setup.needsUnconditional && setup.negative.entries.empty())
        throw Error("this sampler needs a negative prompt", "link one; an empty text will do");
    m_state = std::make_unique<State>(setup, x);
}

Guider::~Guider() = default;
Guider::Guider(Guider&&) noexcept = default;

sampling::DenoiseResult Guider::operator()(const nn::Tensor& x, double sigma) {
    return m_state->denoise(x, sigma);
}

int Guider::calls() const {
    return m_state->calls;
}

sampling::Denoiser keepingOutside(sampling::Denoiser denoise, InpaintKeep keep,
                                  const sampling::ModelSampling& model, const sampling::Sigmas& sigmas) {
    const double from = model.timestep(sigmas.front());
    const double to = model.timestep(std::max(sigmas.back(), model.sigmaMin()));
    return [denoise = std::move(denoise), keep = std::move(keep), &model, from, to](const nn::Tensor& x,
                                                                                    double sigma) {
        nn::Tensor mask = keep.mask;
        if (keep.differential) {
            // One step alone has no way to be a share of.
            const double threshold = from == to ? 0 : (model.timestep(sigma) - to) / (from - to);
            mask = mask.ge(threshold).to(at::kFloat);
            const double strength = *keep.differential;
            if (strength > 0 && strength < 1) mask = mask.mul(strength).add_(keep.mask, 1 - strength);
        }
        const nn::Tensor outside = mask.neg().add_(1);
        const nn::Tensor mixed = x.mul(mask).add_(model.noisy(keep.latent, keep.noise, sigma).mul(outside));
        sampling::DenoiseResult result = denoise(mixed, sigma);
        result.denoised = result.denoised.mul(mask).add_(keep.latent.mul(outside));
        return result;
    };
}

} // namespace ochre::models
