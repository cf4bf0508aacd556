// SPDX-License-Identifier: GPL-3.0-or-later
// Weights for networks at the shapes of their releases.
#pragma once

#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "core/tensor/Fill.h"
#include "core/tensor/Weights.h"

namespace ochre::models {

/// Random numbers under all names, by which values stay about as large from layer to layer: matrices and kernels by how many
/// values they sum up, scales and variances about 1, all else about 0.
inline tensor::Weights randomWeights(const std::map<std::string, tensor::Shape>& expected) {
    at::Generator generator = tensor::generator(1);
    std::map<std::string, at::Tensor> tensors;
    for (const auto& [name, shape] : expected) {
        at::Tensor values = nn::randn(shape, generator);
        const bool table = name.find("rel") != std::string::npos || name.find("pos_embed") != std::string::npos;
        if (shape.size() > 1 && !table) {
            values.div_(std::sqrt(static_cast<double>(values.numel() / shape[0])));
        } else {
            values.mul_(0.02);
            if (!table && !name.ends_with("bias") && !name.ends_with("mean")) values.add_(1);
        }
        tensors[name] = values;
    }
    return tensor::Weights::of(std::move(tensors), "random");
}

} // namespace ochre::models
