// SPDX-License-Identifier: GPL-3.0-or-later
// What the nodes that make conditioning share.
#pragma once

#include <string>
#include <utility>

#include "core/models/diffusion/ConditioningOps.h"
#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionValues.h"
#include "core/tensor/Runtime.h"

namespace ochre::nodes::conditioning {

/// A declaration with the output "conditioning" and no input yet.
inline graph::NodeDeclaration conditioningMaker(const std::string& id, const std::string& label,
                                                const std::string& help, const std::string& words) {
    return graph::NodeDeclaration(id, 1, label, "Conditioning")
        .describe(help)
        .keywords(words)
        .output(socket("conditioning", "Conditioning", "The result.", types::kConditioning))
        .needsRuntime();
}

/// From one conditioning to another.
inline graph::NodeDeclaration conditioningChanger(const std::string& id, const std::string& label,
                                                  const std::string& help, const std::string& words) {
    return conditioningMaker(id, label, help, words)
        .input(socket("conditioning", "Conditioning", "The prompt to work on.", types::kConditioning));
}

/// Runs `make`, which gives Conditioning, and puts it out.
template <typename Make>
void putConditioning(graph::RunContext& run, Make make) {
    tensor::run(run.cancel(), [&] { run.setOutput("conditioning", makeConditioningValue(make())); });
}

/// How strongly a part of the prompt acts against the others.
inline graph::Parameter strengthParameter() {
    return number("strength", "Strength", "How much it counts against other prompts at the same place.", 1.0,
                  {.min = 0, .max = 10, .softMax = 2});
}

} // namespace ochre::nodes::conditioning
