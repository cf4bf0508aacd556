// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/sampling/ModelSampling.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/sampling/Float32.h"

namespace ochre::models::sampling {
namespace {

constexpr int kFlowLevels = 1000, kFluxLevels = 10000;
constexpr double kAboveEveryLevel = 999999999.9;
/// alpha² that a zero-terminal-SNR schedule ends with, for the sake of a finite sigma.
constexpr double kTerminalAlpha = 4.8973451890853435e-08;
constexpr double kLcmTimestepScale = 10.0, kLcmSigmaData = 0.5;

struct PredictionName {
    Prediction prediction;
    const char* name;
};
constexpr PredictionName kPredictions[] = {
    {Prediction::Epsilon, "eps"}, {Prediction::V, "v"},       {Prediction::X0, "x0"},
    {Prediction::Lcm, "lcm"},     {Prediction::Flow, "flow"},
};

std::vector<double> betas(const ModelSamplingConfig& config) {
    const int count = config.timesteps;
    const bool root = config.spacing == BetaSpacing::SquareRoot;
    const double start = root ? std::sqrt(config.betaStart) : config.betaStart;
    const double end = root ? std::sqrt(config.betaEnd) : config.betaEnd;
    const auto cosine = [&](double t) {
        constexpr double offset = 0.008;
        const double c = std::cos((t / count + offset) / (1 + offset) * std::numbers::pi / 2);
        return c * c;
    };
    std::vector<double> result(count);
    for (int i = 0; i < count; ++i)
        if (config.spacing == BetaSpacing::Cosine) {
            result[i] = std::clamp(1 - cosine(i + 1) / cosine(i), 0.0, 0.999);
        } else {
            const double even = count > 1 ? start + (end - start) * i / (count - 1) : start;
            result[i] = root ? even * even : even;
        }
    return result;
}

/// arXiv 2305.08891, algorithm 1.
void rescaleToZeroTerminalSnr(std::vector<double>& alphas) {
    const double first = std::sqrt(alphas.front()), last = std::sqrt(alphas.back());
    for (double& alpha : alphas) {
        const double root = (std::sqrt(alpha) - last) * (first / (first - last));
        alpha = root * root;
    }
    alphas.back() = kTerminalAlpha;
}

} // namespace

Prediction predictionFromName(std::string_view name) {
    for (const PredictionName& known : kPredictions)
        if (known.name == name) return known.prediction;
    throw Error(fmt::format("prediction \"{}\" is unknown", name), "it is eps, v, x0, lcm or flow");
}

const char* name(Prediction prediction) {
    for (const PredictionName& known : kPredictions)
        if (known.prediction == prediction) return known.name;
    return "eps";
}

ModelSampling::ModelSampling(const ModelSamplingConfig& config) : m_prediction(config.prediction) {
    if (config.prediction == Prediction::Flow)
        throw Error("flow: its noise levels follow from a shift, not from betas");
    if (config.timesteps < 1 || config.distilledSteps < 0 || config.distilledSteps > config.timesteps)
        throw Error(fmt::format("noise levels: {} steps, {} distilled", config.timesteps, config.distilledSteps),
                    "give at least one step, and no more distilled ones than that");
    std::vector<double> alphas = betas(config);
    double product = 1;
    for (double& value : alphas) value = product *= 1 - value;
    if (config.zeroTerminalSnr) rescaleToZeroTerminalSnr(alphas);
    setLevels(alphas, config);
}

ModelSampling ModelSampling::fromAlphasCumprod(std::span<const double> alphas, Prediction prediction) {
    ModelSampling result(Levels::Discrete, 1, 1);
    result.m_prediction = prediction;
    for (std::size_t i = 0; i < alphas.size(); ++i)
        if (!(alphas[i] > 0 && alphas[i] < (i ? alphas[i - 1] : 1.0)))
            throw broken(fmt::format("alphas_cumprod[{}] is {}", i, alphas[i]),
                         "they must fall and lie between 0 and 1");
    if (alphas.empty()) throw broken("alphas_cumprod is empty");
    result.setLevels(alphas, {});
    return result;
}

void ModelSampling::setLevels(std::span<const double> alphas, const ModelSamplingConfig& config) {
    for (const double alpha : alphas) {
        const double sigma = std::sqrt((1 - alpha) / alpha);
        m_sigmas.push_back(static_cast<float>(sigma));
        m_logSigmas.push_back(static_cast<float>(std::log(sigma)));
    }
    if (!config.distilledSteps) return;
    m_skip = config.timesteps / config.distilledSteps;
    std::vector<float> kept(config.distilledSteps);
    for (int i = 0; i < config.distilledSteps; ++i)
        kept[config.distilledSteps - 1 - i] = m_sigmas[m_sigmas.size() - 1 - std::size_t(i) * m_skip];
    m_logSigmas = float32::log(kept);
    m_sigmas = std::move(kept);
}

ModelSampling::ModelSampling(Levels levels, double shift, double multiplier)
    : m_prediction(Prediction::Flow), m_levels(levels), m_shift(shift), m_multiplier(multiplier) {
    if (levels == Levels::Discrete) return;
    if (!(std::isfinite(shift) && multiplier > 0) || (levels == Levels::Flow && shift <= 0))
        throw Error(fmt::format("flow: shift {} and multiplier {}", shift, multiplier),
                    "both must be numbers above 0");
    const int count = levels == Levels::Flow ? kFlowLevels : kFluxLevels;
    for (int i = 1; i <= count; ++i) {
        const float time = static_cast<float>(i) / static_cast<float>(count);
        m_sigmas.push_back(static_cast<float>(sigma(time * static_cast<float>(multiplier))));
    }
}

ModelSampling ModelSampling::flow(double shift, double multiplier) {
    return {Levels::Flow, shift, multiplier};
}

ModelSampling ModelSampling::flux(double mu) { return {Levels::Flux, mu, 1}; }

double ModelSampling::fluxShift(int width, int height, double maxShift, double baseShift) {
    constexpr double few = 256, many = 4096; // patches of 16² pixels
    const double slope = (maxShift - baseShift) / (many - few);
    return width * double(height) / 256 * slope + baseShift - slope * few;
}

double ModelSampling::timestep(double sigma) const {
    if (m_levels == Levels::Flow) return sigma * m_multiplier;
    if (m_levels == Levels::Flux) return sigma;
    const float level = float32::log(static_cast<float>(sigma));
    // The first of equally near ones, like argmin. No level is near 0 (log −∞): the lowest then.
    std::size_t best = 0;
    for (std::size_t i = 1; i < m_logSigmas.size(); ++i)
        if (std::abs(level - m_logSigmas[i]) < std::abs(level - m_logSigmas[best])) best = i;
    return static_cast<double>(best) * m_skip + (m_skip - 1);
}

double ModelSampling::sigma(double timestep) const {
    const auto time = static_cast<float>(timestep / m_multiplier);
    const auto shift = static_cast<float>(m_shift);
    if (m_levels == Levels::Flow) {
        if (m_shift == 1) return time;
        return time * shift / (time * static_cast<float>(m_shift - 1) + 1);
    }
    if (m_levels == Levels::Flux) {
        const double e = std::exp(m_shift);
        return static_cast<float>(e) / (1 / time - 1 + static_cast<float>(e));
    }
    const float last = static_cast<float>(m_logSigmas.size() - 1);
    const auto skip = static_cast<float>(m_skip);
    const float t = std::clamp((static_cast<float>(timestep) - (skip - 1)) / skip, 0.0f, last);
    const float below = std::floor(t), part = t - below;
    const float low = m_logSigmas[std::size_t(below)], high = m_logSigmas[std::size_t(std::ceil(t))];
    return float32::exp((1 - part) * low + part * high);
}

double ModelSampling::percentToSigma(double percent) const {
    if (percent <= 0) return m_levels == Levels::Discrete ? kAboveEveryLevel : 1.0;
    if (percent >= 1) return 0;
    const double left = 1 - percent;
    if (m_levels == Levels::Flow) return m_shift * left / (1 + (m_shift - 1) * left);
    if (m_levels == Levels::Flux) return std::exp(m_shift) / (std::exp(m_shift) + (1 / left - 1));
    // 999 whatever the number of levels, as in ComfyUI; sigma() stops at the last.
    return sigma(left * 999.0);
}

double ModelSampling::halfLogSnr(double sigma) const {
    return isFlow() ? std::log((1 - sigma) / sigma) : -std::log(sigma);
}

double ModelSampling::sigmaOfHalfLogSnr(double lambda) const {
    return isFlow() ? 1 / (1 + std::exp(lambda)) : std::exp(-lambda);
}

double ModelSampling::alpha(double sigma) const { return isFlow() ? 1 - sigma : 1.0; }

Tensor ModelSampling::input(const Tensor& x, double sigma) const {
    return isFlow() ? x : x.div(std::sqrt(sigma * sigma + 1));
}

Tensor ModelSampling::denoised(const Tensor& x, const Tensor& output, double sigma) const {
    const double variance = sigma * sigma + 1;
    switch (m_prediction) {
    case Prediction::X0: return output;
    case Prediction::V: return x.div(variance).sub(output, sigma / std::sqrt(variance));
    case Prediction::Lcm: {
        const double time = timestep(sigma) * kLcmTimestepScale, data = kLcmSigmaData;
        const double sum = time * time + data * data;
        return x.sub(output, sigma).mul(time / std::sqrt(sum)).add(x, data * data / sum);
    }
    case Prediction::Epsilon:
    case Prediction::Flow: return x.sub(output, sigma);
    }
    return output;
}

bool ModelSampling::isMaxDenoise(double sigma) const {
    const double most = sigmaMax();
    return sigma > most || std::abs(most - sigma) <= 1e-5 * std::max(std::abs(most), std::abs(sigma));
}

Tensor ModelSampling::noisy(const Tensor& latent, const Tensor& noise, double sigma, bool maxDenoise) const {
    const double scale = maxDenoise && !isFlow() ? std::sqrt(1 + sigma * sigma) : sigma;
    const Tensor scaled = noise.mul(scale);
    return latent.defined() ? scaled.add(latent, alpha(sigma)) : scaled;
}

Tensor ModelSampling::unscaled(const Tensor& x, double sigma) const {
    return isFlow() && sigma < 1 ? x.div(1 - sigma) : x;
}

} // namespace ochre::models::sampling
