// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/sigmas/SigmasNode.h"

namespace ochre::nodes::sigmas {

graph::NodeDeclaration Karras() {
    return withLevels(
               sigmasMaker("sigmas.karras", "Karras sigmas",
                           "Noise levels between two ends, closer together where there is little noise.",
                           "scheduler karras rho steps")
                   .parameter(stepsParameter()))
        .parameter(number("rho", "Rho", "How much closer; 1 is even.", 7.0,
                          {.min = 0.01, .max = 100, .softMax = 14}))
        .onRun([](graph::RunContext& run) {
            putSigmas(run, [&] {
                return models::sampling::karrasSigmas(static_cast<int>(run.integer("steps")),
                                                      run.number("sigma_min"), run.number("sigma_max"),
                                                      run.number("rho"));
            });
        });
}

} // namespace ochre::nodes::sigmas
