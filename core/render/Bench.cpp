// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/Bench.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>

#include "core/render/FrameWork.h"
#include "core/render/Renderer.h"
#include "core/render/cpu/FieldMarcher.h"
#include "core/scene/SceneIo.h"

namespace ochre {
namespace {

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
}

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

Json describe(const FrameCounts& c) {
    return {{"splats", c.splats}, {"visible", c.visible}, {"shaded", c.shaded}, {"entries", c.entries}, {"bytes_held", c.bytesHeld}};
}

/// What the last frame went through, on a device that counts.
void addWork(Json& json, const Renderer& renderer, const FrameShape& shape) {
    const FrameCounts counts = renderer.lastCounts();
    if (counts.splats == 0) return;
    const std::vector<StageWork> work = workOf(counts, shape);
    json["counts"] = describe(counts);
    double bytes = 0, least = 0, milliseconds = 0;
    for (const StageWork& w : work) {
        json["work"][w.stage] = {{"bytes", w.bytes}, {"least_bytes", w.least}, {"operations", w.operations}};
        bytes += w.bytes;
        least += w.least;
        milliseconds += json["stages"].value(w.stage, 0.0);
    }
    json["bytes_of_least"] = bytes / least;
    json["sort_share"] = json["stages"].value("sort", 0.0) / std::max(milliseconds, 1e-6);
    if (shape.quads) return;
    for (const GpuSheet& gpu : gpuSheets()) json["estimates"][gpu.name] = estimatedMilliseconds(work, gpu);
}

Json measure(Renderer& renderer, const SplatCloud& cloud, const SplatBench& settings, int warmUp, int frames,
             const Cancel& cancel) {
    const auto uploading = Clock::now();
    renderer.setSplats(cloud);
    const double upload = secondsSince(uploading);
    double first = 0;
    std::clock_t processor = 0;
    SplatOptions options;
    options.background = {{0, 0, 0}};
    std::vector<std::uint8_t> pixels(4 * static_cast<std::size_t>(settings.width) *
                                     static_cast<std::size_t>(settings.height));
    std::vector<double> whole;
    std::map<std::string, std::vector<double>> stages;
    for (int i = -warmUp; i < frames; ++i) {
        const Camera camera = Camera::frame(cloud.focus(), settings.width, settings.height, 7.0 * i);
        const auto start = Clock::now();
        const std::clock_t before = std::clock();
        renderer.renderSplats8(camera, options, pixels, cancel);
        const double time = 1e3 * secondsSince(start);
        if (i == -warmUp) first = time;
        if (i < 0) continue;
        processor += std::clock() - before;
        whole.push_back(time);
        std::map<std::string, double> frame; // a stage may come in several pieces
        for (const StageTime& t : renderer.lastTimes()) frame[t.stage] += t.milliseconds;
        for (const auto& [stage, milliseconds] : frame) stages[stage].push_back(milliseconds);
    }
    const double middle = median(whole);
    Json json{{"name", renderer.name()},
              {"frames", frames},
              {"frames_per_second", 1000 / std::max(middle, 1e-6)},
              {"milliseconds", middle},
              {"cpu_milliseconds", 1e3 * static_cast<double>(processor) / CLOCKS_PER_SEC / frames},
              {"upload_seconds", upload},
              {"first_milliseconds", first}};
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
              {"height", settings.height},
              {"camera", cameraToJson(Camera::frame(cloud.focus(), settings.width, settings.height))}};
    json["renderers"] = Json::array();
    for (const Blending blending : {Blending::Tiles, Blending::Quads}) {
        const bool quads = blending == Blending::Quads;
        try {
            const auto renderer = makeVulkanRenderer({.blending = blending});
            Json one = measure(*renderer, cloud, settings, 2, std::max(1, settings.frames), cancel);
            one["name"] = renderer->name() + (quads ? ", quads" : ", tiles");
            addWork(one, *renderer, {settings.width, settings.height, cloud.shDegree(), quads});
            json["renderers"].push_back(std::move(one));
        } catch (const Error& e) {
            if (e.cancelled()) throw;
            json["renderers"].push_back({{"name", quads ? "Vulkan, quads" : "Vulkan, tiles"}, {"error", e.full()}});
        }
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
