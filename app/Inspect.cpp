// SPDX-License-Identifier: GPL-3.0-or-later
// ochre inspect: what is inside a checkpoint, scene, picture or project.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "app/Command.h"
#include "app/ModelLibrary.h"
#include "core/base/Math.h"
#include "core/image/ImageIo.h"
#include "core/image/PictureFiles.h"
#include "core/project/ProjectFile.h"
#include "core/scene/SceneIo.h"
#include "core/scene/SplatStats.h"

namespace ochre::app {
namespace {
namespace fs = std::filesystem;

Json inspectPicture(const fs::path& path) {
    const ImageInfo info = probeImage(path);
    Json json{{"kind", "picture"},   {"format", name(info.format)},    {"width", info.width},
              {"height", info.height}, {"channels", info.channels},    {"bits", info.bitDepth},
              {"float", info.isFloat}, {"color_space", name(info.colorSpace)}, {"metadata", Json::object()}};
    for (const auto& [key, value] : info.metadata) json["metadata"][key] = value;
    return json;
}

Json histogram(const Histogram& h) {
    return {{"min", h.min}, {"max", h.max}, {"counts", h.counts}};
}

Json inspectScene(const fs::path& path) {
    const SplatStats s = statsOf(readSplats(path, interrupted()));
    return {{"kind", "scene"},
            {"splats", s.count},
            {"sh_degree", s.shDegree},
            {"antialiased", s.antialiased},
            {"dropped", s.dropped},
            {"flat", s.flat},
            {"min", s.bounds.min},
            {"max", s.bounds.max},
            {"focus_center", s.focus.center},
            {"focus_radius", s.focus.radius},
            {"mean_opacity", s.meanOpacity},
            {"median_scale", std::exp(s.medianLogScale)},
            {"bytes_in_memory", s.bytes},
            {"opacity_histogram", histogram(s.opacities)},
            {"log_scale_histogram", histogram(s.logScales)}};
}

Json inspectProject(const fs::path& path) {
    const project::Project p = project::readProject(path);
    Json nodes = Json::object();
    p.graph.forEach([&](const graph::Node& node) { nodes[node.name] = node.type; });
    return {{"kind", "project"}, {"nodes", std::move(nodes)}, {"warning", p.warning}};
}

Json inspect(const std::string& file, bool scan) {
    const fs::path path(file);
    if (path.extension() == ".ochre") return inspectProject(path);
    if (isSceneFile(path)) return inspectScene(path);
    if (isPictureFile(path)) return inspectPicture(path);
    ModelRequest request{.command = "inspect", .files = {file}, .cancel = interrupted()};
    request.options["scan"] = scan;
    return runModelCommand(request);
}

std::string text(const Json& value) {
    return value.is_string() ? value.get<std::string>() : dumpJson(value);
}

/// A line a bin: where it begins, a bar, how many.
void printHistogram(const std::string& key, const Json& h) {
    constexpr std::size_t kWidth = 40;
    const auto counts = h.at("counts").get<std::vector<std::size_t>>();
    const double min = h.at("min"), step = (h.at("max").get<double>() - min) / static_cast<double>(counts.size());
    const std::size_t most = std::max<std::size_t>(1, *std::max_element(counts.begin(), counts.end()));
    std::printf("%s\n", key.c_str());
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const std::string bar(ceilDivide(counts[i] * kWidth, most), '#');
        std::printf("  %8.2f  %-40s %zu\n", min + step * static_cast<double>(i), bar.c_str(), counts[i]);
    }
}

void print(const Json& json) {
    for (const auto& [key, value] : json.items()) {
        if (key.ends_with("_histogram")) {
            printHistogram(key, value);
        } else if (value.is_array() && key == "tensors") {
            std::printf("%zu tensors\n", value.size());
            for (const Json& t : value)
                std::printf("  %-56s %-9s %s\n", t.at("name").get_ref<const std::string&>().c_str(),
                            t.at("dtype").get_ref<const std::string&>().c_str(), dumpJson(t.at("shape")).c_str());
        } else if (value.is_object()) {
            std::printf("%s\n", key.c_str());
            for (const auto& [name, inner] : value.items()) {
                std::string shown = text(inner);
                if (shown.size() > 200) shown = shown.substr(0, 200) + fmt::format("… ({} characters)", shown.size());
                std::printf("  %-24s %s\n", name.c_str(), shown.c_str());
            }
        } else {
            std::printf("%-16s %s\n", key.c_str(), text(value).c_str());
        }
    }
}

int run(const std::string& file, bool scan, bool json) {
    Json result = inspect(file, scan);
    result["file"] = file;
    if (json) {
        result["ok"] = true;
        printJson(result);
    } else {
        print(result);
    }
    return kDone;
}

} // namespace

void addInspect(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand("inspect", "Say what is inside a checkpoint, scene, picture or project");
    auto file = std::make_shared<std::string>();
    auto scan = std::make_shared<bool>(false), json = std::make_shared<bool>(false);
    sub->add_option("file", *file, "File to look into")->required();
    sub->add_flag("--scan", *scan, "Checkpoints: read every value and count those that are not finite");
    sub->add_flag("--json", *json, "Print one JSON object");
    sub->callback([file, scan, json, &chosen] { chosen = [file, scan, json] { return run(*file, *scan, *json); }; });
}

} // namespace ochre::app
