// SPDX-License-Identifier: GPL-3.0-or-later
// ochre search: the pictures of a folder that look most like one, through the same node that the window uses.
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include "app/Command.h"
#include "app/PictureGraph.h"

namespace ochre::app {
namespace {

struct Options {
    std::string folder, picture, model, output;
    std::int64_t top = 12;
    bool json = false;
};

int run(const Options& o) {
    session::Session session; // no disk tier: the index is kept by itself
    const graph::NodeId search = buildOnPicture(
        session, o.picture, "understand.search",
        {{"model", o.model}, {"folder", std::filesystem::absolute(o.folder).string()}, {"top", o.top}});
    const graph::Result result = evaluateOrThrow(session, {search});
    const Json list = parseJson(result.output(search, "list").as<std::string>(), "list");
    if (!o.output.empty()) session.exportResult(search, "image", o.output);
    if (o.json) {
        printJson({{"ok", true}, {"model", o.model}, {"compared", result.output(search, "count").as<std::int64_t>()}, {"matches", list},
                   {"seconds", result.states.at(search).seconds}});
        return kDone;
    }
    for (const Json& match : list)
        std::printf("%s\n", fmt::format("{:.3f}  {}", match.at("likeness").get<double>(), match.at("path").get<std::string>()).c_str());
    return kDone;
}

} // namespace

void addSearch(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand("search", "Find the pictures of a folder that look most like one");
    auto options = std::make_shared<Options>();
    sub->add_option("folder", options->folder, "Pictures to compare, at any depth; what they look like is computed once and kept")->required();
    sub->add_option("picture", options->picture, "Picture to look for")->required();
    sub->add_option("-m,--model", options->model, "DINOv2: name in the models folder, or a path")->required();
    sub->add_option("--top", options->top, "How many")->check(CLI::Range(1, 400))->capture_default_str();
    sub->add_option("-o,--output", options->output, "Sheet of the found pictures to write");
    sub->add_flag("--json", options->json, "Print one JSON object");
    sub->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

} // namespace ochre::app
