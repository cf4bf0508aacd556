// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/RetinexDiffusion.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::models {
namespace {

constexpr const char *kDenoise = "denoise_fn.", *kRefine = "Unet_fn.", *kKept = "alphas_cumprod";
/// All follow from the first.
constexpr std::array<const char*, 11> kTables{"betas", "alphas_cumprod_prev", "sqrt_alphas_cumprod",
                                              "sqrt_one_minus_alphas_cumprod", "log_one_minus_alphas_cumprod",
                                              "sqrt_recip_alphas_cumprod", "sqrt_recipm1_alphas_cumprod",
                                              "posterior_variance", "posterior_log_variance_clipped",
                                              "posterior_mean_coef1", "posterior_mean_coef2"};

} // namespace

std::optional<RetinexDiffusion::Config> RetinexDiffusion::Config::fromWeights(const tensor::Weights& weights) {
    const auto denoise = RetinexUNet::Config::fromWeights(weights.sub(kDenoise));
    if (!denoise || !weights.has(kKept) || weights.shape(kKept).size() != 1) return std::nullopt;
    Config config{.denoise = *denoise,
                  .transformer = RetinexTransformer::Config::fromWeights(weights.sub(kRefine)),
                  .unet = RetinexUNet::Config::fromWeights(weights.sub(kRefine)),
                  .timesteps = static_cast<int>(weights.size(kKept, 0))};
    return config.transformer || config.unet ? std::optional(config) : std::nullopt;
}

KeyShapes RetinexDiffusion::Config::expected() const {
    KeyShapes keys;
    keys[kKept] = {timesteps};
    for (const auto& [name, shape] : denoise.expected()) keys[kDenoise + name] = shape;
    for (const auto& [name, shape] : transformer ? transformer->expected() : unet->expected()) keys[kRefine + name] = shape;
    return keys;
}

bool RetinexDiffusion::Config::isBeside(const std::string& key) {
    return std::find(kTables.begin(), kTables.end(), key) != kTables.end();
}

RetinexDiffusion::RetinexDiffusion(const tensor::Weights& weights, const Config& config)
    : m_timesteps(config.timesteps), m_kept(weights.tensor(kKept).to(at::kCPU, at::kFloat)),
      m_denoise(weights.sub(kDenoise), config.denoise) {
    if (config.transformer)
        m_transformer.emplace(weights.sub(kRefine), *config.transformer);
    else
        m_unet.emplace(weights.sub(kRefine), *config.unet);
}

nn::Tensor RetinexDiffusion::refine(const nn::Tensor& x, const nn::Tensor& level) const {
    return m_transformer ? m_transformer->forward(x, level) : m_unet->forward(x, level);
}

nn::Tensor RetinexDiffusion::restore(const nn::Tensor& condition, const Noise& noise, int steps, double eta) const {
    if (steps < 1 || steps > m_timesteps)
        throw Error(fmt::format("Diff-Retinex: {} steps", steps), fmt::format("give 1 to {}", m_timesteps));
    const int interval = m_timesteps / steps;
    const auto keptAt = [&](int time) { return time < 0 ? 1.0 : m_kept.select(0, time).item<double>(); };
    nn::Tensor x = noise();
    for (int i = 0; i < steps; ++i) {
        const int time = m_timesteps - 1 - i * interval;
        const double kept = keptAt(time), next = i + 1 == steps ? 1.0 : keptAt(time - interval);
        const nn::Tensor level = condition.new_full({condition.size(0), 1}, std::sqrt(kept));
        const nn::Tensor found = m_denoise.forward(nn::cat({condition, x}), level);
        const nn::Tensor guess = x.sub(found.mul(std::sqrt(1 - kept))).div(std::sqrt(kept)).clamp(-1, 1);
        const nn::Tensor refined = refine(nn::cat({condition, guess}), level).clamp(-1, 1);
        const double fresh = eta * std::sqrt((1 - next) / (1 - kept) * (1 - kept / next));
        x = refined.mul(std::sqrt(next)).add(found.mul(std::sqrt(std::max(0.0, 1 - next - fresh * fresh))));
        if (fresh > 0) x = x.add(noise().mul(fresh));
    }
    return x;
}

} // namespace ochre::models
