// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>

#include "core/nodes/latent/LatentNode.h"

namespace ochre::nodes::latent {

graph::NodeDeclaration Rotate() {
    return latentChanger("latent.rotate", "Rotate latent", "Turns a latent by quarters.", "turn 90 180 270")
        .parameter(choice("angle", "Turn", "Clockwise.",
                          {{"0", "None"}, {"90", "90°"}, {"180", "180°"}, {"270", "270°"}}))
        .onRun([](graph::RunContext& run) {
            putLatent(run, [&] { return models::rotated(latentInput(run), std::stoi(run.text("angle"))); });
        });
}

} // namespace ochre::nodes::latent
