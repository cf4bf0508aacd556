// SPDX-License-Identifier: GPL-3.0-or-later
// The half of the Segment Anything Model, first and second, that runs at every click: its prompt encoder and its mask decoder.
// Papers: arXiv 2304.02643, 2408.00714. Keys: facebookresearch/segment-anything modeling/{prompt_encoder,mask_decoder,
// transformer}.py and facebookresearch/sam2 sam2/modeling/sam/ ("sam_mask_decoder.transformer.layers.0.mlp.layers.0").
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor/Attention.h"
#include "core/tensor/Norm.h"

namespace ochre::models {

/// N prompts for one picture. All parts may be undefined; those that are there have the same N.
struct SamPrompt {
    nn::Tensor points; ///< [N, P, 2], x and y in pixels of the padded picture
    nn::Tensor labels; ///< int64 [N, P]: 1 belongs to the object, 0 does not, −1 is no point; 2, 3 are corners
    nn::Tensor boxes;  ///< [N, 4], left, top, right, bottom
    nn::Tensor masks;  ///< [N, 1, 4·h, 4·w], logits of an earlier answer
};

class SamDecoder {
public:
    struct Config {
        bool second = false; ///< SAM 2's: it also sees fine features, and says whether the object is there
        int channels = 256, heads = 8, layers = 2, inner = 2048;
        int halfChannels = 128; ///< of attention between tokens and picture
        int maskChannels = 16;  ///< of mask prompts on their way
        int maskTokens = 4;     ///< one for a single answer, the others for three
        int headWidth = 256;    ///< of the layers that judge the masks

        /// Recognises it by keys and shapes; heads are always 8.
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        std::map<std::string, tensor::Shape> expected() const;
    };

    SamDecoder(const tensor::Weights& weights, const Config& config);

    /// What of a picture is the same for every prompt, computed once.
    struct Picture {
        std::int64_t height, width;   ///< h, w of the features
        int pixelHeight, pixelWidth;  ///< of the padded picture, in which prompts are given
        nn::Tensor positions;         ///< [1, h·w, channels]
        nn::Tensor features;          ///< [1, h·w, channels], without what mask prompts add
        nn::Tensor unmasked;          ///< the same with what stands for no mask prompt
        nn::Tensor firstKeys, firstValues, firstAsked; ///< of those [1, h·w, halfChannels], as the first layer sees them
        std::vector<nn::Tensor> shifts; ///< what positions add to keys and queries of each layer and to keys of the last attention
        std::vector<nn::Tensor> fine;   ///< of SAM 2, in the order of pixels that each doubling gives
    };
    /// `features` [1, channels, h, w] of the image encoder; for SAM 2 `fine` as fineFeatures() gives them.
    Picture prepare(const nn::Tensor& features, int pixelHeight, int pixelWidth, const std::vector<nn::Tensor>& fine = {}) const;
    /// SAM 2: [1, channels/4, 2·h, 2·w] and [1, channels/8, 4·h, 4·w] from the finer levels of the pyramid, finest first.
    std::vector<nn::Tensor> fineFeatures(const nn::Tensor& finest, const nn::Tensor& finer) const;

    struct Output {
        nn::Tensor masks;  ///< [N, 3 or 1, 4·h, 4·w], logits
        nn::Tensor scores; ///< [N, 3 or 1], how much of each mask is right (intersection over union)
        nn::Tensor tokens; ///< [N, 3 or 1, channels], of which SAM 2 makes pointers to objects
        nn::Tensor there;  ///< SAM 2: [N, 1], above 0 where the object is in the picture
    };
    /// Three answers (the whole, a part, a smaller part) or one. SAM 2 gives as the one the best of three where the single
    /// mask is unsure of its edge.
    Output decode(const Picture& picture, const SamPrompt& prompt, bool three) const;

    /// [N, T, channels]: points, then the box's corners or, where there is none, a point that is none.
    nn::Tensor sparse(const SamPrompt& prompt, int pixelHeight, int pixelWidth) const;
    /// [N, h·w, channels] or [1, 1, channels] without masks.
    nn::Tensor dense(const SamPrompt& prompt) const;
    /// [1, h·w, channels].
    nn::Tensor gridPositions(std::int64_t height, std::int64_t width) const;

    const Config& config() const { return m_config; }

private:
    struct Meeting { ///< where tokens look at the picture
        nn::Linear query, out;
        nn::Tensor key, value;    ///< [heads, D, channels]: of the picture's keys and values
        nn::Tensor valueBias;     ///< [halfChannels]
        nn::Linear shift;         ///< what positions and biases add to keys and, in layers, to the queries of the picture
    };
    struct Layer {
        nn::Linear selfQuery, selfKey, selfValue, selfOut;
        nn::LayerNorm norm1;
        Meeting meet;
        nn::LayerNorm norm2;
        nn::Linear up, down;
        nn::LayerNorm norm3;
        nn::Linear fromKey, fromValue;
        nn::LayerNorm norm4;
        nn::Tensor ask, answer;           ///< [heads, D, channels]: of the picture's queries, of what is made of the values
        nn::Tensor answerBias;            ///< [channels]
    };
    using Mlp = std::vector<nn::Linear>;
    nn::Tensor encode(const nn::Tensor& shares) const;
    nn::Tensor selfAttend(const Layer& layer, const nn::Tensor& queries, const nn::Tensor& tokens, bool first) const;
    nn::Tensor meet(const Meeting& with, const nn::Tensor& tokens, const nn::Tensor& pixels, const nn::Tensor& shift) const;
    nn::Tensor toldPixels(const Layer& layer, const nn::Tensor& asked, const nn::Tensor& pixels, const nn::Tensor& key,
                          const nn::Tensor& value) const;
    nn::Tensor upscaled(const nn::Tensor& pixels, const Picture& picture, std::int64_t from) const;
    static void keepStable(Output& all);

    Config m_config;
    nn::Tensor m_frequencies; ///< [2, channels/2]
    nn::Tensor m_kinds;       ///< [5, channels]: no point, background, foreground, the box's corners
    nn::Tensor m_noMask;      ///< [1, 1, channels]
    nn::Conv2d m_maskDown[3];
    nn::LayerNorm m_maskNorms[2];
    nn::Tensor m_outTokens; ///< [1, 1 + maskTokens, channels], in SAM 2 one more in front
    std::vector<Layer> m_layers;
    nn::Linear m_firstKey, m_firstValue, m_firstAsk; ///< of the picture's tokens in the first layer, the first and last unbiased
    Meeting m_last;
    nn::LayerNorm m_lastNorm;
    nn::Linear m_up[2]; ///< transposed convolutions of 2×2 at stride 2, which are products: each pixel gives four
    nn::LayerNorm m_upNorm;
    std::vector<Mlp> m_kernels; ///< one a mask token
    Mlp m_judge;
    nn::Conv2d m_fine[2]; ///< SAM 2: of the finest and the finer features
    Mlp m_presence;
};

} // namespace ochre::models
