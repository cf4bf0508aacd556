// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/interop/Interop.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Log.h"
#include "core/base/ModelRoots.h"
#include "core/base/Text.h"
#include "core/image/ImageIo.h"
#include "core/image/PictureFiles.h"
#include "core/project/interop/A1111.h"
#include "core/project/interop/ComfyGraph.h"
#include "core/project/interop/ComfyRead.h"
#include "core/project/interop/ComfyWrite.h"

namespace ochre::project::interop {
namespace fs = std::filesystem;
namespace {

// Beyond this a picture's texts are more than other programs read.
constexpr std::size_t kMaxPictureText = std::size_t{4} << 20;

std::string warningOf(const std::vector<std::string>& warnings, std::string_view subject) {
    if (warnings.empty()) return {};
    std::string text = fmt::format("{}: ", subject);
    constexpr std::size_t kShown = 6;
    for (std::size_t i = 0; i < warnings.size() && i < kShown; ++i)
        text += (i ? "; " : "") + printable(warnings[i]);
    if (warnings.size() > kShown) text += fmt::format("; and {} more", warnings.size() - kShown);
    return text;
}

/// "sub/a.png [input]" beside the file, or in ComfyUI's folder of inputs. Names that lead elsewhere are not
/// followed.
std::string findInput(std::string name, const fs::path& near) {
    if (const std::size_t mark = name.rfind(" ["); mark != std::string::npos && name.ends_with(']'))
        name.resize(mark);
    const fs::path relative(name);
    if (name.empty() || relative.is_absolute() || name.find('\0') != std::string::npos ||
        std::find(relative.begin(), relative.end(), "..") != relative.end())
        return {};
    std::vector<fs::path> folders;
    if (!near.empty()) {
        const fs::path folder = fs::absolute(near).parent_path();
        folders = {folder, folder / "input", folder.parent_path() / "input"};
    }
    for (fs::path& folder : paths::foreignInputFolders()) folders.push_back(std::move(folder));
    std::error_code ignored;
    for (const fs::path& folder : folders)
        if (fs::is_regular_file(folder / relative, ignored))
            return (folder / relative).lexically_normal().string();
    return {};
}

Project comfyProject(const Json& json, std::string_view subject, const graph::NodeRegistry& registry,
                     const fs::path& near) {
    ReadComfy read =
        readComfy(json, subject, registry, [&](const std::string& name) { return findInput(name, near); });
    Project project;
    project.graph = std::move(read.graph);
    project.extra = std::move(read.extra);
    project.warning = warningOf(read.warnings, subject);
    return project;
}

Project fromComfy(const Json& json, std::string_view subject, const graph::NodeRegistry& registry,
                  const fs::path& near) {
    try {
        return comfyProject(json, subject, registry, near);
    } catch (const Json::exception& e) {
        // A shape that no check foresaw is the file's fault, not a reason to end.
        throw broken(fmt::format("{}: the workflow is damaged: {}", subject, printable(e.what())));
    }
}

/// A text of ComfyUI: under its key in PNG, as "key:text" in an EXIF field elsewhere.
const char* comfyText(const std::map<std::string, std::string>& metadata, const std::string& key) {
    if (const auto it = metadata.find(key); it != metadata.end()) return it->second.c_str();
    for (const auto& [name, value] : metadata) {
        if (!name.starts_with("Exif:") || value.size() <= key.size() || value[key.size()] != ':') continue;
        const bool same =
            std::equal(key.begin(), key.end(), value.begin(), [](char a, char b) { return a == (b | 0x20); });
        if (same) return value.c_str() + key.size() + 1;
    }
    return nullptr;
}

const std::string* parametersText(const std::map<std::string, std::string>& metadata) {
    for (const char* key : {"parameters", "Exif:UserComment"})
        if (const auto it = metadata.find(key); it != metadata.end() && !it->second.empty())
            return &it->second;
    return nullptr;
}

Project fromPicture(const fs::path& path, const graph::NodeRegistry& registry) {
    const std::string subject = path.filename().string();
    const auto metadata = probeImage(path).metadata;
    if (const auto own = metadata.find("ochre:graph"); own != metadata.end())
        return projectFromText(own->second, subject);
    // A damaged text gives way to the next one; if none is whole, the first complaint is shown.
    std::optional<Error> first;
    for (const char* key : {"workflow", "prompt"}) {
        const char* text = comfyText(metadata, key);
        if (!text) continue;
        try {
            return fromComfy(parseForeignJson(text, subject + ": " + key), subject, registry, path);
        } catch (const Error& e) {
            if (!first) first = e;
        }
    }
    if (const std::string* text = parametersText(metadata)) {
        try {
            return projectFromParameters(*text, subject, registry);
        } catch (const Error& e) {
            if (!first && e.kind() != ErrorKind::NotMine) first = e;
        }
    }
    if (first) throw *first;
    throw Error(subject + ": the picture holds no graph",
                "pictures saved by Ochre, ComfyUI and A1111's web UI carry one, unless it was taken out");
}

bool generates(const std::string& type) {
    constexpr std::string_view kFamilies[] = {"generate.", "latent.", "conditioning.", "sigmas.", "model."};
    return std::any_of(std::begin(kFamilies), std::end(kFamilies),
                       [&](std::string_view f) { return type.starts_with(f); });
}

bool hasGeneration(const graph::Graph& graph, int depth = 0) {
    bool found = false;
    graph.forEach([&](const graph::Node& node) { found = found || node.type.starts_with("generate."); });
    for (const graph::GroupDefinition* group : graph.groups())
        found =
            found || (depth < kMaxSubgraphDepth && group->graph && hasGeneration(*group->graph, depth + 1));
    return found;
}

std::string asciiText(const Json& json) {
    return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

void addComfyTexts(std::map<std::string, std::string>& texts, const graph::Graph& graph, const Json& extra,
                   const graph::NodeRegistry& registry) {
    const WroteComfy workflow = writeWorkflow(graph, extra, registry);
    if (std::any_of(workflow.missingTypes.begin(), workflow.missingTypes.end(), generates)) return;
    std::string ui = asciiText(workflow.json), api = asciiText(writeApi(graph, extra, registry).json);
    if (ui.size() + api.size() > kMaxPictureText) return;
    texts["prompt"] = std::move(api);
    texts["workflow"] = std::move(ui);
}

} // namespace

Project projectFromForeignText(std::string_view text, std::string_view subject,
                               const graph::NodeRegistry& registry, const fs::path& near) {
    const Json json = parseForeignJson(text, subject);
    if (json.is_object() && json.contains("ochre")) return projectFromText(text, subject);
    if (isWorkflow(json) || isApiPrompt(json)) return fromComfy(json, subject, registry, near);
    throw notMine(fmt::format("{}: is neither an Ochre project nor a workflow of ComfyUI", subject));
}

Project projectFromParameters(std::string_view text, std::string_view subject,
                              const graph::NodeRegistry& registry) {
    std::vector<std::string> warnings;
    Project project;
    project.graph = graphFromParameters(readParameters(text, subject), registry, warnings);
    project.warning = warningOf(warnings, subject);
    return project;
}

bool isProjectFile(const fs::path& path) {
    return path.extension() == ".ochre" || path.extension() == ".json" || isPictureFile(path);
}

Project openProject(const fs::path& path, const graph::NodeRegistry& registry) {
    const std::string subject = path.filename().string();
    if (path.extension() == ".json")
        return projectFromForeignText(readTextFile(path, kMaxWorkflowBytes), subject, registry, path);
    if (path.extension() == ".txt")
        return projectFromParameters(readTextFile(path, 1 << 20), subject, registry);
    if (path.extension() != ".ochre" && isPictureFile(path)) return fromPicture(path, registry);
    return readProject(path);
}

std::map<std::string, std::string> pictureTexts(const graph::Graph& graph, const Json& extra,
                                                const graph::NodeRegistry& registry) {
    std::map<std::string, std::string> texts;
    if (!hasGeneration(graph)) return texts;
    try {
        addComfyTexts(texts, graph, extra, registry);
    } catch (const std::exception& e) {
        log::warning("pictures carry no ComfyUI workflow: {}", e.what());
    }
    try {
        if (const auto parameters = parametersFromGraph(graph, registry))
            texts["parameters"] = writeParameters(*parameters);
    } catch (const std::exception& e) {
        log::warning("pictures carry no A1111 parameters: {}", e.what());
    }
    return texts;
}

} // namespace ochre::project::interop
