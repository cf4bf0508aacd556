// SPDX-License-Identifier: GPL-3.0-or-later
// Sampling of pictures larger than a model was trained on: at every step the network looks at tiles that
// overlap, and their predictions are joined to one before the sampler goes on, so that all tiles agree.
// Paper: arXiv 2302.08113.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/models/diffusion/SampleLatent.h"

namespace ochre::models {

struct TileOptions {
    int tile = 512;   ///< side of what the network sees, in pixels
    int overlap = 64; ///< pixels that each tile sees of its neighbours, on each side of the seam between them
};

/// A part of a latent, in latent pixels.
struct LatentWindow {
    int x = 0, y = 0, width = 0, height = 0;
    bool operator==(const LatentWindow&) const = default;
};

/// Windows of one size that cover width × height latent pixels, evenly spread; neighbours share at least
/// twice the overlap. Throws Error for a tile under 128 pixels or an overlap of more than a third of it.
std::vector<LatentWindow> tileWindows(int width, int height, const TileOptions& options);

/// Conditioning of a whole picture of width × height latent pixels, as a window of it sees it: areas, masks,
/// hints and inpainting are cut out. Entries that do not reach the window are left out, but for the last one
/// that remains.
Conditioning seenThrough(const Conditioning& conditioning, const LatentWindow& window, int width, int height);

class TiledGuider {
public:
    /// `setup` is for the whole picture, `x` like its latents [N, 4, h, w].
    TiledGuider(const GuiderSetup& setup, const nn::Tensor& x, const TileOptions& options);

    /// As Guider's. `onTile` is called before each tile with its number.
    sampling::DenoiseResult operator()(const nn::Tensor& x, double sigma);

    int tiles() const { return static_cast<int>(m_tiles.size()); }
    int calls() const; ///< of the network so far
    std::function<void(int tile)> onTile;

private:
    struct Tile {
        LatentWindow window;
        nn::Tensor weight; ///< [1, 1, h, w]; over all tiles they add up to 1
        std::shared_ptr<Guider> guider;
    };
    void weigh(int width, int height, int overlap);

    std::vector<Tile> m_tiles;
    std::vector<std::shared_ptr<Guider>> m_guiders; ///< each once
};

/// As sampleLatent, tile by tile.
SampleResult sampleTiled(const DiffusionModel& model, const Conditioning& positive,
                         const Conditioning& negative, const LatentBatch& latent,
                         const SampleOptions& options, const TileOptions& tiles,
                         const SampleHooks& hooks = {});

} // namespace ochre::models
