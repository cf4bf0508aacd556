// SPDX-License-Identifier: GPL-3.0-or-later
// Linear multistep samplers: one evaluation a step, earlier slopes are looked back upon.
#include <array>
#include <deque>
#include <functional>

#include "core/models/sampling/SamplerRun.h"

namespace ochre::models::sampling {
namespace {

using Weights = std::vector<double>; ///< of the slopes, newest first; they add up to the step

/// Runs with x + Σ weights[k]·slope[i − k]. `weights` (step, most slopes) is asked where more than one is at
/// hand; `denoisesLast`: the step to 0 gives the clean picture.
Tensor multistep(SamplerRun& run, Tensor x, const std::function<Weights(int, int)>& weights,
                 bool denoisesLast = true) {
    std::deque<Tensor> slopes;
    for (int i = 0; i < run.steps(); ++i) {
        const double from = run.sigma(i), to = run.sigma(i + 1);
        const Tensor denoised = run.denoise(x, from);
        run.report(i, x, denoised);
        if (to == 0 && denoisesLast) {
            x = denoised;
            continue;
        }
        slopes.push_front(slope(x, denoised, from));
        if (static_cast<int>(slopes.size()) > run.order()) slopes.pop_back();
        const auto known = static_cast<int>(slopes.size());
        const Weights weight = known == 1 ? Weights{to - from} : weights(i, known);
        for (int k = 0; k < known; ++k) x = k ? x.add_(slopes[k], weight[k]) : x.add(slopes[k], weight[k]);
    }
    return x;
}

/// Lagrange polynomial at t that is 1 at points[j] and 0 at the others.
double lagrange(const std::vector<double>& points, std::size_t j, double t) {
    double product = 1;
    for (std::size_t k = 0; k < points.size(); ++k)
        if (k != j) product *= (t - points[k]) / (points[j] - points[k]);
    return product;
}

/// The schedule of DEIS: variance-preserving time in which log alpha is a parabola; sigmas 0.002 and 80 are at
/// 0.001 and 1.
class DeisTime {
public:
    DeisTime() {
        constexpr double earliest = 1e-3, least = 0.002, most = 80;
        const double low = std::log(least * least + 1), high = std::log(most * most + 1);
        m_betaD = 2 * (low / earliest - high) / (earliest - 1);
        m_betaMin = high - m_betaD / 2;
    }
    double operator()(double sigma) const {
        return (std::sqrt(m_betaMin * m_betaMin + 2 * m_betaD * std::log(sigma * sigma + 1)) - m_betaMin) / m_betaD;
    }
    /// dsigma/dt over time, the integrand of the slopes.
    double rate(double t) const {
        const double alpha = std::exp(-0.5 * t * t * m_betaD - t * m_betaMin);
        return 0.5 * (t * m_betaD + m_betaMin) / std::sqrt(alpha * (1 - alpha));
    }

private:
    double m_betaD, m_betaMin;
};

} // namespace

/// Adams-Bashforth over sigma with the true distances (k-diffusion's sample_lms).
Tensor sampleLms(SamplerRun& run, Tensor x) {
    // Gauss-Legendre with four points is exact for these polynomials of degree up to 3.
    constexpr std::array<double, 4> places{-0.861136311594052575, -0.339981043584856265, 0.339981043584856265,
                                           0.861136311594052575};
    constexpr std::array<double, 4> shares{0.347854845137453857, 0.652145154862546143, 0.652145154862546143,
                                           0.347854845137453857};
    const auto weights = [&](int i, int known) {
        std::vector<double> points(known);
        for (int k = 0; k < known; ++k) points[k] = run.sigma(i - k);
        const double half = (run.sigma(i + 1) - run.sigma(i)) / 2, middle = run.sigma(i) + half;
        Weights result(known, 0.0);
        for (int k = 0; k < known; ++k)
            for (std::size_t p = 0; p < places.size(); ++p)
                result[k] += shares[p] * half * lagrange(points, k, middle + half * places[p]);
        return result;
    };
    return multistep(run, std::move(x), weights, run.options().lastStepDenoises);
}

/// iPNDM (arXiv 2204.13902): Adams-Bashforth as if steps were even.
Tensor sampleIpndm(SamplerRun& run, Tensor x) {
    static const std::array<Weights, 3> even{Weights{3.0 / 2, -1.0 / 2}, Weights{23.0 / 12, -16.0 / 12, 5.0 / 12},
                                             Weights{55.0 / 24, -59.0 / 24, 37.0 / 24, -9.0 / 24}};
    return multistep(run, std::move(x), [&](int i, int known) {
        Weights weights = even[known - 2];
        for (double& weight : weights) weight *= run.sigma(i + 1) - run.sigma(i);
        return weights;
    });
}

/// iPNDM with uneven steps, by the formulas of zju-pi/diff-sampler (solvers.py).
Tensor sampleIpndmV(SamplerRun& run, Tensor x) {
    return multistep(run, std::move(x), [&](int i, int known) {
        const auto step = [&](int back) { return run.sigma(i - back + 1) - run.sigma(i - back); };
        const double h = step(0), h1 = step(1), a = h / h1;
        Weights weights(known, 0.0);
        weights[0] = (2 + a) / 2;
        weights[1] = -a / 2;
        if (known > 2) {
            const double h2 = step(2), b = h1 / h2, bend = 1 - h / (3 * (h + h1));
            // "temp" of the reference, in which the last factor is left as it stands there.
            const double third = (1 - h / (3 * (h + h1)) * (h * (h + h1)) / (h1 * (h1 + h2))) / 2;
            weights[0] += third;
            weights[1] -= (1 + b) * third;
            weights[2] += b * third;
            if (known > 3) {
                const double h3 = step(3), c = h1 * (h1 + h2) / (h2 * (h2 + h3));
                const double fourth =
                    (bend / 2 + (1 - h / (2 * (h + h1))) * h / (6 * (h + h1 + h2))) *
                    (h * (h + h1) * (h + h1 + h2)) / (h1 * (h1 + h2) * (h1 + h2 + h3));
                weights[0] += fourth;
                weights[1] -= (1 + b + c) * fourth;
                weights[2] += (b + c * (1 + h2 / h3)) * fourth;
                weights[3] -= c * b * fourth;
            }
        }
        for (double& weight : weights) weight *= h;
        return weights;
    });
}

/// DEIS, tAB form (arXiv 2204.13902): the slopes' polynomial under the weight of time, summed over 10,000 points
/// as in the reference.
Tensor sampleDeis(SamplerRun& run, Tensor x) {
    constexpr int count = 10000;
    const DeisTime time;
    return multistep(run, std::move(x), [&](int i, int known) {
        std::vector<double> points(known);
        for (int k = 0; k < known; ++k) points[k] = time(run.sigma(i - k));
        const double from = points[0], to = time(run.sigma(i + 1));
        Weights weights(known, 0.0);
        for (int n = 0; n < count; ++n) {
            const double t = from + (to - from) * n / (count - 1), rate = time.rate(t);
            for (int k = 0; k < known; ++k) weights[k] += rate * lagrange(points, k, t);
        }
        for (double& weight : weights) weight *= (to - from) / count;
        return weights;
    });
}

/// The second-order multistep exponential integrator of arXiv 2308.02157, also ancestral and with CFG++.
Tensor sampleResMultistep(SamplerRun& run, Tensor x) {
    const bool plus = run.sampler().needsUnconditional;
    Tensor last;
    double lastDown = 0;
    for (int i = 0; i < run.steps(); ++i) {
        const double from = run.sigma(i), to = run.sigma(i + 1);
        const DenoiseResult result = plus ? run.guided(x, from) : DenoiseResult{run.denoise(x, from), {}};
        const Tensor& driving = plus ? result.unconditional : result.denoised;
        run.report(i, x, result.denoised);
        const AncestralStep step = ancestralStep(from, to, run.eta());
        if (step.down == 0 || !last.defined()) {
            x = plus ? result.denoised.add(slope(x, driving, from), step.down)
                     : mix(step.down / from, x, 1 - step.down / from, driving);
        } else {
            // Distances in −log sigma; the last evaluation lies c2 steps away.
            const double h = std::log(from / step.down), c2 = std::log(lastDown / run.sigma(i - 1)) / h;
            const double phi1 = -std::expm1(-h) / h, phi2 = (1 - phi1) / h;
            const bool moves = h != 0 && c2 != 0; // twice the same sigma is no step
            const double second = moves ? phi2 / c2 : 0, first = moves ? phi1 - second : 0;
            if (plus) x = x.add(result.denoised).sub_(result.unconditional);
            x = mix(std::exp(-h), x, h * first, driving, h * second, last);
        }
        if (to > 0 && run.eta() > 0) x.add_(run.noise(from, to), run.sNoise() * step.up);
        last = driving;
        lastDown = step.down;
    }
    return x;
}

} // namespace ochre::models::sampling
