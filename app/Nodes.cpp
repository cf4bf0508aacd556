// SPDX-License-Identifier: GPL-3.0-or-later
// ochre nodes: the catalogue of nodes, from their declarations.
#include <cstdio>

#include "app/Command.h"

namespace ochre::app {
namespace {

std::string markdownRow(const graph::Parameter& p) {
    std::string range;
    if (p.min || p.max)
        range = (p.min ? graph::toText(*p.min) : "") + "…" + (p.max ? graph::toText(*p.max) : "");
    for (const graph::Choice& choice : p.choices) range += (range.empty() ? "" : ", ") + choice.id;
    if (!p.unit.empty()) range += " " + p.unit;
    return "| `" + p.id + "` | " + p.label + " | " + graph::toText(p.defaultValue) + " | " + range + " | " + p.help + " |\n";
}

std::string socketList(const std::vector<graph::Socket>& sockets) {
    std::string text;
    for (const graph::Socket& s : sockets)
        text += (text.empty() ? "" : ", ") + ("`" + s.id + "` (" + s.type + (s.list ? " list" : "") +
                                              (s.optional ? ", optional" : "") + ")");
    return text.empty() ? "none" : text;
}

std::string markdown(const graph::NodeDeclaration& d) {
    std::string text = "## " + d.label() + "\n\n`" + d.id() + "` · " + d.category() + "\n\n" + d.help() + "\n\nInputs: " +
                       socketList(d.inputs()) + "  \nOutputs: " + socketList(d.outputs()) + "\n\n";
    if (!d.parameters().empty()) {
        text += "| parameter | label | default | range | |\n|---|---|---|---|---|\n";
        for (const graph::Parameter& p : d.parameters()) text += markdownRow(p);
        text += "\n";
    }
    return text;
}

int run(bool json, bool asMarkdown) {
    session::Session session;
    if (json) {
        Json all = Json::array();
        for (const graph::NodeDeclaration* d : session.registry().all()) all.push_back(d->toJson());
        printJson({{"nodes", std::move(all)}});
        return kDone;
    }
    std::string category;
    for (const graph::NodeDeclaration* d : session.registry().all()) {
        if (asMarkdown) {
            std::fputs(markdown(*d).c_str(), stdout);
            continue;
        }
        if (d->category() != category) std::printf("%s%s\n", category.empty() ? "" : "\n", d->category().c_str());
        category = d->category();
        std::printf("  %-24s %s\n", d->id().c_str(), d->label().c_str());
    }
    return kDone;
}

} // namespace

void addNodes(CLI::App& app, std::function<int()>& chosen) {
    CLI::App* sub = app.add_subcommand("nodes", "List every node with its sockets and parameters");
    auto json = std::make_shared<bool>(false), markdown = std::make_shared<bool>(false);
    auto* asJson = sub->add_flag("--json", *json, "Print the declarations as one JSON object");
    sub->add_flag("--markdown", *markdown, "Print them as a reference in Markdown")->excludes(asJson);
    sub->callback([json, markdown, &chosen] { chosen = [json, markdown] { return run(*json, *markdown); }; });
}

} // namespace ochre::app
