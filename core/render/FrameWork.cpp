// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/FrameWork.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "shaders/SharedTypes.h"

namespace ochre {
namespace {

// Bytes of one of each, as in the kernels' buffers.
constexpr double kGeometry = 32, kColor = 8, kRecord = 32, kKey = 4, kIndex = 4, kPair = kKey + kIndex, kWord = 4, kRange = 8, kShown = 4;

// Operations, counted in the kernels' text.
constexpr double kPlacing = 220, kShading = 200, kPacking = 30, kSorting = 12, kReaching = 60, kRowOfTiles = 30, kEntry = 6, kWeighing = 24;

// What a card reaches of its data sheet, and how long it takes until a dispatch runs.
constexpr double kReached = 0.5, kStartMilliseconds = 0.004;

double harmonics(int degree) {
    return degree > 2 ? 96 : degree > 1 ? 64 : degree > 0 ? 32 : 16;
}

/// Each digit: keys are read and counted, then pairs read and written; the counts of each block of keys go through five kernels.
double sortBytes(double pairs, int bits) {
    const double passes = std::ceil(bits / 16.0) * 2, counts = shared::kRadix * kWord / shared::kSortRun;
    return pairs * passes * (kKey + 2 * kPair + 7 * counts);
}

} // namespace

std::vector<StageWork> workOf(const FrameCounts& c, const FrameShape& shape) {
    const auto all = static_cast<double>(c.splats), visible = static_cast<double>(c.visible), shaded = static_cast<double>(c.shaded),
               entries = static_cast<double>(c.entries), pixels = double(shape.width) * shape.height;
    const double tiles = std::ceil(shape.width / double(shared::kTileSize)) * std::ceil(shape.height / double(shared::kTileSize));
    const double words = all / 32 * kWord, colors = shaded * (harmonics(shape.shDegree) + kColor) + visible * kColor;
    const int tileBits = std::bit_width(static_cast<unsigned>(tiles));
    std::vector<StageWork> work{
        {"cull", all * kGeometry + words * 12 + visible * kIndex, all * kGeometry + visible * kIndex, all * kPlacing},
        {"project", visible * (kIndex + kGeometry + kRecord + kPair) + colors, visible * (kIndex + kGeometry + kRecord + kPair) + colors,
         visible * (kPlacing + kPacking) + shaded * kShading},
        {"sort", sortBytes(visible, 32), visible * (kPair + kIndex), visible * 4 * kSorting},
    };
    if (shape.quads) {
        // The rasteriser reads and writes four floats for each pixel of a quad; how many there are is not counted.
        work.push_back({"blend", visible * (kIndex + kRecord) + pixels * 16, visible * (kIndex + kRecord) + pixels * 16, visible * kReaching});
        work.push_back({"readback", pixels * (16 + 3 * kShown), pixels * (16 + kShown), pixels * 10});
        return work;
    }
    const double twice = 2 * visible * (kIndex + kRecord) + visible * 5 * kWord;
    work.push_back({"bin", twice + entries * (kPair + kKey) + sortBytes(entries, tileBits) + tiles * 2 * kRange,
                    visible * (kIndex + kRecord) + entries * kIndex + tiles * kRange,
                    2 * (visible * kReaching + entries * kRowOfTiles / 2) + entries * (kEntry + 2 * kSorting)});
    work.push_back({"blend", entries * (kIndex + kRecord) + tiles * kRange + pixels * kShown,
                    entries * (kIndex + kRecord) + tiles * kRange + pixels * kShown,
                    entries * shared::kTileSize * shared::kTileSize * kWeighing});
    work.push_back({"readback", pixels * 2 * kShown, pixels * kShown, 0});
    return work;
}

double estimatedMilliseconds(const std::vector<StageWork>& work, const GpuSheet& gpu) {
    constexpr double kDispatches = 50;
    double milliseconds = kDispatches * kStartMilliseconds;
    for (const StageWork& stage : work)
        if (stage.stage != "readback") // pictures that are shown stay on the card
            milliseconds += 1e3 * std::max(stage.bytes / (kReached * gpu.gigabytes * 1e9), stage.operations / (kReached * gpu.teraflops * 1e12));
    return milliseconds;
}

std::vector<GpuSheet> gpuSheets() {
    return {{"NVIDIA RTX 4090", 1008, 82.6}, {"NVIDIA RTX 6000 Ada", 960, 91.1}, {"NVIDIA RTX A6000", 768, 38.7},
            {"NVIDIA TITAN RTX", 672, 16.3}, {"Apple M2 Pro", 200, 6.8}, {"Apple M1 Max", 400, 10.4}};
}

} // namespace ochre
