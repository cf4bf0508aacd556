// SPDX-License-Identifier: GPL-3.0-or-later
// A frame of the viewer: splats, what is behind them, and the ground and its axes among them by depth.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "core/render/Backdrop.h"

namespace ochre::ui {

/// Lines on the plane y = 0 in steps, each tenth stronger, fading with the distance, and the axes of the world. Colours are
/// display sRGB.
struct Ground {
    double step = 1;
    Vec3 middle{}; ///< where it does not fade
    double reach = 20;
    double width = 1; ///< of a line, pixels
    std::array<float, 3> line{}, x{}, y{}, z{};
};

struct FrameOptions {
    SplatOptions splats; ///< its background does not count
    Backdrop backdrop;
    std::optional<Ground> ground;
    bool normals = false; ///< which way what is seen faces, instead of colours: red right, green up, blue to the eye
};

/// 8-bit RGBA, opaque: 4·width·height bytes of the camera's picture. What is set in the renderer is drawn.
void drawFrame(Renderer& renderer, const Camera& camera, const FrameOptions& options, std::span<std::uint8_t> pixels,
               const Cancel& cancel = {});

} // namespace ochre::ui
