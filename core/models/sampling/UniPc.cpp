// SPDX-License-Identifier: GPL-3.0-or-later
// UniPC (arXiv 2302.04867), multistep, predicting the clean picture, B(h) = h (bh1) or e^h − 1 (bh2). The
// corrector reuses the evaluation that the next step needs.
#include <deque>

#include "core/models/sampling/LinearSystem.h"
#include "core/models/sampling/SamplerRun.h"

namespace ochre::models::sampling {
namespace {

/// What a final 0 is taken as: log SNR has no 0.
constexpr double kLastSigma = 0.001;

/// Half log SNR at the sigmas, in float32 by way of alpha as in the reference: near the last sigma, where
/// 1 − alpha² has few digits left, that decides the last digits of the picture.
std::vector<float> halfLogSnr(const Sigmas& sigmas) {
    const std::vector<float> values(sigmas.begin(), sigmas.end());
    const Tensor sigma = nn::fromValues(values, {static_cast<std::int64_t>(values.size())});
    const Tensor logAlpha = sigma.mul(sigma).add(1).reciprocal().log().mul(0.5);
    const Tensor logStd = logAlpha.mul(2).exp().neg().add(1).log().mul(0.5);
    return nn::toValues(logAlpha.sub(logStd));
}

struct Point {
    double lambda;
    Tensor denoised;
};

/// One step in x = x0 + sigma·noise; the reference's x/√(1 + sigma²) has the same form.
class Step {
public:
    Step(const Tensor& x, const std::deque<Point>& past, double lambda, int order, bool bh2)
        : m_last(past.front().denoised) {
        const double h = lambda - past.front().lambda, hh = -h;
        const double grow = std::expm1(hh), scale = bh2 ? grow : hh;
        double phi = grow / hh - 1, factorial = 1;
        std::vector<double> right;
        for (int i = 1; i <= order; ++i) {
            right.push_back(phi * factorial / scale);
            factorial *= i + 1;
            phi = phi / hh - 1 / factorial;
        }
        for (int i = 1; i < order; ++i) {
            m_places.push_back((past[i].lambda - past[0].lambda) / h);
            m_changes.push_back(past[i].denoised.sub(m_last).div_(m_places.back()));
        }
        m_right = std::move(right);
        m_scale = scale;
        m_base = mix(grow + 1, x, -grow, m_last);
    }

    Tensor predict() const {
        const std::size_t count = m_changes.size();
        std::vector<double> weights{0.5}; // order 2 is simplified
        if (count > 1) weights = solveVandermonde(m_places, {m_right.begin(), m_right.end() - 1});
        return advance(weights);
    }

    Tensor correct(const Tensor& denoised) const {
        std::vector<double> weights{0.5}; // order 1 is simplified
        if (!m_changes.empty()) {
            std::vector<double> places = m_places;
            places.push_back(1);
            weights = solveVandermonde(places, m_right);
        }
        return advance(weights).sub_(denoised.sub(m_last), m_scale * weights.back());
    }

private:
    Tensor advance(const std::vector<double>& weights) const {
        Tensor x = m_base.clone();
        for (std::size_t k = 0; k < m_changes.size(); ++k) x.sub_(m_changes[k], m_scale * weights[k]);
        return x;
    }

    Tensor m_last, m_base;
    std::vector<Tensor> m_changes;
    std::vector<double> m_places, m_right;
    double m_scale = 0;
};

} // namespace

Tensor sampleUniPc(SamplerRun& run, Tensor x) {
    Sigmas sigmas;
    for (int i = 0; i <= run.steps(); ++i) sigmas.push_back(run.sigma(i));
    if (sigmas.back() == 0) sigmas.back() = kLastSigma;
    const std::vector<float> lambda = halfLogSnr(sigmas);
    const bool bh2 = run.solver() == SolverType::Bh2;
    const int steps = run.steps(), most = std::max(1, std::min({run.order(), 3, steps - 1}));
    std::deque<Point> past{{lambda[0], run.denoise(x, sigmas[0])}};
    run.report(0, x, past.front().denoised);
    for (int i = 1; i <= steps; ++i) {
        const int order = std::min({i, most, steps + 1 - i});
        const Step step(x, past, lambda[i], order, bh2);
        x = step.predict();
        if (i == steps) break;
        const Tensor denoised = run.denoise(x, sigmas[i]);
        x = step.correct(denoised);
        past.push_front({lambda[i], denoised});
        if (static_cast<int>(past.size()) > most) past.pop_back();
        run.report(i, x, denoised);
    }
    return x;
}

} // namespace ochre::models::sampling
