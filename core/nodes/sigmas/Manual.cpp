// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>

#include "core/nodes/sigmas/SigmasNode.h"

namespace ochre::nodes::sigmas {

graph::NodeDeclaration Manual() {
    return sigmasMaker("sigmas.manual", "Manual sigmas", "Noise levels as written.",
                       "custom list numbers text")
        .parameter({.id = "text",
                    .label = "Sigmas",
                    .help = "Numbers apart by commas or spaces, largest first, usually with a 0 at the end.",
                    .kind = graph::ParameterKind::Text,
                    .defaultValue = std::string("14.6146, 4.0861, 1.6156, 0.6951, 0.0292, 0")})
        .onRun([](graph::RunContext& run) {
            putSigmas(run, [&] { return models::sampling::manualSigmas(run.text("text")); });
        });
}

} // namespace ochre::nodes::sigmas
