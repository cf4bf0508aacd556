// SPDX-License-Identifier: GPL-3.0-or-later
// What ochre render is asked for: from where, how, and which plane of the frame.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/Command.h"
#include "core/render/Backdrop.h"

namespace ochre::app {

struct RenderRequest {
    std::vector<std::string> scenes;
    std::string scene, ///< the first of them
        layers, output, renderer = "auto", camera, size, view, background = "0,0,0", pass = "color", mode = "color", stereo, box, frames, space = "auto";
    double backgroundTurn = 0, fov = 0, near = 0, far = 0, eyeDistance = 0, pointSize = 3, fps = 0; ///< 0: as usual
    int orbit = 0, turntable = 0, bits = 0;
    bool orthographic = false, panorama = false, again = false, depth = false, json = false;
};

/// Of a picture, unless the camera's file says it. Throws Error where it is none.
Size sizeOf(const RenderRequest& request);
void addRenderOptions(CLI::App& command, RenderRequest& request);

struct RenderViews {
    std::vector<Camera> cameras;
    double fps = 30;
    int first = 1;     ///< number of the first
    bool film = false; ///< one after the other, to be gone on with after a break
};
/// A camera a picture. Throws Error on sizes, frames and cameras that are none.
RenderViews renderViews(const RenderRequest& request, const SplatScene& scene);
/// All that --layers says of the files. Throws Error.
SplatScene readScenes(const RenderRequest& request);

/// That of --camera alone, with --size and --fov.
Camera cameraOfFile(const RenderRequest& request);
/// Its near and far plane as --near and --far say. Throws Error where nothing lies between them.
Camera withLimits(Camera camera, const RenderRequest& request);
std::optional<Backdrop> backdropOf(const RenderRequest& request); ///< throws Error with the option
std::optional<std::array<float, 3>> backgroundOf(const RenderRequest& request); ///< of one colour; throws Error on others

/// Throws Error with the option on colours and boxes that are none.
SplatOptions splatOptions(const RenderRequest& request);
Plane planeOf(const RenderRequest& request);

} // namespace ochre::app
