// SPDX-License-Identifier: GPL-3.0-or-later
// AutoencoderKL, the variational autoencoder of latent diffusion (Stable Diffusion 1 to 3, SDXL, FLUX.1): pictures to
// latents and back. Paper: arXiv 2112.10752. Keys: CompVis/latent-diffusion ldm/models/autoencoder.py, with or without
// "first_stage_model."; huggingface/diffusers AutoencoderKL, old and new.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/models/diffusion/AutoencoderBlocks.h"
#include "core/models/diffusion/AutoencoderNames.h"

namespace ochre::models {

/// What a diffusion model takes is (z − shift) · factor of the autoencoder's z; neither encode nor decode applies it.
struct LatentScale {
    double factor = 1, shift = 0;

    nn::Tensor toModel(const nn::Tensor& z) const { return z.sub(shift).mul_(factor); }
    nn::Tensor fromModel(const nn::Tensor& latent) const { return latent.div(factor).add_(shift); }
};
inline constexpr LatentScale kSdLatents{0.18215, 0}, kSdxlLatents{0.13025, 0}, kSd3Latents{1.5305, 0.0609},
    kFluxLatents{0.3611, 0.1159};

struct AutoencoderOptions {
    /// How maps wait for the next layer. Unset: Half where two maps of the full size take over 1.25 GiB in float32
    /// (SD: above 1144x1144), else Exact.
    std::optional<MapStorage> storage;
    int rows = 0; ///< of a stripe, even; 0: chosen. The result is the same but for rounding.
    Progress progress;
};

class AutoencoderKl {
public:
    using Options = AutoencoderOptions;

    struct Config {
        int inChannels = 3, outChannels = 3;      ///< of pictures
        int zChannels = 4;                        ///< between the halves
        int latentChannels = 4;                   ///< what decode takes and the mean of encode has
        int momentChannels = 8;                   ///< mean, then log-variance
        int stem = 128;                           ///< channels of the encoder's first layer
        std::vector<int> widths{128, 256, 512, 512}; ///< channels a level of resolution, full size first
        int resBlocks = 2;                        ///< a level of the encoder; the decoder has one more
        std::set<int> attentionLevels;            ///< with attention after each block
        bool encoder = true, decoder = true;      ///< which halves there are
        bool doubleZ = true;                      ///< the encoder gives mean and log-variance
        bool quant = true, postQuant = true;      ///< 1×1 convolutions around the latent
        bool midAttention = true;
        bool linearAttention = false; ///< projections are stored as matrices
        AutoencoderNames names;

        int scale() const { return 1 << (widths.size() - 1); } ///< side of a picture to that of its latent
        /// Recognises the network by keys and shapes; nothing where it is another.
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        /// All keys and shapes that the network reads.
        std::map<std::string, tensor::Shape> expected() const;
    };

    AutoencoderKl(const tensor::Weights& weights, const Config& config);

    /// image [N, inChannels, H, W] in −1…1, H and W multiples of `scale` (padding or cropping to that is the caller's)
    /// → moments [N, momentChannels, H/scale, W/scale], float32, not clamped. Throws Error on other shapes.
    nn::Tensor encode(const nn::Tensor& image, const Options& options = {}) const;
    /// latent [N, latentChannels, h, w] → picture [N, outChannels, h·scale, w·scale], float32, some −1…1, not clamped.
    nn::Tensor decode(const nn::Tensor& latent, const Options& options = {}) const;

    /// encode and decode of small pictures in one piece, all of a batch at once. While learning, they can be differentiated.
    nn::Tensor encodeWhole(const nn::Tensor& image) const;
    nn::Tensor decodeWhole(const nn::Tensor& latent) const;

    /// The mean and, with normal noise of its shape, a draw from the distribution that the moments describe.
    static nn::Tensor mean(const nn::Tensor& moments);
    static nn::Tensor sample(const nn::Tensor& moments, const nn::Tensor& noise);

    const Config& config() const { return m_config; }

private:
    struct Level {
        std::vector<ResBlock> blocks;
        std::vector<AttentionBlock> attention; ///< none, or one a block
        nn::Conv2d down;                       ///< encoder, but for the last level
        nn::UpsampleConv2d up;                 ///< decoder, but for level 0
    };
    struct Half { ///< encoder or decoder
        nn::Conv2d first;
        std::vector<Level> levels; ///< full size first
        std::vector<ResBlock> middle;
        std::optional<AttentionBlock> middleAttention;
        nn::GroupNorm norm;
        nn::Conv2d last;
    };
    Half build(const tensor::Weights& weights, const std::string& name) const;
    double work(const Half& half, std::int64_t height, std::int64_t width) const;
    StripeRun start(const Half& half, const nn::Tensor& input, std::int64_t scale, const Options& options) const;
    StripedMap runMiddle(const Half& half, StripedMap x, StripeRun& run) const;
    static StripedMap runBlocks(const Level& level, StripedMap x, StripeRun& run);
    static nn::Tensor wholeBlocks(const Level& level, nn::Tensor x);
    static nn::Tensor wholeMiddle(const Half& half, nn::Tensor x);

    Config m_config;
    at::ScalarType m_type = at::kFloat;
    Half m_encoder, m_decoder;
    nn::Conv2d m_quant, m_postQuant;
};

} // namespace ochre::models
