// SPDX-License-Identifier: GPL-3.0-or-later
// SAM 2 and 2.1 as they look at still pictures: the image encoder and the decoder of prompts. What remembers earlier frames
// of a video (Sam2Memory.h) lies in the same files.
// Paper: arXiv 2408.00714. Source: facebookresearch/sam2 sam2/modeling/sam2_base.py, sam2_image_predictor.py.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/models/vision/Sam2ImageEncoder.h"
#include "core/models/vision/Sam2Memory.h"
#include "core/models/vision/SamDecoder.h"

namespace ochre::models {

class Sam2 {
public:
    static constexpr int kSide = 1024; ///< of the square that a picture is stretched to, pixels

    struct Config {
        std::optional<Sam2ImageEncoder::Config> encoder;
        std::optional<SamDecoder::Config> decoder;
        std::optional<Sam2MemoryAttention::Config> attention;
        std::optional<Sam2MemoryEncoder::Config> memory;
        int memories = 0;    ///< frames that are remembered; 0 where the file is a part alone
        bool second = false; ///< 2.1: has what stands for a hidden object and for the age of a pointer
        bool alone = false;  ///< the file is one part, whose names have no prefix

        /// Whole models, and files that hold one part; nothing where it is another network.
        static std::optional<Config> fromWeights(const tensor::Weights& weights);
        std::map<std::string, tensor::Shape> expected() const;
        bool whole() const { return memories > 0; }
        /// What is not read for a still picture.
        static bool isOfVideo(const std::string& key);
    };

    /// Builds what still pictures need. Throws Error where the file is no whole model.
    Sam2(const tensor::Weights& weights, const Config& config);

    /// image [1, 3, 1024, 1024], normalised by ImageNet's mean and deviation → what the decoder needs of it.
    SamDecoder::Picture encode(const nn::Tensor& image) const;
    const SamDecoder& decoder() const { return m_decoder; }

private:
    Sam2ImageEncoder m_encoder;
    SamDecoder m_decoder;
    nn::Tensor m_noMemory; ///< [1, channels, 1, 1]: added to the features of a picture without a past
};

} // namespace ochre::models
