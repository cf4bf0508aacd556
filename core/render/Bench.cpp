// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/Bench.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "core/render/Renderer.h"
#include "core/render/cpu/FieldMarcher.h"
#include "core/scene/SceneIo.h"

namespace ochre {
namespace {

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
}

Json measure(Renderer& renderer, const SplatCloud& cloud, const SplatBench& settings, int warmUp, int frames,
             const Cancel& cancel) {
    renderer.setSplats(cloud);
    SplatOptions options;
    options.background = {{0, 0, 0}};
    std::vector<std::uint8_t> pixels(4 * static_cast<std::size_t>(settings.width) *
                                     static_cast<std::size_t>(settings.height));
    std::vector<double> whole;
    std::map<std::string, std::vector<double>> stages;
    for (int i = -warmUp; i < frames; ++i) {
        const Camera camera = Camera::frame(cloud.focus(), settings.width, settings.height, 7.0 * i);
        const auto start = std::chrono::steady_clock::now();
        renderer.renderSplats8(camera, options, pixels, cancel);
        const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
        if (i < 0) continue;
        whole.push_back(time.count());
        std::map<std::string, double> frame; // a stage may come in several pieces
        for (const StageTime& t : renderer.lastTimes()) frame[t.stage] += t.milliseconds;
        for (const auto& [stage, milliseconds] : frame) stages[stage].push_back(milliseconds);
    }
    const double middle = median(whole);
    Json json{{"name", renderer.name()},
              {"frames", frames},
              {"frames_per_second", 1000 / std::max(middle, 1e-6)},
              {"milliseconds", middle}};
    for (const auto& [stage, times] : stages) json["stages"][stage] = median(times);
    return json;
}

Camera turned(const SplatCloud& scene, int frame, int width, int height) {
    if (const auto own = ownView(scene, width, height)) return own->first;
    return Camera::frame(scene.focus(), width, height, 40.0 * frame);
}

Json measureFields(Renderer& renderer, const SplatCloud& scene, const FieldBench& settings, int part, const Cancel& cancel) {
    const int width = settings.width / part, height = settings.height / part;
    std::vector<std::uint8_t> pixels(4 * static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
    std::vector<double> times;
    for (int i = -1; i < settings.frames; ++i) {
        const auto start = std::chrono::steady_clock::now();
        renderer.renderSplats8(turned(scene, i, width, height), {.background = {{0, 0, 0}}}, pixels, cancel);
        if (i >= 0) times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    }
    const double middle = median(times);
    return {{"width", width}, {"height", height}, {"milliseconds", middle}, {"frames_per_second", 1000 / std::max(middle, 1e-6)}};
}

} // namespace

Json benchSplats(const std::filesystem::path& scene, const SplatBench& settings, const Cancel& cancel) {
    return benchSplats(readSplats(scene, cancel), settings, cancel);
}

Json benchSplats(const SplatCloud& cloud, const SplatBench& settings, const Cancel& cancel) {
    Json json{{"scene", cloud.name()},
              {"splats", cloud.count()},
              {"width", settings.width},
              {"height", settings.height}};
    json["renderers"] = Json::array();
    try {
        const auto renderer = makeVulkanRenderer();
        json["renderers"].push_back(
            measure(*renderer, cloud, settings, 2, std::max(1, settings.frames), cancel));
    } catch (const Error& e) {
        if (e.cancelled()) throw;
        json["renderers"].push_back({{"name", "Vulkan"}, {"error", e.full()}});
    }
    json["renderers"].push_back(
        measure(*makeFastCpuRenderer(), cloud, settings, 2, std::max(1, settings.frames), cancel));
    if (settings.cpu) json["renderers"].push_back(measure(*makeCpuRenderer(), cloud, settings, 0, 1, cancel));
    return json;
}

Json benchFields(const SplatCloud& scene, const FieldBench& settings, const Cancel& cancel) {
    std::uint64_t samples = 0;
    for (int i = 0; i < settings.frames; ++i)
        for (const PlacedField& placed : scene.fields())
            samples += renderField(*placed.field, turned(scene, i, settings.width, settings.height), {.toWorld = placed.toWorld}, cancel).samples;
    Json json{{"scene", scene.name()},         {"splats", scene.count()},    {"fields", scene.fields().size()},
              {"width", settings.width},       {"height", settings.height},  {"frames", settings.frames},
              {"samples", samples},            {"operations_a_sample", kFieldOperations}, {"bytes_a_sample", kFieldBytes},
              {"renderers", Json::array()}};
    const auto add = [&](const char* name, auto make) {
        try {
            const auto renderer = make();
            renderer->setSplats(scene);
            json["renderers"].push_back({{"name", renderer->name()},
                                         {"still", measureFields(*renderer, scene, settings, 1, cancel)},
                                         {"moving", measureFields(*renderer, scene, settings, 4, cancel)}});
        } catch (const Error& e) {
            if (e.cancelled()) throw;
            json["renderers"].push_back({{"name", name}, {"error", e.full()}});
        }
    };
    add("Vulkan", [] { return makeVulkanRenderer(); });
    add("CPU", makeFastCpuRenderer);
    return json;
}

} // namespace ochre
