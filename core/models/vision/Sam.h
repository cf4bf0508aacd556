// SPDX-License-Identifier: GPL-3.0-or-later
// The Segment Anything Model as a whole: an image encoder (ViT, or MobileSAM's TinyViT), the decoder of prompts, and what
// is done to pictures before and to masks after. Paper: arXiv 2304.02643. Source: facebookresearch/segment-anything.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/models/vision/SamDecoder.h"
#include "core/models/vision/SamImageEncoder.h"
#include "core/models/vision/TinyVit.h"

namespace ochre::models {

class Sam {
public:
    struct Config {
        std::optional<SamImageEncoder::Config> vit; ///< either or none of the two
        std::optional<TinyVit::Config> tiny;
        std::optional<SamDecoder::Config> decoder;
        std::string encoderPrefix; ///< "image_encoder." unless the file is the encoder alone
        int tinySide = 1024;       ///< of TinyViT's padded picture: MobileSAM's, or what the file's metadata say under kSideKey

        static constexpr const char* kSideKey = "ochre.side";

        /// Whole models, and files that hold either half; nothing where it is another network.
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        std::map<std::string, tensor::Shape> expected() const;
        bool whole() const { return (vit || tiny) && decoder; }
        /// Side of the padded picture, pixels.
        int side() const { return vit ? vit->side() : tinySide; }
        static bool isBeside(const std::string& key);
    };

    Sam(const tensor::Weights& weights, const Config& config);

    /// image [1, 3, h, w], RGB in 0…255, of which the longer side is `side` → [1, 3, side, side]: normalised, then zeros to
    /// the right and below.
    static nn::Tensor prepare(const nn::Tensor& image, std::int64_t side);
    /// Features [1, C, side/16, side/16] of what prepare() gave.
    nn::Tensor encode(const nn::Tensor& image) const;
    /// Throws Error where the file has no decoder.
    const SamDecoder& decoder() const;

    /// Masks [N, M, h, w] of the padded picture → [N, M, height, width] of the original: enlarged to `side`, cut to the
    /// `usedHeight` × `usedWidth` that are no padding, resized. Logits: what is above 0 is chosen.
    static nn::Tensor finish(const nn::Tensor& masks, std::int64_t side, std::int64_t usedHeight, std::int64_t usedWidth,
                             std::int64_t height, std::int64_t width);

    const Config& config() const { return m_config; }

private:
    Config m_config;
    std::optional<SamImageEncoder> m_vit;
    std::optional<TinyVit> m_tiny;
    std::optional<SamDecoder> m_decoder;
};

} // namespace ochre::models
