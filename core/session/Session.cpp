// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/Session.h"

#include <limits>
#include <map>
#include <mutex>

#include "core/base/File.h"
#include "core/base/Log.h"
#include "core/base/Paths.h"
#include "core/nodes/Types.h"
#include "core/project/ProjectFile.h"
#include "core/project/interop/Interop.h"
#include "core/session/Export.h"
#include "core/session/JobQueue.h"
#include "core/session/RecentFiles.h"

namespace ochre::session {
namespace {

std::shared_ptr<graph::Cache> makeCache(const graph::CacheOptions& options) {
    return std::make_shared<graph::Cache>(options);
}

} // namespace

/// What the last run said of each node. Written by workers, read by the owner.
class NodeBoard {
public:
    void setState(graph::NodeId node, const graph::NodeState& state) {
        std::lock_guard lock(m_mutex);
        m_states[node] = state;
    }
    void setResult(graph::NodeId node, const std::string& output, const graph::Value& value) {
        std::lock_guard lock(m_mutex);
        m_results[{node, output}] = value;
    }
    graph::NodeState state(graph::NodeId node) const {
        std::lock_guard lock(m_mutex);
        const auto it = m_states.find(node);
        return it == m_states.end() ? graph::NodeState{} : it->second;
    }
    graph::Value result(graph::NodeId node, const std::string& output) const {
        std::lock_guard lock(m_mutex);
        const auto it = m_results.find({node, output});
        return it == m_results.end() ? graph::Value{} : it->second;
    }
    void clear() {
        std::lock_guard lock(m_mutex);
        m_states.clear();
        m_results.clear();
    }

private:
    mutable std::mutex m_mutex;
    std::map<graph::NodeId, graph::NodeState> m_states;
    std::map<std::pair<graph::NodeId, std::string>, graph::Value> m_results; // of sinks and targets; the rest is cached
};

struct Session::State {
    explicit State(const Options& options)
        : cache(makeCache(options.cache)), executor(registry, cache),
          jobs([this](const JobQueue::Work& work, const graph::Listener& listener) { return run(work, listener); },
               [this](const Job& job) { send(JobEvent{job}); }),
          recent(paths::state() / "recent.json") {
        nodes::registerTypes();
        nodes::registerNodes(registry);
        registry.addCatalogue(nodes::modelNodeCatalogue());
        registry.setRuntimeLoader([](graph::NodeRegistry& r) { nodes::bindModelNodes(r); });
        if (options.autosave) autosave = std::make_unique<project::Autosave>(paths::state() / "autosave");
    }

    ~State() {
        jobs.stop();
        if (runtimeThread.joinable()) runtimeThread.join();
    }

    void send(const Event& event) const {
        std::function<void(const Event&)> copy;
        {
            std::lock_guard lock(listenerMutex);
            copy = listener;
        }
        if (copy) copy(event);
    }

    /// Passes everything on to `outer`, the board and the session's own listener.
    graph::Listener watch(const graph::Listener& outer) {
        graph::Listener l = outer;
        l.onState = [this, outer](graph::NodeId node, const graph::NodeState& state) {
            board.setState(node, state);
            if (outer.onState) outer.onState(node, state);
            send(NodeEvent{node, state});
        };
        l.onResult = [this, outer](graph::NodeId node, const std::string& output, const graph::Value& value) {
            if (outer.onResult) outer.onResult(node, output, value);
            send(ResultEvent{node, output, value, false});
        };
        l.onPreview = [this, outer](graph::NodeId node, const std::string& output, const graph::Value& value) {
            if (outer.onPreview) outer.onPreview(node, output, value);
            send(ResultEvent{node, output, value, true});
        };
        return l;
    }

