// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/cameras/CameraPath.h"

#include <algorithm>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/nodes/Make.h"
#include "core/nodes/SceneRenderers.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::scene {
namespace {

constexpr double kTurn = 5, kFps = 30; // seconds and frames a second of what there is without keys

ochre::CameraPath pathOf(graph::RunContext& run) {
    if (const std::string& file = run.text("path"); !file.empty()) return readCameraPath(paths::resolve(file));
    if (const std::string& keys = run.text("keys"); !keys.empty()) {
        ochre::CameraPath path = cameraPathFromJson(parseJson(keys, "keys"), "keys");
        if (!path.keys.empty()) return path;
    }
    if (run.hasInput("scene")) return turntable(sceneOf(run.input("scene")).focus(), kTurn, kFps);
    throw Error("the path has no key", "set keys in the viewer with K, choose a file, or link a scene to go around");
}

void run(graph::RunContext& run) {
    const ochre::CameraPath path = pathOf(run);
    const auto frames = static_cast<std::int64_t>(path.frames());
    const auto frame = static_cast<std::size_t>(std::min(run.integer("frame"), frames) - 1);
    double nearest = ochre::Camera().near;
    if (run.hasInput("scene")) nearest = std::min(nearest, sceneOf(run.input("scene")).focus().radius / 20);
    run.setOutput("camera", makeCameraValue(path.at(path.timeOf(frame)).camera(static_cast<int>(run.integer("width")),
                                                                               static_cast<int>(run.integer("height")), nearest)));
    run.setOutput("frames", graph::Value::make(graph::types::kInt, frames));
    run.setOutput("path", makeCameraPathValue(path));
}

} // namespace

graph::NodeDeclaration CameraPath() {
    using Kind = graph::ParameterKind;
    return graph::NodeDeclaration("scene.camera_path", 1, "Camera path", "Scene")
        .describe("A camera that moves through a scene. The viewer's timeline writes its keys; without any it goes once around.")
        .keywords("animation keys keyframes film turntable orbit timeline")
        .input({.id = "scene", .label = "Scene", .help = "What it goes around without keys.", .type = types::kLayers, .optional = true})
        .output({.id = "path", .label = "Path", .help = "All of it, for a film.", .type = types::kCameraPath})
        .output({.id = "camera", .label = "Camera", .help = "Where it is at the frame below.", .type = types::kCamera})
        .output({.id = "frames", .label = "Frames", .help = "How many there are.", .type = graph::types::kInt})
        .parameter({.id = "frame", .label = "Frame", .help = "That the camera is of, from 1; beyond the last it is the last.", .kind = Kind::Int,
                    .defaultValue = std::int64_t{1}, .min = 1, .max = 20'000'000, .softMin = 1, .softMax = 300})
        .parameter(widthParameter("Of the camera's picture."))
        .parameter(heightParameter("Of the camera's picture."))
        .parameter({.id = "keys", .label = "Keys", .help = "A camera path as JSON; see core/scene/cameras/README.md.", .kind = Kind::LongText,
                    .defaultValue = std::string(), .advanced = true})
        .parameter({.id = "path", .label = "Path file", .help = "A camera path as a file, instead of the keys.", .kind = Kind::File,
                    .defaultValue = std::string(), .filter = "Camera paths (*.json)", .advanced = true})
        .parameter({.id = "cameras", .label = "Cameras of photos", .help = "transforms.json or COLMAP's cameras, which the viewer shows in the scene.",
                    .kind = Kind::File, .defaultValue = std::string(), .filter = "Cameras (*.json *.bin *.txt)", .advanced = true})
        .onRun(run);
}

} // namespace ochre::nodes::scene
