// SPDX-License-Identifier: GPL-3.0-or-later
// The optimiser: AdamW or Muon with a warm-up and a cosine, clipping, and the moving average of the weights.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/training/Parameters.h"

namespace ochre::training {

/// AdamW: arXiv 1711.05101. Muon: matrices and kernels move by their momentum with all singular values brought to about 1,
/// as far as an AdamW step of the same rate would (arXiv 2502.16982); all else moves by AdamW.
enum class OptimizerMethod : std::uint8_t { AdamW, Muon };

struct OptimizerOptions {
    OptimizerMethod method = OptimizerMethod::AdamW;
    double learningRate = 1e-4;      ///< the highest
    double finalShare = 0.05;        ///< of it, at the end of the cosine
    std::int64_t warmUp = 500;       ///< steps in which it rises from 0
    std::int64_t steps = 10000;      ///< at which the cosine ends
    double beta1 = 0.9, beta2 = 0.99, epsilon = 1e-8; ///< of AdamW
    double momentum = 0.95;          ///< of Muon
    double weightDecay = 0.01;       ///< of kernels and matrices, times the learning rate
    double clip = 1;                 ///< longest gradient, over all weights; 0: any
    double average = 0.999;          ///< share that the moving average keeps at a step, once it has run for a while
    bool together = false;           ///< all weights by one operation at a time, as is always done where they are not on the CPU
};

/// Learning rate of step 0, 1, ….
double learningRate(const OptimizerOptions& options, std::int64_t step);

/// [rows, columns], or many of them as [N, rows, columns], in float32 with singular values of about 1 (0.7…1.2) and the same
/// singular vectors.
Tensor orthogonalised(const Tensor& matrices);

/// Moves the weights of Parameters.
class Optimizer {
public:
    Optimizer(Parameters& parameters, const OptimizerOptions& options);

    /// Length of the gradient divided by `parts`, from how many of which it was summed. In double, in a fixed order.
    double gradientNorm(double parts) const;
    /// Step number `step` with the gradient divided by `parts` and clipped, of length `norm`; clears the gradient.
    void step(std::int64_t step, double parts, double norm, double rateFactor);

    const OptimizerOptions& options() const { return m_options; }
    Tensor& mean() { return m_mean; }
    const Tensor& mean() const { return m_mean; }
    Tensor& variance() { return m_variance; }
    const Tensor& variance() const { return m_variance; }

private:
    struct Matrix {
        std::int64_t first, rows, columns;
    };
    struct Rates;
    void stepByParts(const Rates& rates);
    void stepTogether(const Rates& rates);
    void moveMatrix(const Matrix& matrix, const Rates& rates);
    double moveOf(const Matrix& matrix, const Rates& rates) const; ///< of an orthogonal matrix of its shape

    Parameters& m_parameters;
    OptimizerOptions m_options;
    Tensor m_mean, m_variance, m_decays; ///< [count]; the last: 1 where weights decay
    Tensor m_meanShares;                 ///< [count], of the gradient in the mean; where all are moved together
    std::vector<Matrix> m_matrices;      ///< that move by Muon, largest first
    std::vector<std::pair<std::int64_t, std::int64_t>> m_stretches; ///< first and past the last of what moves by AdamW
};

} // namespace ochre::training
