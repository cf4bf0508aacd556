// SPDX-License-Identifier: GPL-3.0-or-later
// Enlarges pictures with any super-resolution checkpoint, in tiles that fit into memory and leave no seams.
// Free of LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/Cancel.h"
#include "core/base/Progress.h"
#include "core/image/Image.h"

namespace ochre::models {

struct UpscaleOptions {
    int tile = 0;     ///< side of a tile's own part, pixels of the input; 0: from the free memory; the whole
                      ///< picture if it fits
    int overlap = -1; ///< pixels of surroundings that a tile sees on each side; -1: what the network needs
    std::string dtype = "auto";  ///< "auto", "float32", "bfloat16"
    std::string device = "auto"; ///< "auto", "cpu", "cuda"
    std::uint64_t memory = 0;    ///< bytes that tiles may take; 0: a part of what is free
    int threads = 0;             ///< 0: one a physical core
};

/// What was done, for logs and benchmarks.
struct UpscaleReport {
    int tile = 0, overlap = 0, tiles = 0;
    std::string dtype, device;
    int retries = 0;           ///< times that memory ran out and tiles became smaller
    double bfloat16Error = -1; ///< largest difference from float32 on the trial patch; -1: not tried
};

class Upscaler {
public:
    /// Opens by content: RRDBNet (ESRGAN, Real-ESRGAN) and SRVGGNetCompact, as safetensors, .pth or ncnn.
    /// Throws Error listing what the file holds where no architecture fits.
    static Upscaler open(const std::filesystem::path& path);
    ~Upscaler();
    Upscaler(Upscaler&&) noexcept;
    Upscaler& operator=(Upscaler&&) noexcept;

    const std::string& architecture() const; ///< "rrdbnet", "srvggnetcompact"
    int scale() const;                       ///< of the result
    int defaultOverlap() const;
    const std::vector<std::string>& unusedKeys() const;

    /// Pictures of 1 to 4 channels; grey is shown to the network as grey RGB, alpha is enlarged by it
    /// likewise. Linear pictures go through sRGB. Result 0…1, same colour space and metadata. Deterministic.
    /// Throws Error, also when cancelled.
    Image upscale(const Image& image, const UpscaleOptions& options = {}, const Progress& progress = {},
                  const Cancel& cancel = {}, UpscaleReport* report = nullptr) const;

private:
    struct State;
    explicit Upscaler(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

} // namespace ochre::models
