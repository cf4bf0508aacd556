// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/PictureGraph.h"

#include <filesystem>

namespace ochre::app {
namespace {

graph::NodeId addNode(graph::Graph& graph, const std::string& type) {
    graph::Node node;
    node.type = type;
    return graph.add(std::move(node));
}

} // namespace

graph::NodeId buildOnPicture(session::Session& session, const std::string& picture, const std::string& type,
                             const std::map<std::string, graph::ParameterValue>& parameters) {
    graph::NodeId work = 0;
    session.document().edit("Build", [&](graph::Graph& graph) {
        const graph::NodeId load = addNode(graph, "image.load");
        graph.setParameter(load, "path", std::filesystem::absolute(picture).string());
        work = addNode(graph, type);
        for (const auto& [id, value] : parameters) graph.setParameter(work, id, value);
        graph.connect({load, "image"}, work, "image");
    });
    return work;
}

} // namespace ochre::app
