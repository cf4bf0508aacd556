// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/Import.h"

#include "core/base/Error.h"
#include "core/models/field/FieldFile.h"

namespace ochre::session {

std::string fieldLoaderOf(const std::filesystem::path& path) {
    try {
        if (models::isField(path)) return kLoadField;
        if (models::isNerf(path)) return kDistilField;
    } catch (const Error&) {
        // Not a checkpoint that can be opened: none of ours.
    }
    return {};
}

} // namespace ochre::session
