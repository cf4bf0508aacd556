// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/sampling/Schedules.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/Error.h"
#include "core/models/sampling/BetaQuantile.h"
#include "core/models/sampling/Float32.h"
#include "core/models/sampling/Names.h"
#include "core/models/sampling/Samplers.h"

namespace ochre::models::sampling {
namespace {

constexpr double kNearZero = 1e-5, kFullDenoise = 0.9999, kFlippedZero = 0.0001;

void checkSteps(int steps) {
    if (steps < 1 || steps > kMostSteps)
        throw Error(fmt::format("schedule: {} steps", steps), fmt::format("give 1 to {}", kMostSteps));
}

/// `sigmas` (float32) with the final 0.
Sigmas withZero(const Tensor& sigmas) {
    const std::vector<float> values = nn::toValues(sigmas);
    Sigmas result(values.begin(), values.end());
    result.push_back(0);
    return result;
}

/// Evenly spaced training steps; `sgm`: as if there was one more, that is left out.
Sigmas evenTimesteps(const ModelSampling& model, int steps, bool sgm) {
    checkSteps(steps);
    const double start = model.timestep(model.sigmaMax()), end = model.timestep(model.sigmaMin());
    const bool endsAtZero = !sgm && std::abs(model.sigma(end)) <= kNearZero;
    std::vector<float> times = nn::toValues(nn::linspace(start, end, steps + (sgm || endsAtZero ? 1 : 0)));
    if (sgm) times.pop_back();
    Sigmas sigmas;
    for (const float time : times) sigmas.push_back(model.sigma(time));
    if (!endsAtZero) sigmas.push_back(0);
    return sigmas;
}

Sigmas normal(const ModelSampling& model, int steps) { return evenTimesteps(model, steps, false); }
Sigmas sgmUniform(const ModelSampling& model, int steps) { return evenTimesteps(model, steps, true); }

Sigmas karras(const ModelSampling& model, int steps) {
    return karrasSigmas(steps, model.sigmaMin(), model.sigmaMax());
}

Sigmas exponential(const ModelSampling& model, int steps) {
    return exponentialSigmas(steps, model.sigmaMin(), model.sigmaMax());
}

Sigmas klOptimal(const ModelSampling& model, int steps) {
    return klOptimalSigmas(steps, model.sigmaMin(), model.sigmaMax());
}

Sigmas beta(const ModelSampling& model, int steps) { return betaSigmas(model, steps); }

Sigmas linearQuadratic(const ModelSampling& model, int steps) { return linearQuadraticSigmas(model, steps); }

Sigmas simple(const ModelSampling& model, int steps) {
    checkSteps(steps);
    const std::vector<float>& levels = model.sigmas();
    const double stride = static_cast<double>(levels.size()) / steps;
    Sigmas sigmas;
    for (int i = 0; i < steps; ++i)
        sigmas.push_back(levels[levels.size() - 1 - static_cast<std::size_t>(i * stride)]);
    sigmas.push_back(0);
    return sigmas;
}

Sigmas ddimUniform(const ModelSampling& model, int steps) {
    checkSteps(steps);
    const std::vector<float>& levels = model.sigmas();
    if (levels.size() < 2) return {levels.front(), 0};
    const bool startsAtZero = std::abs(levels[1]) <= kNearZero;
    Sigmas sigmas;
    if (!startsAtZero) sigmas.push_back(0);
    const std::size_t stride = std::max<std::size_t>(levels.size() / (steps + (startsAtZero ? 1 : 0)), 1);
    for (std::size_t i = 1; i < levels.size(); i += stride) sigmas.push_back(levels[i]);
    std::reverse(sigmas.begin(), sigmas.end());
    return sigmas;
}

} // namespace

const std::vector<Schedule>& schedules() {
    static const std::vector<Schedule> all{
        {"simple", "Simple", "The model's own levels, evenly picked", simple},
        {"sgm_uniform", "SGM uniform", "Even training steps, the last left out", sgmUniform},
        {"karras", "Karras", "More small steps at the end; rho 7", karras},
        {"exponential", "Exponential", "Even steps of log sigma", exponential},
        {"ddim_uniform", "DDIM uniform", "As DDIM was published", ddimUniform},
        {"beta", "Beta", "More steps at both ends; alpha = beta = 0.6", beta},
        {"normal", "Normal", "Even training steps", normal},
        {"linear_quadratic", "Linear, quadratic", "Small even steps, then a parabola", linearQuadratic},
        {"kl_optimal", "KL optimal", "Even steps of arctan sigma", klOptimal},
    };
    return all;
}

const Schedule& findSchedule(std::string_view name) {
    std::vector<std::string_view> known;
    for (const Schedule& schedule : schedules()) {
        if (sameName(name, schedule.name) || sameName(name, schedule.label)) return schedule;
        known.push_back(schedule.name);
    }
    throw Error(fmt::format("schedule \"{}\" is unknown", name),
                fmt::format("it is one of {}", fmt::join(known, ", ")));
}

Sigmas samplingSigmas(const Sampler& sampler, const Schedule& schedule, const ModelSampling& model, int steps,
                      double denoise) {
    checkSteps(steps);
    if (!(denoise >= 0 && denoise <= 1))
        throw Error(fmt::format("denoise is {}", denoise), "give a share from 0 to 1");
    if (denoise == 0) return {};
    const bool full = denoise > kFullDenoise;
    const double longer = full ? steps : steps / denoise;
    const int extra = sampler.dropsPenultimate ? 1 : 0;
    if (longer + extra > kMostSteps)
        throw Error(fmt::format("denoise {} of {} steps is a schedule of {:.0f}", denoise, steps, longer),
                    fmt::format("use more denoise or fewer steps; {} is the most", kMostSteps));
    Sigmas sigmas = schedule.sigmas(model, static_cast<int>(longer) + extra);
    if (extra && sigmas.size() > 2) sigmas.erase(sigmas.end() - 2);
    const std::size_t wanted = static_cast<std::size_t>(steps) + 1;
    if (!full && sigmas.size() > wanted) sigmas.erase(sigmas.begin(), sigmas.end() - wanted);
    return sigmas;
}

Sigmas karrasSigmas(int steps, double sigmaMin, double sigmaMax, double rho) {
    checkSteps(steps);
    const double low = std::pow(sigmaMin, 1 / rho), high = std::pow(sigmaMax, 1 / rho);
    return withZero(nn::linspace(0, 1, steps).mul(low - high).add(high).pow(rho));
}

Sigmas exponentialSigmas(int steps, double sigmaMin, double sigmaMax) {
    checkSteps(steps);
    return withZero(nn::linspace(std::log(sigmaMax), std::log(sigmaMin), steps).exp());
}

Sigmas polyexponentialSigmas(int steps, double sigmaMin, double sigmaMax, double rho) {
    checkSteps(steps);
    const double low = std::log(sigmaMin), high = std::log(sigmaMax);
    return withZero(nn::linspace(1, 0, steps).pow(rho).mul(high - low).add(low).exp());
}

Sigmas klOptimalSigmas(int steps, double sigmaMin, double sigmaMax) {
    checkSteps(steps);
    if (steps == 1) return {static_cast<float>(sigmaMax), 0};
    std::vector<float> places(steps);
    for (int i = 0; i < steps; ++i) places[i] = static_cast<float>(i);
    const Tensor place = nn::fromValues(places, {steps}).div(steps - 1);
    const Tensor rest = place.neg().add(1);
    return withZero(place.mul(std::atan(sigmaMin)).add(rest.mul(std::atan(sigmaMax))).tan());
}

Sigmas betaSigmas(const ModelSampling& model, int steps, double alpha, double beta) {
    checkSteps(steps);
    const auto last = static_cast<double>(model.sigmas().size() - 1);
    const double stride = 1.0 / steps;
    Sigmas sigmas;
    double before = -1;
    for (int i = 0; i < steps; ++i) {
        // Ties go to the even step, as numpy.rint has it.
        const double step = std::nearbyint(betaQuantile(1 - i * stride, alpha, beta) * last);
        if (step != before) sigmas.push_back(model.sigmas()[static_cast<std::size_t>(step)]);
        before = step;
    }
    sigmas.push_back(0);
    return sigmas;
}

Sigmas linearQuadraticSigmas(const ModelSampling& model, int steps, double threshold, int linearSteps) {
    checkSteps(steps);
    if (steps == 1) return {model.sigmaMax(), 0};
    const int linear = linearSteps < 0 ? steps / 2 : linearSteps;
    if (linear < 1 || linear >= steps)
        throw Error(fmt::format("linear_quadratic: {} of {} steps are linear", linear, steps),
                    "give at least 1, and fewer than all");
    // The parabola goes through (linear, threshold) with the slope of the line, and ends at 1.
    const double rest = steps - linear;
    const double off = linear - threshold * steps;
    const double quadratic = off / (linear * rest * rest);
    const double slope = threshold / linear - 2 * off / (rest * rest);
    const double constant = quadratic * linear * linear;
    const auto most = static_cast<float>(model.sigmaMax());
    Sigmas sigmas;
    for (int i = 0; i < steps; ++i) {
        const double done = i < linear ? i * threshold / linear : quadratic * i * i + slope * i + constant;
        sigmas.push_back(static_cast<float>(1 - done) * most);
    }
    sigmas.push_back(0);
    return sigmas;
}

Sigmas manualSigmas(std::string_view text) {
    constexpr std::string_view between = " \t\r\n,;";
    Sigmas sigmas;
    for (std::size_t at = text.find_first_not_of(between); at != text.npos;) {
        const std::size_t end = std::min(text.find_first_of(between, at), text.size());
        const std::string_view word = text.substr(at, end - at);
        double value = 0;
        const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), value);
        if (error != std::errc() || stop != word.data() + word.size() || !std::isfinite(value) || value < 0)
            throw Error(fmt::format("sigmas: \"{}\" is no noise level", word),
                        "write numbers from 0 up, apart by commas or spaces");
        sigmas.push_back(static_cast<float>(value));
        at = text.find_first_not_of(between, end);
    }
    return sigmas;
}

