// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/SampleLatent.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

using sampling::NoiseKind;

constexpr double kMostCfg = 1000;

void check(const SampleOptions& o) {
    if (!(std::abs(o.cfg) <= kMostCfg))
        throw Error(fmt::format("cfg is {}", o.cfg), "give a number from 0 to 100");
    if (!(o.variation >= 0 && o.variation <= 1))
        throw Error(fmt::format("variation is {}", o.variation), "give a share from 0 to 1");
    if (o.startAt < 0 || o.endAt < 0)
        throw Error(fmt::format("steps {} to {} are asked for", o.startAt, o.endAt),
                    "give numbers from 0 on");
}

/// One sampling; built and run inside tensor::run.
class Run {
public:
    Run(const DiffusionModel& model, const Conditioning& positive, const Conditioning& negative,
        const LatentBatch& latent, const SampleOptions& options, const SampleHooks& hooks)
        : m_model(model), m_latent(latent), m_options(options), m_hooks(hooks), m_sampling(model.sampling()),
          m_sampler(sampling::findSampler(options.sampler)), m_sigmas(sigmasOf(options, m_sampling)) {
        m_setup.model = model;
        m_setup.positive = positive;
        m_setup.negative = negative;
        m_setup.cfg = negative.entries.empty() ? 1 : options.cfg;
        m_setup.sigmas = m_sigmas;
        m_setup.needsUnconditional = m_sampler.needsUnconditional;
        m_setup.batched = options.batched;
        if (!options.sigmas && (options.startAt > 0 || options.endAt < options.steps)) {
            m_setup.firstStep = options.startAt;
            m_setup.totalSteps = options.steps;
        }
    }

    SampleResult go() {
        SampleResult result;
        result.latent = result.denoised = m_latent;
        if (m_sigmas.size() < 2) return result;
        m_start = m_latent.samples.to(at::kFloat).contiguous().mul(m_model.latentScale());
        prepareNoise();
        if (m_latent.noiseMask.defined()) prepareMask();
        m_setup.latent = m_start;
        m_setup.mask = m_mask;
        std::optional<Guider> guider;
        sampling::Denoiser guided;
        if (m_hooks.guide)
            guided = m_hooks.guide(m_setup, m_start);
        else
            guided = [&g = guider.emplace(m_setup, m_start)](const nn::Tensor& x, double sigma) { return g(x, sigma); };
        const nn::Tensor out = sampled(std::move(guided));
        result.latent.samples = m_sampling.unscaled(out, m_sigmas.back()).div(m_model.latentScale()).contiguous();
        result.denoised.samples = (m_denoised.defined() ? m_denoised : out).div(m_model.latentScale()).contiguous();
        result.steps = m_done;
        result.networkCalls = guider ? guider->calls() : 0;
        checkLatent(result.latent, fmt::format("{} with {}", m_model.checkpoint->subject, m_sampler.label));
        return result;
    }

private:
    void prepareNoise() {
        const bool seedEach = m_options.noise == NoiseKind::Cuda || m_options.variation > 0;
        if (seedEach) {
            auto seeds = sampling::ImageSeeds::batch(m_options.seed, m_latent.count(),
                                                     m_options.variationSeed, m_options.variation);
            for (std::size_t i = 0; i < m_latent.batchIndex.size(); ++i) {
                const auto number = static_cast<std::uint64_t>(m_latent.batchIndex[i]);
                if (m_options.variation == 0) seeds.seeds[i] = m_options.seed + number;
                seeds.subseeds[i] = m_options.variationSeed + number;
            }
            m_imageNoise = std::make_unique<sampling::ImageNoise>(m_start, seeds, m_options.noise);
            m_seeds = seeds.seeds;
        }
        // Streams of a seed a picture move on by what a start takes, whether it is used or not.
        const nn::Tensor start = seedEach ? m_imageNoise->first() : nn::Tensor();
        if (!m_options.addNoise)
            m_noise = m_start.new_zeros(m_start.sizes());
        else if (seedEach)
            m_noise = start;
        else if (m_latent.batchIndex.empty())
            m_noise = sampling::startNoise(m_start.sizes(), m_options.seed);
        else
            m_noise = sampling::startNoise(m_start.sizes(), m_options.seed, m_latent.batchIndex);
    }

    void prepareMask() {
        m_mask = m_latent.noiseMask.to(at::kFloat);
        if (m_mask.size(2) != m_start.size(2) || m_mask.size(3) != m_start.size(3))
            m_mask = nn::resizeBilinear(m_mask, m_start.size(2), m_start.size(3));
        if (m_mask.size(0) != 1) m_mask = toBatch(m_mask, m_start.size(0));
    }

