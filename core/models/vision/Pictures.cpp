// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/Pictures.h"

#include <algorithm>
#include <cmath>

#include "core/base/Error.h"
#include "core/image/Color.h"
#include "core/tensor/Convert.h"

namespace ochre::models {
namespace {

constexpr double kMean[] = {0.485, 0.456, 0.406}, kDeviation[] = {0.229, 0.224, 0.225};

} // namespace

Image seenByNetwork(const Image& image) {
    if (image.empty()) throw Error("there is no picture to look at", "link one");
    Image out = withChannels(toColorSpace(image, ColorSpace::Srgb), 3);
    for (float& v : out.edit()) v = v > 0 ? std::min(v, 1.0f) : 0.0f; // NaN becomes 0
    return out;
}

nn::Tensor normalisedTensor(const Image& image) {
    nn::Tensor x = tensor::toTensor(image);
    for (int c = 0; c < 3; ++c) x.select(1, c).sub_(kMean[c]).div_(kDeviation[c]);
    return x;
}

} // namespace ochre::models
