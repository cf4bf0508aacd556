// SPDX-License-Identifier: GPL-3.0-or-later
// ochre run: evaluates a project without the window.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "app/BatchCommand.h"
#include "app/Command.h"
#include "core/session/Export.h"

namespace ochre::app {
namespace {
namespace fs = std::filesystem;

struct Options {
    std::string graph, output;
    std::vector<std::string> settings, targets;
    bool json = false, noCache = false;
    session::BatchOptions batch; ///< with a source: on all of its pictures
};

std::vector<graph::NodeId> resolve(const graph::Graph& graph, const std::vector<std::string>& names) {
    std::vector<graph::NodeId> ids;
    for (const std::string& name : names) {
        const graph::Node* node = graph.findByName(name);
        if (!node) throw Error(fmt::format("--to: the graph has no node \"{}\"", name));
        ids.push_back(node->id);
    }
    return ids;
}

struct Shown {
    graph::NodeId node;
    std::string name, output;
};

/// Where a node that gives no picture or scene itself has one from: what a node that saves it was given.
std::optional<graph::Link> givenTo(const session::Session& session, const graph::Node& node) {
    for (const auto& [input, link] : node.inputs)
        if (session::canExport(session.result(link.node, link.output))) return link;
    return std::nullopt;
}

// Of each node that was evaluated, in order of nodes: what -o writes.
std::vector<Shown> shownResults(const session::Session& session, const graph::Graph& graph, const graph::Result& result) {
    std::vector<Shown> shown;
    for (const auto& [id, outputs] : result.outputs) {
        const graph::Node& node = graph.at(id);
        const auto picture = std::find_if(outputs.begin(), outputs.end(), [](const auto& output) { return session::canExport(output.second); });
        const auto any = std::find_if(outputs.begin(), outputs.end(), [](const auto& output) { return !output.second.empty(); });
        if (picture != outputs.end())
            shown.push_back({id, node.name, picture->first});
        else if (const auto given = givenTo(session, node))
            shown.push_back({given->node, node.name, given->output});
        else if (any != outputs.end())
            shown.push_back({id, node.name, any->first});
    }
    return shown;
}

// One result goes to `out` itself; several go beside each other as NAME-node.EXT.
std::vector<fs::path> writeResults(const session::Session& session, const std::vector<Shown>& shown, const fs::path& out, int bits) {
    if (shown.empty())
        throw Error(out.string() + ": the graph has no result to write", "add a viewer, or name a node with --to");
    std::vector<fs::path> files;
    for (const Shown& s : shown) {
        fs::path file = out;
        if (shown.size() > 1) file.replace_filename(out.stem().string() + "-" + s.name + out.extension().string());
        session.exportResult(s.node, s.output, file, bits);
        files.push_back(file);
    }
    return files;
}

int run(const Options& options) {
    session::Options sessionOptions = commandLineOptions();
    if (options.noCache) sessionOptions.cache.folder.clear();
    session::Session session(sessionOptions);
    if (const std::string warning = session.open(options.graph); !warning.empty())
        std::fprintf(stderr, "ochre: %s\n", warning.c_str());
    session.document().edit("Set", [&](graph::Graph& graph) {
        for (const std::string& setting : options.settings) session::applySetting(graph, session.registry(), setting);
    });
    if (!options.batch.source.empty()) {
        if (options.output.empty() || options.targets.size() > 1) throw Error("--input: wants -o, and one --to at most", "say where the results go");
        session::BatchOptions batch = options.batch;
        batch.target = options.output;
        if (!options.targets.empty()) batch.output = options.targets.front();
        return runBatch(session, batch, options.json);
    }
    const graph::Graph& graph = session.document().graph();
    const graph::Result result = session.evaluate(resolve(graph, options.targets), interrupted(), progressListener());
    endProgress();

    std::vector<fs::path> files;
    if (!options.output.empty() && result.ok && !result.cancelled)
        files = writeResults(session, shownResults(session, graph, result), options.output, options.batch.bitDepth);
    if (options.json) {
        Json json = resultJson(graph, result);
        for (const fs::path& file : files) json["files"].push_back(file.string());
        printJson(json);
    } else {
        for (const fs::path& file : files) std::printf("%s\n", file.c_str());
        std::fprintf(stderr, "%zu ran, %zu from the cache, %.2f s\n", result.ran, result.cached, result.seconds);
    }
    for (const auto& [id, state] : result.states)
        if (state.status == graph::NodeStatus::Failed && state.error)
            std::fprintf(stderr, "ochre: %s\n", state.error->full().c_str());
    if (result.cancelled) std::fprintf(stderr, "ochre: stopped\n");
    return result.ok && !result.cancelled ? kDone : kFailed;
}

} // namespace

void addRun(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand("run", "Evaluate a project (.ochre, a ComfyUI workflow, or a picture that carries one)");
    auto options = std::make_shared<Options>();
    sub->add_option("graph", options->graph, "The project")->required();
    sub->add_option("--set", options->settings, "node.parameter=value; may be given often")->allow_extra_args(false);
    sub->add_option("--to", options->targets, "Evaluate only this node; may be given often")->allow_extra_args(false);
    sub->add_option("-o,--output", options->output, "Write the result to this file");
    sub->add_option("--input", options->batch.source,
                    "Run it on every picture of this folder, or frame of this video; what is done is kept if it is stopped");
    sub->add_option("--input-node", options->batch.input, "The node \"Load image\" that is given each of them; default: the only one");
    addBitsOption(sub, options->batch.bitDepth);
    addBatchOptions(sub, options->batch);
    sub->add_flag("--json", options->json, "Print one JSON object");
    sub->add_flag("--no-cache", options->noCache, "Neither read nor write the results kept on disk");
    sub->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

} // namespace ochre::app
