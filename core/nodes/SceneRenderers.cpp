// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/SceneRenderers.h"

#include <mutex>

#include "core/base/Error.h"
#include "core/base/Log.h"
#include "core/base/Paths.h"
#include "core/image/ImageIo.h"

namespace ochre::nodes {
namespace {

class Renderers {
public:
    static Renderers& shared() {
        static Renderers* all = new Renderers; // never destroyed: drivers may be gone at exit
        return *all;
    }

    void draw(const std::string& which, const SplatScene& scene, const std::function<void(Renderer&)>& draw) {
        std::lock_guard lock(m_mutex);
        const std::vector<SceneItem> items = itemsOf(scene);
        if (which != "cpu") {
            try {
                if (!m_vulkan) m_vulkan = makeVulkanRenderer();
                m_vulkan->setScene(items);
                return draw(*m_vulkan);
            } catch (const Error& e) {
                if (e.cancelled()) throw;
                m_vulkan.reset(); // a lost device is opened anew next time
                if (which == "vulkan") throw;
                log::warning("drawn by the CPU renderer: {}", e.full());
            }
        }
        if (!m_cpu) m_cpu = makeCpuRenderer();
        m_cpu->setScene(items);
        draw(*m_cpu);
    }

private:
    std::mutex m_mutex;
    std::unique_ptr<Renderer> m_vulkan, m_cpu;
};

} // namespace

void drawScene(const std::string& which, const SplatScene& scene, const std::function<void(Renderer&)>& draw) {
    Renderers::shared().draw(which, scene, draw);
}

Camera cameraOrAll(graph::RunContext& run, const SplatScene& scene) {
    if (run.hasInput("camera")) return run.inputAs<Camera>("camera");
    const auto width = static_cast<int>(run.integer("width")), height = static_cast<int>(run.integer("height"));
    if (const auto own = ownView(scene, width, height)) return own->first;
    return Camera::frame(scene.focus(), width, height);
}

graph::Parameter widthParameter(const std::string& help) {
    return {.id = "width", .label = "Width", .help = help, .kind = graph::ParameterKind::Int, .defaultValue = std::int64_t{1280},
            .min = 1, .max = 16384, .softMin = 64, .softMax = 3840, .unit = "px"};
}

graph::Parameter heightParameter(const std::string& help) {
    return {.id = "height", .label = "Height", .help = help, .kind = graph::ParameterKind::Int, .defaultValue = std::int64_t{720},
            .min = 1, .max = 16384, .softMin = 64, .softMax = 2160, .unit = "px"};
}

graph::NodeDeclaration& addBackdrop(graph::NodeDeclaration& declaration) {
    using Kind = graph::ParameterKind;
    return declaration
        .parameter({.id = "transparent", .label = "Transparent", .help = "Leaves out the background; not in .mp4.", .kind = Kind::Bool,
                    .defaultValue = false})
        .parameter({.id = "behind", .label = "Behind it", .help = "What is seen where the scene is not.", .kind = Kind::Choice,
                    .defaultValue = std::string("color"), .choices = {{"color", "A colour"}, {"gradient", "A gradient"}, {"sky", "A picture all around"}},
                    .visibleWhenId = "transparent", .visibleWhenValues = "false"})
        .parameter({.id = "background", .label = "Background", .help = "The colour, of a gradient that of the upper edge.", .kind = Kind::Color,
                    .defaultValue = graph::Color{0, 0, 0, 1}, .visibleWhenId = "behind", .visibleWhenValues = "color|gradient"})
        .parameter({.id = "background_below", .label = "Lower edge", .help = "The colour there.", .kind = Kind::Color,
                    .defaultValue = graph::Color{0.5f, 0.5f, 0.5f, 1}, .visibleWhenId = "behind", .visibleWhenValues = "gradient"})
        .parameter({.id = "sky", .label = "Picture", .help = "Equirectangular, its middle ahead; .exr and .hdr too.", .kind = Kind::File,
                    .defaultValue = std::string(), .filter = std::string("Pictures (") + imageFilePatterns() + ")", .visibleWhenId = "behind", .visibleWhenValues = "sky"})
        .parameter({.id = "sky_turn", .label = "Turn", .help = "Of the picture, to the right.", .defaultValue = 0.0, .softMin = -180, .softMax = 180,
                    .unit = "°", .visibleWhenId = "behind", .visibleWhenValues = "sky"});
}

std::optional<Backdrop> backdropOf(graph::RunContext& run) {
    if (run.flag("transparent")) return std::nullopt;
    const std::string& kind = run.text("behind");
    const auto rgb = [&](const char* id) {
        const graph::Color c = run.color(id);
        return std::array<float, 3>{c[0], c[1], c[2]};
    };
    if (kind != "sky") return Backdrop{.top = rgb("background"), .bottom = rgb(kind == "gradient" ? "background_below" : "background")};
    if (run.text("sky").empty()) throw Error("no picture is chosen to be behind the scene", "choose an equirectangular one in the panel");
    return Backdrop{.sky = readSky(paths::resolve(run.text("sky"))), .turn = run.number("sky_turn")};
}

graph::Parameter projectionParameter() {
    return {.id = "projection",
            .label = "Projection",
            .help = "What a picture holds: what the camera sees, that for both eyes (twice as wide), or all around from its place (half as high as wide).",
            .kind = graph::ParameterKind::Choice,
            .defaultValue = std::string("camera"),
            .choices = {{"camera", "The camera's"}, {"side_by_side", "Both eyes, side by side"}, {"panorama", "All around, 360°"}},
            .advanced = true};
}

Projection projectionOf(graph::RunContext& run) {
    const std::string& which = run.text("projection");
    return which == "panorama" ? Projection::Panorama : which == "side_by_side" ? Projection::SideBySide : Projection::Camera;
}

graph::Parameter rendererParameter() {
    return {.id = "renderer",
            .label = "Renderer",
            .help = "What draws.",
            .kind = graph::ParameterKind::Choice,
            .defaultValue = std::string("auto"),
            .choices = {{"auto", "Vulkan, else CPU"}, {"vulkan", "Vulkan"}, {"cpu", "CPU (exact, slow)"}},
            .advanced = true};
}

} // namespace ochre::nodes
