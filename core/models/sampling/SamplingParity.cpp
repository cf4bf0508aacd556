// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/sampling/SamplingParity.h"

#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Json.h"
#include "core/models/sampling/Samplers.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Weights.h"

namespace ochre::models::sampling {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLongestCase = std::size_t{64} << 20;
/// Of sigmas that are 0.
constexpr double kZeroTolerance = 1e-7;

Json readJson(const fs::path& path) { return parseJson(readTextFile(path, kLongestCase), path.string()); }

/// Keeps the difference that is worst against its tolerance; NaN is worst of all.
class Judge {
public:
    explicit Judge(ParityResult& result) : m_result(result) { result.verdict = ParityResult::Verdict::Pass; }

    void compare(double difference, double tolerance, const std::string& name) {
        if (!(difference <= tolerance)) fail(name + " differs");
        const double relative = difference / tolerance;
        if (!(relative <= m_worst)) {
            m_worst = relative;
            m_result.difference = difference;
            m_result.tolerance = tolerance;
        }
    }
    void fail(const std::string& why) {
        m_result.verdict = ParityResult::Verdict::Fail;
        if (m_result.detail.empty()) m_result.detail = why;
    }

private:
    ParityResult& m_result;
    double m_worst = -1;
};

/// (mu·sigma² + x·tau²)/(sigma² + tau²) a channel: what a perfect model answers for pictures whose channels are
/// normal numbers of mean mu and deviation tau.
Tensor analytic(const Json& formula, const Tensor& x, double sigma) {
    const auto mu = formula.at("mu").get<std::vector<float>>(), tau = formula.at("tau").get<std::vector<float>>();
    const auto channels = static_cast<std::int64_t>(mu.size());
    std::vector<std::int64_t> shape(x.dim(), 1);
    shape.at(1) = channels;
    const Tensor means = nn::fromValues(mu, shape), squares = nn::fromValues(tau, shape).square();
    const double square = sigma * sigma;
    return means.mul(square).add(x.mul(squares)).div(squares.add(square));
}

Denoiser denoiserOf(const Json& formula) {
    return [formula](const Tensor& x, double sigma) {
        DenoiseResult result{analytic(formula, x, sigma), {}};
        if (formula.contains("unconditional"))
            result.unconditional = analytic(formula.at("unconditional"), x, sigma);
        return result;
    };
}

SamplerOptions optionsOf(const Json& given) {
    SamplerOptions options;
    for (const auto& [name, value] : given.items()) {
        if (name == "eta") options.eta = value.get<double>();
        if (name == "r") options.r = value.get<double>();
        if (name == "order" || name == "max_order" || name == "max_stage") options.order = value.get<int>();
        if (name == "s_noise") options.sNoise = value.get<double>();
        if (name == "s_churn") options.sChurn = value.get<double>();
        if (name == "s_tmin") options.sTmin = value.get<double>();
        if (name == "s_tmax" && value.is_number()) options.sTmax = value.get<double>();
        if (name == "ge_gamma") options.gamma = value.get<double>();
        if (name == "rtol") options.rtol = value.get<double>();
        if (name == "atol") options.atol = value.get<double>();
        if (name == "h_init") options.hInit = value.get<double>();
        if (name == "pcoeff") options.pcoeff = value.get<double>();
        if (name == "icoeff") options.icoeff = value.get<double>();
        if (name == "dcoeff") options.dcoeff = value.get<double>();
        if (name == "accept_safety") options.acceptSafety = value.get<double>();
        if (name == "solver_type" || name == "variant") options.solver = solverTypeFromName(value.get<std::string>());
    }
    return options;
}

std::vector<Tensor> rows(const tensor::Weights& file, const std::string& name) {
    std::vector<Tensor> result;
    if (!file.has(name)) return result;
    const Tensor all = file.tensor(name);
    for (std::int64_t i = 0; i < all.size(0); ++i) result.push_back(nn::narrow(all, 0, i, 1).squeeze(0));
    return result;
}

/// A case that is called after a variant ("ddim_eta", "uni_pc_bh2") names the sampler with it.
const Sampler& samplerOf(const std::string& name) { return findSampler(name == "ddim_eta" ? "ddim" : name); }

} // namespace

