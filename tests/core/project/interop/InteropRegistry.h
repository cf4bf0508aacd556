// SPDX-License-Identifier: GPL-3.0-or-later
// Every node that workflows of other programs turn into.
#pragma once

#include "core/nodes/Types.h"
#include "tests/support/GenerationNodes.h"

namespace ochre::project::interop {

inline graph::NodeRegistry& registry() {
    static graph::NodeRegistry all;
    static const bool filled = [] {
        nodes::registerTypes();
        nodes::registerNodes(all);
        all.addCatalogue(nodes::modelNodeCatalogue());
        test::addGenerationNodes(all);
        return true;
    }();
    (void)filled;
    return all;
}

} // namespace ochre::project::interop
