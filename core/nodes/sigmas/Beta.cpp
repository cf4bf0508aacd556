// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/sigmas/SigmasNode.h"

namespace ochre::nodes::sigmas {

graph::NodeDeclaration Beta() {
    constexpr Range kShape{.min = 0.01, .max = 50, .softMax = 2};
    return sigmasMaker(
               "sigmas.beta", "Beta sigmas",
               "Noise levels spread by a beta distribution: more of them at the begin and at the end.",
               "scheduler distribution steps")
        .input(modelSocket())
        .parameter(stepsParameter())
        .parameter(
            number("alpha", "Alpha", "Less puts more steps where the picture is finished.", 0.6, kShape))
        .parameter(number("beta", "Beta", "Less puts more steps where the picture is begun.", 0.6, kShape))
        .onRun([](graph::RunContext& run) {
            putSigmas(run, [&] {
                return models::sampling::betaSigmas(modelInput(run).sampling(),
                                                    static_cast<int>(run.integer("steps")),
                                                    run.number("alpha"), run.number("beta"));
            });
        });
}

} // namespace ochre::nodes::sigmas
