// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/Run.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/graph/NodeRun.h"

namespace ochre::graph {
namespace {

using namespace std::chrono_literals;

constexpr double kUnknownWork = 0.02; // seconds of a node never seen before

std::size_t bytesOf(const Outputs& outputs) {
    std::size_t bytes = 0;
    for (const auto& [id, value] : outputs) bytes += value.bytes();
    return bytes;
}

} // namespace

Run::Run(Engine& engine, FlatSnapshot snapshot, RunOptions options)
    : m_engine(engine), m_snapshot(std::move(snapshot)), m_options(std::move(options)),
      m_report(m_options.listener, m_options.pause) {}

Result Run::evaluate(const std::vector<FlatId>& targets) {
    const WorkClock clock(m_options.pause);
    Lock lock(m_mutex);
    const Wanted wanted = want(targets);
    settle();
    const auto finished = [&] {
        if (m_running > 0) return false;
        for (const auto& [id, outputs] : wanted)
            for (const auto& [output, task] : outputs)
                if (!task.first->finished()) return false;
        return true;
    };
    unlockAndFlush(lock);
    waitFor(lock, finished);
    // A node that does not look at Cancel may go on alone; what it gives then is dropped.
    if (m_options.cancel.requested()) m_changed.wait_for(lock, 50ms, [&] { return m_running == 0; });
    m_over = true;
    m_report.reportTotal(true, !m_options.cancel.requested());
    Result result = collect(wanted);
    result.seconds = clock.seconds();
    drop();
    unlockAndFlush(lock);
    m_report.close();
    return result;
}

Run::Wanted Run::want(const std::vector<FlatId>& targets) {
    Wanted wanted;
    for (const FlatId id : targets) {
        const FlatEntry& entry = m_snapshot.at(id);
        if (entry.runs()) {
            const TaskPtr task = plainTask(id);
            wanted[id][""] = {task, ""};
            if (entry.shape->outputs)
                for (const Socket& output : *entry.shape->outputs) wanted[id][output.id] = {task, output.id};
        } else if (entry.shape->kind == FlatShape::Kind::HandsThrough) {
            for (const auto& [output, source] : entry.handsOn)
                wanted[id][output] = {plainTask(source.node), source.output};
            if (entry.shape->node->type != "group")
                m_report.update(*entry.shape, id, [&](NodeState& s) {
                    s.status = NodeStatus::Bypassed;
                    s.key = entry.key;
                });
        }
    }
    return wanted;
}

Result Run::collect(const Wanted& wanted) {
    Result result;
    result.cancelled = m_options.cancel.requested();
    for (const auto& [id, outputs] : wanted) {
        const FlatEntry& entry = m_snapshot.at(id);
        for (const auto& [output, from] : outputs) {
            const auto value = from.first->outputs.find(from.second);
            if (value == from.first->outputs.end()) continue;
            if (!entry.shape->inGroup) result.outputs[entry.shape->shownAs][output] = value->second;
        }
    }
    if (result.cancelled) m_report.cancelOpen();
    result.states = m_report.states();
    result.ok = !m_failed;
    result.ran = m_ran;
    result.cached = m_cached;
    return result;
}

// Frees chains of any length without recursion.
void Run::drop() {
    std::vector<TaskPtr> all;
    for (const auto& [id, weak] : m_plain)
        if (TaskPtr task = weak.lock()) all.push_back(std::move(task));
    for (const TaskPtr& task : all) {
        if (task->state == Task::State::Running) continue; // its thread still reads them
        task->inputs.clear();
        task->sources.clear();
        task->list.reset();
    }
    m_entering.clear();
    m_advancing.clear();
    m_finished.clear();
}

TaskPtr Run::makeTask(FlatId node, const std::shared_ptr<ItemFrame>& frame) {
    auto task = std::make_shared<Task>();
    task->node = node;
    task->entry = m_snapshot.entries.share(node);
    task->frame = frame;
    task->inFrame = frame != nullptr;
    return task;
}

TaskPtr Run::plainTask(FlatId node) {
    std::weak_ptr<Task>& known = m_plain[node];
    if (TaskPtr task = known.lock()) return task;
    TaskPtr task = makeTask(node, nullptr);
    known = task;
    m_entering.push_back(task);
    return task;
}

void Run::settle() {
    const auto take = [](std::deque<TaskPtr>& queue) {
        TaskPtr task = std::move(queue.front());
        queue.pop_front();
        return task;
    };
    for (;;) {
        if (!m_finished.empty())
            wake(take(m_finished));
        else if (!m_advancing.empty())
            advance(take(m_advancing));
        else if (!m_entering.empty())
            enter(take(m_entering));
        else
            break;
    }
    m_changed.notify_all();
}

void Run::enter(const TaskPtr& task) {
    if (task->state != Task::State::New) return;
    task->state = Task::State::Waiting;
    const FlatEntry& entry = *task->entry;
    if (entry.shape->kind == FlatShape::Kind::Bound) {
        succeed(task, m_options.bound, NodeStatus::Done, 0);
        return;
    }
    const std::shared_ptr<ItemFrame> frame = task->frame.lock();
    if (task->loadsItem())
        task->key = itemKey(entry, task->itemOutput, itemOf(*frame, {task->node, task->itemOutput}).key);
    else
        task->key = frame ? frame->keys.at(task->node) : entry.key;
    task->cacheable = m_options.useCache && !entry.volatileResult && !task->isList();
    if (!task->loadsItem() && entry.error) {
        fail(task, *entry.error);
        return;
    }
    if (task->isList())
        addSources(task, *entry.lists);
    else if (task->cacheable && takeFromCache(task))
        return;
    else
        prepare(task);
    if (task->pending == 0 && !task->finished()) m_advancing.push_back(task);
}

// From memory at once; from disk on another thread, since pictures take their time.
bool Run::takeFromCache(const TaskPtr& task) {
    if (auto outputs = m_engine.cache->getMemory(task->key)) {
        succeed(task, std::move(*outputs), NodeStatus::Cached, 0);
        return true;
    }
    if (!m_engine.cache->onDisk(task->key)) return false;
    ++m_running;
    m_engine.scheduler.post(Lane::Free, [self = shared_from_this(), task] {
        std::optional<Outputs> outputs;
        if (!self->m_options.cancel.requested()) outputs = self->m_engine.cache->get(task->key);
        Lock lock(self->m_mutex);
        --self->m_running;
        if (!self->m_over) {
            if (outputs)
                self->succeed(task, std::move(*outputs), NodeStatus::Cached, 0);
            else
                self->prepare(task);
            if (!task->finished() && task->pending == 0) self->m_advancing.push_back(task);
            self->settle();
        }
        self->unlockAndFlush(lock);
    });
    return true;
}

// It will have to run: what does it need?
void Run::prepare(const TaskPtr& task) {
    if (task->loadsItem()) return;
    countWork(task);
    report(task, [&](NodeState& s) {
        s.status = NodeStatus::Queued;
        s.key = task->entry->key;
    });
    for (const FlatInput& input : task->entry->inputs)
        if (!input.maybe) needInput(task, input);
}

void Run::needInput(const TaskPtr& task, const FlatInput& input) {
    const FlatEntry& producer = m_snapshot.at(input.source.node);
    if (!input.fromList) {
        TaskPtr dependency = plainTask(input.source.node);
        if (const auto frame = task->frame.lock()) frame->plan->held.insert(dependency);
        task->inputs[input.id()] = dependency;
        need(task, dependency);
    } else if (input.takesList()) {
        addSources(task, producer.mapped() ? *producer.lists : std::vector<Source>{input.source});
    } else {
        const TaskPtr dependency = frameTask(task->frame.lock(), input.source);
        task->inputs[input.id()] = dependency;
        need(task, dependency);
    }
}

void Run::need(const TaskPtr& task, const TaskPtr& dependency) {
    if (dependency->state == Task::State::Done) return;
    ++task->pending;
    dependency->waiters.push_back(task);
    if (dependency->finished()) m_finished.push_back(dependency); // failed before: told in the same way
}

void Run::advance(const TaskPtr& task) {
    if (task->state != Task::State::Waiting || task->pending > 0) return;
    if (m_options.cancel.requested()) {
        finish(task, Task::State::Cancelled);
        return;
    }
    if (task->isList()) {
        startList(task);
        return;
    }
    try {
        if (!task->loadsItem() && !task->lazyResolved && !resolveLazy(task)) return;
    } catch (...) {
        fail(task, currentError());
        return;
    }
    start(task);
}

// Now that the links which drive parameters have values, the node can say which lazy inputs it wants. False:
// it waits for them.
bool Run::resolveLazy(const TaskPtr& task) {
    task->lazyResolved = true;
    const FlatEntry& entry = *task->entry;
    const bool open =
        std::any_of(entry.inputs.begin(), entry.inputs.end(), [](const FlatInput& i) { return i.maybe; });
    if (!open || !entry.shape->declaration->hasNeeds()) return true;
    const NodeDeclaration& declaration = m_engine.registry.runnable(entry.shape->declaration->id());
    const FlatParameters parameters = NodeRun::drivenParameters(*task);
    for (const std::string& id : declaration.needsFunction()(parameters))
        for (const FlatInput& input : entry.inputs)
            if (input.maybe && input.id() == id) needInput(task, input);
    return task->pending == 0;
}

void Run::start(const TaskPtr& task) {
    if (task->cacheable && !task->owns) {
        const bool mine =
            m_engine.inFlight.claim(task->key, [weak = weak_from_this(), task](const Outputs* outputs) {
                const std::shared_ptr<Run> self = weak.lock();
                if (!self) return;
                Lock lock(self->m_mutex);
                if (self->m_over || task->finished()) return;
                if (outputs)
                    self->succeed(task, *outputs, NodeStatus::Cached, 0);
                else
                    self->m_advancing.push_back(task);
                self->settle();
                self->unlockAndFlush(lock);
            });
        if (!mine) return;
        task->owns = true;
    }
    task->state = Task::State::Running;
    ++m_running;
    const Lane lane = task->loadsItem() ? Lane::Free : task->entry->shape->declaration->runLane();
    m_engine.scheduler.post(lane, [self = shared_from_this(), task] { self->execute(task); });
}

void Run::execute(const TaskPtr& task) {
    const std::shared_ptr<ItemFrame> frame = task->frame.lock();
    Outputs outputs;
    std::optional<Error> error;
    bool kept = false;
    m_options.pause.wait(m_options.cancel);
    const WorkClock clock(m_options.pause);
    std::size_t inputBytes = 0;
    if (m_options.cancel.requested() || (task->inFrame && !frame)) {
        error = Error("stopped", {}, ErrorKind::Cancelled);
    } else if (auto found = task->cacheable ? m_engine.cache->getMemory(task->key) : std::nullopt) {
        outputs = std::move(*found); // another run made it between our look and our claim
        kept = true;
    } else {
        try {
            if (!task->inFrame && m_engine.durations.steps(task->entry->shape->declaration->id())) {
                const Lock lock(m_mutex);
                m_report.setOwnLeft(task->node, -1);
            }
            NodeRun context(*this, task, frame);
            context.run();
            inputBytes = context.inputBytes();
            outputs = context.takeOutputs();
        } catch (...) {
            error = currentError();
        }
    }
    const double seconds = clock.seconds();
    if (!error && !kept && task->cacheable && !task->sawFailedItem)
        m_engine.cache->put(task->key, outputs, seconds);
    if (task->owns) m_engine.inFlight.release(task->key, error || task->sawFailedItem ? nullptr : &outputs);
    if (!error && !kept && !task->loadsItem())
        m_engine.durations.add(task->entry->shape->declaration->id(), inputBytes, seconds, task->steps > 1);

    Lock lock(m_mutex);
    --m_running;
    if (!m_over) {
        if (!error) {
            if (!kept && !task->loadsItem()) ++m_ran;
            succeed(task, std::move(outputs), kept ? NodeStatus::Cached : NodeStatus::Done, seconds);
        } else if (error->cancelled() && (m_options.cancel.requested() || (task->inFrame && !frame))) {
            finish(task, Task::State::Cancelled);
        } else {
            fail(task, *error);
        }
        settle();
    }
    m_changed.notify_all();
    unlockAndFlush(lock);
}

void Run::succeed(const TaskPtr& task, Outputs outputs, NodeStatus status, double seconds) {
    if (task->finished()) return;
    task->outputs = std::move(outputs);
    task->fromCache = status == NodeStatus::Cached;
    const FlatShape& shape = *task->entry->shape;
    if (shape.kind == FlatShape::Kind::Runs && !task->isList() && !task->loadsItem()) {
        if (task->fromCache) ++m_cached;
        if (!task->inFrame) {
            report(task, [&](NodeState& s) {
                s.status = status;
                s.share = 1;
                s.step.clear();
                s.seconds = seconds;
                s.bytes = bytesOf(task->outputs);
                s.key = task->key;
            });
            for (const auto& [id, value] : task->outputs) m_report.result(shape, id, value);
        }
    }
    finish(task, Task::State::Done);
}

void Run::fail(const TaskPtr& task, Error error) {
    if (task->finished()) return;
    m_failed = true;
    task->error = named(*task, error);
    task->blockedBy = task->entry->shape->shownAs;
    if (!task->inFrame)
        report(task, [&](NodeState& s) {
            s.status = NodeStatus::Failed;
            s.error = task->error;
        });
    finish(task, Task::State::Failed);
}

void Run::finish(const TaskPtr& task, Task::State state) {
    if (task->finished()) return;
    task->state = state;
    countDone(task);
    if (task->inFrame && !task->loadsItem()) countItem(*task, state == Task::State::Done);
    if (!task->inFrame && state == Task::State::Cancelled &&
        task->entry->shape->kind == FlatShape::Kind::Runs)
        report(task, [](NodeState& s) { s.status = NodeStatus::Cancelled; });
    task->inputs.clear();
    task->sources.clear();
    m_finished.push_back(task);
}

// Tells those that wait; a failure blocks them, and so on down.
void Run::wake(const TaskPtr& task) {
    for (const std::weak_ptr<Task>& weak : std::exchange(task->waiters, {})) {
        const TaskPtr waiter = weak.lock();
        if (!waiter || waiter->finished()) continue;
        if (waiter->pending > 0) --waiter->pending;
        if (task->state == Task::State::Done) {
            if (waiter->pending == 0) m_advancing.push_back(waiter);
        } else if (waiter->state == Task::State::Waiting) {
            waiter->error = task->error;
            waiter->blockedBy = task->blockedBy;
            const bool cancelled = task->state == Task::State::Cancelled;
            if (!cancelled && !waiter->inFrame)
                report(waiter, [&](NodeState& s) {
                    s.status = NodeStatus::Blocked;
                    s.error = task->error;
                    s.blockedBy = task->blockedBy;
                });
            finish(waiter, cancelled ? Task::State::Cancelled : Task::State::Blocked);
        }
    }
    if (task->onFinished) std::exchange(task->onFinished, nullptr)(*task);
}

void Run::report(const TaskPtr& task, const std::function<void(NodeState&)>& change) {
    if (task->entry->shape->kind == FlatShape::Kind::Bound || task->inFrame) return;
    m_report.update(*task->entry->shape, task->node, change);
}

Error Run::named(const Task& task, const Error& error) const {
    std::string subject = task.entry->shape->title();
    if (const auto frame = task.frame.lock(); frame && !frame->name.empty()) subject += ": " + frame->name;
    // The node's own subject is not said twice.
    const std::string& what = error.message();
    return Error(what.starts_with(subject) ? what : subject + ": " + what, error.hint(), error.kind());
}

double Run::estimate(const FlatEntry& entry, std::size_t bytes, bool* guessed) const {
    if (!entry.shape->declaration) return 0;
    const auto known = m_engine.durations.estimate(entry.shape->declaration->id(), bytes);
    if (guessed) *guessed = !known;
    return known ? std::max(*known, 1e-4) : kUnknownWork;
}

void Run::countWork(const TaskPtr& task) {
    if (task->inFrame) return; // counted with its list
    task->work = estimate(*task->entry, 0, &task->guessed);
    m_report.addWork(task->work, task->guessed);
}

// From the second step on a node is as much work as its own rate says: the first one may build what the others use.
void Run::countStep(Task& task, double share) {
    if (task.inFrame || task.finished() || share <= 0 || share >= 1) return;
    if (share > task.share || task.steps == 0) {
        if (task.steps++ == 0) {
            task.stepsShare = share;
            task.stepsSeconds = m_report.seconds();
        } else if (share > task.stepsShare) {
            const double whole = (m_report.seconds() - task.stepsSeconds) / (share - task.stepsShare);
            m_report.addWork(-task.work, task.guessed);
            m_report.addWork(whole, false);
            m_report.addDone((whole - task.work) * task.share);
            task.work = whole;
            task.guessed = false;
        }
    }
    m_report.setOwnLeft(task.node, task.steps < 2 ? -1 : task.work * (1 - share));
}

void Run::countDone(const TaskPtr& task) {
    const std::shared_ptr<ItemFrame> frame = task->frame.lock();
    if (frame && !task->loadsItem()) task->work = estimate(*task->entry);
    const double rest = task->work * (1 - task->share);
    if (!task->inFrame) m_report.endOwnLeft(task->node);
    if (frame) frame->counted += rest;
    if (rest > 0) m_report.addDone(rest);
    task->share = 1;
    if (rest > 0) m_report.reportTotal(false);
}

void Run::waitFor(Lock& lock, const std::function<bool()>& done) {
    if (!lock.owns_lock()) lock.lock();
    if (done() || m_options.cancel.requested()) return;
    lock.unlock();
    // Giving the place away may itself wait for a lane, so the run's own lock is not held then.
    {
        const Scheduler::Waiting place(m_engine.scheduler, m_options.cancel);
        lock.lock();
        while (!done() && !m_options.cancel.requested()) m_changed.wait_for(lock, 10ms);
        lock.unlock();
    }
    lock.lock();
}

void Run::holdWhilePaused() const {
    if (m_options.pause.wait(m_options.cancel)) m_options.cancel.check();
}

void Run::unlockAndFlush(Lock& lock) {
    lock.unlock();
    m_report.flush();
}

} // namespace ochre::graph
