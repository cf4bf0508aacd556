// SPDX-License-Identifier: GPL-3.0-or-later
// What is behind a scene: a colour, a gradient or a picture of all directions. Laid under what a renderer draws, so that it is the
// same for all of them.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/render/Renderer.h"

namespace ochre {

/// An equirectangular picture, as Panorama draws them: its middle is ahead (+z), its upper edge up (−y).
class Sky {
public:
    /// Any picture; transparent parts are laid over black. Throws Error on an empty one.
    explicit Sky(const Image& picture);

    /// Display sRGB, what a pixel that is `angle` radians wide shows; `direction` in the world, of any length. `turn`: degrees
    /// that the sky has gone to the right.
    std::array<float, 3> at(const Vec3& direction, double angle, double turn) const;
    Hash128 hash() const { return m_hash; }

private:
    std::vector<Image> m_levels; ///< RGB, each half as wide as the one before
    Hash128 m_hash;
};

struct Backdrop {
    std::array<float, 3> top{}, bottom{}; ///< display sRGB at the upper and the lower edge of the picture; the same: one colour
    std::shared_ptr<const Sky> sky = {};  ///< instead of the colours
    double turn = 0;                      ///< degrees, of the sky

    bool plain() const { return !sky && top == bottom; }
    Hash128 hash() const;
};

/// A picture file as a sky. Throws Error.
std::shared_ptr<const Sky> readSky(const std::filesystem::path& file);
/// "R,G,B" in 0…1 or 0…255, "R,G,B/R,G,B" from the upper edge to the lower, a picture's file, or "none". Throws Error that starts
/// with `subject`.
std::optional<Backdrop> backdropFromText(std::string_view text, std::string_view subject);

/// Under premultiplied pixels as the camera sees it; opaque afterwards.
void layUnder(const Backdrop& backdrop, const Camera& camera, Image& premultiplied);
void layUnder8(const Backdrop& backdrop, const Camera& camera, std::span<std::uint8_t> premultiplied);
/// Under a panorama seen from the camera's place, see Panorama.h.
void layUnderPanorama(const Backdrop& backdrop, const Camera& camera, Image& premultiplied);

/// Renderer::renderSplats before a backdrop, or before nothing; the background of the options does not count.
Image renderBefore(const std::optional<Backdrop>& backdrop, Renderer& renderer, const Camera& camera, SplatOptions options,
                   const Cancel& cancel = {});
/// The same with Plane::Depth.
Planes renderWithDepth(const std::optional<Backdrop>& backdrop, Renderer& renderer, const Camera& camera, SplatOptions options,
                       const Cancel& cancel = {});

} // namespace ochre
