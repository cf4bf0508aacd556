// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"
#include "core/nodes/flow/ValueList.h"

namespace ochre::nodes::flow {
namespace {

graph::ListSource listOf(const std::vector<std::string>& values, const std::string& type) {
    graph::ListSource list;
    for (const std::string& value : values)
        list.items.push_back({hashText(value), value, [value, type] {
                                  return graph::TypeRegistry::shared().convert(graph::makeText(value), type);
                              }});
    return list;
}

void put(graph::RunContext& run, const std::string& output, const std::vector<std::string>& values,
         const std::string& type) {
    run.setOutput(output, graph::Value::make<graph::ListSource>(type, listOf(values, type)));
}

/// One value a line, quoted, as parseValues reads them.
std::string lines(const std::vector<std::string>& values) {
    std::string text;
    for (const std::string& value : values) {
        text += text.empty() ? "\"" : "\n\"";
        for (const char c : value) text += c == '"' ? std::string("\"\"") : std::string(1, c);
        text += '"';
    }
    return text;
}

void run(graph::RunContext& run) {
    const std::vector<std::string> columns = parseValues(run.text("values")),
                                   rows = parseValues(run.text("rows"));
    if (columns.empty()) throw Error("values: there are none", "write some, with commas between");
    std::vector<std::string> across, down;
    const std::size_t rounds = rows.empty() ? 1 : rows.size();
    if (columns.size() * rounds > 100'000)
        throw Error("values: " + std::to_string(columns.size()) + " times " + std::to_string(rounds) +
                        " are too many",
                    "use fewer");
    for (std::size_t row = 0; row < rounds; ++row)
        for (const std::string& value : columns) {
            across.push_back(value);
            down.push_back(rows.empty() ? std::string() : rows[row]);
        }
    put(run, "texts", across, graph::types::kText);
    put(run, "numbers", across, graph::types::kFloat);
    put(run, "row_texts", down, graph::types::kText);
    put(run, "row_numbers", down, graph::types::kFloat);
    run.setOutput("columns", graph::makeInt(static_cast<std::int64_t>(columns.size())));
    run.setOutput("column_labels", graph::makeText(lines(columns)));
    run.setOutput("row_labels", graph::makeText(lines(rows)));
}

} // namespace

graph::NodeDeclaration Values() {
    using graph::types::kFloat;
    using graph::types::kText;
    return graph::NodeDeclaration("flow.values", 1, "Values", "Flow")
        .describe("A list of values: a parameter linked to it is tried with each. With rows, every value "
                  "goes with every "
                  "row, in the order in which Grid lays them out.")
        .keywords("list sweep range xy plot parameters iterate each")
        .output({.id = "texts", .label = "Texts", .help = "The values.", .type = kText, .list = true})
        .output({.id = "numbers",
                 .label = "Numbers",
                 .help = "The values as numbers.",
                 .type = kFloat,
                 .list = true})
        .output({.id = "row_texts",
                 .label = "Row texts",
                 .help = "The row of each value.",
                 .type = kText,
                 .list = true})
        .output({.id = "row_numbers",
                 .label = "Row numbers",
                 .help = "The row of each value as a number.",
                 .type = kFloat,
                 .list = true})
        .output({.id = "columns",
                 .label = "Columns",
                 .help = "How many values there are.",
                 .type = graph::types::kInt})
        .output({.id = "column_labels",
                 .label = "Column labels",
                 .help = "The values, one a line.",
                 .type = kText})
        .output({.id = "row_labels", .label = "Row labels", .help = "The rows, one a line.", .type = kText})
        .parameter(
            {.id = "values",
             .label = "Values",
             .help = "With commas between, or one a line. Ranges: 1-10 (+3), 0-1 [5]. Quotes keep commas.",
             .kind = graph::ParameterKind::LongText,
             .defaultValue = std::string("1, 2, 3")})
        .parameter({.id = "rows",
                    .label = "Rows",
                    .help = "A second list, written likewise; empty: one row.",
                    .kind = graph::ParameterKind::LongText,
                    .defaultValue = std::string()})
        .onRun(run);
}

} // namespace ochre::nodes::flow
