// SPDX-License-Identifier: GPL-3.0-or-later
// What a frame of splats costs a device in traffic and arithmetic, from its counts: the model for devices that are not at hand.
#pragma once

#include "core/render/Renderer.h"

namespace ochre {

struct FrameShape {
    int width = 0, height = 0;
    int shDegree = 3;   ///< of the cloud
    bool quads = false; ///< instead of tiles
};

struct StageWork {
    std::string stage;
    double bytes = 0;      ///< that its kernels read and write
    double least = 0;      ///< what it needs read once and what it gives written once
    double operations = 0; ///< additions, multiplications and the like; where it cannot be known at most so many
};

/// Of the stages that Vulkan renderers have.
std::vector<StageWork> workOf(const FrameCounts& counts, const FrameShape& shape);

/// A graphics card by its data sheet.
struct GpuSheet {
    const char* name;
    double gigabytes, teraflops; ///< a second
};

/// Milliseconds on a card that reaches half of either figure: for each stage the larger of both times, and what a dispatch takes to start.
double estimatedMilliseconds(const std::vector<StageWork>& work, const GpuSheet& gpu);

/// Some that others have published frame times of.
std::vector<GpuSheet> gpuSheets();

} // namespace ochre
