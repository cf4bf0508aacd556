// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/sampling/Samplers.h"
#include "core/nodes/sigmas/SigmasNode.h"

namespace ochre::nodes::sigmas {

graph::NodeDeclaration Schedule() {
    return sigmasMaker("sigmas.schedule", "Schedule",
                       "The noise levels that a sampling with a schedule runs through.",
                       "scheduler karras normal simple steps basic")
        .input(modelSocket())
        .parameter(schedulerParameter())
        .parameter(stepsParameter())
        .parameter(share("denoise", "Denoise", "Share of the way, counted from the end.", 1.0))
        .onRun([](graph::RunContext& run) {
            putSigmas(run, [&] {
                namespace sampling = models::sampling;
                // euler asks for nothing special: the schedule as it is.
                return sampling::samplingSigmas(
                    sampling::findSampler("euler"), sampling::findSchedule(run.text("scheduler")),
                    modelInput(run).sampling(), static_cast<int>(run.integer("steps")),
                    run.number("denoise"));
            });
        });
}

} // namespace ochre::nodes::sigmas
