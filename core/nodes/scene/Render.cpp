// SPDX-License-Identifier: GPL-3.0-or-later
#include <mutex>

#include "core/base/Error.h"
#include "core/base/Log.h"
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"
#include "core/render/Renderer.h"
#include "core/scene/SceneIo.h"

namespace ochre::nodes::scene {
namespace {

/// The renderers live as long as the program; nodes of the Display lane never use them at the same time, and the lock keeps
/// runs of several graphs apart.
class Renderers {
public:
    static Renderers& shared() {
        static Renderers* all = new Renderers; // never destroyed: drivers may be gone at exit
        return *all;
    }

    Image render(const std::string& which, const SplatCloud& cloud, const ochre::Camera& camera, const SplatOptions& options,
                 const Cancel& cancel) {
        std::lock_guard lock(m_mutex);
        if (which != "cpu") {
            try {
                if (!m_vulkan) m_vulkan = makeVulkanRenderer();
                m_vulkan->setSplats(cloud);
                return m_vulkan->renderSplats(camera, options, cancel);
            } catch (const Error& e) {
                if (e.cancelled()) throw;
                m_vulkan.reset(); // a lost device is opened anew next time
                if (which == "vulkan") throw;
                log::warning("drawn by the CPU renderer: {}", e.full());
            }
        }
        if (!m_cpu) m_cpu = makeCpuRenderer();
        m_cpu->setSplats(cloud);
        return m_cpu->renderSplats(camera, options, cancel);
    }

private:
    std::mutex m_mutex;
    std::unique_ptr<Renderer> m_vulkan, m_cpu;
};

/// The renderer's premultiplied numbers as a picture with straight alpha.
Image straightened(const Image& premultiplied) {
    Image image = premultiplied;
    image.setColorSpace(ColorSpace::Srgb);
    const auto v = image.edit();
    for (std::size_t i = 0; i + 3 < v.size(); i += 4)
        if (v[i + 3] > 0)
            for (std::size_t k = 0; k < 3; ++k) v[i + k] /= v[i + 3];
    return image;
}

void run(graph::RunContext& run) {
    const SplatCloud& cloud = run.inputAs<SplatCloud>("scene");
    const ochre::Camera camera = run.hasInput("camera")
                                     ? run.inputAs<ochre::Camera>("camera")
                                     : ochre::Camera::frame(cloud.focus(), static_cast<int>(run.integer("width")),
                                                            static_cast<int>(run.integer("height")));
    SplatOptions options;
    options.shDegree = static_cast<int>(run.integer("sh_degree"));
    if (!run.flag("transparent")) {
        const graph::Color c = run.color("background");
        options.background = {{c[0], c[1], c[2]}};
    }
    run.setOutput("image", makeImageValue(straightened(
                               Renderers::shared().render(run.text("renderer"), cloud, camera, options, run.cancel()))));
}

} // namespace

graph::NodeDeclaration Render() {
    using Kind = graph::ParameterKind;
    return graph::NodeDeclaration("scene.render", 1, "Render scene", "Scene")
        .describe("Takes a picture of a scene.")
        .keywords("draw picture image splats camera")
        .input({.id = "scene", .label = "Scene", .help = "What is drawn.", .type = types::kScene})
        .input({.id = "camera", .label = "Camera", .help = "From where; without it, the whole scene.", .type = types::kCamera, .optional = true})
        .output({.id = "image", .label = "Image", .help = "The picture, in display sRGB.", .type = types::kImage})
        .parameter({.id = "width", .label = "Width", .help = "Without a camera.", .kind = Kind::Int, .defaultValue = std::int64_t{1280},
                    .min = 1, .max = 16384, .softMin = 64, .softMax = 3840, .unit = "px"})
        .parameter({.id = "height", .label = "Height", .help = "Without a camera.", .kind = Kind::Int, .defaultValue = std::int64_t{720},
                    .min = 1, .max = 16384, .softMin = 64, .softMax = 2160, .unit = "px"})
        .parameter({.id = "transparent", .label = "Transparent", .help = "Leaves out the background.", .kind = Kind::Bool, .defaultValue = false})
        .parameter({.id = "background", .label = "Background", .help = "Behind the scene.", .kind = Kind::Color,
                    .defaultValue = graph::Color{0, 0, 0, 1}, .visibleWhenId = "transparent", .visibleWhenValues = "false"})
        .parameter({.id = "sh_degree", .label = "SH degree", .help = "How much colours change with the direction of view; 0 is not at all.",
                    .kind = Kind::Int, .defaultValue = std::int64_t{3}, .min = 0, .max = 3, .advanced = true})
        .parameter({.id = "renderer", .label = "Renderer", .help = "What draws.", .kind = Kind::Choice, .defaultValue = std::string("auto"),
                    .choices = {{"auto", "Vulkan, else CPU"}, {"vulkan", "Vulkan"}, {"cpu", "CPU (exact, slow)"}}, .advanced = true})
        .lane(graph::Lane::Display)
        .onRun(run);
}

} // namespace ochre::nodes::scene
