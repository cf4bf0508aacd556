// SPDX-License-Identifier: GPL-3.0-or-later
// ochre render: pictures of a scene, from a camera file, the default view or an orbit.
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include "app/Command.h"
#include "core/image/ImageIo.h"
#include "core/render/Renderer.h"
#include "core/scene/SceneIo.h"

namespace ochre::app {
namespace {
namespace fs = std::filesystem;

struct Options {
    std::string scene, output, renderer = "auto", camera, size, background = "0,0,0";
    int orbit = 0;
    bool json = false;
};

std::optional<std::array<float, 3>> parseBackground(const std::string& text) {
    if (text == "none") return std::nullopt;
    float r = 0, g = 0, b = 0;
    char rest = 0;
    if (std::sscanf(text.c_str(), "%f,%f,%f%c", &r, &g, &b, &rest) != 3)
        throw Error(fmt::format("--background {}: not a colour", text), "for example --background 0.1,0.1,0.1, or none");
    const float scale = std::max({r, g, b}) > 1 ? 255.0f : 1.0f;
    return {{r / scale, g / scale, b / scale}};
}

std::unique_ptr<Renderer> open(const std::string& which) {
    if (which == "cpu") return makeCpuRenderer();
    if (which == "fast") return makeFastCpuRenderer();
    if (which == "vulkan") return makeVulkanRenderer();
    std::string reason;
    auto renderer = makeRenderer({}, &reason);
    if (!reason.empty()) std::fprintf(stderr, "ochre: %s; drawing on the CPU\n", reason.c_str());
    return renderer;
}

std::vector<Camera> cameras(const Options& o, const SplatCloud& cloud) {
    const bool sized = !o.size.empty();
    const Size size = sized ? parseSize(o.size, "--size") : Size{1280, 720};
    if (!o.camera.empty()) {
        const Camera camera = readCamera(o.camera);
        return {sized ? camera.resized(size.width, size.height) : camera};
    }
    std::vector<Camera> all;
    for (int i = 0; i < std::max(1, o.orbit); ++i)
        all.push_back(Camera::frame(cloud.focus(), size.width, size.height, o.orbit > 0 ? 360.0 * i / o.orbit : 0.0));
    return all;
}

/// "out.png" for one picture, "out-0001.png" and so on for several.
fs::path frameFile(const fs::path& output, std::size_t index, std::size_t count) {
    if (count == 1) return output;
    fs::path file = output;
    file.replace_filename(fmt::format("{}-{:04}{}", output.stem().string(), index + 1, output.extension().string()));
    return file;
}

/// EXR keeps the renderer's premultiplied numbers as they are; other formats want straight alpha.
void write(Image image, const fs::path& file, bool opaque) {
    WriteOptions options;
    const bool floats = imageFormatFromPath(file) == ImageFormat::Exr;
    if (floats) {
        options.bitDepth = 32;
        options.colorSpace = ColorSpace::Raw;
        options.premultiplied = true;
    } else {
        const auto v = image.edit();
        for (std::size_t i = 0; i + 3 < v.size(); i += 4)
            for (std::size_t k = 0; k < 3 && !opaque && v[i + 3] > 0; ++k) v[i + k] /= v[i + 3];
        image.setColorSpace(ColorSpace::Srgb);
    }
    writeImage(image, file, options);
}

int run(const Options& o) {
    imageFormatFromPath(o.output);
    const SplatCloud cloud = readSplats(o.scene, interrupted());
    const auto renderer = open(o.renderer);
    renderer->setSplats(cloud);
    SplatOptions options;
    options.background = parseBackground(o.background);
    const std::vector<Camera> views = cameras(o, cloud);
    Json files = Json::array(), times = Json::object();
    for (std::size_t i = 0; i < views.size(); ++i) {
        const Image image = renderer->renderSplats(views[i], options, interrupted());
        for (const StageTime& t : renderer->lastTimes()) times[t.stage] = times.value(t.stage, 0.0) + t.milliseconds;
        const fs::path file = frameFile(o.output, i, views.size());
        write(image, file, options.background.has_value());
        files.push_back(file.string());
        if (!o.json) std::printf("%s\n", file.c_str());
    }
    if (o.json)
        printJson({{"ok", true}, {"renderer", renderer->name()}, {"splats", cloud.count()}, {"width", views[0].width},
                   {"height", views[0].height}, {"files", std::move(files)}, {"milliseconds", std::move(times)}});
    return kDone;
}

} // namespace

void addRender(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand("render", "Take pictures of a scene");
    auto o = std::make_shared<Options>();
    sub->add_option("scene", o->scene, "Scene to draw (.ply, .compressed.ply)")->required();
    sub->add_option("-o,--output", o->output, "Picture to write; .exr holds premultiplied floats without a display transform")->required();
    sub->add_option("--renderer", o->renderer, "What draws: cpu is exact and slow, fast the CPU at its best")
        ->check(CLI::IsMember({"auto", "vulkan", "cpu", "fast"}))
        ->capture_default_str();
    auto* camera = sub->add_option("--camera", o->camera, "Camera as JSON (width, height, fx, fy, cx, cy, world_to_camera)");
    sub->add_option("--orbit", o->orbit, "This many pictures from all around")->check(CLI::Range(1, 100000))->excludes(camera);
    sub->add_option("--size", o->size, "Width and height in pixels, such as 1280x720");
    sub->add_option("--background", o->background, "R,G,B in 0 to 1 (or 0 to 255), or none")->capture_default_str();
    sub->add_flag("--json", o->json, "Print one JSON object");
    sub->callback([o, &chosen] { chosen = [o] { return run(*o); }; });
}

} // namespace ochre::app
