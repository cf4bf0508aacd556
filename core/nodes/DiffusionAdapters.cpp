// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/DiffusionAdapters.h"

#include <fmt/format.h>

#include "core/base/Paths.h"

namespace ochre::nodes {

AdaptedPair withAdapter(AdaptedPair pair, const std::filesystem::path& path,
                        const models::AdapterStrength& strength) {
    if (strength.unet == 0 && strength.text == 0) return pair;
    models::AdaptedParts parts;
    if (pair.model) parts.unet = pair.model->checkpoint->unet;
    if (pair.encoder) {
        parts.text1 = pair.encoder->text1;
        parts.text2 = pair.encoder->text2;
    }
    parts = models::applyAdapter(parts, models::AdapterFile::open(path), strength);
    // The two networks are told apart by what was applied to each, so that a change of one leaves the other
    // built.
    const std::string file = models::identityOf(path, {});
    if (pair.model && strength.unet != 0)
        pair.model = pair.model->adapted(parts, fmt::format("{}*{}", file, strength.unet));
    if (pair.encoder && strength.text != 0)
        pair.encoder = pair.encoder->adapted(parts, fmt::format("{}*{}", file, strength.text));
    return pair;
}

std::filesystem::path loraFile(const std::string& name) {
    if (name.empty() || name.find("..") != std::string::npos || name.front() == '/') return {};
    return paths::findModel(name, kLoraFile.folder);
}

} // namespace ochre::nodes
