// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"
#include "core/scene/edit/SplatEditor.h"

namespace ochre::nodes::scene {
namespace {

void run(graph::RunContext& run) {
    const SplatCloud cloud = edited(run.inputAs<SplatCloud>("scene"), parseJson(run.text("steps"), "steps"), "steps", run.cancel());
    run.setOutput("count", graph::Value::make(graph::types::kInt, static_cast<std::int64_t>(cloud.count())));
    run.setOutput("scene", makeSceneValue(cloud));
}

} // namespace

graph::NodeDeclaration EditSplats() {
    return graph::NodeDeclaration("scene.edit_splats", 1, "Edit splats", "Scene")
        .describe("Selects, deletes, moves and recolours splats, step by step. The viewer's tools write the steps.")
        .keywords("edit select delete clean crop move grade floaters splats gaussian")
        .input({.id = "scene", .label = "Scene", .help = "What is edited.", .type = types::kScene})
        .output({.id = "scene", .label = "Scene", .help = "The splats after the last step.", .type = types::kScene})
        .output({.id = "count", .label = "Splats", .help = "How many there are.", .type = graph::types::kInt})
        .parameter({.id = "steps",
                    .label = "Steps",
                    .help = "A list of JSON objects, as ochre convert --edits takes it: [{\"step\": \"select\", …}, {\"step\": \"delete\"}].",
                    .kind = graph::ParameterKind::LongText,
                    .defaultValue = std::string("[]")})
        .onRun(run);
}

} // namespace ochre::nodes::scene
