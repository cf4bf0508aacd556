// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/nodes/Make.h"
#include "core/nodes/SceneRenderers.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::scene {
namespace {

/// What estimators of depth give and control models learnt: disparity, white at the nearest, black at the furthest and behind.
Image depthPicture(const Image& depth) {
    float near = INFINITY, far = 0;
    for (const float z : depth.values())
        if (z > 0) near = std::min(near, z), far = std::max(far, z);
    Image image(depth.width(), depth.height(), 3, ColorSpace::Srgb);
    const auto to = image.edit();
    for (std::size_t i = 0; i < depth.pixelCount(); ++i) {
        const float z = depth.values()[i];
        const float v = z <= 0 ? 0 : far > near ? (1 / z - 1 / far) / (1 / near - 1 / far) : 1;
        std::fill_n(to.begin() + static_cast<std::ptrdiff_t>(3 * i), 3, v);
    }
    return image;
}

/// Directions of the world in the camera's axes: red points left, green up, blue to the eye, where there is nothing too.
Image normalPicture(const Image& normals, const ochre::Camera& camera) {
    Image image(normals.width(), normals.height(), 3, ColorSpace::Srgb);
    const auto to = image.edit();
    const auto& m = camera.worldToCamera;
    for (std::size_t i = 0; i < normals.pixelCount(); ++i) {
        const float* n = normals.values().data() + 3 * i;
        const bool hit = n[0] != 0 || n[1] != 0 || n[2] != 0;
        for (std::size_t k = 0; k < 3; ++k) {
            const double along = hit ? m[4 * k] * n[0] + m[4 * k + 1] * n[1] + m[4 * k + 2] * n[2] : k == 2 ? -1 : 0;
            to[3 * i + k] = static_cast<float>(0.5 - 0.5 * along);
        }
    }
    return image;
}

void run(graph::RunContext& run) {
    const SplatScene scene = sceneOf(run.input("scene"));
    const ochre::Camera camera = cameraOrAll(run, scene);
    const Plane wanted[] = {Plane::MedianDepth, Plane::Normals, Plane::Alpha};
    Planes planes;
    drawScene(run.text("renderer"), scene, [&](Renderer& renderer) { planes = renderer.renderPlanes(camera, {}, wanted, run.cancel()); });
    run.setOutput("depth", makeImageValue(depthPicture(planes.medianDepth)));
    run.setOutput("normals", makeImageValue(normalPicture(planes.normals, camera)));
    run.setOutput("mask", makeMaskValue(planes.alpha));
}

} // namespace

graph::NodeDeclaration Maps() {
    return graph::NodeDeclaration("scene.maps", 1, "Depth and normals", "Scene")
        .describe("What lies how far away in a scene, and which way it faces, as pictures that a ControlNet takes.")
        .keywords("controlnet depth normal map mask splats camera")
        .input({.id = "scene", .label = "Scene", .help = "What is looked at.", .type = types::kLayers})
        .input({.id = "camera", .label = "Camera", .help = "From where; without it, the whole scene.", .type = types::kCamera, .optional = true})
        .output({.id = "depth", .label = "Depth", .help = "One over the distance: white nearest, black furthest and where nothing is.",
                 .type = types::kImage})
        .output({.id = "normals", .label = "Normals", .help = "Red faces left, green up, blue to the camera.", .type = types::kImage})
        .output({.id = "mask", .label = "Mask", .help = "Where the scene is.", .type = types::kMask})
        .parameter(widthParameter("Without a camera."))
        .parameter(heightParameter("Without a camera."))
        .parameter(rendererParameter())
        .lane(graph::Lane::Display)
        .onRun(run);
}

} // namespace ochre::nodes::scene
