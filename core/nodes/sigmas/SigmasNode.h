// SPDX-License-Identifier: GPL-3.0-or-later
// What the nodes that make noise levels share.
#pragma once

#include <string>

#include "core/models/sampling/Schedules.h"
#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionValues.h"
#include "core/tensor/Runtime.h"

namespace ochre::nodes::sigmas {

/// A declaration with the output "sigmas" and no input yet.
inline graph::NodeDeclaration sigmasMaker(const std::string& id, const std::string& label,
                                          const std::string& help, const std::string& words) {
    return graph::NodeDeclaration(id, 1, label, "Sampling/Sigmas")
        .describe(help)
        .keywords(words)
        .output(socket("sigmas", "Sigmas", "Noise levels, largest first.", types::kSigmas))
        .needsRuntime();
}

inline graph::Socket modelSocket() {
    return socket("model", "Model", "Whose noise levels these are.", types::kModel);
}

inline graph::Socket sigmasSocket() {
    return socket("sigmas", "Sigmas", "The noise levels to work on.", types::kSigmas);
}

/// The largest and the smallest noise level; those of Stable Diffusion from the start.
inline graph::NodeDeclaration withLevels(graph::NodeDeclaration declaration) {
    constexpr Range kLevel{.min = 0.0001, .max = 5000, .softMax = 20};
    return declaration
        .parameter(number("sigma_max", "Largest", "The noise level of the first step.", 14.614642, kLevel))
        .parameter(number("sigma_min", "Smallest", "The noise level of the last step, before 0.", 0.0291675,
                          kLevel));
}

/// Runs `make`, which gives noise levels, and puts them out.
template <typename Make>
void putSigmas(graph::RunContext& run, Make make) {
    tensor::run(run.cancel(), [&] { run.setOutput("sigmas", makeSigmasValue(make())); });
}

} // namespace ochre::nodes::sigmas
