// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <optional>

#include "core/base/Error.h"
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/ContactSheet.h"
#include "core/nodes/flow/ValueList.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::flow {
namespace {

SheetOptions optionsOf(graph::RunContext& run, const Image& first) {
    SheetOptions options;
    options.columns = static_cast<int>(run.integer("columns"));
    options.gap = static_cast<int>(run.integer("gap"));
    options.background = run.color("background");
    options.columnLabels = parseValues(run.text("column_labels"));
    options.rowLabels = parseValues(run.text("row_labels"));
    options.cellWidth = first.width();
    options.cellHeight = first.height();
    if (const auto cell = run.integer("cell"); cell > 0) {
        const double scale = static_cast<double>(cell) / std::max(first.width(), first.height());
        options.cellWidth = std::max(1, static_cast<int>(first.width() * scale + 0.5));
        options.cellHeight = std::max(1, static_cast<int>(first.height() * scale + 0.5));
    }
    return options;
}

void run(graph::RunContext& run) {
    const graph::ListView& images = run.listInput("images");
    std::optional<ContactSheet> sheet;
    for (std::size_t i = 0; i < images.size(); ++i) {
        run.cancel().check();
        const graph::Value value = images.item(i);
        const Image& image = value.as<Image>();
        if (!sheet) sheet.emplace(images.size(), optionsOf(run, image));
        sheet->place(i, image, run.cancel());
        run.progress().report(i + 1, images.size());
    }
    if (!sheet) throw Error("the list of pictures is empty", "link one that has some");
    run.setOutput("image", makeImageValue(sheet->take()));
}

} // namespace

graph::NodeDeclaration Grid() {
    using Kind = graph::ParameterKind;
    return graph::NodeDeclaration("flow.grid", 1, "Grid", "Flow")
        .describe(
            "Puts the pictures of a list side by side on one sheet, all in cells of the first one's shape.")
        .keywords("contact sheet xy plot compare montage table collage")
        .input({.id = "images",
                .label = "Images",
                .help = "In rows from the top left.",
                .type = types::kImage,
                .list = true})
        .output({.id = "image", .label = "Image", .help = "The sheet.", .type = types::kImage})
        .parameter({.id = "columns",
                    .label = "Columns",
                    .help = "0: as many as there are column labels, else near a square.",
                    .kind = Kind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 10000,
                    .softMin = 0,
                    .softMax = 10})
        .parameter({.id = "column_labels",
                    .label = "Column labels",
                    .help = "Written as in Values; may be linked to it.",
                    .kind = Kind::LongText,
                    .defaultValue = std::string()})
        .parameter({.id = "row_labels",
                    .label = "Row labels",
                    .help = "Written as in Values; may be linked to it.",
                    .kind = Kind::LongText,
                    .defaultValue = std::string()})
        .parameter({.id = "cell",
                    .label = "Cell",
                    .help = "Longer side of each picture; 0 keeps that of the first.",
                    .kind = Kind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .max = 16384,
                    .softMin = 0,
                    .softMax = 1024,
                    .unit = "px"})
        .parameter({.id = "gap",
                    .label = "Gap",
                    .help = "Between pictures.",
                    .kind = Kind::Int,
                    .defaultValue = std::int64_t{8},
                    .min = 0,
                    .max = 1024,
                    .softMin = 0,
                    .softMax = 64,
                    .unit = "px"})
        .parameter({.id = "background",
                    .label = "Background",
                    .help = "Behind the pictures; letters are black or white, as it needs.",
                    .kind = Kind::Color,
                    .defaultValue = graph::Color{0.08f, 0.08f, 0.08f, 1}})
        .onRun(run);
}

} // namespace ochre::nodes::flow
