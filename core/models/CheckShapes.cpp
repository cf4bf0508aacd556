// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/CheckShapes.h"

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::models {

void checkShapes(const tensor::Weights& weights, const std::map<std::string, tensor::Shape>& expected) {
    for (const auto& [key, shape] : expected)
        if (weights.shape(key) != shape)
            throw broken(fmt::format("{}: tensor \"{}\" is {}, expected {}", weights.subject(), weights.prefix() + key,
                                     tensor::describe(weights.shape(key)), tensor::describe(shape)),
                         "fetch the file again, or choose another");
}

} // namespace ochre::models
