// SPDX-License-Identifier: GPL-3.0-or-later
// Timings of drawing splats, with every figure that a comparison needs.
#pragma once

#include <filesystem>

#include "core/base/Cancel.h"
#include "core/base/Json.h"
#include "core/scene/SplatCloud.h"

namespace ochre {

struct SplatBench {
    int width = 1280, height = 720;
    int frames = 10; ///< measured, after two that warm up; the camera turns around the scene
    bool cpu = true; ///< also one frame of the exact CPU renderer
};

/// {"scene", "splats", "width", "height", "camera" (of the first frame), "renderers": [{"name", "frames", "frames_per_second",
/// "milliseconds" (median of a whole frame with its 8-bit readback), "cpu_milliseconds" (of this process, a frame), "upload_seconds" and "first_milliseconds" (what
/// comes before), "stages": {stage: median ms}} | {"name", "error"}]}. Vulkan stands there twice, in tiles and in quads, with what
/// the last frame went through: "counts" as FrameCounts, "work": {stage: {"bytes", "least_bytes", "operations"}}, see
/// FrameWork.h, "bytes_of_least" of all, "sort_share" of the milliseconds and, in tiles, "estimates": {card: ms}. Throws Error when
/// the scene cannot be read.
Json benchSplats(const std::filesystem::path& scene, const SplatBench& settings = {},
                 const Cancel& cancel = {});
Json benchSplats(const SplatCloud& cloud, const SplatBench& settings = {}, const Cancel& cancel = {});

/// A cloud of any size for it, SH of degree 3: surfaces with splats of the shapes, sizes and opacities that trained scenes have.
SplatCloud benchCloud(std::size_t count, std::uint32_t seed = 1);

} // namespace ochre
