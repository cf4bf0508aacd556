// SPDX-License-Identifier: GPL-3.0-or-later
// DPM-Solver++ (arXiv 2211.01095) and its SDE forms: exponential integrators of the clean picture in half log
// SNR, λ = log(alpha/sigma).
#include "core/models/sampling/Float32.h"
#include "core/models/sampling/SamplerRun.h"

namespace ochre::models::sampling {
namespace {

/// Where SDE steps of order 2 and 3 start: x at `to` with the clean picture taken as constant.
Tensor firstOrderSde(const SamplerRun& run, const Tensor& x, const Tensor& denoised, double from, double to,
                     double h) {
    const double eta = run.eta();
    return mix(to / from * std::exp(-h * eta), x, -run.model().alpha(to) * std::expm1(-h * (eta + 1)), denoised);
}

void addSdeNoise(const SamplerRun& run, Tensor& x, double from, double to, double h) {
    if (!run.addsNoise()) return;
    x.add_(run.noise(from, to), to * std::sqrt(-std::expm1(-2 * h * run.eta())) * run.sNoise());
}

/// sigma in the middle (share r) of λ, in float32: a Brownian path is asked there, and hears single bits.
double middleSigma(const SamplerRun& run, double from, double to, float r) {
    const auto lambda = [&](double sigma) {
        const auto s = static_cast<float>(sigma);
        return -float32::log(run.flow() ? s / (1 - s) : s);
    };
    const float start = lambda(from), h = lambda(to) - start, middle = start + h * r;
    const float inverse = float32::exp(-middle);
    return run.flow() ? inverse / (1 + inverse) : inverse;
}

/// Middle of the step that 2S takes to `down`.
double middleOf2s(const SamplerRun& run, double from, double down) {
    constexpr double justBelowOne = 0.9999; // where λ is −∞
    if (!run.flow()) return std::sqrt(from * down);
    if (from == 1) return justBelowOne;
    const ModelSampling& model = run.model();
    return model.sigmaOfHalfLogSnr((model.halfLogSnr(from) + model.halfLogSnr(down)) / 2);
}

} // namespace

/// Single steps of second order. CFG++: the unconditional prediction drives, the guidance is added after.
Tensor sampleDpmpp2sAncestral(SamplerRun& run, Tensor x) {
    const bool plus = run.sampler().needsUnconditional;
    const auto drive = [&](const Tensor& at, double sigma) {
        return plus ? run.guided(at, sigma) : DenoiseResult{run.denoise(at, sigma), {}};
    };
    for (int i = 0; i < run.steps(); ++i) {
        const double from = run.sigma(i), to = run.sigma(i + 1);
        const DenoiseResult result = drive(x, from);
        run.report(i, x, result.denoised);
        Tensor clean = plus ? result.unconditional : result.denoised;
        const AncestralStep step =
            run.flow() ? flowAncestralStep(from, to, run.eta()) : ancestralStep(from, to, run.eta());
        if (step.down > 0) {
            const double part = middleOf2s(run, from, step.down) / from;
            const DenoiseResult second = drive(mix(part, x, 1 - part, clean), part * from);
            clean = plus ? second.unconditional : second.denoised;
        }
        x = mix(step.down / from, x, 1 - step.down / from, clean);
        if (to > 0 && run.eta() > 0) x = mix(step.keep, x, run.sNoise() * step.up, run.noise(from, to));
        if (plus) x.add_(result.denoised.sub(result.unconditional), run.model().alpha(to));
    }
    return x;
}

Tensor sampleDpmppSde(SamplerRun& run, Tensor x) {
    run.offsetFirstSigma();
    const ModelSampling& model = run.model();
    const double share = 1 / (2 * run.r());
    for (int i = 0; i < run.steps(); ++i) {
        const double from = run.sigma(i), to = run.sigma(i + 1);
        const Tensor denoised = run.denoise(x, from);
        run.report(i, x, denoised);
        if (to == 0) {
            x = denoised;
            continue;
        }
        const double alphaFrom = model.alpha(from), start = from / alphaFrom;
        // x from `from` to `at` with the clean picture `clean`, noise included.
        const auto advance = [&](const Tensor& clean, double at) {
            const double alpha = model.alpha(at);
            const AncestralStep step = ancestralStep(start, at / alpha, run.eta());
            const double kept = step.down / start;
            Tensor moved = mix(alpha / alphaFrom * kept, x, alpha * (1 - kept), clean);
            if (run.addsNoise()) moved.add_(run.noise(from, at), alpha * run.sNoise() * step.up);
            return moved;
        };
        const double middle = middleSigma(run, from, to, static_cast<float>(run.r()));
        const Tensor denoised2 = run.denoise(advance(denoised, middle), middle);
        x = advance(mix(1 - share, denoised, share, denoised2), to);
    }
    return x;
}

Tensor sampleDpmpp2m(SamplerRun& run, Tensor x) {
    Tensor last;
    for (int i = 0; i < run.steps(); ++i) {
        const double from = run.sigma(i), to = run.sigma(i + 1);
        const Tensor denoised = run.denoise(x, from);
        run.report(i, x, denoised);
        Tensor clean = denoised;
        if (last.defined() && to > 0) {
            const double r = std::log(run.sigma(i - 1) / from) / std::log(from / to);
            clean = mix(1 + 1 / (2 * r), denoised, -1 / (2 * r), last);
        }
        x = mix(to / from, x, 1 - to / from, clean);
        last = denoised;
    }
    return x;
}

Tensor sampleDpmpp2mCfgPlus(SamplerRun& run, Tensor x) {
    Tensor last;
    for (int i = 0; i < run.steps(); ++i) {
        const double from = run.sigma(i), to = run.sigma(i + 1), kept = to / from;
        const DenoiseResult result = run.guided(x, from);
        run.report(i, x, result.denoised);
        x = mix(kept, x, -kept, result.unconditional, 1, result.denoised);
        if (last.defined() && to > 0) {
            const double r = std::log(run.sigma(i - 1) / from) / std::log(from / to);
            x.add_(result.denoised.sub(last), (1 - kept) / (2 * r));
        }
        last = result.unconditional;
    }
    return x;
}

Tensor sampleDpmpp2mSde(SamplerRun& run, Tensor x) {
    run.offsetFirstSigma();
    const ModelSampling& model = run.model();
    Tensor last;
    double hLast = 0;
    for (int i = 0; i < run.steps(); ++i) {
        const double from = run.sigma(i), to = run.sigma(i + 1);
        const Tensor denoised = run.denoise(x, from);
        run.report(i, x, denoised);
        if (to == 0) {
            x = denoised;
            continue;
        }
        const double h = model.halfLogSnr(to) - model.halfLogSnr(from), hEta = h * (run.eta() + 1);
        x = firstOrderSde(run, x, denoised, from, to, h);
        if (last.defined()) {
            const double grow = -std::expm1(-hEta);
            const double weight = run.solver() == SolverType::Heun ? 1 - grow / hEta : grow / 2;
            x.add_(denoised.sub(last), model.alpha(to) * weight * h / hLast);
        }
        addSdeNoise(run, x, from, to, h);
        last = denoised;
        hLast = h;
    }
    return x;
}

Tensor sampleDpmpp3mSde(SamplerRun& run, Tensor x) {
    run.offsetFirstSigma();
    const ModelSampling& model = run.model();
    Tensor last, lastButOne;
    double h1 = 0, h2 = 0;
    for (int i = 0; i < run.steps(); ++i) {
        const double from = run.sigma(i), to = run.sigma(i + 1);
        const Tensor denoised = run.denoise(x, from);
        run.report(i, x, denoised);
        if (to == 0) {
            x = denoised;
            continue;
        }
        const double h = model.halfLogSnr(to) - model.halfLogSnr(from), hEta = h * (run.eta() + 1);
        const double alpha = model.alpha(to), phi2 = std::expm1(-hEta) / hEta + 1, phi3 = phi2 / hEta - 0.5;
        x = firstOrderSde(run, x, denoised, from, to, h);
        if (lastButOne.defined()) {
            const double r0 = h1 / h, r1 = h2 / h;
            const Tensor first = denoised.sub(last).div_(r0);
            const Tensor second = mix(1 / (r0 + r1), first, -1 / (r1 * (r0 + r1)), last.sub(lastButOne));
            x.add_(first, alpha * phi2).add_(second, alpha * (phi2 * r0 - phi3));
        } else if (last.defined()) {
            x.add_(denoised.sub(last), alpha * phi2 * h / h1);
        }
        addSdeNoise(run, x, from, to, h);
        lastButOne = last;
        last = denoised;
        h2 = h1;
        h1 = h;
    }
    return x;
}

} // namespace ochre::models::sampling
