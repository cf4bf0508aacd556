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

/// {"scene", "splats", "width", "height", "camera" (of the first frame), "renderers": [{"name", "frames", "frames_per_second",
/// "milliseconds" (median of a whole frame with its 8-bit readback), "cpu_milliseconds" (of this process, a frame), "upload_seconds" and "first_milliseconds" (what
/// comes before), "stages": {stage: median ms}} | {"name", "error"}]}. Vulkan stands there twice, in tiles and in quads, with what
/// the last frame went through: "counts" as FrameCounts, "work": {stage: {"bytes", "least_bytes", "operations"}}, see
/// FrameWork.h, "bytes_of_least" of all, "sort_share" of the milliseconds and, in tiles, "estimates": {card: ms}. Throws Error when
/// the scene cannot be read.
Json benchSplats(const std::filesystem::path& scene, const SplatBench& settings = {},
                 const Cancel& cancel = {});
Json benchSplats(const SplatCloud& cloud, const SplatBench& settings = {}, const Cancel& cancel = {});

/// What each selection and edit takes, from the step to the items that are then drawn (uploads and drawing not counted), and undoing and
/// doing it again; medians of `runs`: {"scene", "splats", "sh_degree", "threads", "edits": [{"edit", "selected" (then), "items" (drawn),
/// "milliseconds", "undo", "redo"}], "selecting": {"device", "queries": [{"query", "cpu", "device" (milliseconds), "same"}]}}.
Json benchEdits(const SplatCloud& cloud, int runs = 5, const Cancel& cancel = {});

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