std::pair<Sigmas, Sigmas> splitSigmas(const Sigmas& sigmas, int step) {
    if (sigmas.empty()) return {};
    const auto at = sigmas.begin() + std::clamp<std::ptrdiff_t>(step, 0, std::ptrdiff_t(sigmas.size()) - 1);
    return {Sigmas(sigmas.begin(), at + 1), Sigmas(at, sigmas.end())};
}

std::pair<Sigmas, Sigmas> splitSigmasByDenoise(const Sigmas& sigmas, double denoise) {
    const int steps = std::max(static_cast<int>(sigmas.size()) - 1, 0);
    return splitSigmas(sigmas, steps - static_cast<int>(std::nearbyint(steps * std::clamp(denoise, 0.0, 1.0))));
}

Sigmas sliceSigmas(const Sigmas& sigmas, int start, int end, bool toZero) {
    if (sigmas.empty()) return {};
    const int last = static_cast<int>(sigmas.size()) - 1;
    const int stop = end < 0 ? last : std::min(end, last);
    if (start >= stop) return {};
    Sigmas slice(sigmas.begin() + std::max(start, 0), sigmas.begin() + stop + 1);
    if (toZero) slice.back() = 0;
    return slice;
}

Sigmas flipSigmas(const Sigmas& sigmas) {
    Sigmas flipped(sigmas.rbegin(), sigmas.rend());
    if (!flipped.empty() && flipped.front() == 0) flipped.front() = kFlippedZero;
    return flipped;
}

} // namespace ochre::models::sampling
