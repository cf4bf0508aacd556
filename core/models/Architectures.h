// SPDX-License-Identifier: GPL-3.0-or-later
// The architectures that Ochre has, in the order in which a checkpoint is tried on them. To add one: a line
// in the source.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Json.h"
#include "core/tensor/Nn.h"

namespace ochre::models {

using Tensors = std::map<std::string, nn::Tensor>;

/// A network that enlarges (or cleans, at scale 1) pictures.
struct PictureModel {
    using Forward = std::function<nn::Tensor(const nn::Tensor&)>; ///< [1, C, H, W] in 0…1 → [1, C, H·scale, W·scale]
    Forward forward;                                               ///< of whole pictures
    /// Of networks that first look at a picture as a whole: given it, or a smaller copy, what runs on its parts. Else none.
    std::function<Forward(const nn::Tensor& whole)> preparedFor;
    int inChannels = 3, outChannels = 3;
    int scale = 1;
    int multiple = 1;         ///< sides must be multiples of this
    int leastSide = 1;        ///< smaller pictures are extended
    int overlap = 0;          ///< surroundings that matter
    int edge = 0;             ///< mirrored around the picture's own edge, where the zeros of convolutions would show
    double bytesPerPixel = 0; ///< working memory a pixel of the input, float32
    bool halfPays = true;     ///< bfloat16 is faster on a CPU that has it
    float low = 0, high = 1;  ///< what it sees and gives of a picture: more than 0…1 where it has learned on noise
};

struct Architecture {
    std::string name; ///< as in the parity cases
    /// Expected keys and shapes if the weights are of this kind; else nothing.
    std::function<std::optional<std::map<std::string, tensor::Shape>>(const tensor::Weights&)> recognise;
    /// Runs a parity case: named inputs to named outputs.
    std::function<Tensors(const tensor::Weights&, const Json& parityCase, const Tensors& inputs)> run;
    /// Networks of pictures only.
    std::function<PictureModel(const tensor::Weights&)> picture;
    /// Whether a key that may stand beside the network's own is known and not read; none where it is empty.
    std::function<bool(const std::string& key)> isBeside;
};

const std::vector<Architecture>& architectures();
const Architecture* findArchitecture(const std::string& name);

/// The first architecture that knows the weights under one of their usual wrappers, and those weights; or
/// null.
const Architecture* recognise(const tensor::Weights& weights, tensor::Weights& found);

} // namespace ochre::models
