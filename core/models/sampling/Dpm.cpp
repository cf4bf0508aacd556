// SPDX-License-Identifier: GPL-3.0-or-later
// DPM-Solver (arXiv 2206.00927) as k-diffusion has it: time t = −log sigma, single steps of orders 1 to 3, a
// fixed number of evaluations or steps of the size that an error estimate allows.
#include <array>
#include <map>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/sampling/Float32.h"
#include "core/models/sampling/SamplerRun.h"

namespace ochre::models::sampling {
namespace {

/// So small steps say that the model's answers are no numbers, or that the tolerances cannot be met.
constexpr int kMostAttempts = 10000;

// The error estimate of a small step is rounding alone, and it sets the size of the next: all is computed in
// float32 and in the order of the reference, so that the steps are its steps.

float sigmaAt(float t) { return float32::exp(-t); }

/// x − Σ factor·part, each product rounded by itself.
Tensor minus(const Tensor& x, float factor, const Tensor& part) { return x.sub(part.mul(factor)); }

/// One step from t to tNext, whose evaluations are shared by solvers of several orders.
class SolverStep {
public:
    SolverStep(const SamplerRun& run, const Tensor& x, float t, float tNext)
        : m_run(run), m_x(x), m_t(t), m_h(tNext - t), m_end(sigmaAt(tNext)), m_grow(float32::expm1(m_h)) {
        const float sigma = sigmaAt(t);
        m_eps = slope(x, run.denoise(x, sigma), sigma);
        m_denoised = minus(x, sigma, m_eps);
    }

    const Tensor& denoised() const { return m_denoised; }

    Tensor solve(int order) { return order == 1 ? first() : order == 2 ? second(0.5f) : third(); }

    Tensor first() const { return minus(m_x, m_end * m_grow, m_eps); }

    Tensor second(float r) {
        const Tensor change = middle(r).sub(m_eps);
        return minus(first(), m_end / (2 * r) * m_grow, change);
    }

    Tensor third() {
        constexpr auto r1 = static_cast<float>(1.0 / 3), r2 = static_cast<float>(2.0 / 3), ratio = 2.0f;
        const float h2 = m_h * r2, at = sigmaAt(m_t + h2), grow = float32::expm1(h2);
        const Tensor change = middle(r1).sub(m_eps);
        const Tensor u = minus(minus(m_x, at * grow, m_eps), at * ratio * (grow / h2 - 1), change);
        const Tensor change2 = slope(u, m_run.denoise(u, at), at).sub_(m_eps);
        return minus(first(), m_end / r2 * (m_grow / m_h - 1), change2);
    }

private:
    /// The noise at the share r of the step; asked once for every r.
    const Tensor& middle(float r) {
        Tensor& eps = m_middle[r];
        if (eps.defined()) return eps;
        const float part = m_h * r, at = sigmaAt(m_t + part);
        const Tensor u = minus(m_x, at * float32::expm1(part), m_eps);
        return eps = slope(u, m_run.denoise(u, at), at);
    }

    const SamplerRun& m_run;
    Tensor m_x;
    float m_t, m_h, m_end, m_grow;
    Tensor m_denoised, m_eps;
    std::map<float, Tensor> m_middle;
};

/// Where an ancestral step goes to, and the noise that brings it to tNext.
struct Target {
    float t, up = 0;
};

Target ancestralTarget(float t, float tNext, float tEnd, double eta) {
    if (eta == 0) return {tNext};
    const AncestralStep step = ancestralStep(sigmaAt(t), sigmaAt(tNext), eta);
    const float down = std::min(tEnd, -float32::log(static_cast<float>(step.down)));
    const float to = sigmaAt(tNext), at = sigmaAt(down);
    return {down, std::sqrt(std::max(to * to - at * at, 0.0f))};
}

/// A PID controller of step sizes (Söderlind 2003).
class StepSize {
public:
    StepSize(double h, const SamplerOptions& options, double order)
        : m_h(h), m_powers{(options.pcoeff + options.icoeff + options.dcoeff) / order,
                           -(options.pcoeff + 2 * options.dcoeff) / order, options.dcoeff / order},
          m_safety(options.acceptSafety) {}

    double size() const { return m_h; }

