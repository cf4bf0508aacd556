// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/Optimizer.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <numbers>
#include <vector>

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include "core/tensor/Fill.h"

namespace ochre::training {
namespace {

constexpr std::int64_t kBlock = 1 << 14; // values whose sum is one number, so that threads do not change it

constexpr std::int64_t kLeastSide = 32; // of matrices that move by Muon; tables, of which a step sees a few rows, never do
constexpr double kAdamLikeMove = 0.2;   // root mean square of an AdamW step at rate 1, in the middle of a training
// Of x → ax + b(xxᵀ)x + c(xxᵀ)²x, which five times over brings all singular values of 0…1 to about 1 (K. Jordan's).
constexpr std::array<double, 3> kNewtonSchulz{3.4445, -4.7750, 2.0315};
constexpr int kNewtonSchulzSteps = 5;
constexpr std::int64_t kLong = 3; // times as many columns as rows

struct Rates {
    float scale, beta1, beta2, step, correction, epsilon, decay, average;
};

void update(const Rates& r, std::int64_t count, float* __restrict master, float* __restrict gradient,
            float* __restrict mean, float* __restrict variance, const float* __restrict decays,
            float* __restrict average) {
    for (std::int64_t i = 0; i < count; ++i) {
        const float g = gradient[i] * r.scale;
        const float m = mean[i] + (g - mean[i]) * (1 - r.beta1);
        const float v = variance[i] + (g * g - variance[i]) * (1 - r.beta2);
        const float w = master[i] * (1 - r.decay * decays[i]) - r.step * m / (std::sqrt(v) * r.correction + r.epsilon);
        mean[i] = m;
        variance[i] = v;
        master[i] = w;
        average[i] += (w - average[i]) * (1 - r.average);
        gradient[i] = 0;
    }
}

} // namespace

double learningRate(const OptimizerOptions& o, std::int64_t step) {
    if (step < o.warmUp) return o.learningRate * static_cast<double>(step + 1) / static_cast<double>(o.warmUp);
    const double length = static_cast<double>(std::max<std::int64_t>(1, o.steps - o.warmUp));
    const double share = std::min(1.0, static_cast<double>(step - o.warmUp) / length);
    return o.learningRate * (o.finalShare + (1 - o.finalShare) * 0.5 * (1 + std::cos(std::numbers::pi * share)));
}

Tensor orthogonalised(const Tensor& matrix) {
    const bool tall = matrix.size(0) > matrix.size(1);
    Tensor x = tall ? matrix.t().contiguous() : matrix;
    x = x.div(x.norm().add(1e-12));
    const auto [a, b, c] = kNewtonSchulz;
    // All steps are polynomials of xxᵀ: of a long matrix they are multiplied together first, as far smaller matrices.
    const bool together = x.size(1) >= kLong * x.size(0);
    Tensor square = x.mm(x.t()), product;
    for (int i = 0; i < kNewtonSchulzSteps; ++i) {
        if (i > 0 && !together) square = x.mm(x.t());
        Tensor factor = square.addmm(square, square, b, c);
        factor.diagonal().add_(a);
        if (together) {
            product = i == 0 ? factor : factor.mm(product);
            square = factor.mm(square).mm(factor);
        } else {
            x = factor.mm(x);
        }
    }
    if (together) x = product.mm(x);
    return tall ? x.t().contiguous() : x;
}

Optimizer::Optimizer(Parameters& parameters, const OptimizerOptions& options)
    : m_parameters(parameters), m_options(options), m_mean(nn::zeros({parameters.count()})),
      m_variance(nn::zeros({parameters.count()})), m_decays(nn::zeros({parameters.count()})) {
    std::int64_t first = 0;
    for (const Parameters::Entry& entry : parameters.entries()) {
        if (entry.decays) m_decays.narrow(0, entry.first, entry.count).fill_(1);
        if (options.method != OptimizerMethod::Muon || !entry.decays) continue;
        const std::int64_t rows = entry.master.size(0), columns = entry.count / std::max<std::int64_t>(1, rows);
        const bool table = entry.name.find("embed") != std::string::npos || entry.name.find("position") != std::string::npos;
        if (table || std::min(rows, columns) < kLeastSide) continue;
        m_matrices.push_back({entry.first, rows, columns});
        if (entry.first > first) m_stretches.emplace_back(first, entry.first);
        first = entry.first + entry.count;
    }
    if (parameters.count() > first) m_stretches.emplace_back(first, parameters.count());
    std::stable_sort(m_matrices.begin(), m_matrices.end(),
                     [](const Matrix& a, const Matrix& b) { return a.rows * a.columns > b.rows * b.columns; });
}

double Optimizer::gradientNorm(double parts) const {
    const float* gradient = m_parameters.gradient().const_data_ptr<float>();
    const std::int64_t count = m_parameters.count(), blocks = (count + kBlock - 1) / kBlock;
    std::vector<double> sums(static_cast<std::size_t>(blocks));
    at::parallel_for(0, blocks, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t block = begin; block < end; ++block) {
            const std::int64_t last = std::min(count, (block + 1) * kBlock);
            double sum = 0;
            for (std::int64_t i = block * kBlock; i < last; ++i) sum += static_cast<double>(gradient[i]) * gradient[i];
            sums[static_cast<std::size_t>(block)] = sum;
        }
    });
    double total = 0;
    for (const double sum : sums) total += sum;
    return std::sqrt(total) / parts;
}

