// SPDX-License-Identifier: GPL-3.0-or-later
// Restores and enlarges pictures with any checkpoint that is made for it, in tiles that fit into memory and leave no
// seams. Free of LibTorch.
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

struct RestoreOptions {
    int tile = 0;     ///< side of a tile's own part, pixels of the input; 0: from the free memory; the whole
                      ///< picture if it fits
    int overlap = -1; ///< pixels of surroundings that a tile sees on each side; -1: what the network needs
    std::string dtype = "auto";  ///< "auto", "float32", "bfloat16"
    std::string device = "auto"; ///< "auto", "cpu", "cuda"
    std::uint64_t memory = 0;    ///< bytes that tiles may take; 0: a part of what is free
    int threads = 0;             ///< 0: one a physical core
};

/// What was done, for logs and benchmarks.
struct RestoreReport {
    int tile = 0, overlap = 0, tiles = 0;
    std::string dtype, device;
    int retries = 0;           ///< times that memory ran out and tiles became smaller
    double bfloat16Error = -1; ///< largest difference from float32 on the trial patch; -1: not tried
};

class Restorer {
public:
    /// Opens by content: any network of pictures in Architectures.h, as safetensors, .pth or ncnn. Throws Error listing
    /// what the file holds where no architecture fits.
    static Restorer open(const std::filesystem::path& path);
    ~Restorer();
    Restorer(Restorer&&) noexcept;
    Restorer& operator=(Restorer&&) noexcept;

    const std::string& architecture() const; ///< "rrdbnet", "swinir", …
    int scale() const;                       ///< of the result; 1 where pictures keep their size
    int defaultOverlap() const;
    const std::vector<std::string>& unusedKeys() const;

    /// Pictures of 1 to 4 channels. Grey is shown to a network of colours as grey RGB, colours to one of grey one after
    /// the other; alpha is enlarged by the network likewise, and kept as it is at scale 1. Linear pictures go through
    /// sRGB. Networks see 0…1, denoisers −1…2; what a picture has beyond is added to their result. Same colour space and
    /// metadata. Deterministic. Throws Error, also for NaN and when cancelled.
    Image restore(const Image& image, const RestoreOptions& options = {}, const Progress& progress = {},
                  const Cancel& cancel = {}, RestoreReport* report = nullptr) const;

private:
    struct State;
    explicit Restorer(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

/// A share of the result of Restorer::restore, 0…1; the rest is the picture as it was, enlarged bicubically where the result is
/// larger. Linear pictures are mixed in sRGB. Throws Error for another share.
Image strengthened(const Image& picture, const Image& restored, double strength, const Cancel& cancel = {});

} // namespace ochre::models
