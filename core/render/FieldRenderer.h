// SPDX-License-Identifier: GPL-3.0-or-later
// Draws hash fields, on a Vulkan device or on the CPU, alone or among splats.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/Cancel.h"
#include "core/image/Image.h"
#include "core/render/Renderer.h"
#include "core/scene/Camera.h"
#include "core/scene/field/PlacedField.h"

namespace ochre {

/// Something else in the same view, of the same size, as one surface a pixel: what the field has before it hides it, what is behind
/// shows where it is not opaque.
struct FieldLayer {
    Image color; ///< premultiplied RGBA, as renderSplats gives it
    Image depth; ///< one channel, z in the camera; 0 where there is nothing
};

struct FieldOptions {
    std::optional<std::array<float, 3>> background = {}; ///< display sRGB; none: transparent
    int steps = 1024;                                    ///< along the diagonal of the box
    std::span<const FieldLayer> layers = {};             ///< up to kMostLayers, in each pixel the nearest first
    std::array<double, 16> toWorld = PlacedField().toWorld; ///< where the field stands
    double opacity = 1;                                  ///< times that of each sample, 0…1
    std::optional<std::array<double, 2>> depthRange = {}; ///< greys instead of colours, white where it begins, black where it ends; z

    static constexpr std::size_t kMostLayers = 255;
};

struct FieldFrame {
    static constexpr float kNothing = -1, kField = -2;

    Image color;               ///< premultiplied RGBA, display sRGB values labelled Raw
    Image depth;               ///< one channel: Σwz / Σw with z in the camera, 0 where nothing is hit
    Image median;              ///< one channel: z where the light first is a half or less, 0 where it never is
    Image stops;               ///< one channel: what is there: the number of a layer, kField or kNothing
    std::uint64_t samples = 0; ///< that were looked up; 0 where nobody counted

    FieldFrame() = default;
    explicit FieldFrame(const Camera& camera);
};

/// Not safe from several threads at once.
class FieldRenderer {
public:
    virtual ~FieldRenderer() = default;
    virtual std::string name() const = 0;
    /// Near and far planes of the camera hold. Throws Error for layers of another size, and when cancelled.
    virtual FieldFrame render(const Camera& camera, const FieldOptions& options = {}, const Cancel& cancel = {}) = 0;
    virtual std::size_t validationMessages() const { return 0; }
};

/// Both throw Error for fields without an occupancy grid.
std::unique_ptr<FieldRenderer> makeCpuFieldRenderer(std::shared_ptr<const HashField> field);
/// The field is uploaded once. Throws Error with a plain message when there is no usable device. In bands of rows, of which each
/// asks Cancel.
std::unique_ptr<FieldRenderer> makeVulkanFieldRenderer(const HashField& field, const RendererOptions& options = {});

void checkField(const HashField& field);                              ///< throws Error where it cannot be drawn
void checkLayers(const FieldOptions& options, const Camera& camera); ///< throws Error on layers of another size, and on too many
/// From the world to the box where the field stands, as HashField::toBox.
std::array<double, 16> boxMatrix(const HashField& field, const FieldOptions& options);

} // namespace ochre
