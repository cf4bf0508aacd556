// SPDX-License-Identifier: GPL-3.0-or-later
// The socket types whose payloads only the model library knows: names and labels are here, from the start,
// and what is done with a value is asked of the library when there is one.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/graph/Value.h"

namespace ochre::nodes {

namespace types {
inline const graph::TypeName kModel = "model";              // payload models::DiffusionModel
inline const graph::TypeName kTextEncoder = "text_encoder"; // payload models::TextEncoder
inline const graph::TypeName kAutoencoder = "autoencoder";  // payload models::Autoencoder
inline const graph::TypeName kControlNet =
    "controlnet"; // payload std::shared_ptr<const models::ControlNetModel>
inline const graph::TypeName kConditioning = "conditioning"; // payload models::Conditioning
inline const graph::TypeName kLatent = "latent";             // payload models::LatentBatch
inline const graph::TypeName kSigmas = "sigmas";             // payload std::vector<double>
} // namespace types

/// What the model library does with values of these types; it exports them by ochreModelTypes().
struct ModelTypes {
    std::string (*family)(const graph::Value& value); ///< "sd1", …; empty where a value has none
    /// Of conditioning, latent and sigmas. `read` throws Error on damaged bytes.
    std::vector<std::byte> (*write)(const graph::Value& value);
    graph::Value (*read)(const graph::TypeName& type, std::span<const std::byte> bytes);
};

/// Those of the library, which is opened when it is not yet. Throws Error where it cannot be.
const ModelTypes& modelTypes();

/// Adds the types to the TypeRegistry; called by registerTypes.
void registerModelTypes();

} // namespace ochre::nodes
