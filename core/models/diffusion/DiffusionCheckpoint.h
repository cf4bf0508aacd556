// SPDX-License-Identifier: GPL-3.0-or-later
// A whole Stable Diffusion checkpoint: which model it is and where in it the networks lie. A single file in
// the names of CompVis/stable-diffusion and Stability-AI/generative-models, or a folder of
// huggingface/diffusers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/models/diffusion/Adapters.h"
#include "core/tensor/Weights.h"

namespace ochre::models {

enum class DiffusionFamily { Sd1, Sd2, Sdxl, SdxlRefiner, Starter };
inline constexpr DiffusionFamily kLastFamily = DiffusionFamily::Starter;
const char* name(DiffusionFamily family);  ///< "sd1", "sd2", "sdxl", "sdxl-refiner", "starter"
const char* title(DiffusionFamily family); ///< "Stable Diffusion 1" and so on, for people

/// What the denoising network gives: the noise, or v = α·noise − σ·picture (arXiv 2202.00512).
enum class Prediction { Epsilon, V };
const char* name(Prediction prediction); ///< "eps", "v"

struct DiffusionOptions {
    tensor::Placement placement = {};
    std::optional<Prediction> prediction; ///< overrides what the file looks like
};

/// Views into the file; each fetches with Weights::finiteOnly. Copies share the maps.
struct DiffusionCheckpoint {
    std::string subject; ///< the path that was opened
    DiffusionFamily family = DiffusionFamily::Sd1;
    Prediction prediction = Prediction::Epsilon;
    std::string
        predictionFrom; ///< "asked for", "metadata", "scheduler_config.json", "keys", "weights", "usual"
    bool zeroTerminalSnr = false; ///< the schedule ends in pure noise (arXiv 2305.08891)
    bool diffusers = false;       ///< names of diffusers, else of LDM
    int inChannels = 4;           ///< of the denoising network; 9: latent, mask, latent of the masked picture
    int contextWidth = 768;       ///< of the text it looks at
    int vectorWidth = 0;          ///< of SDXL's pooled text and sizes; 0: none
    double latentScale = 0.18215; ///< the autoencoder's latents are multiplied by this

    std::string latentColors;     ///< for previews, where the file gives its own: see LatentColors::parse

    tensor::Weights unet;
    std::optional<tensor::Weights> vae;
    /// CLIP-L, or the one encoder of SD 2.
    std::optional<tensor::Weights> text1;
    /// bigG of SDXL and its refiner.
    std::optional<tensor::Weights> text2;
    std::vector<std::string> missing; ///< "autoencoder", "text encoder", …: parts that the file could hold

    bool isInpaint() const { return inChannels == 9; }
    AdaptedParts adapted() const { return {unet, text1, text2}; }
    DiffusionCheckpoint with(const AdaptedParts& parts) const;

    /// `path`: a .safetensors or .ckpt, of a whole checkpoint or of a denoising network alone, or a folder
    /// with model_index.json (or that file). Known by keys and shapes, never by names of files. Only headers
    /// are read, so that this takes milliseconds. Throws Error: for a LoRA, an autoencoder, a ControlNet, a
    /// text encoder, an embedding, an upscaler and models of other makes it says what the file is and where
    /// to use it.
    ///
    /// Prediction: as asked; else what metadata or the scheduler's configuration says; else marker keys
    /// ("v_pred", "ztsnr"); else for SD 2 the spread of the last block's norm1.bias, which is above 0.09 in
    /// the published v models (the rule of ComfyUI's supported_models.py); else noise.
    static DiffusionCheckpoint open(const std::filesystem::path& path, const DiffusionOptions& options = {});
    static DiffusionCheckpoint from(const tensor::Weights& file, const DiffusionOptions& options = {});
};

/// What a file of weights is that is no checkpoint, and where to use it; empty `what` where nothing here
/// knows it.
struct WeightsKind {
    std::string what, hint;
};
WeightsKind kindOfWeights(const tensor::Weights& weights);

} // namespace ochre::models
