// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"
#include "core/scene/SplatScene.h"

namespace ochre::nodes::scene {
namespace {

constexpr int kInputs = 8;

std::string inputName(int index) {
    return fmt::format("scene_{}", index + 1);
}

void run(graph::RunContext& run) {
    std::vector<std::pair<std::string, SplatScene>> scenes;
    for (int i = 0; i < kInputs; ++i)
        if (const std::string name = inputName(i); run.hasInput(name)) scenes.emplace_back(name, sceneOf(run.input(name)));
    if (scenes.empty()) throw Error("no scene is linked", "link one, or drop scenes into the viewer");
    SplatScene all = combined(scenes, layersFromJson(parseJson(run.text("layers"), "layers"), "layers"));
    run.setOutput("count", graph::Value::make(graph::types::kInt, static_cast<std::int64_t>(all.count())));
    run.setOutput("scene", makeLayersValue(std::move(all)));
}

} // namespace

graph::NodeDeclaration Combine() {
    graph::NodeDeclaration node("scene.combine", 1, "Combine scenes", "Scene");
    node.describe("Several scenes as one, each moved, turned, faded or hidden. They become one cloud only where something needs one, such as "
                  "a file. The viewer's list of clouds writes the layers; a node can take the scene of another one.")
        .keywords("join merge layers group place transform several clouds splats");
    for (int i = 0; i < kInputs; ++i)
        node.input({.id = inputName(i), .label = fmt::format("Scene {}", i + 1), .help = "A scene, or several that move as one.", .type = types::kLayers,
                    .optional = true});
    return node.output({.id = "scene", .label = "Scene", .help = "All of them.", .type = types::kLayers})
        .output({.id = "count", .label = "Splats", .help = "How many are visible.", .type = graph::types::kInt})
        .parameter({.id = "layers",
                    .label = "Layers",
                    .help = "A list of JSON objects, one a scene, of which all but input may be left out: [{\"input\": \"scene_1\", \"name\": \"chair\", "
                            "\"visible\": true, \"opacity\": 1, \"move\": [0, 0, 0], \"turn\": [0, 90, 0], \"scale\": 1}].",
                    .kind = graph::ParameterKind::LongText,
                    .defaultValue = std::string("[]"),
                    .advanced = true})
        .onRun(run);
}

} // namespace ochre::nodes::scene
