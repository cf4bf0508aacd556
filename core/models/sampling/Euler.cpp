// SPDX-License-Identifier: GPL-3.0-or-later
// First-order samplers: one evaluation a step, nothing remembered (but for gradient_estimation's last slope).
#include "core/models/sampling/SamplerRun.h"

namespace ochre::models::sampling {
namespace {

Tensor flowEulerAncestral(SamplerRun& run, Tensor x) {
    for (int i = 0; i < run.steps(); ++i) {
        const double from = run.sigma(i), to = run.sigma(i + 1);
        const Tensor denoised = run.denoise(x, from);
        run.report(i, x, denoised);
        if (to == 0) {
            x = denoised;
            continue;
        }
        const AncestralStep step = flowAncestralStep(from, to, run.eta());
        x = mix(step.down / from, x, 1 - step.down / from, denoised);
        if (run.eta() > 0) x = mix(step.keep, x, run.sNoise() * step.up, run.noise(from, to));
    }
    return x;
}

} // namespace

/// arXiv 2206.00364, algorithm 2 without its correction.
Tensor sampleEuler(SamplerRun& run, Tensor x) {
    for (int i = 0; i < run.steps(); ++i) {
        const double to = run.sigma(i + 1), from = run.churn(i, x);
        const Tensor denoised = run.denoise(x, from);
        run.report(i, x, denoised);
        x = mix(to / from, x, 1 - to / from, denoised);
    }
    return x;
}

/// Euler steps with a share of the noise drawn anew. In these variables DDIM (arXiv 2010.02502, eq. 12 and 16)
/// is the same, with eta 0 by default.
Tensor sampleEulerAncestral(SamplerRun& run, Tensor x) {
    if (run.flow()) return flowEulerAncestral(run, std::move(x));
    for (int i = 0; i < run.steps(); ++i) {
        const double from = run.sigma(i), to = run.sigma(i + 1);
        const Tensor denoised = run.denoise(x, from);
        run.report(i, x, denoised);
        const AncestralStep step = ancestralStep(from, to, run.eta());
        if (step.down == 0) {
            x = denoised;
            continue;
        }
        x = mix(step.down / from, x, 1 - step.down / from, denoised);
        if (run.eta() > 0) x.add_(run.noise(from, to), run.sNoise() * step.up);
    }
    return x;
}

/// CFG++ (arXiv 2406.08070): the noise that is kept is that of the unconditional prediction.
Tensor sampleEulerCfgPlus(SamplerRun& run, Tensor x) {
    for (int i = 0; i < run.steps(); ++i) {
        const double from = run.sigma(i), to = run.sigma(i + 1);
        const DenoiseResult result = run.guided(x, from);
        run.report(i, x, result.denoised);
        if (to == 0) {
            x = result.denoised;
            continue;
        }
        const double alphaFrom = run.model().alpha(from), alphaTo = run.model().alpha(to);
        const AncestralStep step = ancestralStep(from / alphaFrom, to / alphaTo, run.eta());
        const Tensor direction = mix(1 / from, x, -alphaFrom / from, result.unconditional);
        x = mix(alphaTo, result.denoised, alphaTo * step.down, direction);
        if (run.addsNoise()) x.add_(run.noise(from, to), alphaTo * run.sNoise() * step.up);
    }
    return x;
}

/// Ancestral sampling of arXiv 2006.11239, in variance-preserving variables.
Tensor sampleDdpm(SamplerRun& run, Tensor x) {
    for (int i = 0; i < run.steps(); ++i) {
        const double from = run.sigma(i), to = run.sigma(i + 1);
        const Tensor denoised = run.denoise(x, from);
        run.report(i, x, denoised);
        const double product = 1 / (from * from + 1), productTo = 1 / (to * to + 1);
        const double alpha = product / productTo;
        x = mix(1 / std::sqrt(1 + from * from), x, -(1 - alpha) / std::sqrt(1 - product),
                slope(x, denoised, from))
                .mul_(std::sqrt(1 / alpha));
        if (to == 0) continue;
        const double deviation = std::sqrt((1 - alpha) * (1 - productTo) / (1 - product));
        x = x.add_(run.noise(from, to), run.sNoise() * deviation).mul_(std::sqrt(1 + to * to));
    }
    return x;
}

/// arXiv 2310.04378: to the clean picture, and back to noise.
Tensor sampleLcm(SamplerRun& run, Tensor x) {
    for (int i = 0; i < run.steps(); ++i) {
        const double from = run.sigma(i), to = run.sigma(i + 1);
        const Tensor denoised = run.denoise(x, from);
        run.report(i, x, denoised);
        x = to > 0 ? run.model().noisy(denoised, run.noise(from, to).mul(run.sNoise()), to) : denoised;
    }
    return x;
}

/// openreview.net/forum?id=o2ND9v0CeK: Euler steps that go on along the change of the slope.
Tensor sampleGradientEstimation(SamplerRun& run, Tensor x) {
    const bool plus = run.sampler().needsUnconditional;
    Tensor lastSlope;
    for (int i = 0; i < run.steps(); ++i) {
        const double from = run.sigma(i), to = run.sigma(i + 1);
        const DenoiseResult result = plus ? run.guided(x, from) : DenoiseResult{run.denoise(x, from), {}};
        const Tensor d = slope(x, plus ? result.unconditional : result.denoised, from);
        run.report(i, x, result.denoised);
        if (to == 0) {
            x = result.denoised;
        } else {
            x = plus ? result.denoised.add(d, to) : x.add(d, to - from);
            if (lastSlope.defined()) x.add_(d.sub(lastSlope), (run.options().gamma - 1) * (to - from));
        }
        lastSlope = d;
    }
    return x;
}

} // namespace ochre::models::sampling
