// SPDX-License-Identifier: GPL-3.0-or-later
// ochre models: what lies in the models folder.
#include <cstdio>

#include <fmt/format.h>

#include "app/Command.h"
#include "core/base/Paths.h"
#include "core/library/ModelFolder.h"

namespace ochre::app {
namespace {

int run(bool json) {
    const std::vector<library::ModelFile> files = library::listModels();
    if (json) {
        Json all = Json::array();
        for (const library::ModelFile& f : files)
            all.push_back({{"name", f.name}, {"path", f.path.string()}, {"bytes", f.bytes}, {"format", f.format}});
        printJson({{"folder", paths::models().string()}, {"models", std::move(all)}});
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
    auto json = std::make_shared<bool>(false);
    sub->add_flag("--json", *json, "Print one JSON object");
    sub->callback([json, &chosen] { chosen = [json] { return run(*json); }; });
}

} // namespace ochre::app
