// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/Parameters.h"

#include <algorithm>
#include <cmath>

#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Hash.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"

namespace ochre::training {
namespace {

constexpr std::int64_t kAlignment = 64; // values between the starts of two tensors: whole lines of the cache

} // namespace

Parameters::Parameters(const Shapes& shapes, at::ScalarType compute, at::Device device) {
    std::int64_t count = 0;
    for (const auto& [name, shape] : shapes) {
        const auto size = static_cast<std::int64_t>(tensor::elementCount(shape).value_or(0));
        m_entries.push_back({.name = name, .first = count, .count = size, .decays = shape.size() > 1});
        count += (size + kAlignment - 1) / kAlignment * kAlignment;
    }
    for (Tensor* stretch : {&m_master, &m_average, &m_gradient}) *stretch = nn::zeros({count}).to(device);
    if (compute != at::kFloat) m_compute = nn::zeros({count}, compute).to(device);
    for (Entry& entry : m_entries) {
        const tensor::Shape& shape = shapes.at(entry.name);
        entry.master = view(m_master, entry, shape);
        entry.average = view(m_average, entry, shape);
        entry.used = view(m_compute.defined() ? m_compute : m_master, entry, shape).detach().requires_grad_();
    }
}

/// Kernels as [out, height, width, in] in memory.
Tensor Parameters::view(const Tensor& stretch, const Entry& entry, const tensor::Shape& shape) const {
    const Tensor values = stretch.narrow(0, entry.first, entry.count);
    if (shape.size() != 4) return values.view(shape);
    return values.view({shape[0], shape[2], shape[3], shape[1]}).permute({0, 3, 1, 2});
}

void Parameters::initialise(std::uint64_t seed, const std::function<double(const std::string&)>& gain) {
    const at::NoGradGuard quiet;
    at::Generator generator = tensor::generator(seed);
    const Tensor stretch = nn::zeros({count()}); // on the CPU, whose numbers all devices take
    for (const Entry& entry : m_entries) {
        Tensor values = view(stretch, entry, entry.master.sizes().vec());
        if (entry.decays) {
            const auto inputs = static_cast<double>(entry.count / entry.master.size(0));
            const double bound = std::sqrt(3 * gain(entry.name) / inputs);
            values.uniform_(-bound, bound, generator);
        } else {
            values.fill_(entry.name.ends_with(".weight") ? 1 : 0);
        }
    }
    m_master.copy_(stretch);
    m_average.copy_(m_master);
    mastersChanged();
}

void Parameters::load(const tensor::Weights& weights, const std::vector<std::string>& mayLack) {
    const at::NoGradGuard quiet;
    for (Entry& entry : m_entries) {
        const auto begins = [&](const std::string& prefix) { return entry.name.starts_with(prefix); };
        if (!weights.has(entry.name) && std::any_of(mayLack.begin(), mayLack.end(), begins)) continue;
        const Tensor value = weights.tensor(entry.name);
        if (value.sizes() != entry.master.sizes())
            throw Error(fmt::format("{}: tensor \"{}\" is {}, this network's is {}", weights.subject(), entry.name,
                                    tensor::describe(value.sizes().vec()), tensor::describe(entry.master.sizes().vec())),
                        "start from weights of the same network");
        entry.master.copy_(value);
    }
    m_average.copy_(m_master);
    mastersChanged();
}

tensor::Weights Parameters::weights() const {
    std::map<std::string, Tensor> leaves;
    for (const Entry& entry : m_entries) leaves[entry.name] = entry.used;
    return tensor::Weights::of(std::move(leaves), "the network in training");
}

tensor::Weights Parameters::averaged(at::Device device) const {
    const at::NoGradGuard quiet;
    std::map<std::string, Tensor> copies;
    for (const Entry& entry : m_entries)
        copies[entry.name] = entry.average.to(device, entry.used.scalar_type(), false, true).contiguous();
    return tensor::Weights::of(std::move(copies), "the network in training");
}

std::string Parameters::layout() const {
    Hasher hasher;
    for (const Entry& entry : m_entries) {
        hasher.add(entry.name);
        for (const std::int64_t side : entry.master.sizes()) hasher.add(side);
    }
    return hasher.finish().hex();
}

void Parameters::collectGradients() {
    const at::NoGradGuard quiet;
    for (Entry& entry : m_entries) {
        Tensor& gradient = entry.used.mutable_grad();
        if (!gradient.defined()) continue;
        view(m_gradient, entry, entry.master.sizes().vec()).add_(gradient);
        gradient = Tensor();
    }
}

void Parameters::mastersChanged() {
    const at::NoGradGuard quiet;
    if (m_compute.defined()) m_compute.copy_(m_master);
}

} // namespace ochre::training
