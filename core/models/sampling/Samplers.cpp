// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/sampling/Samplers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/Error.h"
#include "core/models/sampling/Names.h"
#include "core/models/sampling/SamplerRun.h"
#include "core/tensor/Runtime.h"

namespace ochre::models::sampling {
namespace {

/// Percent at which a flow model's first sigma, of infinite noise, is replaced.
constexpr double kFirstPercent = 1e-4;

const ModelSampling& stableDiffusion() {
    static const ModelSampling model;
    return model;
}

std::vector<Sampler> makeSamplers() {
    return {
        {.name = "euler", .label = "Euler", .run = sampleEuler},
        {.name = "euler_cfg_pp", .label = "Euler CFG++", .run = sampleEulerCfgPlus, .needsUnconditional = true},
        {.name = "euler_ancestral", .label = "Euler a", .run = sampleEulerAncestral, .eta = 1,
         .stochastic = true},
        {.name = "euler_ancestral_cfg_pp", .label = "Euler a CFG++", .run = sampleEulerCfgPlus, .eta = 1,
         .needsUnconditional = true, .stochastic = true},
        {.name = "heun", .label = "Heun", .run = sampleHeun, .evaluations = 2},
        {.name = "heunpp2", .label = "Heun++ 2", .run = sampleHeunPlus, .evaluations = 3},
        {.name = "exp_heun_2_x0", .label = "Exponential Heun 2", .run = sampleSeeds2, .r = 1,
         .solver = SolverType::Phi2, .evaluations = 2},
        {.name = "exp_heun_2_x0_sde", .label = "Exponential Heun 2 SDE", .run = sampleSeeds2, .eta = 1, .r = 1,
         .solver = SolverType::Phi2, .stochastic = true, .evaluations = 2},
        {.name = "dpm_2", .label = "DPM2", .run = sampleDpm2, .dropsPenultimate = true, .evaluations = 2},
        {.name = "dpm_2_ancestral", .label = "DPM2 a", .run = sampleDpm2Ancestral, .eta = 1, .stochastic = true,
         .dropsPenultimate = true, .evaluations = 2},
        {.name = "lms", .label = "LMS", .run = sampleLms, .order = 4},
        {.name = "dpm_fast", .label = "DPM fast", .run = sampleDpmFast},
        {.name = "dpm_adaptive", .label = "DPM adaptive", .run = sampleDpmAdaptive, .order = 3,
         .evaluations = 3},
        {.name = "dpmpp_2s_ancestral", .label = "DPM++ 2S a", .run = sampleDpmpp2sAncestral, .eta = 1,
         .stochastic = true, .evaluations = 2},
        {.name = "dpmpp_2s_ancestral_cfg_pp", .label = "DPM++ 2S a CFG++", .run = sampleDpmpp2sAncestral,
         .eta = 1, .needsUnconditional = true, .stochastic = true, .evaluations = 2},
        {.name = "dpmpp_sde", .label = "DPM++ SDE", .run = sampleDpmppSde, .eta = 1, .stochastic = true,
         .brownian = true, .evaluations = 2},
        {.name = "dpmpp_2m", .label = "DPM++ 2M", .run = sampleDpmpp2m},
        {.name = "dpmpp_2m_cfg_pp", .label = "DPM++ 2M CFG++", .run = sampleDpmpp2mCfgPlus,
         .needsUnconditional = true},
        {.name = "dpmpp_2m_sde", .label = "DPM++ 2M SDE", .run = sampleDpmpp2mSde, .eta = 1,
         .solver = SolverType::Midpoint, .stochastic = true, .brownian = true},
        {.name = "dpmpp_2m_sde_heun", .label = "DPM++ 2M SDE Heun", .run = sampleDpmpp2mSde, .eta = 1,
         .solver = SolverType::Heun, .stochastic = true, .brownian = true},
        {.name = "dpmpp_3m_sde", .label = "DPM++ 3M SDE", .run = sampleDpmpp3mSde, .eta = 1, .stochastic = true,
         .brownian = true},
        {.name = "ddpm", .label = "DDPM", .run = sampleDdpm, .stochastic = true},
        {.name = "lcm", .label = "LCM", .run = sampleLcm, .stochastic = true},
        {.name = "ipndm", .label = "iPNDM", .run = sampleIpndm, .order = 4},
        {.name = "ipndm_v", .label = "iPNDM v", .run = sampleIpndmV, .order = 4},
        {.name = "deis", .label = "DEIS", .run = sampleDeis, .order = 3},
        {.name = "res_multistep", .label = "RES multistep", .run = sampleResMultistep},
        {.name = "res_multistep_cfg_pp", .label = "RES multistep CFG++", .run = sampleResMultistep,
         .needsUnconditional = true},
        {.name = "res_multistep_ancestral", .label = "RES multistep a", .run = sampleResMultistep, .eta = 1,
         .stochastic = true},
        {.name = "res_multistep_ancestral_cfg_pp", .label = "RES multistep a CFG++", .run = sampleResMultistep,
         .eta = 1, .needsUnconditional = true, .stochastic = true},
        {.name = "gradient_estimation", .label = "Gradient estimation", .run = sampleGradientEstimation},
        {.name = "gradient_estimation_cfg_pp", .label = "Gradient estimation CFG++",
         .run = sampleGradientEstimation, .needsUnconditional = true},
        {.name = "er_sde", .label = "ER SDE", .run = sampleErSde, .eta = 1, .order = 3, .stochastic = true},
        {.name = "seeds_2", .label = "SEEDS 2", .run = sampleSeeds2, .eta = 1, .solver = SolverType::Phi1,
         .stochastic = true, .evaluations = 2},
        {.name = "seeds_3", .label = "SEEDS 3", .run = sampleSeeds3, .eta = 1, .stochastic = true,
         .evaluations = 3},
        {.name = "sa_solver", .label = "SA solver", .run = sampleSaSolver, .eta = 1, .order = 3,
         .stochastic = true},
        {.name = "sa_solver_pece", .label = "SA solver PECE", .run = sampleSaSolver, .eta = 1, .order = 3,
         .stochastic = true, .evaluations = 2},
        {.name = "ddim", .label = "DDIM", .run = sampleEulerAncestral, .stochastic = true,
         .freshInpaintNoise = true},
        {.name = "uni_pc", .label = "UniPC", .run = sampleUniPc, .order = 3, .solver = SolverType::Bh1,
         .dropsPenultimate = true},
        {.name = "uni_pc_bh2", .label = "UniPC bh2", .run = sampleUniPc, .order = 3, .solver = SolverType::Bh2,
         .dropsPenultimate = true},
    };
}

void checkSigmas(const Sigmas& sigmas) {
    for (std::size_t i = 0; i < sigmas.size(); ++i)
        if (!(std::isfinite(sigmas[i]) && sigmas[i] >= 0) || (sigmas[i] == 0 && i + 1 < sigmas.size()))
            throw Error(fmt::format("sigmas: number {} of {} is {}", i + 1, sigmas.size(), sigmas[i]),
                        "noise levels are above 0, and 0 can only be the last");
}

void checkOptions(const SamplerOptions& options) {
    const auto demand = [](bool fine, const char* name, double value, const char* range) {
        if (!fine) throw Error(fmt::format("{} is {}", name, value), fmt::format("give {}", range));
    };
    const double eta = options.eta.value_or(0), r = options.r.value_or(0.5);
    const int order = options.order.value_or(1);
    demand(eta >= 0 && std::isfinite(eta), "eta", eta, "0 or more");
    demand(options.sNoise >= 0 && std::isfinite(options.sNoise), "s_noise", options.sNoise, "0 or more");
    demand(options.sChurn >= 0, "s_churn", options.sChurn, "0 or more");
    demand(r > 0 && r <= 1, "r", r, "more than 0 and at most 1");
    demand(order >= 1 && order <= 4, "order", order, "1 to 4");
    demand(options.rtol > 0 && options.atol > 0, "tolerance", std::min(options.rtol, options.atol), "more than 0");
    demand(options.hInit > 0, "h_init", options.hInit, "more than 0");
}

} // namespace

SolverType solverTypeFromName(std::string_view name) {
    static constexpr std::pair<std::string_view, SolverType> known[] = {
        {"midpoint", SolverType::Midpoint}, {"heun", SolverType::Heun}, {"phi_1", SolverType::Phi1},
        {"phi_2", SolverType::Phi2},        {"bh1", SolverType::Bh1},   {"bh2", SolverType::Bh2},
    };
    for (const auto& [text, type] : known)
        if (text == name) return type;
    throw Error(fmt::format("solver \"{}\" is unknown", name),
                "it is midpoint, heun, phi_1, phi_2, bh1 or bh2");
}

const std::vector<Sampler>& samplers() {
    static const std::vector<Sampler> all = makeSamplers();
    return all;
}

const Sampler& findSampler(std::string_view name) {
    constexpr std::string_view gpu = "_gpu";
    const std::string_view plain = name.ends_with(gpu) ? name.substr(0, name.size() - gpu.size()) : name;
    std::vector<std::string_view> known;
    for (const Sampler& sampler : samplers()) {
        const bool named = sameName(name, sampler.name) || sameName(name, sampler.label);
        if (named || (sampler.brownian && sameName(plain, sampler.name))) return sampler;
        known.push_back(sampler.name);
    }
    throw Error(fmt::format("sampler \"{}\" is unknown", name),
                fmt::format("it is one of {}", fmt::join(known, ", ")));
}

Tensor sample(const Sampler& sampler, const Denoiser& denoise, const Tensor& x, const Sigmas& sigmas,
              NoiseSource& noise, const SamplerOptions& options, const StepCallback& callback) {
    if (sigmas.size() < 2) return x;
    checkSigmas(sigmas);
    checkOptions(options);
    SamplerRun run(sampler, denoise, sigmas, noise, options, callback);
    return sampler.run(run, x);
}

SamplerRun::SamplerRun(const Sampler& sampler, const Denoiser& denoiser, Sigmas sigmas, NoiseSource& noise,
                       const SamplerOptions& options, const StepCallback& callback)
    : m_sampler(sampler), m_denoiser(denoiser), m_sigmas(std::move(sigmas)), m_noise(noise), m_options(options),
      m_callback(callback), m_model(options.model ? *options.model : stableDiffusion()) {}

DenoiseResult SamplerRun::evaluate(const Tensor& x, double sigma) const {
    tensor::currentCancel().check();
    return m_denoiser(x, sigma);
}

DenoiseResult SamplerRun::guided(const Tensor& x, double sigma) const {
    DenoiseResult result = evaluate(x, sigma);
    if (!result.unconditional.defined())
        throw Error(fmt::format("{}: the model gave no unconditional prediction", m_sampler.label),
                    "use another sampler, or a model with a negative prompt");
    return result;
}

void SamplerRun::report(int step, double sigma, const Tensor& x, const Tensor& denoised, int total) const {
    if (m_callback) m_callback({step, total, sigma, x, denoised});
    tensor::currentCancel().check();
}

double SamplerRun::churn(int i, Tensor& x, bool always) const {
    const double sigma = m_sigmas[i];
    const bool within = sigma >= m_options.sTmin && sigma <= m_options.sTmax;
    if (m_options.sChurn == 0 || !(within || always)) return sigma;
    const double gamma = within ? std::min(m_options.sChurn / steps(), std::sqrt(2.0) - 1) : 0;
    const double raised = sigma * (gamma + 1);
    x = x.add(noise(sigma, raised), m_options.sNoise * std::sqrt(raised * raised - sigma * sigma));
    return raised;
}

void SamplerRun::offsetFirstSigma() {
    if (flow() && m_sigmas.size() > 1 && m_sigmas[0] >= 1)
        m_sigmas[0] = static_cast<float>(m_model.percentToSigma(kFirstPercent));
}

AncestralStep ancestralStep(double from, double to, double eta) {
    if (eta == 0) return {to, 0};
    const double up = std::min(to, eta * std::sqrt(std::max(to * to * (from * from - to * to), 0.0)) / from);
    return {std::sqrt(to * to - up * up), up};
}

AncestralStep flowAncestralStep(double from, double to, double eta) {
    if (eta == 0) return {to, 0};
    const double down = to * (1 + (to / from - 1) * eta);
    const double keep = (1 - to) / (1 - down), left = down * keep;
    return {down, std::sqrt(std::max(to * to - left * left, 0.0)), keep};
}

} // namespace ochre::models::sampling
