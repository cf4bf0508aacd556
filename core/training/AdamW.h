// SPDX-License-Identifier: GPL-3.0-or-later
// The optimiser: AdamW with a warm-up and a cosine, clipping, and the moving average of the weights.
#pragma once

#include <cstdint>

#include "core/training/Parameters.h"

namespace ochre::training {

struct OptimizerOptions {
    double learningRate = 1e-4;      ///< the highest
    double finalShare = 0.05;        ///< of it, at the end of the cosine
    std::int64_t warmUp = 500;       ///< steps in which it rises from 0
    std::int64_t steps = 10000;      ///< at which the cosine ends
    double beta1 = 0.9, beta2 = 0.99, epsilon = 1e-8;
    double weightDecay = 0.01;       ///< of kernels and matrices, times the learning rate
    double clip = 1;                 ///< longest gradient, over all weights; 0: any
    double average = 0.999;          ///< share that the moving average keeps at a step, once it has run for a while
};

/// Learning rate of step 0, 1, ….
double learningRate(const OptimizerOptions& options, std::int64_t step);

/// AdamW (arXiv 1711.05101) over the stretches of Parameters.
class AdamW {
public:
    AdamW(Parameters& parameters, const OptimizerOptions& options);

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
    Parameters& m_parameters;
    OptimizerOptions m_options;
    Tensor m_mean, m_variance, m_decays; ///< [count]; the last: 1 where weights decay
};

} // namespace ochre::training
