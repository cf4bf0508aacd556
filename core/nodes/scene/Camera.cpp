// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/Camera.h"

#include <cmath>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/nodes/Make.h"
#include "core/nodes/SceneRenderers.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::scene {
namespace {

void run(graph::RunContext& run) {
    const auto width = static_cast<int>(run.integer("width")), height = static_cast<int>(run.integer("height"));
    if (!run.text("path").empty()) {
        run.setOutput("camera", makeCameraValue(readCamera(paths::resolve(run.text("path"))).resized(width, height)));
        return;
    }
    const Focus focus = run.hasInput("scene") ? sceneOf(run.input("scene")).focus() : Focus{};
    // As far away as the default view, so that 1 always shows the whole scene.
    const ochre::Camera framed = ochre::Camera::frame(focus, width, height, 0, 0, run.number("fov"));
    const Vec3 eye = framed.position();
    double square = 0;
    for (std::size_t k = 0; k < 3; ++k) square += (eye[k] - focus.center[k]) * (eye[k] - focus.center[k]);
    run.setOutput("camera", makeCameraValue(ochre::Camera::orbit(focus.center, std::sqrt(square) * run.number("distance"),
                                                                 run.number("yaw"), run.number("pitch"), run.number("fov"),
                                                                 width, height)));
}

} // namespace

graph::NodeDeclaration Camera() {
    using Kind = graph::ParameterKind;
    return graph::NodeDeclaration("scene.camera", 1, "Camera", "Scene")
        .describe("A camera on an orbit around a scene, or one read from a file.")
        .keywords("view orbit position lens field of view")
        .input({.id = "scene", .label = "Scene", .help = "What to look at; without it, the origin.", .type = types::kLayers, .optional = true})
        .output({.id = "camera", .label = "Camera", .help = "Where the picture is taken from.", .type = types::kCamera})
        .parameter(widthParameter("Of the picture."))
        .parameter(heightParameter("Of the picture."))
        .parameter({.id = "yaw", .label = "Yaw", .help = "Around the scene.", .defaultValue = 0.0, .softMin = -180, .softMax = 180, .unit = "°"})
        .parameter({.id = "pitch", .label = "Pitch", .help = "Above the scene; negative is below.", .defaultValue = 12.0,
                    .min = -89.9, .max = 89.9, .unit = "°"})
        .parameter({.id = "distance", .label = "Distance", .help = "1 shows the whole scene, less comes nearer.", .defaultValue = 1.0,
                    .min = 0.001, .softMin = 0.1, .softMax = 4, .unit = "×"})
        .parameter({.id = "fov", .label = "Field of view", .help = "From the lower to the upper edge.", .defaultValue = 45.0,
                    .min = 1, .max = 170, .softMin = 20, .softMax = 110, .unit = "°"})
        .parameter({.id = "path", .label = "Camera file", .help = "A camera as JSON, instead of the orbit; it is fitted to the size above.",
                    .kind = Kind::File, .defaultValue = std::string(), .filter = "Cameras (*.json)", .advanced = true})
        .onRun(run);
}

} // namespace ochre::nodes::scene
