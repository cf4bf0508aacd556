// SPDX-License-Identifier: GPL-3.0-or-later
// The one door for the window and the command line: open, edit, evaluate, save, events.
//
// Threading: everything is called from one thread (the owner's); events arrive on worker threads and must be handed over.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/graph/Executor.h"
#include "core/project/Autosave.h"
#include "core/project/Document.h"
#include "core/session/Batch.h"

namespace ochre::session {

using JobId = std::uint64_t;

/// Paused: a running job that stops between two steps, or a waiting one that the queue passes over.
enum class JobStatus { Waiting, Running, Paused, Done, Failed, Cancelled };

struct Job {
    JobId id = 0;
    std::string title; ///< "Run" or "Run to Upscale"
    JobStatus status = JobStatus::Waiting;
    bool started = false; ///< Paused: it has run already, and holds up those that wait
    double share = 0, secondsLeft = -1, seconds = 0;
    std::string error; ///< first failure, for the list; details are on the nodes
    std::string note;  ///< what a batch has to say when it has ended
    bool passing = false; ///< of a tool: once done it is not listed
    std::size_t ran = 0, cached = 0;
};

struct NodeEvent {
    graph::NodeId node;
    graph::NodeState state;
};
struct ResultEvent { ///< also for previews
    graph::NodeId node;
    std::string output;
    graph::Value value;
    bool preview;
};
struct JobEvent {
    Job job;
};
struct RuntimeEvent { ///< the model library is loaded, or cannot be
    bool ok;
    std::string message, hint;
};
using Event = std::variant<NodeEvent, ResultEvent, JobEvent, RuntimeEvent>;

struct Options {
    graph::CacheOptions cache = {};
    bool autosave = false; ///< the window's
};

class Session {
public:
    explicit Session(Options options = {});
    ~Session(); ///< cancels what runs and waits for it

    graph::NodeRegistry& registry();
    graph::Cache& cache();
    project::Document& document();

    void newDocument();
    /// A .ochre file, a workflow of ComfyUI (.json), or a picture with a graph inside, theirs, A1111's or Ochre's. Returns a
    /// warning or "". Throws Error; the open document then stands.
    std::string open(const std::filesystem::path& path);
    void save(const std::filesystem::path& path); ///< throws Error; nothing is lost
    std::vector<std::filesystem::path> recentFiles() const;

    void setListener(std::function<void(const Event&)> listener);

    /// Adds a job for a snapshot of the document; empty targets: every sink. `first`: before those that wait.
    JobId enqueue(std::vector<graph::NodeId> targets = {}, bool first = false);
    /// What a tool of the window wants to know at once: before those that wait, and gone from the list when done.
    JobId enqueuePassing(graph::NodeId target);
    /// The document's graph over all pictures of a folder or frames of a video, see Batch.h.
    JobId enqueueBatch(BatchOptions options);
    void cancel(JobId job);
    void cancelAll();
    /// A running job stops after the step under way and keeps what it has; a waiting one is passed over.
    void pause(JobId job);
    void resume(JobId job);
    /// Moves a waiting job by so many places, towards the next to run when negative.
    void moveJob(JobId job, int places);
    void runFirst(JobId job); ///< before all others that wait
    /// The running one, those that wait in the order to run, then the ended, latest first; of these up to 100 are kept.
    std::vector<Job> jobs() const;
    bool idle() const;
    void waitUntilIdle();

    /// Evaluates the document now, on this thread; what the command line does.
    graph::Result evaluate(std::vector<graph::NodeId> targets = {}, const Cancel& cancel = {},
                           const graph::Listener& listener = {});

    /// The same as enqueueBatch() on this thread. Throws Error where nothing can begin.
    BatchReport process(BatchOptions options, const Cancel& cancel = {}, const std::function<void(const BatchStatus&)>& tell = {});

    /// Last known state and result of a node; a failed run leaves the last result standing.
    graph::NodeState state(graph::NodeId node) const;
    graph::Value result(graph::NodeId node, const std::string& output) const;

    /// Writes a node's last result to a picture or scene file, as the extension says, with the graph inside. `bitDepth` of
    /// pictures as in WriteOptions. Throws Error.
    void exportResult(graph::NodeId node, const std::string& output, const std::filesystem::path& path, int bitDepth = 0) const;

    /// Starts loading the model library on a thread of its own; RuntimeEvent tells the end.
    void loadRuntimeInBackground();

    void autosave(); ///< call now and then (every 30 s) and after big results
    std::vector<project::Recoverable> recoverable() const;
    /// Opens the copy as a modified document that still knows its original file.
    void recover(const project::Recoverable& entry);

private:
    struct State;
    std::unique_ptr<State> m_state;
};

/// Sets `name.parameter=value` (or label, or id `#12`) on a graph. Throws Error naming what is unknown and what there is.
void applySetting(graph::Graph& graph, const graph::NodeRegistry& registry, const std::string& setting);

} // namespace ochre::session
