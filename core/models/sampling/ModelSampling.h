// SPDX-License-Identifier: GPL-3.0-or-later
// What a diffusion network predicts and at which noise levels it was trained. A sampler works on x = x0 +
// sigma·noise (flow models: x = (1 − sigma)·x0 + sigma·noise) and asks for the denoised x0; this is the
// translation. Sources: arXiv 2206.00364 (eps, v), 2310.04378 (LCM), 2403.03206 (flow and its shift),
// comfyanonymous/ComfyUI comfy/model_sampling.py, whose numbers it gives to the last bit of float32.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/tensor/Nn.h"

namespace ochre::models::sampling {

using nn::Tensor;

enum class Prediction {
    Epsilon, ///< the noise
    V,       ///< the velocity of variance-preserving diffusion (SD 2 at 768, zero-terminal-SNR models)
    X0,      ///< the picture itself
    Lcm,     ///< the noise, with the boundary of latent consistency models
    Flow,    ///< noise − picture (SD 3, Flux)
};

Prediction predictionFromName(std::string_view name); ///< "eps", "v", "x0", "lcm", "flow"; throws Error
const char* name(Prediction prediction);

/// Spacing of the betas of a discrete diffusion.
enum class BetaSpacing {
    SquareRoot, ///< even between the square roots ("linear" of LDM, "scaled_linear" of diffusers)
    Linear,     ///< even ("sqrt_linear" of LDM)
    Cosine,     ///< arXiv 2102.09672, offset 0.008, betas capped at 0.999
};

/// The numbers that make a model's noise levels; the defaults are those of SD 1, 2 and XL.
struct ModelSamplingConfig {
    Prediction prediction = Prediction::Epsilon;
    BetaSpacing spacing = BetaSpacing::SquareRoot;
    double betaStart = 0.00085, betaEnd = 0.012;
    int timesteps = 1000;
    bool zeroTerminalSnr = false; ///< rescaled so that the last step is pure noise (arXiv 2305.08891)
    int distilledSteps = 0;       ///< of LCM: only every timesteps/distilledSteps-th level is known; 0: all
};

class ModelSampling {
public:
    explicit ModelSampling(const ModelSamplingConfig& config = {});

    /// Levels of a checkpoint that stores its own "alphas_cumprod" (falling, in 0…1).
    static ModelSampling fromAlphasCumprod(std::span<const double> alphas, Prediction prediction);

    /// SD 3 and relatives: sigma = shift·t / (1 + (shift − 1)·t) for t in 0…1; the network is told sigma ·
    /// multiplier. SD 3: 3, 1000; AuraFlow: 1.73, 1.
    static ModelSampling flow(double shift = 3.0, double multiplier = 1000.0);

    /// Flux: sigma = e^mu / (e^mu + 1/t − 1); the network is told sigma.
    static ModelSampling flux(double mu = 1.15);
    /// mu of Flux for a picture of so many pixels: linear through 256² (base) and 1024² (max).
    static double fluxShift(int width, int height, double maxShift = 1.15, double baseShift = 0.5);

    Prediction prediction() const { return m_prediction; }
    bool isFlow() const { return m_prediction == Prediction::Flow; }

    const std::vector<float>& sigmas() const { return m_sigmas; } ///< rising
    double sigmaMin() const { return m_sigmas.front(); }
    double sigmaMax() const { return m_sigmas.back(); }

    /// What the network is told for a noise level: the index of the nearest log sigma (of the undistilled
    /// schedule), or flow's time.
    double timestep(double sigma) const;
    double sigma(double timestep) const; ///< between two levels, log sigma is interpolated

    /// Noise level after so much of the way (0: start, 1: end), for ranges of prompts and controls. At 0 it
    /// lies above every level, at 1 it is 0.
    double percentToSigma(double percent) const;

    double halfLogSnr(double sigma) const;           ///< log(alpha/sigma)
    double sigmaOfHalfLogSnr(double lambda) const;   ///< its inverse
    double alpha(double sigma) const;                ///< share of the picture in x: 1, or 1 − sigma (flow)

    Tensor input(const Tensor& x, double sigma) const; ///< as the network wants it
    Tensor denoised(const Tensor& x, const Tensor& output, double sigma) const;

    /// Whether sampling from `sigma` starts from nothing but noise.
    bool isMaxDenoise(double sigma) const;
    /// x to start from. `latent` may be undefined (zeros).
    Tensor noisy(const Tensor& latent, const Tensor& noise, double sigma, bool maxDenoise = false) const;
    /// Undoes the scale of a picture that was left noisy at `sigma` (flow: / (1 − sigma)).
    Tensor unscaled(const Tensor& x, double sigma) const;

private:
    enum class Levels { Discrete, Flow, Flux };

    ModelSampling(Levels levels, double shift, double multiplier);
    void setLevels(std::span<const double> alphas, const ModelSamplingConfig& config);

    Prediction m_prediction = Prediction::Epsilon;
    Levels m_levels = Levels::Discrete;
    std::vector<float> m_sigmas, m_logSigmas;
    int m_skip = 1; ///< training steps between two levels
    double m_shift = 1, m_multiplier = 1;
};

} // namespace ochre::models::sampling
