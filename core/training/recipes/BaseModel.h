// SPDX-License-Identifier: GPL-3.0-or-later
// A checkpoint that something is trained for and that stays as it is, and an artist's pictures as its latents.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/models/diffusion/DiffusionModel.h"
#include "core/models/diffusion/UNet.h"
#include "core/training/Recipe.h"
#include "core/training/recipes/Diffusing.h"

namespace ochre::training {

struct BaseModel {
    std::filesystem::path path;
    models::DiffusionModel model; ///< in float32
    models::UNet::Config config;  ///< in LDM's names
    tensor::Weights stored;       ///< the denoising network's in LDM's names, placed in the type that is computed in
    /// The same for layers that learn, kernels channels-last: vectors in that type, all else too or as it is stored.
    std::map<std::string, nn::Tensor> network;

    /// Of the setting "model". Throws Error where it is none, or one that nothing is trained for.
    static BaseModel open(const Settings& settings);

    const models::DiffusionCheckpoint& checkpoint() const { return *model.checkpoint; }
    /// Of the denoising network, as layers of the present mode want them.
    tensor::Weights weights() const;
    /// Lets networks go that others keep built, where memory for learning is short.
    void makeRoom() const;
    /// The setting "checkpointing"; "auto", which is told by `say`: where what gradients keep would fill half of the free memory.
    bool recomputes(const Settings& settings, const std::function<void(const std::string&)>& say) const;
    /// Sides of the pictures that are learned from: the setting "side", else those that the model was made for.
    int side(const Settings& settings) const;
    /// The second vector [N, vector] of texts with these states and pooled [N, P], for whole square pictures; undefined for models
    /// that take none.
    nn::Tensor vectorOf(const nn::Tensor& states, const nn::Tensor& pooled, int side) const;
    /// Latents as the network counts them → pictures [N, 3, H, W] in 0…1.
    nn::Tensor decode(const nn::Tensor& latents) const;
    std::string hash() const; ///< SHA-256 of the file; empty for a folder
};

/// The pictures of the setting "dataset" as the model sees them.
struct LatentPictures {
    nn::Tensor latents; ///< float16 [count, 4, h, w], as the network counts them
    std::vector<std::string> captions;

    /// From the place's folder where they were made of the same pictures and model, else made and kept there.
    static LatentPictures make(const Workplace& place, const Settings& settings, const BaseModel& base);
    nn::Tensor picked(const std::vector<std::int64_t>& indices) const; ///< float32 [N, 4, h, w]

    /// Of some pictures at noise levels that are always the same; `shown`: what the network sees with pictures of
    /// these indices.
    double meanLoss(const Diffusing& diffusing, const models::UNet& network,
                    const std::function<Shown(const std::vector<std::size_t>&)>& shown) const;
};

/// "\(" for "(": captions have no emphasis.
std::string withoutEmphasis(const std::string& caption);

/// "model", "dataset", "side", those that all have, "min_snr", "frozen", "checkpointing", and how samples are made: "samples",
/// "sample_prompt", "sample_steps", "cfg".
std::vector<graph::Parameter> baseParameters(const CommonDefaults& defaults);
SampleLook sampleLook(const Settings& settings);

/// Squares like `latents`, of noise that follows from `seed`.
nn::Tensor sampleNoise(const nn::Tensor& latents, std::int64_t count, std::uint64_t seed);

} // namespace ochre::training
