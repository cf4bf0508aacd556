// SPDX-License-Identifier: GPL-3.0-or-later
// SA-Solver (arXiv 2309.05019): stochastic Adams predictor and corrector, with noise between 20 % and 80 % of the
// way.
#include <deque>

#include "core/models/sampling/LinearSystem.h"
#include "core/models/sampling/SamplerRun.h"

namespace ochre::models::sampling {
namespace {

constexpr double kNoiseFrom = 0.2, kNoiseTo = 0.8;

/// (1 + τ²)·∫ e^{(1+τ²)(x − t)}·x^p dx over s…t for p = 0 … count − 1, by parts.
std::vector<double> exponentialMoments(double s, double t, int count, double tau) {
    const double rate = 1 + tau * tau, decay = std::exp(-rate * (t - s));
    std::vector<double> moments(count);
    for (int p = 0; p < count; ++p) {
        moments[p] = std::pow(t, p) - std::pow(s, p) * decay;
        if (p) moments[p] -= p / rate * moments[p - 1];
    }
    return moments;
}

/// Adds Σ b_k·denoised_k: the polynomial through the newest `count` evaluations, from λ s to t.
void addAdams(Tensor& x, const std::deque<Tensor>& denoised, const std::vector<double>& lambdas, double alpha,
              double s, double t, double tau) {
    const auto count = static_cast<int>(lambdas.size());
    const std::vector<double> weights = solveVandermonde(lambdas, exponentialMoments(s, t, count, tau));
    for (int k = 0; k < count; ++k) x.add_(denoised[k], alpha * weights[k]);
}

} // namespace

Tensor sampleSaSolver(SamplerRun& run, Tensor x) {
    const bool evaluateTwice = run.sampler().evaluations > 1;
    run.offsetFirstSigma();
    const ModelSampling& model = run.model();
    const double noiseFrom = model.percentToSigma(kNoiseFrom), noiseTo = model.percentToSigma(kNoiseTo);
    const int steps = run.steps(), order = run.order();
    const bool toZero = run.sigma(steps) == 0;
    const auto lambdas = [&](int newest, int count) {
        std::vector<double> result;
        for (int k = 0; k < count; ++k) result.push_back(model.halfLogSnr(run.sigma(newest - k)));
        return result;
    };
    std::deque<Tensor> past; // newest first
    Tensor ahead = x, noise;
    double tau = 0, h = 0;
    for (int i = 0; i < steps; ++i) {
        const double from = run.sigma(i), to = run.sigma(i + 1);
        past.push_front(run.denoise(ahead, from));
        if (static_cast<int>(past.size()) > order + 1) past.pop_back();
        run.report(i, ahead, past.front());
        const auto known = static_cast<int>(past.size());
        int predictor = std::min(order, known), corrector = std::min(order + 1, known);
        if (i == 0 || (to == 0 && !evaluateTwice)) corrector = 0;
        if (toZero) {
            predictor = std::min(predictor, steps - 1 - i);
            corrector = std::min(corrector, steps - i);
        }
        if (corrector == 0) {
            x = ahead;
        } else {
            const double before = run.sigma(i - 1);
            x = x.mul(from / before * std::exp(-tau * tau * h));
            addAdams(x, past, lambdas(i, corrector), model.alpha(from), model.halfLogSnr(before),
                     model.halfLogSnr(from), tau);
            if (noise.defined()) x.add_(noise);
            if (evaluateTwice) past.front() = run.denoise(x, from);
        }
        if (to == 0) {
            ahead = past.front();
            continue;
        }
        tau = to <= noiseFrom && to >= noiseTo ? run.eta() : 0;
        h = model.halfLogSnr(to) - model.halfLogSnr(from);
        ahead = x.mul(to / from * std::exp(-tau * tau * h));
        addAdams(ahead, past, lambdas(i, predictor), model.alpha(to), model.halfLogSnr(from),
                 model.halfLogSnr(to), tau);
        noise = Tensor();
        if (tau > 0 && run.sNoise() > 0) {
            noise = run.noise(from, to).mul(to * std::sqrt(-std::expm1(-2 * tau * tau * h)) * run.sNoise());
            ahead.add_(noise);
        }
    }
    return ahead;
}

} // namespace ochre::models::sampling
