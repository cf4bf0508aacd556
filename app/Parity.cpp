// SPDX-License-Identifier: GPL-3.0-or-later
// ochre parity: models against stored tensors of their reference implementations.
#include <cstdio>

#include "app/Command.h"
#include "app/ModelLibrary.h"

namespace ochre::app {
namespace {

int run(const std::vector<std::string>& cases, bool json) {
    ModelRequest request{.command = "parity", .files = cases, .cancel = interrupted()};
    if (!json) request.line = [](const std::string& line) {
        std::printf("%s\n", line.c_str());
        std::fflush(stdout);
    };
    const Json result = runModelCommand(request);
    if (json) printJson(result);
    else
        std::fprintf(stderr, "%d passed, %d failed, %d skipped\n", result.value("passed", 0), result.value("failed", 0),
                     result.value("skipped", 0));
    return result.value("failed", 0) == 0 ? kDone : kFailed;
}

} // namespace

void addParity(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand("parity", "Run models on stored tensors and compare");
    auto cases = std::make_shared<std::vector<std::string>>();
    auto json = std::make_shared<bool>(false);
    sub->add_option("case", *cases, "Folder with case.json, or a keys/samplers/tokenizers/metrics JSON; a folder of these")
        ->required();
    sub->add_flag("--json", *json, "Print one JSON object");
    sub->callback([cases, json, &chosen] { chosen = [cases, json] { return run(*cases, *json); }; });
}

} // namespace ochre::app
