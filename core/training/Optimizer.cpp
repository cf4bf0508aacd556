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
#include "core/tensor/Nn.h"

namespace ochre::training {
namespace {

constexpr std::int64_t kBlock = 1 << 14; // values whose sum is one number, so that threads do not change it

constexpr std::int64_t kLeastSide = 32; // of matrices that move by Muon; tables, of which a step sees a few rows, never do
constexpr double kAdamLikeMove = 0.2;   // root mean square of an AdamW step at rate 1, in the middle of a training
// Of x → ax + b(xxᵀ)x + c(xxᵀ)²x, which five times over brings all singular values of 0…1 to about 1 (K. Jordan's).
constexpr std::array<double, 3> kNewtonSchulz{3.4445, -4.7750, 2.0315};
constexpr int kNewtonSchulzSteps = 5;
constexpr std::int64_t kLong = 3; // times as many columns as rows

template <typename Rates>
void update(const Rates& r, std::int64_t count, float* __restrict master, float* __restrict gradient,
            float* __restrict mean, float* __restrict variance, const float* __restrict decays,
            float* __restrict average) {
    const float followed = 1 - static_cast<float>(r.average);
    for (std::int64_t i = 0; i < count; ++i) {
        const float g = gradient[i] * r.scale;
        const float m = mean[i] + (g - mean[i]) * (1 - r.beta1);
        const float v = variance[i] + (g * g - variance[i]) * (1 - r.beta2);
        const float w = master[i] * (1 - r.decay * decays[i]) - r.step * m / (std::sqrt(v) * r.correction + r.epsilon);
        mean[i] = m;
        variance[i] = v;
        master[i] = w;
        average[i] += (w - average[i]) * followed;
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

Tensor orthogonalised(const Tensor& matrices) {
    const std::int64_t rows = matrices.size(-2), columns = matrices.size(-1);
    const bool tall = rows > columns;
    Tensor x = tall ? matrices.transpose(-2, -1).contiguous() : matrices;
    x = x.div(x.square().sum({-2, -1}, true).sqrt().add(1e-12));
    const auto [a, b, c] = kNewtonSchulz;
    // All steps are polynomials of xxᵀ: of a long matrix they are multiplied together first, as far smaller matrices.
    const bool together = std::max(rows, columns) >= kLong * std::min(rows, columns);
    Tensor square = x.matmul(x.transpose(-2, -1)), product;
    for (int i = 0; i < kNewtonSchulzSteps; ++i) {
        if (i > 0 && !together) square = x.matmul(x.transpose(-2, -1));
        Tensor factor = square.matmul(square).mul_(c).add_(square, b);
        factor.diagonal(0, -2, -1).add_(a);
        if (together) {
            product = i == 0 ? factor : factor.matmul(product);
            square = factor.matmul(square).matmul(factor);
        } else {
            x = factor.matmul(x);
        }
    }
    if (together) x = product.matmul(x);
    return tall ? x.transpose(-2, -1).contiguous() : x;
}

struct Optimizer::Rates {
    double rate, average; // of this step
    float scale, beta1, beta2, step, correction, epsilon, decay;
};

Optimizer::Optimizer(Parameters& parameters, const OptimizerOptions& options)
    : m_parameters(parameters), m_options(options), m_mean(nn::zeros({parameters.count()}).to(parameters.device())),
      m_variance(m_mean.clone()), m_decays(m_mean.clone()) {
    m_options.together = m_options.together || !m_mean.is_cpu();
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
                     [](const Matrix& a, const Matrix& b) {
                         return std::pair(a.rows * a.columns, a.rows) > std::pair(b.rows * b.columns, b.rows);
                     });
    if (!m_options.together) return;
    m_meanShares = m_mean.clone().fill_(1 - options.beta1);
    for (const Matrix& matrix : m_matrices) m_meanShares.narrow(0, matrix.first, matrix.rows * matrix.columns).fill_(1 - options.momentum);
}

double Optimizer::gradientNorm(double parts) const {
    if (!m_parameters.gradient().is_cpu()) return m_parameters.gradient().to(at::kDouble).norm().item<double>() / parts;
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
    const Rates rates{.rate = rate,
                      .average = average,
                      .scale = static_cast<float>(clipped / parts),
                      .beta1 = static_cast<float>(m_options.beta1),
                      .beta2 = static_cast<float>(m_options.beta2),
                      .step = static_cast<float>(rate / (1 - std::pow(m_options.beta1, n))),
                      .correction = static_cast<float>(1 / std::sqrt(1 - std::pow(m_options.beta2, n))),
                      .epsilon = static_cast<float>(m_options.epsilon),
                      .decay = static_cast<float>(rate * m_options.weightDecay)};
    const at::NoGradGuard quiet;
    m_options.together ? stepTogether(rates) : stepByParts(rates);
    m_parameters.mastersChanged();
}

void Optimizer::stepByParts(const Rates& rates) {
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
        for (std::size_t i = next++; i < m_matrices.size(); i = next++) moveMatrix(m_matrices[i], rates);
    });
}

double Optimizer::moveOf(const Matrix& matrix, const Rates& rates) const {
    return rates.rate * kAdamLikeMove * std::sqrt(static_cast<double>(std::max(matrix.rows, matrix.columns)));
}

void Optimizer::moveMatrix(const Matrix& matrix, const Rates& rates) {
    const at::NoGradGuard quiet;
    const auto part = [&](const Tensor& stretch) {
        return stretch.narrow(0, matrix.first, matrix.rows * matrix.columns).view({matrix.rows, matrix.columns});
    };
    Tensor gradient = part(m_parameters.gradient()), mean = part(m_mean), master = part(m_parameters.master());
    gradient.mul_(rates.scale);
    mean.lerp_(gradient, 1 - m_options.momentum);
    const Tensor ahead = gradient.lerp(mean, m_options.momentum); // Nesterov's
    master.mul_(1 - rates.rate * m_options.weightDecay).sub_(orthogonalised(ahead), moveOf(matrix, rates));
    part(m_parameters.average()).lerp_(master, 1 - rates.average);
    gradient.zero_();
}

/// Matrices of one shape are brought to orthogonal ones at once: every operation costs a GPU's queue some microseconds.
void Optimizer::stepTogether(const Rates& rates) {
    Tensor &gradient = m_parameters.gradient(), &master = m_parameters.master();
    gradient.mul_(rates.scale);
    m_mean.lerp_(gradient, m_meanShares);
    m_variance.lerp_(gradient.square(), 1 - rates.beta2);
    const Tensor move = m_mean.mul(rates.step).div_(m_variance.sqrt().mul_(rates.correction).add_(rates.epsilon));
    const Tensor ahead = gradient.lerp(m_mean, m_options.momentum);
    const auto part = [](const Tensor& stretch, const Matrix& matrix) {
        return stretch.narrow(0, matrix.first, matrix.rows * matrix.columns).view({1, matrix.rows, matrix.columns});
    };
    for (std::size_t first = 0, last = 0; first < m_matrices.size(); first = last) {
        const Matrix& shape = m_matrices[first];
        std::vector<Tensor> parts;
        for (last = first; last < m_matrices.size() && m_matrices[last].rows == shape.rows && m_matrices[last].columns == shape.columns; ++last)
            parts.push_back(part(ahead, m_matrices[last]));
        const Tensor moves = orthogonalised(nn::cat(parts, 0)).mul_(moveOf(shape, rates)); // [N, rows, columns]
        for (std::size_t i = first; i < last; ++i)
            part(move, m_matrices[i]).copy_(moves.narrow(0, static_cast<std::int64_t>(i - first), 1));
    }
    master.mul_(m_decays.mul(-rates.decay).add_(1)).sub_(move);
    m_parameters.average().lerp_(master, 1 - rates.average);
    gradient.zero_();
}

} // namespace ochre::training
