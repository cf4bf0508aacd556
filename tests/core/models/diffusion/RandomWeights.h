// SPDX-License-Identifier: GPL-3.0-or-later
// Weights with seeded values for the keys that a network asks for, under any names.
#pragma once

#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/tensor/Weights.h"

namespace ochre::test {

/// Convolutions and matrices keep the size of what they are given, norms are near one. `name` gives a key another name.
inline tensor::Weights randomWeights(const std::map<std::string, tensor::Shape>& keys,
                                     const std::function<std::string(const std::string&)>& name = {},
                                     tensor::Placement placement = {}) {
    tensor::Checkpoint checkpoint;
    checkpoint.subject = "random weights";
    std::mt19937 random(7);
    for (const auto& [key, shape] : keys) {
        const auto values = std::make_shared<std::vector<float>>(tensor::elementCount(shape).value());
        const double fan = shape.size() < 2 ? 100.0 : static_cast<double>(values->size()) / static_cast<double>(shape[0]);
        const bool factor = shape.size() < 2 && key.ends_with("weight");
        std::normal_distribution<float> value(factor ? 1.0f : 0.0f, static_cast<float>(std::sqrt(1.0 / fan)));
        for (float& v : *values) v = value(random);
        checkpoint.owners.push_back(values);
        tensor::StoredTensor& stored = checkpoint.tensors.emplace_back();
        stored.name = name ? name(key) : key;
        stored.shape = shape;
        stored.bytes = std::as_bytes(std::span(*values));
    }
    return tensor::Weights::from(std::move(checkpoint), placement);
}

} // namespace ochre::test
