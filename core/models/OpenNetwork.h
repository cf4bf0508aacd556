// SPDX-License-Identifier: GPL-3.0-or-later
// Opens the checkpoint of one kind of network, under whichever of the usual wrappers it lies.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/Error.h"
#include "core/tensor/Weights.h"

namespace ochre::models {

/// That `file` holds no `wanted`, and what it holds instead.
Error otherNetwork(const tensor::Weights& file, const std::string& wanted);

/// Says in the log which tensors nothing has read, but those of which `isBeside` knows.
void tellUnused(const tensor::Weights& weights, const std::string& name, bool (*isBeside)(const std::string& key));

/// make(weights, config) of the first view of the file that is such a network; its values are all finite. `name`: as in
/// messages. To be called within tensor::run. Throws Error (NotMine) where it is another.
template <typename Network, typename Make>
auto openNetwork(const std::filesystem::path& path, const std::string& name, const Make& make) {
    const tensor::Weights file = tensor::Weights::open(path);
    for (const tensor::Weights& view : file.unwrapped()) {
        const auto config = Network::Config::fromWeights(view);
        if (!config) continue;
        auto network = make(view.finiteOnly(), *config);
        if constexpr (requires { &Network::Config::isBeside; })
            tellUnused(view, name, Network::Config::isBeside);
        else
            tellUnused(view, name, nullptr);
        return network;
    }
    throw otherNetwork(file, name);
}

/// The network itself.
template <typename Network>
Network openNetwork(const std::filesystem::path& path, const std::string& name) {
    return openNetwork<Network>(path, name, [](const tensor::Weights& weights, const typename Network::Config& config) {
        return Network(weights, config);
    });
}

} // namespace ochre::models
