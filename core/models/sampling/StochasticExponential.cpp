// SPDX-License-Identifier: GPL-3.0-or-later
// Exponential integrators of the reverse SDE beyond DPM-Solver++: SEEDS (arXiv 2305.14267), with exponential Heun
// as a case of it, and ER-SDE-Solver (arXiv 2309.06169).
#include "core/models/sampling/SamplerRun.h"

namespace ochre::models::sampling {
namespace {

double hPhi1(double h) { return std::expm1(h); }
double hPhi2(double h) { return (std::expm1(h) - h) / h; }

/// The noise of one step of SEEDS, which grows from stage to stage: each adds what its part of the step brings.
class StageNoise {
public:
    StageNoise(const SamplerRun& run, double h) : m_run(run), m_rate(h * run.eta()) {}

    /// Adds the noise at `sigma`, the share `r` of the step, to x.
    void add(Tensor& x, double sigmaBefore, double sigma, double r) {
        if (!m_run.addsNoise()) return;
        const double part = (m_r - r) * m_rate;
        const Tensor fresh = m_run.noise(sigmaBefore, sigma).mul(std::sqrt(-std::expm1(2 * part)));
        m_noise = m_noise.defined() ? fresh.add_(m_noise, std::exp(part)) : fresh;
        m_r = r;
        x.add_(m_noise, sigma * m_run.sNoise());
    }

private:
    const SamplerRun& m_run;
    double m_rate, m_r = 0;
    Tensor m_noise;
};

/// Stage sigmas by share r of λ.
double stageSigma(const ModelSampling& model, double from, double to, double r) {
    const double start = model.halfLogSnr(from);
    return model.sigmaOfHalfLogSnr(start + r * (model.halfLogSnr(to) - start));
}

/// ER-SDE's noise scale over λ = sigma/alpha.
double noiseScale(double lambda) { return lambda * (std::exp(std::pow(lambda, 0.3)) + 10); }

/// Σ over 200 points from `to` up to `from` of f(λ)/noiseScale(λ), times their distance.
template <typename F>
double integrate(double from, double to, F f) {
    constexpr int count = 200;
    const double step = (from - to) / count;
    double sum = 0;
    for (int i = 0; i < count; ++i) sum += f(to + i * step) / noiseScale(to + i * step);
    return sum * step;
}

} // namespace

Tensor sampleSeeds2(SamplerRun& run, Tensor x) {
    run.offsetFirstSigma();
    const ModelSampling& model = run.model();
    const double r = run.r(), eta = run.eta(), share = 1 / (2 * r);
    for (int i = 0; i < run.steps(); ++i) {
        const double from = run.sigma(i), to = run.sigma(i + 1);
        const Tensor denoised = run.denoise(x, from);
        run.report(i, x, denoised);
        if (to == 0) {
            x = denoised;
            continue;
        }
        const double h = model.halfLogSnr(to) - model.halfLogSnr(from), hEta = h * (eta + 1);
        const double middle = stageSigma(model, from, to, r), alpha = model.alpha(to);
        StageNoise noise(run, h);
        Tensor half = mix(middle / from * std::exp(-r * h * eta), x, -model.alpha(middle) * hPhi1(-r * hEta),
                          denoised);
        noise.add(half, from, middle, r);
        const Tensor denoised2 = run.denoise(half, middle);
        const double all = hPhi1(-hEta);
        const double second = run.solver() == SolverType::Phi2 ? hPhi2(-hEta) / r : all * share;
        x = mix(to / from * std::exp(-h * eta), x, -alpha * (all - second), denoised, -alpha * second, denoised2);
        noise.add(x, middle, to, 1);
    }
    return x;
}

Tensor sampleSeeds3(SamplerRun& run, Tensor x) {
    constexpr double r1 = 1.0 / 3, r2 = 2.0 / 3;
    run.offsetFirstSigma();
    const ModelSampling& model = run.model();
    const double eta = run.eta();
    for (int i = 0; i < run.steps(); ++i) {
        const double from = run.sigma(i), to = run.sigma(i + 1);
        const Tensor denoised = run.denoise(x, from);
        run.report(i, x, denoised);
        if (to == 0) {
            x = denoised;
            continue;
        }
        const double h = model.halfLogSnr(to) - model.halfLogSnr(from), hEta = h * (eta + 1);
        const double sigma1 = stageSigma(model, from, to, r1), sigma2 = stageSigma(model, from, to, r2);
        StageNoise noise(run, h);
        Tensor stage = mix(sigma1 / from * std::exp(-r1 * h * eta), x, -model.alpha(sigma1) * hPhi1(-r1 * hEta),
                           denoised);
        noise.add(stage, from, sigma1, r1);
        const Tensor denoised2 = run.denoise(stage, sigma1);
        const double second = r2 / r1 * hPhi2(-r2 * hEta), first = hPhi1(-r2 * hEta) - second;
        const double alpha2 = model.alpha(sigma2), alpha = model.alpha(to);
        stage = mix(sigma2 / from * std::exp(-r2 * h * eta), x, -alpha2 * first, denoised, -alpha2 * second,
                    denoised2);
        noise.add(stage, sigma1, sigma2, r2);
        const Tensor denoised3 = run.denoise(stage, sigma2);
        const double third = hPhi2(-hEta) / r2;
        x = mix(to / from * std::exp(-h * eta), x, -alpha * (hPhi1(-hEta) - third), denoised, -alpha * third,
                denoised3);
        noise.add(x, sigma2, to, 1);
    }
    return x;
}

Tensor sampleErSde(SamplerRun& run, Tensor x) {
    run.offsetFirstSigma();
    const ModelSampling& model = run.model();
    const auto lambda = [&](int i) { return run.sigma(i) / model.alpha(run.sigma(i)); };
    Tensor last, lastChange;
    for (int i = 0; i < run.steps(); ++i) {
        const double from = run.sigma(i), to = run.sigma(i + 1);
        const Tensor denoised = run.denoise(x, from);
        run.report(i, x, denoised);
        if (to == 0) {
            x = denoised;
            continue;
        }
        const double start = lambda(i), end = lambda(i + 1), alpha = model.alpha(to);
        const double r = noiseScale(end) / noiseScale(start), step = end - start;
        const int stages = std::min(run.order(), i + 1);
        x = mix(alpha / model.alpha(from) * r, x, alpha * (1 - r), denoised);
        if (stages >= 2) {
            const double s = integrate(start, end, [](double) { return 1.0; });
            const Tensor change = denoised.sub(last).div_(start - lambda(i - 1));
            x.add_(change, alpha * (step + s * noiseScale(end)));
            if (stages >= 3) {
                const double u = integrate(start, end, [&](double at) { return at - start; });
                const Tensor bend = change.sub(lastChange).div_((start - lambda(i - 2)) / 2);
                x.add_(bend, alpha * (step * step / 2 + u * noiseScale(end)));
            }
            lastChange = change;
        }
        // eta is no part of this method; 0 leaves out the noise.
        const double variance = end * end - start * start * r * r;
        if (run.addsNoise()) x.add_(run.noise(from, to), alpha * run.sNoise() * std::sqrt(std::max(variance, 0.0)));
        last = denoised;
    }
    return x;
}

} // namespace ochre::models::sampling
