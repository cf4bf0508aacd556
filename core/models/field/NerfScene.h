// SPDX-License-Identifier: GPL-3.0-or-later
// A trained NeRF as a scene: both networks of a checkpoint, and exact pictures of it from any camera.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Cancel.h"
#include "core/base/Progress.h"
#include "core/image/Image.h"
#include "core/models/field/Nerf.h"
#include "core/models/field/NerfRays.h"
#include "core/scene/Camera.h"

namespace ochre::models {

/// Where rays are looked at, in units of z of the camera.
struct NerfSampling {
    /// In normalised device coordinates, as scenes of LLFF are, by the camera's own field of view.
    bool forwardFacing = false;
    float near = 2, far = 6;         ///< of the samples; forward-facing: 0 and 1
    std::size_t coarse = 64, fine = 64; ///< evenly placed, and by what those show
};

struct NerfPicture {
    Image color; ///< premultiplied RGBA, display sRGB values labelled Raw
    Image depth; ///< one channel: Σwz / Σw with z in the camera, 0 where nothing is hit
};

class NerfScene {
public:
    /// Keys and shapes of a whole checkpoint, or nothing where it is none.
    static std::optional<std::map<std::string, tensor::Shape>> expected(const tensor::Weights& weights);
    /// Throws Error where it is none, and on values that are not finite.
    explicit NerfScene(const tensor::Weights& weights);

    /// As the networks were trained: 64 and 64 samples in checkpoints of krrish94, 64 and 128 in others; forward-facing where
    /// positions have 6 octaves in those of krrish94.
    NerfSampling sampling() const;

    /// The same pixels whatever the number of threads and the piece in which a ray falls. Throws Error, also when cancelled.
    NerfPicture render(const Camera& camera, const NerfSampling& sampling, const Progress& progress = {},
                       const Cancel& cancel = {}) const;

    /// The network that gives the picture: the fine one, where there are two.
    const Nerf& finest() const { return m_fine ? *m_fine : m_coarse; }

private:
    struct Pixel {
        std::size_t index; ///< in the picture
        Ray seen, ray;     ///< in the world and where it is sampled
    };
    std::vector<Pixel> pixelsOf(const Camera& camera, const NerfSampling& sampling, std::size_t begin, std::size_t end) const;
    void renderPiece(const std::vector<Pixel>& pixels, const NerfSampling& sampling, NerfPicture& picture) const;

    Nerf m_coarse;
    std::optional<Nerf> m_fine;
};

} // namespace ochre::models