    graph::Result run(const JobQueue::Work& work, const graph::Listener& listener) {
        graph::Request request{work.graph, work.targets, work.cancel, watch(listener), work.graphText};
        request.pause = work.pause;
        request.pictureTexts = work.pictureTexts;
        graph::Result result = executor.evaluate(request);
        for (const auto& [node, outputs] : result.outputs)
            for (const auto& [output, value] : outputs)
                if (!value.empty()) board.setResult(node, output, value);
        return result;
    }

    // The text that goes into pictures leaves the view out: where the canvas was must not change a file's bytes.
    JobQueue::Work snapshot(std::vector<graph::NodeId> targets, const Cancel& cancel) const {
        return {document.graph(), std::move(targets), cancel,
                project::projectToText(document.graph(), {}, document.extra), Pause::make(),
                project::interop::pictureTexts(document.graph(), document.extra, registry)};
    }

    /// Keeps what it needs of the document: that may change meanwhile.
    Batch batchOf(BatchOptions options) {
        return Batch(registry, document.graph(), std::move(options),
                     [extra = document.extra](const graph::Graph& graph) { return project::projectToText(graph, {}, extra); });
    }

    std::string titleOf(graph::NodeId id) const {
        const graph::Node& node = document.graph().at(id);
        const graph::NodeDeclaration* declaration = registry.find(node.type);
        return !node.label.empty() ? node.label : declaration ? declaration->label() : node.name;
    }

    void opened(project::Project project, const std::filesystem::path& path) {
        jobs.cancelAll();
        board.clear();
        document.reset(std::move(project.graph), project.view, path);
        document.extra = std::move(project.extra);
    }

