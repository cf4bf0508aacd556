// SPDX-License-Identifier: GPL-3.0-or-later
// LoRA files on top of a model and its text encoder, as the nodes apply them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/models/text/Prompt.h"
#include "core/nodes/DiffusionValues.h"

namespace ochre::nodes {

struct AdaptedPair {
    std::optional<models::DiffusionModel> model;
    std::optional<models::TextEncoder> encoder;
};

/// Both with the file on top; strengths of 0 leave them as they are. Throws Error: see models::applyAdapter.
AdaptedPair withAdapter(AdaptedPair pair, const std::filesystem::path& path,
                        const models::AdapterStrength& strength);

/// The file of the LoRA of that name in the models folder; an empty path where there is none.
std::filesystem::path loraFile(const std::string& name);

} // namespace ochre::nodes
