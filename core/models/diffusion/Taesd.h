// SPDX-License-Identifier: GPL-3.0-or-later
// TAESD, the tiny autoencoder: latents of a diffusion model straight to pictures of preview quality, and back. One network
// for each family of latents: taesd (SD 1 and 2), taesdxl, taesd3, taef1 (16 channels), taef2 (32), taesana (side 1/32).
// Keys: madebyollin/taesd taesd.py, numbered ("3.conv.0.weight"), encoder and decoder in a file each or under prefixes;
// huggingface/diffusers AutoencoderTiny ("decoder.layers.2.conv.0.weight").
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor/Norm.h"
#include "core/tensor/UpsampleConv.h"

namespace ochre::models {

class Taesd {
public:
    struct Layer {
        std::string name; ///< with its prefix: "taesd_decoder.3"
        bool block = false;   ///< three convolutions around which x goes; else one
        int in = 64, out = 64;
        bool bias = true;       ///< of a single convolution
        bool upsample = false;  ///< before it, ×2
        int stride = 1;         ///< of a single convolution
        bool relu = false;      ///< after a single convolution
        int pool = 0;           ///< channels of the normalised branch that taef2's first blocks have; 0: none
    };
    struct Config {
        std::vector<Layer> encoder, decoder; ///< empty where the file has none
        int latentChannels = 4;
        int scale = 8; ///< side of a picture to that of its latent

        /// Recognises the network by keys and shapes; nothing where it is another.
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        /// All keys and shapes that the network reads.
        std::map<std::string, tensor::Shape> expected() const;
    };

    Taesd(const tensor::Weights& weights, const Config& config);

    /// image [N, 3, H, W] in 0…1, H and W multiples of `scale` → latent [N, latentChannels, H/scale, W/scale] as the
    /// diffusion model takes it, float32. Throws Error on other shapes and where there is no encoder.
    nn::Tensor encode(const nn::Tensor& image) const;
    /// latent [N, latentChannels, h, w] as the diffusion model gives it → [N, 3, h·scale, w·scale] in 0…1, float32. Takes
    /// some 800 bytes a pixel of the picture.
    nn::Tensor decode(const nn::Tensor& latent) const;

    const Config& config() const { return m_config; }

private:
    struct Step { ///< a Layer with its weights
        Layer layer;
        nn::Conv2d conv[3], skip, poolIn, poolOut;
        nn::UpsampleConv2d up;
        nn::GroupNorm poolNorm;
        nn::Tensor operator()(const nn::Tensor& x) const;
    };
    static std::vector<Step> build(const tensor::Weights& weights, const std::vector<Layer>& layers);
    static nn::Tensor run(const std::vector<Step>& steps, const nn::Tensor& x);

    Config m_config;
    at::ScalarType m_type = at::kFloat;
    std::vector<Step> m_encoder, m_decoder;
};

} // namespace ochre::models
