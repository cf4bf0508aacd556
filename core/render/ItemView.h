// SPDX-License-Identifier: GPL-3.0-or-later
// One item of a scene as a camera sees it: all that placing its splats in the picture needs, the same for every renderer.
#pragma once

#include <algorithm>
#include <array>

#include "core/render/Renderer.h"

namespace ochre {

using Affine = std::array<double, 12>; ///< three rows of four

struct ItemView {
    Affine toCamera;             ///< from the item's frame, with the item's scale
    Affine toWorld;
    double scale, opacity;       ///< of the item
    Vec3 eye;                    ///< the camera's place in the item's frame; orthographic: the direction of view there
    bool orthographic;
    double fx, fy, cx, cy;       ///< as the camera's
    double near, far;
    int width, height;
    int shDegree;                ///< that is used
    bool antialiased;
    std::optional<Bounds> box;
    SplatMode mode;
    double pointRadius;          ///< pixels
    std::array<double, 2> depthRange;
    std::optional<ItemLook> look;
    const SplatMark* marks;      ///< one a splat; null: none. Lives as long as the item
    SplatTint selected, locked;

    SplatMark mark(std::size_t splat) const { return marks ? marks[splat] : SplatMark::None; }
    /// The colour of a marked splat; its own where there is no tint for the mark.
    template <typename Color>
    void tint(SplatMark mark, Color& color) const {
        if (mark != SplatMark::Selected && mark != SplatMark::Locked) return;
        const SplatTint& t = mark == SplatMark::Selected ? selected : locked;
        for (std::size_t k = 0; k < 3; ++k) color[k] += t.share * (t.color[k] - color[k]);
    }

    /// Of a splat, from its own.
    double faded(double alpha) const { return opacity * (look ? std::min(look->mostOpacity, look->opacity * alpha) : alpha); }

    /// From the camera to a place in the item's frame; of any length.
    Vec3 sight(const Vec3& place) const {
        return orthographic ? eye : Vec3{place[0] - eye[0], place[1] - eye[1], place[2] - eye[2]};
    }
};

/// One view an item, whether it is visible or not.
std::vector<ItemView> viewsOf(std::span<const SceneItem> items, const Camera& camera, const SplatOptions& options);

/// Throws Error as Renderer::setScene says.
void checkScene(std::span<const SceneItem> items);
/// The first splat of each item, counted over all.
std::vector<std::uint32_t> firstsOf(std::span<const SceneItem> items);

inline Vec3 transformed(const Affine& m, const Vec3& p) {
    return {m[0] * p[0] + m[1] * p[1] + m[2] * p[2] + m[3], m[4] * p[0] + m[5] * p[1] + m[6] * p[2] + m[7],
            m[8] * p[0] + m[9] * p[1] + m[10] * p[2] + m[11]};
}

} // namespace ochre