    std::unique_ptr<sampling::NoiseSource> stepNoise() {
        if (m_options.noise == NoiseKind::Cpu)
            return sampling::samplerNoise(m_sampler, m_start, m_sigmas, m_options.seed);
        if (!m_sampler.brownian) return std::move(m_imageNoise);
        double least = m_sigmas.front();
        for (const double sigma : m_sigmas)
            if (sigma > 0) least = std::min(least, sigma);
        if (least == m_sigmas.front()) return std::move(m_imageNoise);
        return std::make_unique<sampling::BrownianNoise>(m_start, least, m_sigmas.front(), m_seeds,
                                                         m_options.noise);
    }

    sampling::Denoiser denoiser(sampling::Denoiser plain) {
        if (!m_mask.defined()) return plain;
        InpaintKeep keep{m_start, m_noise, m_mask, m_model.differential};
        if (m_sampler.freshInpaintNoise)
            keep.noise = sampling::startNoise(m_start.sizes(), m_options.seed + 1);
        return keepingOutside(std::move(plain), std::move(keep), m_sampling, m_sigmas);
    }

    nn::Tensor sampled(sampling::Denoiser guided) {
        // AUTOMATIC1111 starts from noise · sigma also where there is no picture left.
        const bool fromNothing =
            m_options.noise == NoiseKind::Cpu && m_sampling.isMaxDenoise(m_sigmas.front());
        const nn::Tensor x = m_sampling.noisy(m_start, m_noise, m_sigmas.front(), fromNothing);
        sampling::SamplerOptions options;
        options.eta = m_options.eta;
        options.sNoise = m_options.sNoise;
        options.model = &m_sampling;
        const auto noise = stepNoise();
        m_hooks.progress.report(0, static_cast<std::uint64_t>(m_sigmas.size() - 1));
        return sampling::sample(m_sampler, denoiser(std::move(guided)), x, m_sigmas, *noise, options,
                                [this](const sampling::StepInfo& step) { finished(step); });
    }

    void finished(const sampling::StepInfo& step) {
        m_denoised = step.denoised;
        m_done = step.step + 1;
        const int total =
            step.total > 0 ? step.total : std::max(m_done, static_cast<int>(m_sigmas.size()) - 1);
        m_hooks.progress.report(static_cast<std::uint64_t>(m_done), static_cast<std::uint64_t>(total),
                                fmt::format("step {} of {}", m_done, total));
        if (m_hooks.preview) m_hooks.preview(step.step, total, step.denoised);
        m_hooks.cancel.check();
        if (m_hooks.waitWhilePaused) m_hooks.waitWhilePaused();
    }

    const DiffusionModel& m_model;
    const LatentBatch& m_latent;
    const SampleOptions& m_options;
    const SampleHooks& m_hooks;
    const sampling::ModelSampling m_sampling;
    const sampling::Sampler& m_sampler;
    const sampling::Sigmas m_sigmas;
    GuiderSetup m_setup;
    nn::Tensor m_start, m_noise, m_mask, m_denoised; ///< scaled as the network counts
    std::unique_ptr<sampling::ImageNoise> m_imageNoise;
    std::vector<std::uint64_t> m_seeds;
    int m_done = 0;
};

/// An empty latent is made anew with the model's number of channels, as ComfyUI does, since the nodes that make it know
/// no model. Throws Error where another has other ones.
LatentBatch withChannels(const LatentBatch& latent, const DiffusionCheckpoint& checkpoint) {
    const int channels = checkpoint.isInpaint() ? 4 : checkpoint.inChannels;
    const nn::Tensor& x = latent.samples;
    if (x.size(1) == channels) return latent;
    if (nn::maxAbs(x) > 0)
        throw Error(fmt::format("the latent has {} channels, {} takes {}", x.size(1), checkpoint.subject, channels),
                    "encode the picture with the autoencoder of the model that samples");
    LatentBatch wide = latent;
    wide.samples = nn::zeros({x.size(0), channels, x.size(2), x.size(3)});
    return wide;
}

} // namespace

sampling::Sigmas sigmasOf(const SampleOptions& options, const sampling::ModelSampling& model) {
    if (options.sigmas) return *options.sigmas;
    const sampling::Sampler& sampler = sampling::findSampler(options.sampler);
    const sampling::Sigmas all = sampling::samplingSigmas(sampler, sampling::findSchedule(options.scheduler),
                                                          model, options.steps, options.denoise);
    return sampling::sliceSigmas(all, options.startAt, options.endAt, !options.leftoverNoise);
}

SampleResult sampleLatent(const DiffusionModel& model, const Conditioning& positive,
                          const Conditioning& negative, const LatentBatch& latent,
                          const SampleOptions& options, const SampleHooks& hooks) {
    check(options);
    checkLatent(latent, "the latent");
    SampleResult result;
    tensor::run(hooks.cancel, [&] {
        const LatentBatch start = withChannels(latent, *model.checkpoint);
        result = Run(model, positive, negative, start, options, hooks).go();
    });
    return result;
}

} // namespace ochre::models
