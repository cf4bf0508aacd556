// SPDX-License-Identifier: GPL-3.0-or-later
// What the nodes that make a latent share.
#pragma once

#include <string>
#include <utility>

#include "core/models/diffusion/LatentOps.h"
#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionValues.h"
#include "core/tensor/Runtime.h"

namespace ochre::nodes::latent {

/// A declaration with the output "latent" and no input yet.
inline graph::NodeDeclaration latentMaker(const std::string& id, const std::string& label,
                                          const std::string& help, const std::string& words) {
    return graph::NodeDeclaration(id, 1, label, "Latent")
        .describe(help)
        .keywords(words)
        .output(socket("latent", "Latent", "The result.", types::kLatent))
        .needsRuntime();
}

/// From one latent to another.
inline graph::NodeDeclaration latentChanger(const std::string& id, const std::string& label,
                                            const std::string& help, const std::string& words) {
    return latentMaker(id, label, help, words)
        .input(socket("latent", "Latent", "The latent to work on.", types::kLatent));
}

/// From two latents to one.
inline graph::NodeDeclaration latentJoiner(const std::string& id, const std::string& label,
                                           const std::string& help, const std::string& words) {
    return latentMaker(id, label, help, words)
        .input(socket("a", "A", "The first latent; its size and its mask stay.", types::kLatent))
        .input(socket("b", "B", "The second latent, brought to the size of the first.", types::kLatent));
}

/// Runs `make`, which gives a LatentBatch, and puts it out.
template <typename Make>
void putLatent(graph::RunContext& run, Make make) {
    tensor::run(run.cancel(), [&] { run.setOutput("latent", makeLatentValue(make())); });
}

inline graph::Parameter methodParameter() {
    return choice("method", "Method", "How values between the old ones are found.",
                  {{"nearest", "Nearest"},
                   {"bilinear", "Bilinear"},
                   {"area", "Area"},
                   {"bicubic", "Bicubic"},
                   {"bislerp", "Bilinear on the sphere (bislerp)"}});
}

} // namespace ochre::nodes::latent
