// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionSampling.h"

namespace ochre::nodes::generate {
namespace {

void run(graph::RunContext& run) {
    models::SampleOptions options = samplingOptions(run);
    options.sigmas = sigmasInput(run);
    options.addNoise = run.flag("add_noise");
    // A sampler that has no eta of its own would change its kind by one.
    if (models::sampling::findSampler(options.sampler).eta > 0) options.eta = run.number("eta");
    options.sNoise = run.number("s_noise");
    models::SampleResult result = sampleInputs(run, options);
    run.setOutput("latent", makeLatentValue(std::move(result.latent)));
    run.setOutput("denoised", makeLatentValue(std::move(result.denoised)));
}

} // namespace

graph::NodeDeclaration SampleCustom() {
    graph::NodeDeclaration node("generate.sample_custom", 1, "Sample sigmas", "Generate");
    samplingInputs(node)
        .input(socket("sigmas", "Sigmas", "The noise levels to go through.", types::kSigmas))
        .describe("Samples along noise levels of your own: split, flipped, written by hand.")
        .keywords("sampler custom advanced sigmas schedule eta s_noise")
        .output(socket("latent", "Latent", "What comes out, noisy where noise is left.", types::kLatent))
        .output(socket("denoised", "Denoised",
                       "What the last step took the clean picture to be.", types::kLatent))
        .parameter(addNoiseParameter())
        .parameter(seedParameter())
        .parameter(cfgParameter())
        .parameter(samplerParameter())
        .parameter({.id = "eta",
                    .label = "Eta",
                    .help = "Share of the noise that ancestral and SDE samplers draw anew.",
                    .defaultValue = 1.0,
                    .min = 0,
                    .max = 100,
                    .softMax = 1,
                    .advanced = true})
        .parameter({.id = "s_noise",
                    .label = "Noise scale",
                    .help = "Of the noise that is drawn anew.",
                    .defaultValue = 1.0,
                    .min = 0,
                    .max = 100,
                    .softMax = 1.1,
                    .advanced = true})
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onRun(run);
    return node;
}

} // namespace ochre::nodes::generate
