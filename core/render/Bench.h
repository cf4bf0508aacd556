// SPDX-License-Identifier: GPL-3.0-or-later
// Timings of drawing splats and fields, with every figure that a comparison needs.
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

/// {"scene", "splats", "width", "height", "renderers": [{"name", "frames", "frames_per_second",
/// "milliseconds" (median of a whole frame with its 8-bit readback), "stages": {stage: median ms}} | {"name",
/// "error"}]}. Throws Error when the scene cannot be read.
Json benchSplats(const std::filesystem::path& scene, const SplatBench& settings = {},
                 const Cancel& cancel = {});
Json benchSplats(const SplatCloud& cloud, const SplatBench& settings = {}, const Cancel& cancel = {});

struct FieldBench {
    int width = 400, height = 400; ///< of a frame at rest; a moving one has a quarter of its sides
    int frames = 5;                ///< measured of each, after one that warms up; the camera turns around the scene
};

/// {"scene", "splats", "fields", "width", "height", "samples" (of all frames at rest, with all steps of FieldOptions), "operations_a_sample",
/// "bytes_a_sample", "renderers": [{"name", "still": {"milliseconds", "frames_per_second"}, "moving": {the same}} | {"name", "error"}]}
Json benchFields(const SplatCloud& scene, const FieldBench& settings = {}, const Cancel& cancel = {});

/// A cloud of any size for it, SH of degree 3: surfaces with splats of the shapes, sizes and opacities that trained scenes have.
SplatCloud benchCloud(std::size_t count, std::uint32_t seed = 1);

} // namespace ochre
