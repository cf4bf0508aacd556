// SPDX-License-Identifier: GPL-3.0-or-later
// Stand-ins for the nodes that generate: a prompt, a sampler with steps, seed and previews, a decoder.
#pragma once

#include <atomic>

#include "core/graph/NodeRegistry.h"

namespace ochre::ui::shell {

/// "stub.prompt" (text → conditioning), "stub.sample" (positive, negative; seed, steps, ms, repeats → latent),
/// "stub.decode" (latent; ms → image of 600 × 400). The sampler shows 60 × 40 pixels `repeats` times a step.
void addStudioNodes(graph::NodeRegistry& registry);

inline std::atomic<int> stepsDone{0}; ///< by all samplers so far

} // namespace ochre::ui::shell
