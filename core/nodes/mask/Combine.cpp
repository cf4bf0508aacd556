// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Mask.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::mask {
namespace {

MaskOperation operationOf(const std::string& word) {
    return word == "add"        ? MaskOperation::Add
           : word == "subtract" ? MaskOperation::Subtract
           : word == "and"      ? MaskOperation::And
           : word == "or"       ? MaskOperation::Or
           : word == "xor"      ? MaskOperation::Xor
                                : MaskOperation::Multiply;
}

} // namespace

graph::NodeDeclaration Combine() {
    return graph::NodeDeclaration("mask.combine", 1, "Combine masks", "Mask")
        .describe("Joins two masks. Where the second does not lie, the first stays.")
        .keywords("multiply add subtract and or xor union intersection difference composite")
        .input({.id = "a",
                .label = "First",
                .help = "The mask below; the result has its size.",
                .type = types::kMask})
        .input({.id = "b", .label = "Second", .help = "The mask laid upon it.", .type = types::kMask})
        .output({.id = "mask", .label = "Mask", .help = "The result.", .type = types::kMask})
        .parameter({.id = "operation",
                    .label = "Operation",
                    .help = "And, Or and Xor take all but black for chosen, and give hard edges.",
                    .kind = graph::ParameterKind::Choice,
                    .defaultValue = std::string("multiply"),
                    .choices = {{"multiply", "Multiply"},
                                {"add", "Add"},
                                {"subtract", "Subtract"},
                                {"and", "And"},
                                {"or", "Or"},
                                {"xor", "Xor"}}})
        .parameter({.id = "x",
                    .label = "Left",
                    .help = "Column where the second begins; may be negative.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = -65536,
                    .max = 65536,
                    .softMin = -2048,
                    .softMax = 2048,
                    .unit = "px"})
        .parameter({.id = "y",
                    .label = "Top",
                    .help = "Row where the second begins; may be negative.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = -65536,
                    .max = 65536,
                    .softMin = -2048,
                    .softMax = 2048,
                    .unit = "px"})
        .onRun([](graph::RunContext& run) {
            run.setOutput("mask", makeMaskValue(combineMasks(run.inputAs<Image>("a"), run.inputAs<Image>("b"),
                                                             static_cast<int>(run.integer("x")),
                                                             static_cast<int>(run.integer("y")),
                                                             operationOf(run.text("operation")))));
        });
}

} // namespace ochre::nodes::mask