void Optimizer::step(std::int64_t step, double parts, double norm, double rateFactor) {
    const double rate = learningRate(m_options, step) * rateFactor, n = static_cast<double>(step + 1);
    const double clipped = m_options.clip > 0 && norm > m_options.clip ? m_options.clip / norm : 1;
    // A young average would otherwise remember the first, random weights for long.
    const double average = std::min(m_options.average, (1 + n) / (10 + n));
    const Rates rates{.scale = static_cast<float>(clipped / parts),
                      .beta1 = static_cast<float>(m_options.beta1),
                      .beta2 = static_cast<float>(m_options.beta2),
                      .step = static_cast<float>(rate / (1 - std::pow(m_options.beta1, n))),
                      .correction = static_cast<float>(1 / std::sqrt(1 - std::pow(m_options.beta2, n))),
                      .epsilon = static_cast<float>(m_options.epsilon),
                      .decay = static_cast<float>(rate * m_options.weightDecay),
                      .average = static_cast<float>(average)};
    auto* master = m_parameters.master().mutable_data_ptr<float>();
    auto* gradient = m_parameters.gradient().mutable_data_ptr<float>();
    auto* averages = m_parameters.average().mutable_data_ptr<float>();
    auto *mean = m_mean.mutable_data_ptr<float>(), *variance = m_variance.mutable_data_ptr<float>();
    const auto* decays = m_decays.const_data_ptr<float>();
    for (const auto& [first, last] : m_stretches)
        at::parallel_for(first, last, kBlock, [&](std::int64_t begin, std::int64_t end) {
            update(rates, end - begin, master + begin, gradient + begin, mean + begin, variance + begin, decays + begin,
                   averages + begin);
        });
    // Each matrix is one thread's, so that their number shows in no product.
    std::atomic<std::size_t> next = 0;
    at::parallel_for(0, at::get_num_threads(), 1, [&](std::int64_t, std::int64_t) {
        for (std::size_t i = next++; i < m_matrices.size(); i = next++)
            moveMatrix(m_matrices[i], rate, rates.scale, rates.average);
    });
    m_parameters.mastersChanged();
}

void Optimizer::moveMatrix(const Matrix& matrix, double rate, float scale, float average) {
    const at::NoGradGuard quiet;
    const auto part = [&](const Tensor& stretch) {
        return stretch.narrow(0, matrix.first, matrix.rows * matrix.columns).view({matrix.rows, matrix.columns});
    };
    Tensor gradient = part(m_parameters.gradient()), mean = part(m_mean), master = part(m_parameters.master());
    gradient.mul_(scale);
    mean.lerp_(gradient, 1 - m_options.momentum);
    const Tensor ahead = gradient.lerp(mean, m_options.momentum); // Nesterov's
    const double longer = std::sqrt(static_cast<double>(std::max(matrix.rows, matrix.columns)));
    master.mul_(1 - rate * m_options.weightDecay).sub_(orthogonalised(ahead), rate * kAdamLikeMove * longer);
    part(m_parameters.average()).lerp_(master, 1 - average);
    gradient.zero_();
}

} // namespace ochre::training
