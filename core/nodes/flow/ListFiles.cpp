// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fnmatch.h>
#include <sys/stat.h>

#include "core/base/Error.h"

namespace ochre::nodes::flow {

namespace {
namespace fs = std::filesystem;

constexpr std::size_t kMaxFiles = 1'000'000;

bool matches(const std::string& patterns, const std::string& name) {
    for (std::size_t at = 0; at <= patterns.size();) {
        const std::size_t end = std::min(patterns.find_first_of(" ;", at), patterns.size());
        const std::string pattern = patterns.substr(at, end - at);
        if (!pattern.empty() && ::fnmatch(pattern.c_str(), name.c_str(), FNM_CASEFOLD) == 0) return true;
        at = end + 1;
    }
    return patterns.find_first_not_of(" ;") == std::string::npos;
}

struct File {
    fs::path path;
    std::uint64_t size;
    std::int64_t time;
};

// By path, so that the order never depends on the disk.
std::vector<File> find(const graph::ParameterView& p, const Cancel& cancel) {
    std::vector<File> files;
    std::error_code error;
    const bool deep = p.flag("recursive");
    fs::recursive_directory_iterator it(p.text("folder"), fs::directory_options::skip_permission_denied,
                                        error);
    for (const fs::recursive_directory_iterator end; !error && it != end; it.increment(error)) {
        cancel.check();
        struct stat s {};
        if (it->is_directory(error) && !deep) it.disable_recursion_pending();
        if (::stat(it->path().c_str(), &s) != 0 || !S_ISREG(s.st_mode)) continue;
        if (!matches(p.text("pattern"), it->path().filename().string())) continue;
        if (files.size() == kMaxFiles)
            throw Error(p.text("folder") + ": more than a million files", "choose a smaller folder");
        files.push_back({it->path(), static_cast<std::uint64_t>(s.st_size),
                         static_cast<std::int64_t>(s.st_mtim.tv_sec) * 1'000'000'000 + s.st_mtim.tv_nsec});
    }
    std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.path < b.path; });
    if (const auto limit = static_cast<std::size_t>(p.integer("limit")); limit > 0 && files.size() > limit)
        files.resize(limit);
    return files;
}

void run(graph::RunContext& run) {
    const fs::path folder = run.text("folder");
    std::error_code error;
    if (folder.empty()) throw Error("no folder is chosen", "choose one");
    if (!fs::is_directory(folder, error))
        throw Error(folder.string() + ": not a folder that can be read", "choose another");
    graph::ListSource paths, names;
    for (const File& file : find(run, run.cancel())) {
        const std::string path = file.path.string(), name = file.path.lexically_relative(folder).string();
        Hasher hasher;
        const Hash128 key = hasher.add(path).add(file.size).add(file.time).finish();
        paths.items.push_back({key, name, [path] { return graph::makeText(path); }});
        names.items.push_back({hashText(name), name, [name] { return graph::makeText(name); }});
    }
    run.setOutput("paths", graph::Value::make<graph::ListSource>(graph::types::kText, std::move(paths)));
    run.setOutput("names", graph::Value::make<graph::ListSource>(graph::types::kText, std::move(names)));
}

} // namespace

graph::NodeDeclaration ListFiles() {
    return graph::NodeDeclaration("flow.list_files", 1, "List Files", "Flow")
        .describe("The files of a folder, as a list: what is linked to it runs once for each.")
        .keywords("folder directory batch glob iterate")
        .output({.id = "paths", .label = "Paths", .type = graph::types::kText, .list = true})
        .output({.id = "names",
                 .label = "Names",
                 .help = "Relative to the folder.",
                 .type = graph::types::kText,
                 .list = true})
        .parameter({.id = "folder",
                    .label = "Folder",
                    .help = "Where to look.",
                    .kind = graph::ParameterKind::Folder,
                    .defaultValue = std::string()})
        .parameter({.id = "pattern",
                    .label = "Pattern",
                    .help = "Which names: *.png, or several with spaces between. Empty: all.",
                    .kind = graph::ParameterKind::Text,
                    .defaultValue = std::string("*")})
        .parameter({.id = "recursive",
                    .label = "Subfolders",
                    .help = "Also look into folders inside.",
                    .kind = graph::ParameterKind::Bool,
                    .defaultValue = false})
        .parameter({.id = "limit",
                    .label = "Limit",
                    .help = "At most so many files; 0: all.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{0},
                    .min = 0,
                    .softMax = 100})
        .onFingerprint([](const graph::ParameterView& p) {
            Hasher hasher;
            if (!p.text("folder").empty())
                for (const File& file : find(p, {}))
                    hasher.add(file.path.string()).add(file.size).add(file.time);
            return hasher.finish();
        })
        .onRun(run);
}

} // namespace ochre::nodes::flow
