// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/DiffusionSampling.h"

namespace ochre::nodes::generate {

graph::NodeDeclaration SampleAdvanced();

namespace {

void run(graph::RunContext& run) {
    static const graph::NodeDeclaration declaration = SampleAdvanced();
    const models::DiffusionModel& model = modelInput(run);
    const models::Conditioning& positive = conditioningInput(run, "positive");
    const models::Conditioning negative = negativeInput(run);
    const models::LatentBatch& latent = latentInput(run);
    models::SampleOptions options = samplingOptions(run, declaration);
    options.addNoise = run.flag("add_noise");
    options.startAt = static_cast<int>(run.integer("start_at_step"));
    options.endAt = static_cast<int>(run.integer("end_at_step"));
    options.leftoverNoise = run.flag("leftover_noise");
    auto result =
        models::sampleLatent(model, positive, negative, latent, options, samplingHooks(run, model, "latent"));
    result.latent.parameters = parametersText(model, positive, negative, latent, options);
    run.setOutput("latent", makeLatentValue(std::move(result.latent)));
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
        .output({.id = "latent",
                 .label = "Latent",
                 .help = "What comes out, noisy where noise is left.",
                 .type = types::kLatent})
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
        .parameter({.id = "leftover_noise",
                    .label = "Leave noise",
                    .help = "Keeps the noise that is left where it stops, for a sampler that goes on.",
                    .kind = graph::ParameterKind::Bool,
                    .defaultValue = false})
        .parameter(noiseParameter())
        .parameter(variationSeedParameter())
        .parameter(variationParameter())
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onRun(run);
    return node;
}

} // namespace ochre::nodes::generate
