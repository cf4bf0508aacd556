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
    return buildOnPictures(session, {{"image", picture}}, type, parameters);
}

graph::NodeId buildOnPictures(session::Session& session, const std::vector<std::pair<std::string, std::string>>& pictures,
                              const std::string& type, const std::map<std::string, graph::ParameterValue>& parameters) {
    graph::NodeId work = 0;
    session.document().edit("Build", [&](graph::Graph& graph) {
        std::vector<graph::NodeId> loads;
        for (const auto& [socket, picture] : pictures) {
            loads.push_back(addNode(graph, "image.load"));
            graph.setParameter(loads.back(), "path", std::filesystem::absolute(picture).string());
        }
        work = addNode(graph, type);
        for (const auto& [id, value] : parameters) graph.setParameter(work, id, value);
        for (std::size_t i = 0; i < loads.size(); ++i) graph.connect({loads[i], "image"}, work, pictures[i].first);
    });
    return work;
}

} // namespace ochre::app
