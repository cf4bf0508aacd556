// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"
#include "core/scene/SceneIo.h"

namespace ochre::nodes::scene {

graph::NodeDeclaration LoadSplats() {
    return graph::NodeDeclaration("scene.load_splats", 1, "Load splats", "Scene")
        .describe("Reads a scene of Gaussian splats: .ply, .compressed.ply, .spz, .splat, .ksplat or .sog, or points as splats.")
        .keywords("open read file gaussian splat 3dgs ply scene import")
        .output({.id = "scene", .label = "Scene", .help = "The splats as the file holds them.", .type = types::kScene})
        .output({.id = "count", .label = "Splats", .help = "How many there are.", .type = graph::types::kInt})
        .parameter({.id = "path",
                    .label = "File",
                    .help = "The scene to read.",
                    .kind = graph::ParameterKind::File,
                    .defaultValue = std::string(),
                    .filter = std::string("Scenes (") + kSceneNames + ")"})
        .onRun([](graph::RunContext& run) {
            if (run.text("path").empty()) throw Error("no scene is chosen", "choose a file in the panel");
            const SplatCloud cloud = readSplats(paths::resolve(run.text("path")), run.cancel(), run.progress());
            cloud.focus(); // kept with it: the viewer asks for it at once, and must not wait
            run.setOutput("count", graph::Value::make(graph::types::kInt, static_cast<std::int64_t>(cloud.count())));
            run.setOutput("scene", makeSceneValue(cloud));
        });
}

} // namespace ochre::nodes::scene
