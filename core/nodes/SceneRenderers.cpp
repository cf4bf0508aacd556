// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/SceneRenderers.h"

#include <mutex>

#include "core/base/Error.h"
#include "core/base/Log.h"
#include "core/scene/field/PlacedField.h"

namespace ochre::nodes {
namespace {

class Renderers {
public:
    static Renderers& shared() {
        static Renderers* all = new Renderers; // never destroyed: drivers may be gone at exit
        return *all;
    }

    void draw(const std::string& which, const SplatCloud& cloud, const std::function<void(Renderer&)>& draw) {
        std::lock_guard lock(m_mutex);
        if (which != "cpu") {
            try {
                if (!m_vulkan) m_vulkan = makeVulkanRenderer();
                m_vulkan->setSplats(cloud);
                return draw(*m_vulkan);
            } catch (const Error& e) {
                if (e.cancelled()) throw;
                m_vulkan.reset(); // a lost device is opened anew next time
                if (which == "vulkan") throw;
                log::warning("drawn by the CPU renderer: {}", e.full());
            }
        }
        if (!m_cpu) m_cpu = makeCpuRenderer();
        m_cpu->setSplats(cloud);
        draw(*m_cpu);
    }

private:
    std::mutex m_mutex;
    std::unique_ptr<Renderer> m_vulkan, m_cpu;
};

} // namespace

void drawScene(const std::string& which, const SplatCloud& cloud, const std::function<void(Renderer&)>& draw) {
    Renderers::shared().draw(which, cloud, draw);
}

Camera cameraOrAll(graph::RunContext& run, const SplatCloud& cloud) {
    if (run.hasInput("camera")) return run.inputAs<Camera>("camera");
    const auto width = static_cast<int>(run.integer("width")), height = static_cast<int>(run.integer("height"));
    if (const auto own = ownView(cloud, width, height)) return own->first;
    return Camera::frame(cloud.focus(), width, height);
}

graph::Parameter widthParameter(const std::string& help) {
    return {.id = "width", .label = "Width", .help = help, .kind = graph::ParameterKind::Int, .defaultValue = std::int64_t{1280},
            .min = 1, .max = 16384, .softMin = 64, .softMax = 3840, .unit = "px"};
}

graph::Parameter heightParameter(const std::string& help) {
    return {.id = "height", .label = "Height", .help = help, .kind = graph::ParameterKind::Int, .defaultValue = std::int64_t{720},
            .min = 1, .max = 16384, .softMin = 64, .softMax = 2160, .unit = "px"};
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
