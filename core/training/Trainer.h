// SPDX-License-Identifier: GPL-3.0-or-later
// Steps of training: gradients of all parts of a batch, over all processes, and one move of the weights; what is needed to
// go on after a stop, exactly.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "core/base/Json.h"
#include "core/training/Optimizer.h"

namespace ochre::training {

/// The processes that train together. One alone has rank 0 of 1.
class Group {
public:
    virtual ~Group() = default;
    virtual int rank() const { return 0; }
    virtual int size() const { return 1; }
    virtual void sum(Tensor&) {}       ///< over all processes, in place
    virtual void broadcast(Tensor&) {} ///< rank 0's values to all, in place
};

struct StepReport {
    std::int64_t step = 0; ///< from 0
    double loss = 0, norm = 0, rate = 0;
    bool skipped = false; ///< loss or gradient was not finite: the weights did not move
};

class Trainer {
public:
    /// A step is computed in `parts` in all processes together, of which each takes its share: `parts` must be a multiple
    /// of their number.
    Trainer(Parameters& parameters, const OptimizerOptions& options, int parts, Group& group);

    /// One step: `loss(part)` gives the mean loss of that part, a scalar that can be differentiated. Inside of
    /// tensor::learn(). Stopped in one process, it stops in all, with an Error of the kind Cancelled. Parts are summed in order, so that one process and two give the same numbers where each has one
    /// part.
    StepReport step(const std::function<Tensor(int part)>& loss);

    std::int64_t steps() const { return m_steps; } ///< done
    double rateFactor() const { return m_rateFactor; }
    void slowDown(double factor) { m_rateFactor = 0.5 * factor; } ///< after losses that were not finite

    /// All that the next step depends on, with `about` beside it; atomically.
    void save(const std::filesystem::path& file, const Json& about) const;
    /// Brings all processes to where rank 0 stands.
    void share();
    /// Gives `about`. Throws Error where the state is of another network or damaged.
    Json load(const std::filesystem::path& file);

private:
    Parameters& m_parameters;
    Optimizer m_optimizer;
    Group& m_group;
    int m_parts;
    std::int64_t m_steps = 0;
    double m_rateFactor = 1;
};

} // namespace ochre::training
