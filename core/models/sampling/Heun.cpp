// SPDX-License-Identifier: GPL-3.0-or-later
// Second-order samplers in sigma: Heun's, its extension by one more slope, and DPM-Solver-2 of k-diffusion.
#include "core/models/sampling/SamplerRun.h"

namespace ochre::models::sampling {

/// arXiv 2206.00364, algorithm 2.
Tensor sampleHeun(SamplerRun& run, Tensor x) {
    for (int i = 0; i < run.steps(); ++i) {
        const double to = run.sigma(i + 1), from = run.churn(i, x);
        const Tensor denoised = run.denoise(x, from);
        run.report(i, x, denoised);
        const Tensor d = slope(x, denoised, from);
        const Tensor ahead = x.add(d, to - from);
        if (to == 0) {
            x = ahead;
            continue;
        }
        const Tensor d2 = slope(ahead, run.denoise(ahead, to), to);
        x = mix(1, x, (to - from) / 2, d, (to - from) / 2, d2);
    }
    return x;
}

/// Carzit/sd-webui-samplers-scheduler: slopes of the next two sigmas, weighted by these.
Tensor sampleHeunPlus(SamplerRun& run, Tensor x) {
    const double first = run.sigma(0), last = run.sigma(run.steps());
    for (int i = 0; i < run.steps(); ++i) {
        const double to = run.sigma(i + 1), from = run.churn(i, x, true), step = to - from;
        const Tensor denoised = run.denoise(x, from);
        run.report(i, x, denoised);
        const Tensor d = slope(x, denoised, from);
        const Tensor ahead = x.add(d, step);
        if (to == last) {
            x = ahead;
            continue;
        }
        const Tensor d2 = slope(ahead, run.denoise(ahead, to), to);
        const double afterwards = run.sigma(i + 2);
        if (afterwards == last) {
            const double weight = to / (2 * first);
            x = mix(1, x, step * (1 - weight), d, step * weight, d2);
            continue;
        }
        const Tensor further = ahead.add(d2, afterwards - to);
        const Tensor d3 = slope(further, run.denoise(further, afterwards), afterwards);
        const double weight2 = to / (3 * first), weight3 = afterwards / (3 * first);
        x = mix(1, x, step * (1 - weight2 - weight3), d, step * weight2, d2).add_(d3, step * weight3);
    }
    return x;
}

/// k-diffusion's sample_dpm_2: the slope in the middle of log sigma carries the whole step.
Tensor sampleDpm2(SamplerRun& run, Tensor x) {
    for (int i = 0; i < run.steps(); ++i) {
        const double to = run.sigma(i + 1), from = run.churn(i, x);
        const Tensor denoised = run.denoise(x, from);
        run.report(i, x, denoised);
        const Tensor d = slope(x, denoised, from);
        if (to == 0) {
            x = x.add(d, to - from);
            continue;
        }
        const double middle = std::sqrt(from * to);
        const Tensor half = x.add(d, middle - from);
        x = x.add(slope(half, run.denoise(half, middle), middle), to - from);
    }
    return x;
}

Tensor sampleDpm2Ancestral(SamplerRun& run, Tensor x) {
    for (int i = 0; i < run.steps(); ++i) {
        const double from = run.sigma(i), to = run.sigma(i + 1);
        const Tensor denoised = run.denoise(x, from);
        run.report(i, x, denoised);
        const AncestralStep step =
            run.flow() ? flowAncestralStep(from, to, run.eta()) : ancestralStep(from, to, run.eta());
        const Tensor d = slope(x, denoised, from);
        if (step.down == 0) {
            x = x.sub(d, from);
            continue;
        }
        const double middle = std::sqrt(from * step.down);
        const Tensor half = x.add(d, middle - from);
        x = x.add(slope(half, run.denoise(half, middle), middle), step.down - from);
        if (run.eta() > 0) x = mix(step.keep, x, run.sNoise() * step.up, run.noise(from, to));
    }
    return x;
}

} // namespace ochre::models::sampling
