// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/sigmas/SigmasNode.h"

namespace ochre::nodes::sigmas {

graph::NodeDeclaration Split() {
    return graph::NodeDeclaration("sigmas.split", 1, "Split sigmas", "Sampling/Sigmas")
        .describe(
            "Cuts noise levels in two, for a sampling in two stages. Both hold the level at which they meet.")
        .keywords("divide cut stage refiner high low")
        .input(sigmasSocket())
        .output(socket("high", "High", "The levels of the first stage.", types::kSigmas))
        .output(socket("low", "Low", "The levels of the second stage.", types::kSigmas))
        .parameter(
            choice("by", "Cut at", "How the place is told.", {{"step", "Step"}, {"denoise", "Denoise"}}))
        .parameter(shownWhen(
            whole("step", "Step", "Steps of the first stage.", 0, {.min = 0, .max = 10000, .softMax = 100}),
            "by", "step"))
        .parameter(
            shownWhen(share("denoise", "Denoise", "Share of the steps that the second stage has.", 1.0), "by",
                      "denoise"))
        .needsRuntime()
        .onRun([](graph::RunContext& run) {
            namespace sampling = models::sampling;
            const SigmaList& all = sigmasInput(run);
            auto [high, low] = run.text("by") == "step"
                                   ? sampling::splitSigmas(all, static_cast<int>(run.integer("step")))
                                   : sampling::splitSigmasByDenoise(all, run.number("denoise"));
            run.setOutput("high", makeSigmasValue(std::move(high)));
            run.setOutput("low", makeSigmasValue(std::move(low)));
        });
}

} // namespace ochre::nodes::sigmas
