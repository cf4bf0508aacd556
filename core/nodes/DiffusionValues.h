// SPDX-License-Identifier: GPL-3.0-or-later
// Payloads of the model library wrapped as values of the socket types in ModelTypes.h, and what nodes of
// diffusion share.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/models/diffusion/Autoencoder.h"
#include "core/models/diffusion/Conditioning.h"
#include "core/models/diffusion/DiffusionModel.h"
#include "core/models/diffusion/Latent.h"
#include "core/models/diffusion/TextEncoder.h"
#include "core/nodes/Make.h"
#include "core/nodes/ModelTypes.h"
#include "core/nodes/Types.h"

namespace ochre::nodes {

using SigmaList = std::vector<double>; ///< payload of kSigmas

graph::Value makeModelValue(models::DiffusionModel model);
graph::Value makeTextEncoderValue(models::TextEncoder encoder);
graph::Value makeAutoencoderValue(models::Autoencoder autoencoder);
graph::Value makeControlNetValue(std::shared_ptr<const models::ControlNetModel> net);
graph::Value makeConditioningValue(models::Conditioning conditioning);
graph::Value makeLatentValue(models::LatentBatch latent); ///< samples are made contiguous
graph::Value makeSigmasValue(SigmaList sigmas);

const models::DiffusionModel& modelInput(graph::RunContext& run, const std::string& id = "model");
const models::TextEncoder& textEncoderInput(graph::RunContext& run, const std::string& id = "text_encoder");
const models::Autoencoder& autoencoderInput(graph::RunContext& run, const std::string& id = "autoencoder");
const models::Conditioning& conditioningInput(graph::RunContext& run, const std::string& id = "conditioning");
const models::LatentBatch& latentInput(graph::RunContext& run, const std::string& id = "latent");
const SigmaList& sigmasInput(graph::RunContext& run, const std::string& id = "sigmas");

/// One channel of a mask → [1, 1, H, W].
nn::Tensor maskTensor(const Image& mask);

/// A kind of model file: what the menu of a parameter offers, and where the node looks.
struct ModelKind {
    const char* folder; ///< under models: the filter of its parameters
    const char* what;   ///< in messages
};
inline constexpr ModelKind kCheckpointFile{"checkpoints", "checkpoint"},
    kDiffusionFile{"diffusion_models", "model"}, kTextEncoderFile{"text_encoders", "text encoder"},
    kAutoencoderFile{"vae", "autoencoder"}, kLoraFile{"loras", "LoRA"},
    kControlNetFile{"controlnet", "ControlNet"};

/// The file that a Model parameter of that kind names. Throws Error saying that the `called` one (else the kind's
/// `what`) of that name is not there and where to put it.
std::filesystem::path modelFile(const std::string& name, const ModelKind& kind, const char* called = nullptr);
models::OpenModelOptions openOptions(const graph::ParameterView& parameters); ///< of "precision"
std::optional<models::Prediction>
predictionOption(const graph::ParameterView& parameters); ///< of "prediction"

/// Parameters that several nodes have.
graph::Parameter modelParameter(const std::string& id, const std::string& label, const std::string& help,
                                const ModelKind& kind);
graph::Parameter precisionParameter();
graph::Parameter predictionParameter();
graph::Parameter samplerParameter();
graph::Parameter schedulerParameter();
graph::Parameter seedParameter();
graph::Parameter stepsParameter();
graph::Parameter cfgParameter();
graph::Parameter tileParameter();
graph::Parameter overlapParameter();
graph::Parameter promptStyleParameter();

} // namespace ochre::nodes
