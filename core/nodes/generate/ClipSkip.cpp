// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionValues.h"

namespace ochre::nodes::generate {

graph::NodeDeclaration ClipSkip() {
    return graph::NodeDeclaration("generate.clip_skip", 1, "CLIP skip", "Generate")
        .describe(
            "Takes what an earlier layer of the text encoder gives. Models that were trained so say it; most "
            "anime models of Stable Diffusion 1 want 2.")
        .keywords("clip set last layer stop at penultimate")
        .input(socket("text_encoder", "Text encoder", "The text encoder to change.", types::kTextEncoder))
        .output(socket("text_encoder", "Text encoder", "The same, read earlier.", types::kTextEncoder))
        .parameter({.id = "skip",
                    .label = "Layer",
                    .help = "Counted from the end: 1 is the last layer, 2 the last but one.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{2},
                    .min = 1,
                    .max = 12})
        .needsRuntime()
        .onRun([](graph::RunContext& run) {
            models::TextEncoder encoder = textEncoderInput(run);
            encoder.clipSkip = static_cast<int>(run.integer("skip"));
            run.setOutput("text_encoder", makeTextEncoderValue(std::move(encoder)));
        });
}

} // namespace ochre::nodes::generate
