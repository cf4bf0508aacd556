// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"

namespace ochre::nodes::flow {

graph::NodeDeclaration TextJoin() {
    return graph::NodeDeclaration("text.join", 1, "Join Text", "Values")
        .describe("Puts two texts together. Numbers may be linked too.")
        .keywords("concatenate append string prompt")
        .output({.id = "text", .label = "Text", .type = graph::types::kText})
        .parameter({.id = "first",
                    .label = "First",
                    .help = "The text in front. May be driven by a link.",
                    .kind = graph::ParameterKind::LongText,
                    .defaultValue = std::string()})
        .parameter({.id = "second",
                    .label = "Second",
                    .help = "The text behind. May be driven by a link.",
                    .kind = graph::ParameterKind::LongText,
                    .defaultValue = std::string()})
        .parameter({.id = "separator",
                    .label = "Separator",
                    .help = "Stands between the two when neither is empty.",
                    .kind = graph::ParameterKind::Text,
                    .defaultValue = std::string(", ")})
        .onRun([](graph::RunContext& run) {
            const std::string &first = run.text("first"), &second = run.text("second");
            const bool both = !first.empty() && !second.empty();
            run.setOutput("text",
                          graph::makeText(first + (both ? run.text("separator") : std::string()) + second));
        });
}

} // namespace ochre::nodes::flow
