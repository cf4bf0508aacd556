// SPDX-License-Identifier: GPL-3.0-or-later
// What a batch is to do: the pictures of its source, and the two nodes of its graph that they come in and go out by.
#pragma once

#include <string>
#include <vector>

#include "core/session/Batch.h"

namespace ochre::session {

struct BatchItem {
    std::string name;           ///< relative to the folder, or "frame 12"
    std::filesystem::path file; ///< of the picture or the video
    std::int64_t frame = 0;     ///< of the video
    std::string result;         ///< name of the picture that becomes of it, relative to the target's folder
};

struct BatchPlan {
    graph::NodeId input = 0;
    graph::Link output;
    std::vector<BatchItem> items; ///< by name
    bool ofVideo = false, toVideo = false;
    std::filesystem::path folder; ///< of the results, or of the parts of a video until it is whole
    std::vector<double> times; ///< of the frames of a video
    double fps = 0, pixelAspect = 1;
};

/// Throws Error where the options do not fit the graph or the source.
BatchPlan planBatch(const graph::Graph& graph, const graph::NodeRegistry& registry, const BatchOptions& options, const Cancel& cancel);

/// The graph with this item in its input.
graph::Graph graphOf(const BatchPlan& plan, graph::Graph graph, const BatchItem& item);

} // namespace ochre::session
