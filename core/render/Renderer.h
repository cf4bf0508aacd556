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
#include "core/base/Error.h"
#include "core/image/Image.h"
#include "core/render/SplatOptions.h"
#include "core/scene/Camera.h"
#include "core/scene/SplatScene.h"

namespace ochre {

enum class SplatMark : std::uint8_t { None, Selected, Locked, Hidden }; ///< how an editor shows a splat; Hidden: in no plane

/// A cloud, with the fields among its splats, and where it stands.
struct SceneItem {
    SplatCloud cloud;
    std::array<double, 16> toWorld = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}; ///< turns, scales and moves; row-major
    bool visible = true;
    double opacity = 1; ///< 0…1, times that of each splat
    std::shared_ptr<const std::vector<SplatMark>> marks = {}; ///< one a splat, or none at all; other ones may be set at little cost
    std::optional<ItemLook> look = {};                                 ///< none: as the cloud
};
std::vector<SceneItem> itemsOf(const SplatScene& scene); ///< one a layer
Focus focusOf(std::span<const SceneItem> items);         ///< as SplatScene's

/// What a frame of splats can hold. Seen from a pixel, nearest first, each splat hides the share α of the light T that those
/// before it let through.
enum class Plane : std::uint8_t {
    Color,       ///< four channels, as renderSplats gives them
    Alpha,       ///< ΣαT, without the background
    Depth,       ///< ΣzαT / ΣαT with z in the camera; 0 where nothing is hit
    MedianDepth, ///< z of the splat that brings T to a half or less; 0 where none does
    Normals,     ///< ΣnαT made a unit vector, in the world's axes; n: a splat's shortest axis, turned to the camera. 0 0 0 where nothing is hit
    Id,          ///< which splat MedianDepth is that of
};

/// A splat of the scene.
struct SplatId {
    static constexpr std::uint32_t kNone = 0xffffffff;
    static constexpr std::uint32_t kField = 0xfffffffe; ///< as `splat`: a field of the item
    std::uint32_t item = kNone, splat = kNone;
    bool operator==(const SplatId&) const = default;
};

/// Those that were asked for; the others are empty. Rows from the top, labelled Raw.
struct Planes {
    Image color, alpha, depth, medianDepth, normals;
    std::vector<SplatId> ids; ///< [height·width]
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

/// What a frame went through; zeros where a renderer does not count.
struct FrameCounts {
    std::size_t splats = 0;    ///< of the scene
    std::size_t visible = 0;   ///< that touch a pixel
    std::size_t shaded = 0;    ///< whose colours had to be computed, since the camera is at another place
    std::size_t entries = 0;   ///< of the tiles' lists
    std::size_t bytesHeld = 0; ///< of the device's memory, in all
};

/// How sorted splats become a picture: a walk over each tile's list that stops when a pixel is full, or quads through the
/// rasteriser. Auto: frames of floats and planes in tiles, those that are shown by what the first of them found to be faster.
enum class Blending { Auto, Tiles, Quads };

struct RendererOptions {
    bool validation = false; ///< Vulkan's checking layers; also when OCHRE_VALIDATION is set
    Blending blending = Blending::Auto;
    bool manyLanes = false; ///< what is made for graphics cards also on a CPU device, where it is slower; for tests
};

/// The device is gone: of the renderer nothing but its end can be wanted.
class DeviceLost : public Error {
public:
    using Error::Error;
};

/// Not safe from several threads at once. Functions throw Error: Memory when the device's memory does not suffice, DeviceLost
/// when it was lost.
class Renderer {
public:
    virtual ~Renderer() = default;
    virtual std::string name() const = 0; ///< "Vulkan: llvmpipe (LLVM 15)", "CPU", "CPU, fast (AVX2)"
    virtual std::string trouble() const { return {}; } ///< why it is no longer the one that was made; mostly empty

    /// What is drawn from now on; depths are right across items. Clouds that are there already are not uploaded again: moving,
    /// hiding or fading an item costs nothing. Throws Error on a transform that is no similarity, an opacity outside 0…1, marks
    /// of another number of splats, 2³¹ splats or more.
    virtual void setScene(std::span<const SceneItem> items) = 0;
    void setSplats(const SplatCloud& cloud) {
        const SceneItem item{.cloud = cloud};
        setScene({&item, 1});
    }
    virtual std::size_t bytesUploaded() const { return 0; } ///< of splats, to a device, since the renderer was made
    /// Premultiplied float RGBA [height, width], display sRGB values without any further transform, labelled Raw.
    virtual Image renderSplats(const Camera& camera, const SplatOptions& options, const Cancel& cancel = {}) = 0;
    /// The same as 8-bit RGBA over the background (transparent without one), rows from the top: 4·width·height bytes.
    virtual void renderSplats8(const Camera& camera, const SplatOptions& options, std::span<std::uint8_t> pixels,
                               const Cancel& cancel = {}) = 0;
    /// Several planes of the same frame in one go.
    virtual Planes renderPlanes(const Camera& camera, const SplatOptions& options, std::span<const Plane> wanted,
                                const Cancel& cancel = {}) = 0;

    virtual void setPicture(const Image& image) = 0;
    /// 8-bit RGBA, opaque: 4·width·height bytes. Zoomed in pixels are squares, zoomed out they are averaged.
    virtual void renderPicture8(const PictureView& view, int width, int height, std::span<std::uint8_t> pixels) = 0;

    virtual std::vector<StageTime> lastTimes() const = 0; ///< of the last frame
    virtual FrameCounts lastCounts() const { return {}; }
    virtual std::size_t validationMessages() const { return 0; }
};

/// Exact and slow: in double precision, what the others are measured against. "CPU".
std::unique_ptr<Renderer> makeCpuRenderer();
/// In floats, within 60 dB of the exact one or better; the same bytes on every machine and with any number of threads.
std::unique_ptr<Renderer> makeFastCpuRenderer();
/// Throws Error with a plain message when there is no usable device.
std::unique_ptr<Renderer> makeVulkanRenderer(const RendererOptions& options = {});
/// As OCHRE_RENDERER says (vulkan, fast, cpu); without it Vulkan on a graphics card, else fast. `reason`: why Vulkan fails. A device
/// that is lost is opened again, three times at most, then the fast one draws.
std::unique_ptr<Renderer> makeRenderer(const RendererOptions& options = {}, std::string* reason = nullptr);

} // namespace ochre
