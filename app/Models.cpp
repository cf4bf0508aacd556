// SPDX-License-Identifier: GPL-3.0-or-later
// ochre models: what lies in the models folder and in those of other programs, and which these are.
#include <cstdio>

#include <fmt/format.h>

#include "app/Command.h"
#include "core/base/Error.h"
#include "core/base/ModelRoots.h"
#include "core/base/Paths.h"
#include "core/library/ModelFolder.h"

namespace ochre::app {
namespace {

struct Options {
    std::string add, remove;
    bool json = false;
};

Json rootsJson() {
    Json roots = Json::array();
    for (const std::filesystem::path& root : paths::modelRoots()) roots.push_back(root.string());
    return roots;
}

int run(const Options& options) {
    if (!options.add.empty()) paths::addModelRoot(options.add);
    if (!options.remove.empty() && !paths::removeModelRoot(options.remove))
        throw Error(options.remove + ": is no registered folder",
                    fmt::format("registered: {}", rootsJson().empty() ? "none" : dumpJson(rootsJson())));
    const std::vector<library::ModelFile> files = library::listModels();
    if (options.json) {
        Json all = Json::array();
        for (const library::ModelFile& f : files)
            all.push_back({{"name", f.name}, {"path", f.path.string()}, {"bytes", f.bytes}, {"format", f.format},
                           {"kind", f.kind}});
        printJson({{"folder", paths::models().string()}, {"other_folders", rootsJson()}, {"models", std::move(all)}});
        return kDone;
    }
    for (const library::ModelFile& f : files)
        std::printf("%-36s %8.1f MB  %-12s %s\n", f.name.c_str(), static_cast<double>(f.bytes) / 1e6, f.format.c_str(),
                    f.path.c_str());
    if (files.empty())
        std::printf("No models in %s. Put .safetensors, .pth, .ckpt or ncnn .param/.bin files there.\n",
                    paths::models().c_str());
    return kDone;
}

} // namespace

void addModels(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand("models", "List the models on this machine");
    auto options = std::make_shared<Options>();
    sub->add_option("--add", options->add,
                    "Also use the models of this folder (ComfyUI, A1111's web UI, any), or of an extra_model_paths.yaml");
    sub->add_option("--remove", options->remove, "Forget such a folder");
    sub->add_flag("--json", options->json, "Print one JSON object");
    sub->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

} // namespace ochre::app