    graph::NodeRegistry registry;
    std::shared_ptr<graph::Cache> cache;
    graph::Executor executor;
    project::Document document;
    NodeBoard board;
    mutable std::mutex listenerMutex;
    std::function<void(const Event&)> listener;
    std::thread runtimeThread;
    JobQueue jobs;
    RecentFiles recent;
    std::unique_ptr<project::Autosave> autosave;
};

Session::Session(Options options) : m_state(std::make_unique<State>(options)) {}
Session::~Session() = default;

graph::NodeRegistry& Session::registry() {
    return m_state->registry;
}
graph::Cache& Session::cache() {
    return *m_state->cache;
}
project::Document& Session::document() {
    return m_state->document;
}

void Session::newDocument() {
    m_state->opened({}, {});
    if (m_state->autosave) m_state->autosave->discard();
}

std::string Session::open(const std::filesystem::path& path) {
    project::Project project = project::interop::openProject(path, m_state->registry);
    std::string warning = project.warning;
    const bool isProject = path.extension() == ".ochre";
    m_state->opened(std::move(project), isProject ? std::filesystem::absolute(path) : std::filesystem::path());
    if (m_state->autosave) m_state->autosave->discard();
    if (isProject) m_state->recent.add(std::filesystem::absolute(path));
    return warning;
}

void Session::save(const std::filesystem::path& path) {
    project::Document& d = m_state->document;
    project::writeProject(path, d.graph(), d.view(), d.extra);
    d.markSaved(std::filesystem::absolute(path));
    if (m_state->autosave) m_state->autosave->discard();
    m_state->recent.add(std::filesystem::absolute(path));
}

std::vector<std::filesystem::path> Session::recentFiles() const {
    return m_state->recent.list();
}

void Session::setListener(std::function<void(const Event&)> listener) {
    std::lock_guard lock(m_state->listenerMutex);
    m_state->listener = std::move(listener);
}

JobId Session::enqueue(std::vector<graph::NodeId> targets, bool first) {
    const std::string title = targets.size() == 1 ? "Run to " + m_state->titleOf(targets.front()) : "Run";
    return m_state->jobs.add(title, m_state->snapshot(std::move(targets), Cancel::make()), first);
}

JobId Session::enqueuePassing(graph::NodeId target) {
    return m_state->jobs.add(m_state->titleOf(target), m_state->snapshot({target}, Cancel::make()), true, true);
}

JobId Session::enqueueBatch(BatchOptions options) {
    const std::string title = "Process " + options.source.filename().string();
    JobQueue::Work work = m_state->snapshot({}, Cancel::make());
    work.batch = [batch = m_state->batchOf(std::move(options))](const JobQueue::Work& job, const graph::Listener& listener) {
        return batch.run(job.cancel, job.pause, [&](const BatchStatus& status) { listener.onTotal(status.share, status.secondsLeft); });
    };
    return m_state->jobs.add(title, std::move(work), false);
}

BatchReport Session::process(BatchOptions options, const Cancel& cancel, const std::function<void(const BatchStatus&)>& tell) {
    return m_state->batchOf(std::move(options)).run(cancel, {}, tell);
}

void Session::cancel(JobId job) {
    m_state->jobs.cancel(job);
}
void Session::cancelAll() {
    m_state->jobs.cancelAll();
}
void Session::pause(JobId job) {
    m_state->jobs.pause(job);
}
void Session::resume(JobId job) {
    m_state->jobs.resume(job);
}
void Session::moveJob(JobId job, int places) {
    m_state->jobs.move(job, places);
}
void Session::runFirst(JobId job) {
    m_state->jobs.move(job, std::numeric_limits<int>::min());
}
std::vector<Job> Session::jobs() const {
    return m_state->jobs.list();
}
bool Session::idle() const {
    return m_state->jobs.idle();
}
void Session::waitUntilIdle() {
    m_state->jobs.waitUntilIdle();
}

graph::Result Session::evaluate(std::vector<graph::NodeId> targets, const Cancel& cancel,
                                const graph::Listener& listener) {
    return m_state->run(m_state->snapshot(std::move(targets), cancel), listener);
}

void Session::exportResult(graph::NodeId node, const std::string& output, const std::filesystem::path& path, int bitDepth) const {
    const graph::Value value = result(node, output);
    if (value.empty())
        throw Error(path.filename().string() + ": there is no result to save yet", "run the graph first");
    const JobQueue::Work work = m_state->snapshot({}, {});
    exportValue(value, path, work.graphText, work.pictureTexts, bitDepth);
}

graph::NodeState Session::state(graph::NodeId node) const {
    return m_state->board.state(node);
}

graph::Value Session::result(graph::NodeId node, const std::string& output) const {
    if (const Hash128 key = m_state->board.state(node).key; !key.isNull())
        if (const auto outputs = m_state->cache->get(key))
            if (const auto it = outputs->find(output); it != outputs->end()) return it->second;
    return m_state->board.result(node, output);
}

void Session::loadRuntimeInBackground() {
    if (m_state->runtimeThread.joinable()) return;
    m_state->runtimeThread = std::thread([state = m_state.get()] {
        try {
            state->registry.loadRuntime();
            state->send(RuntimeEvent{true, {}, {}});
        } catch (...) {
            const Error e = currentError();
            log::error("{}", e.full());
            state->send(RuntimeEvent{false, e.message(), e.hint()});
        }
    });
}

void Session::autosave() {
    if (m_state->autosave) m_state->autosave->save(m_state->document);
}

std::vector<project::Recoverable> Session::recoverable() const {
    return m_state->autosave ? m_state->autosave->recoverable() : std::vector<project::Recoverable>();
}

void Session::recover(const project::Recoverable& entry) {
    project::Project project = project::readProject(entry.file);
    if (project.extra.is_object()) project.extra.erase(project::kAutosaveOriginalKey);
    // As an edit on an empty document at the original's place: it is modified, and undo leads back to nothing.
    project::Project empty;
    empty.view = project.view;
    empty.extra = project.extra;
    m_state->opened(std::move(empty), entry.original);
    m_state->document.edit("Recover", [&](graph::Graph& graph) { graph = std::move(project.graph); });
    autosave();
    project::Autosave::remove(entry);
}

} // namespace ochre::session
