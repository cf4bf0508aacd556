// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/recipes/Diffusing.h"

#include <algorithm>
#include <cmath>

#include "core/image/ContactSheet.h"
#include "core/models/diffusion/StarterText.h"
#include "core/models/sampling/Noise.h"
#include "core/models/sampling/Samplers.h"
#include "core/tensor/Convert.h"
#include "core/tensor/Fill.h"

namespace ochre::training {
namespace {

using models::UNet;
namespace sampling = models::sampling;

// Of networks that predict v: the noisiest levels, in which all that can be told of a picture is its caption, would weigh
// nothing else.
constexpr double kLeastSnr = 1;
constexpr double kTiny = 1e-12;

} // namespace

Shown shownToStarter(const nn::Tensor& states, bool vector) {
    return {states, vector ? models::starterVector(states) : nn::Tensor()};
}

std::vector<double> uniforms(std::int64_t count, at::Generator& generator) {
    std::vector<double> values;
    for (const float normal : nn::toValues(nn::randn({count}, generator)))
        values.push_back(0.5 * std::erfc(-static_cast<double>(normal) / std::sqrt(2.0)));
    return values;
}

Diffusing::Diffusing(const sampling::ModelSampling& levels, double mostSnr) : m_levels(levels), m_mostSnr(mostSnr) {
    for (const float sigma : levels.sigmas()) m_alphas.push_back(1 / std::sqrt(1 + static_cast<double>(sigma) * sigma));
}

nn::Tensor Diffusing::loss(const UNet& network, const nn::Tensor& clean, const Shown& shown,
                           at::Generator& generator) const {
    const std::int64_t count = clean.size(0);
    const bool velocity = m_levels.prediction() == sampling::Prediction::V;
    std::vector<float> alphas, sigmas, weights, steps;
    for (const double chance : uniforms(count, generator)) {
        const auto t = std::min(m_alphas.size() - 1,
                                static_cast<std::size_t>(chance * static_cast<double>(m_alphas.size())));
        const double alpha = m_alphas[t], rest = std::max(1 - alpha * alpha, kTiny), snr = alpha * alpha / rest;
        alphas.push_back(static_cast<float>(alpha));
        sigmas.push_back(static_cast<float>(std::sqrt(rest)));
        steps.push_back(static_cast<float>(t));
        double weight = 1;
        if (m_mostSnr > 0)
            weight = velocity ? std::max(std::min(snr, m_mostSnr), kLeastSnr) / (snr + 1)
                              : std::min(snr, m_mostSnr) / std::max(snr, kTiny);
        weights.push_back(static_cast<float>(weight));
    }
    const auto column = [&](const std::vector<float>& values) { return nn::fromValues(values, {count, 1, 1, 1}).to(clean.device()); };
    const nn::Tensor noise = nn::randn(clean.sizes(), generator).to(clean.device()), alpha = column(alphas), sigma = column(sigmas);
    const nn::Tensor x = clean.mul(alpha).add(noise.mul(sigma));
    const nn::Tensor wanted = velocity ? noise.mul(alpha).sub(clean.mul(sigma)) : noise;
    const nn::Tensor out = network.forward(x, nn::fromValues(steps, {count}).to(clean.device()), shown.context, shown.vector);
    return out.sub(wanted).square().mul(column(weights)).mean();
}

nn::Tensor Diffusing::sample(const UNet& network, const nn::Tensor& noise, const Shown& with, const Shown& without,
                             const SampleLook& look) const {
    const std::int64_t count = noise.size(0);
    const bool guided = look.cfg != 0 && look.cfg != 1;
    Shown shown = look.cfg == 0 ? without : with;
    if (guided) {
        shown.context = nn::cat({with.context, without.context}, 0);
        if (with.vector.defined()) shown.vector = nn::cat({with.vector, without.vector}, 0);
    }
    const models::PromptCache prompt = network.prepareContext(shown.context);
    const auto denoise = [&](const nn::Tensor& x, double sigma) -> sampling::DenoiseResult {
        const nn::Tensor input = m_levels.input(x, sigma);
        const nn::Tensor step = nn::fromValues(std::vector<float>{static_cast<float>(m_levels.timestep(sigma))}, {1}).to(x.device());
        nn::Tensor out = network.forward(guided ? nn::cat({input, input}, 0) : input, step, prompt, shown.vector);
        if (guided) {
            const nn::Tensor toward = out.narrow(0, 0, count), from = out.narrow(0, count, count);
            out = from.add(toward.sub(from), look.cfg);
        }
        const nn::Tensor clean = m_levels.denoised(x, out, sigma);
        return {look.clamp ? clean.clamp(-1, 1) : clean, {}};
    };
    const sampling::Sampler& sampler = sampling::findSampler(look.sampler);
    const auto sigmas = sampling::samplingSigmas(sampler, sampling::findSchedule("sgm_uniform"), m_levels, look.steps);
    const nn::Tensor x = m_levels.noisy({}, noise, sigmas.front(), true);
    sampling::BatchNoise between(x, 1);
    return sampling::sample(sampler, denoise, x, sigmas, between, {.model = &m_levels});
}

Image sheetOf(const std::vector<nn::Tensor>& rows, const std::vector<std::string>& rowLabels) {
    const auto columns = static_cast<std::size_t>(rows.front().size(0));
    ContactSheet sheet(rows.size() * columns, {.columns = static_cast<int>(columns),
                                               .cellWidth = static_cast<int>(rows.front().size(3)),
                                               .cellHeight = static_cast<int>(rows.front().size(2)),
                                               .gap = 4,
                                               .rowLabels = rowLabels});
    for (std::size_t row = 0; row < rows.size(); ++row)
        for (std::size_t column = 0; column < columns; ++column)
            sheet.place(row * columns + column,
                        tensor::toImage(rows[row][static_cast<std::int64_t>(column)].contiguous()));
    return sheet.take();
}

} // namespace ochre::training
