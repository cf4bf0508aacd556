// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/Trainer.h"

#include <cmath>
#include <utility>

#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/SaveWeights.h"

namespace ochre::training {
namespace {

constexpr const char* kFormat = "ochre training state 1";

} // namespace

Trainer::Trainer(Parameters& parameters, const OptimizerOptions& options, int parts, Group& group)
    : m_parameters(parameters), m_optimizer(parameters, options), m_group(group), m_parts(parts) {
    if (parts < 1 || parts % group.size() != 0)
        throw Error(fmt::format("training: {} parts of a batch cannot be shared by {} processes", parts, group.size()),
                    "choose a number of parts that is a multiple of the number of processes");
    if (group.size() > 1 && !parameters.device().is_cpu())
        throw Error("training: several processes share a training on their CPUs alone", "set device=cpu, or train in one process");
}

StepReport Trainer::step(const std::function<Tensor(int part)>& loss) {
    Tensor sum = nn::zeros({2}, at::kDouble); // of losses, of those who stop
    for (int part = m_group.rank(); part < m_parts; part += m_group.size()) {
        const Tensor one = loss(part);
        one.backward();
        m_parameters.collectGradients();
        sum[0].add_(one.detach().to(at::kCPU));
        if (m_group.size() == 1) tensor::currentCancel().check(); // else the others would wait
    }
    if (tensor::currentCancel().requested()) sum[1].fill_(1);
    m_group.sum(sum);
    if (sum[1].item<double>() > 0) throw Error("stopped", {}, ErrorKind::Cancelled);
    m_group.sum(m_parameters.gradient());
    const at::NoGradGuard quiet;
    StepReport report{.step = m_steps, .loss = sum[0].item<double>() / m_parts, .norm = m_optimizer.gradientNorm(m_parts),
                      .rate = learningRate(m_optimizer.options(), m_steps) * m_rateFactor};
    report.skipped = !std::isfinite(report.loss) || !std::isfinite(report.norm);
    if (report.skipped)
        m_parameters.gradient().zero_();
    else
        m_optimizer.step(m_steps, m_parts, report.norm, m_rateFactor);
    ++m_steps;
    return report;
}

void Trainer::share() {
    const at::NoGradGuard quiet;
    Tensor numbers = nn::zeros({2}, at::kDouble);
    numbers[0].fill_(m_steps);
    numbers[1].fill_(m_rateFactor);
    for (Tensor* tensor : {&m_parameters.master(), &m_parameters.average(), &m_optimizer.mean(), &m_optimizer.variance(), &numbers})
        m_group.broadcast(*tensor);
    m_parameters.mastersChanged();
    m_steps = numbers[0].item<std::int64_t>();
    m_rateFactor = numbers[1].item<double>();
}

void Trainer::save(const std::filesystem::path& file, const Json& about) const {
    tensor::saveWeights(file,
                        {{"master", std::as_const(m_parameters).master().to(at::kCPU)},
                         {"average", std::as_const(m_parameters).average().to(at::kCPU)},
                         {"mean", m_optimizer.mean().to(at::kCPU)},
                         {"variance", m_optimizer.variance().to(at::kCPU)}},
                        {{"format", kFormat},
                         {"layout", m_parameters.layout()},
                         {"step", std::to_string(m_steps)},
                         {"rate_factor", fmt::format("{:a}", m_rateFactor)},
                         {"about", dumpJson(about)}});
}

Json Trainer::load(const std::filesystem::path& file) {
    const tensor::Weights state = tensor::Weights::open(file);
    const auto& metadata = state.checkpoint().metadata;
    const auto text = [&](const char* key) {
        const auto it = metadata.find(key);
        return it == metadata.end() ? std::string() : it->second;
    };
    if (text("format") != kFormat)
        throw Error(fmt::format("{}: is no state of a training that this version goes on with", file.string()),
                    "start the training afresh in another folder");
    if (text("layout") != m_parameters.layout())
        throw Error(fmt::format("{}: is of a network of another shape", file.string()),
                    "go on with the settings it was started with, or start afresh in another folder");
    const at::NoGradGuard quiet;
    m_parameters.master().copy_(state.tensor("master"));
    m_parameters.average().copy_(state.tensor("average"));
    m_optimizer.mean().copy_(state.tensor("mean"));
    m_optimizer.variance().copy_(state.tensor("variance"));
    m_parameters.mastersChanged();
    m_steps = std::stoll(text("step"));
    m_rateFactor = std::strtod(text("rate_factor").c_str(), nullptr);
    return parseJson(text("about"), file.string());
}

} // namespace ochre::training
