// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/sigmas/SigmasNode.h"

namespace ochre::nodes::sigmas {

graph::NodeDeclaration Exponential() {
    return withLevels(sigmasMaker("sigmas.exponential", "Exponential sigmas",
                                  "Noise levels between two ends, each the same share of the one before.",
                                  "scheduler logarithmic steps")
                          .parameter(stepsParameter()))
        .onRun([](graph::RunContext& run) {
            putSigmas(run, [&] {
                return models::sampling::exponentialSigmas(static_cast<int>(run.integer("steps")),
                                                           run.number("sigma_min"), run.number("sigma_max"));
            });
        });
}

} // namespace ochre::nodes::sigmas
