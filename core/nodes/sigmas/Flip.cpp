// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/sigmas/SigmasNode.h"

namespace ochre::nodes::sigmas {

graph::NodeDeclaration Flip() {
    return sigmasMaker("sigmas.flip", "Flip sigmas",
                       "Noise levels from the last to the first, to go back to noise.",
                       "reverse unsample invert")
        .input(sigmasSocket())
        .onRun([](graph::RunContext& run) {
            run.setOutput("sigmas", makeSigmasValue(models::sampling::flipSigmas(sigmasInput(run))));
        });
}

} // namespace ochre::nodes::sigmas
