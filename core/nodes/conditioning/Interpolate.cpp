// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>
#include <vector>

#include "core/base/Hash.h"
#include "core/nodes/conditioning/ConditioningNode.h"

namespace ochre::nodes::conditioning {

namespace {

void run(graph::RunContext& run) {
    graph::ListSource list;
    std::size_t bytes = 0;
    tensor::run(run.cancel(), [&] {
        const std::vector<models::Conditioning> steps = models::walk(
            conditioningInput(run, "a"), conditioningInput(run, "b"), static_cast<int>(run.integer("count")));
        for (std::size_t i = 0; i < steps.size(); ++i) {
            bytes += steps[i].bytes();
            const Hash128 key = Hasher().add(run.key()).add(static_cast<std::uint64_t>(i)).finish();
            list.items.push_back(
                {key, std::to_string(i + 1), [value = makeConditioningValue(steps[i])] { return value; }});
        }
    });
    run.setOutput("conditioning",
                  graph::Value::make<graph::ListSource>(types::kConditioning, std::move(list), bytes));
}

} // namespace

graph::NodeDeclaration Interpolate() {
    return graph::NodeDeclaration("conditioning.interpolate", 1, "Walk between prompts", "Conditioning")
        .describe(
            "A list of prompts from one to another in even steps: what is linked to it runs once for each.")
        .keywords("interpolate walk morph travel animation list between")
        .input(socket("a", "A", "The first prompt.", types::kConditioning))
        .input(socket("b", "B", "The last prompt.", types::kConditioning))
        .output({.id = "conditioning",
                 .label = "Conditioning",
                 .help = "The steps, both ends included.",
                 .type = types::kConditioning,
                 .list = true})
        .parameter(whole("count", "Steps", "How many prompts there are, both ends counted.", 8,
                         {.min = 2, .max = 1000, .softMax = 64}))
        .needsRuntime()
        .onRun(run);
}

} // namespace ochre::nodes::conditioning
