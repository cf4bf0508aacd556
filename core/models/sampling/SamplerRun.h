// SPDX-License-Identifier: GPL-3.0-or-later
// One run of a sampler as its function sees it, and the sampler functions by family. Included by the sources of
// samplers alone.
#pragma once

#include <algorithm>
#include <cmath>

#include "core/models/sampling/Samplers.h"

namespace ochre::models::sampling {

/// a·x + b·y
inline Tensor mix(double a, const Tensor& x, double b, const Tensor& y) { return x.mul(a).add_(y, b); }
/// a·x + b·y + c·z
inline Tensor mix(double a, const Tensor& x, double b, const Tensor& y, double c, const Tensor& z) {
    return x.mul(a).add_(y, b).add_(z, c);
}

/// The slope dx/dsigma of the probability-flow ODE.
inline Tensor slope(const Tensor& x, const Tensor& denoised, double sigma) {
    return x.sub(denoised).div_(sigma);
}

class SamplerRun {
public:
    SamplerRun(const Sampler& sampler, const Denoiser& denoiser, Sigmas sigmas, NoiseSource& noise,
               const SamplerOptions& options, const StepCallback& callback);

    int steps() const { return static_cast<int>(m_sigmas.size()) - 1; }
    double sigma(int i) const { return m_sigmas[i]; }
    const SamplerOptions& options() const { return m_options; }
    const Sampler& sampler() const { return m_sampler; }
    const ModelSampling& model() const { return m_model; }
    bool flow() const { return m_model.isFlow(); }
    double eta() const { return m_options.eta.value_or(m_sampler.eta); }
    double sNoise() const { return m_options.sNoise; }
    double r() const { return m_options.r.value_or(m_sampler.r); }
    int order() const { return m_options.order.value_or(m_sampler.order); }
    SolverType solver() const {
        return m_options.solver == SolverType::Default ? m_sampler.solver : m_options.solver;
    }
    bool addsNoise() const { return eta() > 0 && sNoise() > 0; }

    Tensor denoise(const Tensor& x, double sigma) const { return evaluate(x, sigma).denoised; }
    DenoiseResult guided(const Tensor& x, double sigma) const; ///< with the unconditional prediction
    void report(int step, double sigma, const Tensor& x, const Tensor& denoised, int total) const;
    void report(int step, const Tensor& x, const Tensor& denoised) const {
        report(step, sigma(step), x, denoised, steps());
    }
    Tensor noise(double sigma, double sigmaNext) const { return m_noise.next(sigma, sigmaNext); }

    /// Adds the noise of sChurn to x before step i; gives the noise level that x then has. `always`: noise is
    /// drawn for steps that take none, too.
    double churn(int i, Tensor& x, bool always = false) const;

    /// Flow models start at sigma 1, where log SNR is −∞: moves the first sigma a little down.
    void offsetFirstSigma();

private:
    DenoiseResult evaluate(const Tensor& x, double sigma) const;

    const Sampler& m_sampler;
    const Denoiser& m_denoiser;
    Sigmas m_sigmas;
    NoiseSource& m_noise;
    const SamplerOptions& m_options;
    const StepCallback& m_callback;
    const ModelSampling& m_model;
};

/// A step down to `down`, then noise of `up`, together a step to sigmaTo.
struct AncestralStep {
    double down, up;
    double keep = 1; ///< what x is scaled by before the noise (flow)
};
AncestralStep ancestralStep(double sigmaFrom, double sigmaTo, double eta);
AncestralStep flowAncestralStep(double sigmaFrom, double sigmaTo, double eta);

Tensor sampleEuler(SamplerRun& run, Tensor x);
Tensor sampleEulerAncestral(SamplerRun& run, Tensor x);
Tensor sampleEulerCfgPlus(SamplerRun& run, Tensor x);
Tensor sampleDdpm(SamplerRun& run, Tensor x);
Tensor sampleLcm(SamplerRun& run, Tensor x);
Tensor sampleGradientEstimation(SamplerRun& run, Tensor x);
Tensor sampleHeun(SamplerRun& run, Tensor x);
Tensor sampleHeunPlus(SamplerRun& run, Tensor x);
Tensor sampleDpm2(SamplerRun& run, Tensor x);
Tensor sampleDpm2Ancestral(SamplerRun& run, Tensor x);
Tensor sampleDpmFast(SamplerRun& run, Tensor x);
Tensor sampleDpmAdaptive(SamplerRun& run, Tensor x);
Tensor sampleDpmpp2sAncestral(SamplerRun& run, Tensor x);
Tensor sampleDpmppSde(SamplerRun& run, Tensor x);
Tensor sampleDpmpp2m(SamplerRun& run, Tensor x);
Tensor sampleDpmpp2mCfgPlus(SamplerRun& run, Tensor x);
Tensor sampleDpmpp2mSde(SamplerRun& run, Tensor x);
Tensor sampleDpmpp3mSde(SamplerRun& run, Tensor x);
Tensor sampleLms(SamplerRun& run, Tensor x);
Tensor sampleIpndm(SamplerRun& run, Tensor x);
Tensor sampleIpndmV(SamplerRun& run, Tensor x);
Tensor sampleDeis(SamplerRun& run, Tensor x);
Tensor sampleResMultistep(SamplerRun& run, Tensor x);
Tensor sampleUniPc(SamplerRun& run, Tensor x);
Tensor sampleErSde(SamplerRun& run, Tensor x);
Tensor sampleSeeds2(SamplerRun& run, Tensor x);
Tensor sampleSeeds3(SamplerRun& run, Tensor x);
Tensor sampleSaSolver(SamplerRun& run, Tensor x);

} // namespace ochre::models::sampling
