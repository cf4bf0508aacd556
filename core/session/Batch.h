// SPDX-License-Identifier: GPL-3.0-or-later
// A graph over every picture of a folder or every frame of a video. What is done is kept: stopped or killed and started again,
// it goes on where it was; what has changed since, a setting or a file, is made again.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Cancel.h"
#include "core/base/Pause.h"
#include "core/graph/Executor.h"

namespace ochre::session {

struct BatchOptions {
    std::filesystem::path source = {}; ///< a folder with those inside, a video, or one picture
    std::filesystem::path target = {}; ///< a folder, or a video (.mp4, .mov)
    std::string input = {};  ///< name of the "Load image" node that is given each picture; empty: the only one
    std::string output = {}; ///< name of the node whose picture is written; empty: the only one that shows or saves one
    std::string format = {}; ///< ending of the pictures of a folder, "png"; empty: that of each source, of videos png
    int bitDepth = 0;        ///< of pictures: as WriteOptions::bitDepth
    int quality = 18;        ///< of H.264: as VideoOptions::quality
    double fps = 24;         ///< of a video that is made of pictures; one made of a video keeps its times
    bool sound = true;       ///< of the video comes along
};

struct BatchStatus {
    std::size_t total = 0, done = 0, failed = 0; ///< `done` with what is kept from before
    double share = 0, secondsLeft = -1;          ///< 0…1; negative: not known yet
    std::string item;                            ///< at work
};

struct BatchFailure {
    std::string item;
    Error error;
};

struct BatchReport {
    std::size_t total = 0, made = 0, kept = 0; ///< `kept`: finished by an earlier run
    std::size_t remade = 0;                    ///< of those made: had been finished with other settings, or of another file
    std::vector<BatchFailure> failures;        ///< one a picture; the rest is done all the same
    bool cancelled = false;
    double seconds = 0;

    bool ok() const { return failures.empty() && !cancelled; }
    /// "118 of 120 made, 2 failed" and what one should know.
    std::string summary() const;
};

/// Throws Error where the graph, the source or the target would not do, as far as can be told at once.
void checkBatch(const graph::Graph& graph, const graph::NodeRegistry& registry, const BatchOptions& options);

/// What there is of an earlier run into this target, without looking whether it is still as it should be.
struct BatchRemains {
    std::size_t done = 0, total = 0;
};
std::optional<BatchRemains> batchRemains(const std::filesystem::path& source, const std::filesystem::path& target);

/// Runs it all. Throws Error only where nothing can begin: no such node, nothing in the folder, source and target the same, sound
/// that the target cannot hold, another Ochre at work on it. `texts`: of a graph, what is embedded in its pictures.
class Batch {
public:
    using Texts = std::function<std::string(const graph::Graph&)>;

    Batch(graph::NodeRegistry& registry, graph::Graph graph, BatchOptions options, Texts texts = {});
    BatchReport run(const Cancel& cancel = {}, const Pause& pause = {}, const std::function<void(const BatchStatus&)>& tell = {}) const;

private:
    graph::NodeRegistry& m_registry;
    graph::Graph m_graph;
    BatchOptions m_options;
    Texts m_texts;
};

} // namespace ochre::session
