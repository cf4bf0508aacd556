// SPDX-License-Identifier: GPL-3.0-or-later
// Draws hash fields, on a Vulkan device or on the CPU, alone or among splats.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/base/Cancel.h"
#include "core/image/Image.h"
#include "core/render/Renderer.h"
#include "core/scene/Camera.h"
#include "core/scene/field/HashField.h"

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
    const FieldLayer* layer = nullptr;                   ///< none: the field alone
};

struct FieldFrame {
    Image color;               ///< premultiplied RGBA, display sRGB values labelled Raw
    Image depth;               ///< one channel: Σwz / Σw with z in the camera, 0 where nothing is hit
    std::uint64_t samples = 0; ///< that were looked up; 0 where nobody counted
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
std::unique_ptr<FieldRenderer> makeCpuFieldRenderer(HashField field);
/// The field is uploaded once. Throws Error with a plain message when there is no usable device. In bands of rows, of which each
/// asks Cancel.
std::unique_ptr<FieldRenderer> makeVulkanFieldRenderer(const HashField& field, const RendererOptions& options = {});

void checkField(const HashField& field);                              ///< throws Error where it cannot be drawn
void checkLayer(const FieldOptions& options, const Camera& camera); ///< throws Error on layers of another size

} // namespace ochre
