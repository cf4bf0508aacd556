// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionSampling.h"

namespace ochre::nodes::generate {
namespace {

void run(graph::RunContext& run) {
    models::SampleOptions options = samplingOptions(run);
    readSchedule(run, options);
    readNoise(run, options);
    options.addNoise = run.flag("add_noise");
    options.startAt = static_cast<int>(run.integer("start_at_step"));
    options.endAt = static_cast<int>(run.integer("end_at_step"));
    options.leftoverNoise = run.flag("leftover_noise");
    run.setOutput("latent", makeLatentValue(sampleInputs(run, options).latent));
}

graph::Parameter step(const char* id, const char* label, const char* help, std::int64_t value) {
    return {.id = id,
            .label = label,
            .help = help,
            .kind = graph::ParameterKind::Int,
            .defaultValue = value,
            .min = 0,
            .max = models::sampling::kMostSteps,
            .softMax = 60};
}

} // namespace

graph::NodeDeclaration SampleAdvanced() {
    graph::NodeDeclaration node("generate.sample_advanced", 1, "Sample some steps", "Generate");
    samplingInputs(node)
        .describe("Runs a part of the steps, so that another model, prompt or size takes over in between.")
        .keywords("ksampler advanced refiner start end step leftover noise")
        .output(socket("latent", "Latent", "What comes out, noisy where noise is left.", types::kLatent))
        .parameter(addNoiseParameter())
        .parameter(seedParameter())
        .parameter(stepsParameter())
        .parameter(cfgParameter())
        .parameter(samplerParameter())
        .parameter(schedulerParameter())
        .parameter(
            step("start_at_step", "Start at step", "The first of the steps that is run, counted from 0.", 0))
        .parameter(step("end_at_step", "End at step", "Where to stop; beyond the last step runs to the end.",
                        models::sampling::kMostSteps))
        .parameter(flag("leftover_noise", "Leave noise",
                        "Keeps the noise that is left where it stops, for a sampler that goes on.", false))
        .parameter(noiseParameter())
        .parameter(variationSeedParameter())
        .parameter(variationParameter())
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onRun(run);
    return node;
}

} // namespace ochre::nodes::generate
