// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/models/field/FieldFile.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"
#include "core/scene/field/PlacedField.h"

namespace ochre::nodes::scene {
namespace {

void run(graph::RunContext& run) {
    if (run.text("path").empty()) throw Error("no field is chosen", "choose a file in the panel");
    const std::filesystem::path path = paths::resolve(run.text("path"));
    auto field = std::make_shared<const HashField>(models::readField(path));
    PlacedField placed = run.flag("upright") ? upright(std::move(field)) : PlacedField{std::move(field)};
    run.setOutput("scene", makeSceneValue(sceneOf(std::move(placed), path.filename().string())));
}

} // namespace

graph::NodeDeclaration LoadField() {
    using Kind = graph::ParameterKind;
    return graph::NodeDeclaration("scene.load_field", 1, "Load field", "Scene")
        .describe("Reads a radiance field: what \"NeRF to field\" and ochre convert make of a NeRF checkpoint.")
        .keywords("open read file nerf radiance field hash grid instant ngp scene import")
        .output({.id = "scene", .label = "Scene", .help = "The field as a scene.", .type = types::kScene})
        .parameter({.id = "path", .label = "File", .help = "The field to read.", .kind = Kind::File, .defaultValue = std::string(),
                    .filter = "Fields (*.field.safetensors *.safetensors)"})
        .parameter({.id = "upright", .label = "Upright", .help = "Turns it so that it stands as other scenes do; off, its axes are those of its cameras.",
                    .kind = Kind::Bool, .defaultValue = true})
        .onRun(run);
}

} // namespace ochre::nodes::scene
