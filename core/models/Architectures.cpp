// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/Architectures.h"

#include <utility>

#include "core/models/ArchitectureParts.h"

namespace ochre::models {

const std::vector<Architecture>& architectures() {
    static const std::vector<Architecture> all = [] {
        std::vector<Architecture> list;
        for (const auto folder : {restoreArchitectures, textArchitectures, diffusionArchitectures, fieldArchitectures, visionArchitectures})
            for (Architecture& one : folder()) list.push_back(std::move(one));
        return list;
    }();
    return all;
}

const Architecture* findArchitecture(const std::string& name) {
    for (const Architecture& architecture : architectures())
        if (architecture.name == name) return &architecture;
    return nullptr;
}

const Architecture* recognise(const tensor::Weights& weights, tensor::Weights& found) {
    for (const tensor::Weights& view : weights.unwrapped())
        for (const Architecture& architecture : architectures())
            if (architecture.recognise(view)) {
                found = view;
                return &architecture;
            }
    return nullptr;
}

} // namespace ochre::models