void runSamplerParity(const fs::path& path, ParityResult& result) {
    Judge judge(result);
    const Json given = readJson(path);
    fs::path tensors = path;
    const tensor::Weights file = tensor::Weights::open(tensors.replace_extension(".safetensors"));
    SamplerOptions options = optionsOf(given.value("options", Json::object()));
    const std::string prediction = given.value("prediction", "eps");
    const ModelSampling model = prediction == "flow" ? ModelSampling::flow(given.value("shift", 3.0))
                                                     : ModelSampling();
    options.model = &model;
    options.lastStepDenoises = given.value("reference", "").find("crowsonkb/k-diffusion") == std::string::npos;
    const std::vector<Tensor> states = rows(file, "x");
    const double tolerance = given.at("tolerance").at("max_abs").get<double>();
    const double stateTolerance = given.at("tolerance").value("x_max_abs", tolerance);
    const std::vector<float> sigmas = nn::toValues(file.tensor("sigmas"));

    GivenNoise noise(rows(file, "noises"));
    std::size_t steps = 0;
    const auto compareState = [&](const StepInfo& info) {
        if (++steps > states.size()) return;
        judge.compare(nn::maxAbsDifference(info.x, states[info.step]), stateTolerance,
                      fmt::format("x[{}]", info.step));
    };
    const Tensor seen = sample(samplerOf(given.at("sampler").get<std::string>()), denoiserOf(given.at("denoiser")),
                               file.tensor("x_init"), {sigmas.begin(), sigmas.end()}, noise, options, compareState);
    judge.compare(nn::maxAbsDifference(seen, file.tensor("final")), tolerance, "final");
    if (!states.empty() && steps != states.size())
        judge.fail(fmt::format("{} steps instead of {}", steps, states.size()));
}

void runScheduleParity(const fs::path& path, ParityResult& result) {
    Judge judge(result);
    const Json given = readJson(path);
    const ModelSampling model;
    const double tolerance = given.at("tolerance").at("max_relative").get<double>();
    const auto compare = [&](double seen, double expected, const std::string& name) {
        if (expected == 0)
            judge.compare(std::abs(seen), kZeroTolerance, name);
        else
            judge.compare(std::abs(seen / expected - 1), tolerance, name);
    };
    compare(model.sigmaMin(), given.value("sigma_min", model.sigmaMin()), "sigma_min");
    compare(model.sigmaMax(), given.value("sigma_max", model.sigmaMax()), "sigma_max");
    for (const auto& [name, counts] : given.at("schedules").items())
        for (const auto& [count, expected] : counts.items()) {
            const auto reference = expected.get<std::vector<double>>();
            const Sigmas seen = findSchedule(name).sigmas(model, std::stoi(count));
            if (seen.size() != reference.size()) {
                judge.fail(fmt::format("{} {} has {} sigmas, not {}", name, count, seen.size(), reference.size()));
                continue;
            }
            for (std::size_t i = 0; i < seen.size(); ++i)
                compare(seen[i], reference[i], fmt::format("{} {} [{}]", name, count, i));
        }
}

void runPredictionParity(const fs::path& path, ParityResult& result) {
    Judge judge(result);
    const Json given = readJson(path);
    const double tolerance = given.at("tolerance").at("max_abs").get<double>();
    const auto numbers = [](const Json& list) {
        const auto values = list.get<std::vector<float>>();
        return nn::fromValues(values, {static_cast<std::int64_t>(values.size())});
    };
    const auto compare = [&](const Tensor& seen, const Json& expected, const std::string& name) {
        judge.compare(nn::maxAbsDifference(seen, numbers(expected)), tolerance, name);
    };
    for (const Json& one : given.at("cases")) {
        const double sigma = one.at("sigma").get<double>();
        const Tensor x = numbers(one.at("x")), output = numbers(one.at("output"));
        compare(ModelSampling().input(x, sigma), one.at("model_input"), "model_input");
        for (const Prediction prediction : {Prediction::Epsilon, Prediction::V, Prediction::X0}) {
            const std::string key = std::string("denoised_") + name(prediction);
            compare(ModelSampling({.prediction = prediction}).denoised(x, output, sigma), one.at(key), key);
        }
        if (!one.contains("flow")) continue;
        const Json& flow = one.at("flow");
        compare(ModelSampling::flow().denoised(numbers(flow.at("x")), output, flow.at("sigma").get<double>()),
                flow.at("denoised"), "flow");
    }
}

} // namespace ochre::models::sampling