    /// Takes the error of a step (1: just tolerable) and whether the step may stand.
    bool accept(double error) {
        const double inverse = 1 / (error + 1e-8);
        if (m_inverse[0] == 0) m_inverse.fill(inverse);
        m_inverse[0] = inverse;
        double factor = 1;
        for (std::size_t i = 0; i < m_powers.size(); ++i) factor *= std::pow(m_inverse[i], m_powers[i]);
        factor = 1 + std::atan(factor - 1);
        const bool fine = factor >= m_safety;
        if (fine) {
            m_inverse[2] = m_inverse[1];
            m_inverse[1] = m_inverse[0];
        }
        m_h *= factor;
        return fine;
    }

private:
    double m_h;
    std::array<double, 3> m_powers, m_inverse{};
    double m_safety;
};

/// The first and the last sigma above 0: DPM-Solver knows no 0.
std::pair<float, float> ends(const SamplerRun& run) {
    const int last = run.sigma(run.steps()) > 0 ? run.steps() : run.steps() - 1;
    return {-float32::log(static_cast<float>(run.sigma(0))), -float32::log(static_cast<float>(run.sigma(last)))};
}

} // namespace

/// As many evaluations as the schedule has steps, in as many third-order steps as they give.
Tensor sampleDpmFast(SamplerRun& run, Tensor x) {
    const auto [start, end] = ends(run);
    if (start == end) return run.denoise(x, run.sigma(0));
    if (end < start && run.eta() > 0) throw Error("DPM fast: eta with rising sigmas", "set eta to 0");
    const int evaluations = run.steps(), steps = evaluations / 3 + 1;
    std::vector<int> orders(evaluations % 3 ? steps - 1 : steps - 2, 3);
    if (evaluations % 3)
        orders.push_back(evaluations % 3);
    else
        orders.insert(orders.end(), {2, 1});
    const auto count = static_cast<int>(orders.size());
    const std::vector<float> times = nn::toValues(nn::linspace(start, end, steps + 1));
    for (int i = 0; i < count; ++i) {
        const float t = times[i], tNext = times[i + 1];
        const Target target = ancestralTarget(t, tNext, end, run.eta());
        SolverStep step(run, x, t, target.t);
        run.report(i, sigmaAt(t), x, step.denoised(), count);
        x = step.solve(orders[i]);
        if (run.eta() > 0) x.add_(run.noise(sigmaAt(t), sigmaAt(tNext)), target.up * run.sNoise());
    }
    return x;
}

/// Steps of two orders at once, whose difference is the error. Reports x after each attempt.
Tensor sampleDpmAdaptive(SamplerRun& run, Tensor x) {
    const SamplerOptions& options = run.options();
    const int order = run.order();
    if (order != 2 && order != 3)
        throw Error(fmt::format("DPM adaptive: order {}", order), "give order 2 or 3");
    const auto [start, end] = ends(run);
    if (start == end) return run.denoise(x, run.sigma(0));
    if (end < start) throw Error("DPM adaptive: the sigmas rise", "use another sampler to go back to noise");
    StepSize size(options.hInit, options, run.eta() > 0 ? 1.5 : order);
    Tensor before = x;
    float s = start;
    for (int attempt = 0; s < end - 1e-5f; ++attempt) {
        if (attempt == kMostAttempts)
            throw Error(fmt::format("DPM adaptive: sigma is still {} after {} steps", sigmaAt(s), attempt),
                        "give larger tolerances, or use a sampler with a fixed number of steps");
        const float t = std::min(end, s + static_cast<float>(size.size()));
        const Target target = ancestralTarget(s, t, end, run.eta());
        SolverStep step(run, x, s, target.t);
        const Tensor low = order == 2 ? step.first() : step.second(static_cast<float>(1.0 / 3));
        const Tensor high = order == 2 ? step.second(0.5f) : step.third();
        const Tensor delta = low.abs().maximum(before.abs()).mul_(options.rtol).clamp_min_(options.atol);
        const double error = low.sub(high).div_(delta).norm().item<float>() / static_cast<float>(std::sqrt(double(x.numel())));
        if (!std::isfinite(error))
            throw Error(fmt::format("DPM adaptive: the picture is no number at sigma {}", sigmaAt(s)),
                        "check the model, or its precision");
        if (size.accept(error)) {
            before = low;
            x = high;
            if (run.eta() > 0) x = x.add(run.noise(sigmaAt(s), sigmaAt(t)), target.up * run.sNoise());
            s = t;
        }
        run.report(attempt, sigmaAt(s), x, step.denoised(), 0);
    }
    return x;
}

} // namespace ochre::models::sampling
