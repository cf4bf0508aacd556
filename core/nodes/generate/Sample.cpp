// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionSampling.h"

namespace ochre::nodes::generate {
namespace {

void run(graph::RunContext& run) {
    models::SampleOptions options = samplingOptions(run);
    readSchedule(run, options);
    readNoise(run, options);
    options.denoise = run.number("denoise");
    run.setOutput("latent", makeLatentValue(sampleInputs(run, options).latent));
}

} // namespace

graph::NodeDeclaration Sample() {
    graph::NodeDeclaration node("generate.sample", 1, "Sample", "Generate");
    samplingInputs(node)
        .describe(
            "Makes a picture out of noise, step by step. Less denoise keeps more of the latent that goes in.")
        .keywords("ksampler sampler denoise generate txt2img img2img steps cfg seed")
        .output(socket("latent", "Latent", "The picture, to be decoded.", types::kLatent))
        .parameter(seedParameter())
        .parameter(stepsParameter())
        .parameter(cfgParameter())
        .parameter(samplerParameter())
        .parameter(schedulerParameter())
        .parameter({.id = "denoise",
                    .label = "Denoise",
                    .help = "Share of the way that is run: 1 keeps nothing of the latent, 0 all of it.",
                    .defaultValue = 1.0,
                    .min = 0,
                    .max = 1})
        .parameter(noiseParameter())
        .parameter(variationSeedParameter())
        .parameter(variationParameter())
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onRun(run);
    return node;
}

} // namespace ochre::nodes::generate
