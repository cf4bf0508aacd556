// SPDX-License-Identifier: GPL-3.0-or-later
// The half of the denoising UNet that a ControlNet copies: time step, down to the middle. Keys: "time_embed",
// "label_emb", "input_blocks", "middle_block". Source: CompVis/latent-diffusion openaimodel.py;
// Stability-AI/generative-models openaimodel.py for SDXL's second vector.
#pragma once

#include <optional>
#include <vector>

#include "core/models/diffusion/UNetBlocks.h"

namespace ochre::models {

/// One entry of "input_blocks" or "output_blocks".
struct UNetStage {
    int in = 0, out = 0;   ///< channels; those of a skip connection are counted in
    int depth = 0;         ///< transformer blocks behind the residual block; 0: no attention
    bool resample = false; ///< of an input block: it halves the sides and does nothing else; of an output
                           ///< block: it doubles them at its end
};

/// Keys and values of a prompt for every attention to it, which are the same at every step.
struct PromptCache {
    std::vector<nn::Tensor> keyValues; ///< [N, tokens, 2·C] a transformer block
    std::int64_t batch() const { return keyValues.empty() ? 0 : keyValues.front().size(0); }
};

/// Feature maps that a UNet keeps for its way up, or that a ControlNet adds to them.
struct UNetMaps {
    std::vector<nn::Tensor> skips; ///< after each of "input_blocks"
    nn::Tensor middle;
};

class UNetTrunk {
public:
    struct Config {
        int inChannels = 4; ///< 9 for inpainting: latent, mask, latent of the masked picture
        int channels = 320; ///< of the first level, and width of the time step's sinusoids
        int embedding = 1280;
        int context = 768; ///< width of a token of the prompt
        int vector = 0;    ///< width of the second vector (SDXL: pooled text and sizes); 0: none
        bool linearProjection = false;
        int heads = 8;                 ///< of every attention, unless
        int headWidth = 0;             ///< says how many channels a head has
        std::vector<UNetStage> inputs; ///< "input_blocks.1" on
        int middleDepth = 1;
        bool diffusers = false; ///< stored under the names of diffusers

        std::int64_t headsOf(std::int64_t width) const { return headWidth > 0 ? width / headWidth : heads; }
        /// From weights in LDM's names. Heads cannot be seen: 8 where projections are convolutions (SD 1),
        /// else 64 channels each (SD 2, SDXL), as published.
        static std::optional<Config> fromLdm(const tensor::Weights& weights);
        void addKeys(KeyShapes& keys) const; ///< in LDM's names
    };

    UNetTrunk() = default;
    /// `weights` in LDM's names. Throws Error where the heads do not fit the channels.
    UNetTrunk(const tensor::Weights& weights, const Config& config);

    std::size_t attentions() const { return m_attentions; } ///< keys and values that run() reads
    void prepare(const nn::Tensor& context, std::vector<nn::Tensor>& keyValues) const;

    /// Converts what a network is given to its type and checks it against the configuration; throws Error
    /// naming `network`.
    struct Inputs {
        nn::Tensor x, embedding; ///< [N, inChannels, H, W]; [N, E], after SiLU
    };
    Inputs prepareInputs(const char* network, const nn::Tensor& x, const nn::Tensor& timesteps,
                         const PromptCache& prompt, const nn::Tensor& y) const;
    nn::Tensor checkedContext(const char* network, const nn::Tensor& context) const;

    /// `hint` [N, channels, H, W] is added after the first layer where it is defined.
    UNetMaps run(const Inputs& inputs, const PromptCache& prompt, const nn::Tensor& hint = {}) const;

    const Config& config() const { return m_config; }
    at::ScalarType type() const { return m_type; }

private:
    nn::Tensor embed(const nn::Tensor& timesteps, const nn::Tensor& y) const;

    struct Stage {
        UNetStep step;
        nn::Conv2d down; ///< instead, where the stage resamples
    };
    Config m_config;
    at::ScalarType m_type = at::kFloat;
    std::size_t m_attentions = 0;
    nn::Linear m_time0, m_time2, m_label0, m_label2;
    nn::Conv2d m_first;
    std::vector<Stage> m_stages;
    UNetStep m_middle;
    UNetResBlock m_middleEnd;
};

/// "name.transformer_blocks.N": how many there are.
int transformerDepth(const tensor::Weights& weights, const std::string& name);
/// Throws Error where `config`'s heads do not divide the channels of a stage that has attention.
void checkHeads(const UNetTrunk::Config& config, const std::vector<UNetStage>& stages,
                const std::string& subject);

} // namespace ochre::models
