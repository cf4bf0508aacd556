// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/ParityFiles.h"

namespace ochre::models {

const std::vector<ParityFileKind>& parityFileKinds() {
    static const std::vector<ParityFileKind> all{};
    return all;
}

} // namespace ochre::models
