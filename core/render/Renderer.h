// SPDX-License-Identifier: GPL-3.0-or-later
// Draws splats and pictures, on a Vulkan device or on the CPU, into memory. What was set stays uploaded until it changes: moving
// the camera costs only drawing.
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
#include "core/scene/Camera.h"
#include "core/scene/SplatCloud.h"

namespace ochre {

struct SplatOptions {
    int shDegree = 3;                                        ///< bands above this are left out
    std::optional<std::array<float, 3>> background = {};     ///< display sRGB; none: transparent
    bool antialiased = false;                                ///< mip-splatting's opacity compensation, also when the cloud says so
};

/// What of a picture is shown where: pixel (x, y) of the view shows the picture at ((x, y) − pan) / zoom.
struct PictureView {
    enum class Channel { Color, Red, Green, Blue, Alpha, Luminance };
    double zoom = 1, panX = 0, panY = 0;
    float exposure = 0; ///< stops
    float gamma = 1;    ///< display = value^(1/gamma), after the colour space's own curve
    Channel channel = Channel::Color;
    std::array<float, 3> background{0.078f, 0.082f, 0.094f}; ///< around the picture
    bool checkerboard = true;                                ///< behind transparent parts, else the background
};

struct StageTime {
    std::string stage; ///< "project", "sort", "blend", …
    double milliseconds;
};

/// How sorted splats become a picture: a walk over each tile's list that stops when a pixel is full, or quads through the
/// rasteriser. Auto: what is faster on the device (quads on CPU devices, tiles on others).
enum class Blending { Auto, Tiles, Quads };

struct RendererOptions {
    bool validation = false; ///< Vulkan's checking layers; also when OCHRE_VALIDATION is set
    Blending blending = Blending::Auto;
};

/// Not safe from several threads at once. Functions throw Error: Memory when the device's memory does not suffice, Failed
/// when the device was lost.
class Renderer {
public:
    virtual ~Renderer() = default;
    virtual std::string name() const = 0; ///< "Vulkan: llvmpipe (LLVM 15)", "CPU", "CPU, fast (AVX2)"

    virtual void setSplats(const SplatCloud& cloud) = 0; ///< does nothing when it is the one already set
    /// Premultiplied float RGBA [height, width], display sRGB values without any further transform, labelled Raw.
    virtual Image renderSplats(const Camera& camera, const SplatOptions& options, const Cancel& cancel = {}) = 0;
    /// The same as 8-bit RGBA over the background (transparent without one), rows from the top: 4·width·height bytes.
    virtual void renderSplats8(const Camera& camera, const SplatOptions& options, std::span<std::uint8_t> pixels,
                               const Cancel& cancel = {}) = 0;

    virtual void setPicture(const Image& image) = 0;
    /// 8-bit RGBA, opaque: 4·width·height bytes. Zoomed in pixels are squares, zoomed out they are averaged.
    virtual void renderPicture8(const PictureView& view, int width, int height, std::span<std::uint8_t> pixels) = 0;

    virtual std::vector<StageTime> lastTimes() const = 0; ///< of the last frame
    virtual std::size_t validationMessages() const { return 0; }
};

/// Exact and slow: in double precision, what the others are measured against. "CPU".
std::unique_ptr<Renderer> makeCpuRenderer();
/// In floats, within 60 dB of the exact one or better; the same bytes on every machine and with any number of threads.
std::unique_ptr<Renderer> makeFastCpuRenderer();
/// Throws Error with a plain message when there is no usable device.
std::unique_ptr<Renderer> makeVulkanRenderer(const RendererOptions& options = {});
/// Vulkan where it works, else the fast CPU renderer; `reason` receives why.
std::unique_ptr<Renderer> makeRenderer(const RendererOptions& options = {}, std::string* reason = nullptr);

} // namespace ochre
