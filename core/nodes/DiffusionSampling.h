// SPDX-License-Identifier: GPL-3.0-or-later
// What the nodes that sample share: progress, pause and preview of a run, and how a picture was made, as
// text.
#pragma once

#include <string>

#include "core/models/diffusion/SampleLatent.h"
#include "core/nodes/DiffusionValues.h"

namespace ochre::nodes {

/// Previews go to `output`. All hold on to `run` and `model`.
models::SampleHooks samplingHooks(graph::RunContext& run, const models::DiffusionModel& model,
                                  const std::string& output);

/// The linked negative prompt, or one without entries.
models::Conditioning negativeInput(graph::RunContext& run);

/// "seed", "cfg" and "sampler".
models::SampleOptions samplingOptions(const graph::ParameterView& parameters);
/// "steps" and "scheduler".
void readSchedule(const graph::ParameterView& parameters, models::SampleOptions& options);
/// "noise", "variation_seed" and "variation".
void readNoise(const graph::ParameterView& parameters, models::SampleOptions& options);

/// Samples what is linked to samplingInputs. The results say how they were made.
models::SampleResult sampleInputs(graph::RunContext& run, const models::SampleOptions& options);

/// Prompts and settings as AUTOMATIC1111 writes them into pictures.
std::string parametersText(const models::DiffusionModel& model, const models::Conditioning& positive,
                           const models::Conditioning& negative, const models::LatentBatch& latent,
                           const models::SampleOptions& options);

/// The sockets and parameters of all of them: "model", "positive", "negative", "latent".
graph::NodeDeclaration& samplingInputs(graph::NodeDeclaration& node);
graph::Parameter noiseParameter();
graph::Parameter variationSeedParameter();
graph::Parameter variationParameter();
graph::Parameter addNoiseParameter();

/// The origin that pictures decoded from this latent carry, with its parameters.
void markGenerated(Image& image, const models::LatentBatch& latent);

} // namespace ochre::nodes
