// SPDX-License-Identifier: GPL-3.0-or-later
// Run: lists. A few items are under way at a time; each goes through the whole chain, then leaves memory.
#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/graph/Run.h"
#include "core/graph/RunContext.h"

namespace ochre::graph {
namespace {

const ListSource* asList(const Value& value) {
    return value.tryAs<ListSource>();
}

} // namespace

// The mapped nodes above `ends`, each after those it reads; walked with a stack of its own.
std::shared_ptr<ListPlan> Run::planList(const std::vector<Source>& ends,
                                        const std::vector<Source>& sources) const {
    auto plan = std::make_shared<ListPlan>();
    plan->sources = sources;
    std::set<FlatId> seen;
    std::vector<std::pair<FlatId, std::size_t>> stack;
    for (const Source& end : ends)
        if (m_snapshot.at(end.node).mapped() && seen.insert(end.node).second) stack.emplace_back(end.node, 0);
    while (!stack.empty()) {
        auto& [id, next] = stack.back();
        const FlatEntry& entry = m_snapshot.at(id);
        if (next == entry.inputs.size()) {
            plan->order.push_back(id);
            plan->itemWork += estimate(entry);
            stack.pop_back();
            continue;
        }
        const FlatInput& input = entry.inputs[next++];
        const bool above = input.fromList && !input.takesList() && m_snapshot.at(input.source.node).mapped();
        if (above && seen.insert(input.source.node).second) stack.emplace_back(input.source.node, 0);
    }
    return plan;
}

void Run::addSources(const TaskPtr& task, const std::vector<Source>& sources) {
    for (const Source& source : sources) {
        const TaskPtr dependency = plainTask(source.node);
        task->sources.push_back(dependency);
        need(task, dependency);
    }
}

// The sources have run: how many items are there?
void Run::openList(ListPlan& plan, const std::vector<TaskPtr>& sources) {
    std::optional<Source> first;
    for (const Source& source : plan.sources) {
        const auto task = std::find_if(sources.begin(), sources.end(),
                                       [&](const TaskPtr& t) { return t->node == source.node; });
        if (task == sources.end()) continue;
        const auto output = (*task)->outputs.find(source.output);
        const ListSource* list = output == (*task)->outputs.end() ? nullptr : asList(output->second);
        if (!list)
            throw Error(fmt::format("{} gave no list", m_snapshot.at(source.node).shape->title()),
                        "this is a fault in that node");
        if (first && plan.count != list->items.size())
            throw Error(fmt::format("a list of {} and a list of {} items cannot go side by side", plan.count,
                                    list->items.size()),
                        fmt::format("{} and {} must give as many", m_snapshot.at(first->node).shape->title(),
                                    m_snapshot.at(source.node).shape->title()));
        if (!first) first = source;
        plan.count = list->items.size();
        plan.lists[source] = output->second;
    }
    const double work = plan.itemWork * static_cast<double>(plan.count);
    m_report.addWork(work, false);
    for (const FlatId id : plan.order) {
        const FlatEntry& entry = m_snapshot.at(id);
        m_items[id].resize(plan.count);
        m_report.update(*entry.shape, id, [&](NodeState& s) {
            s.status = NodeStatus::Running;
            s.itemsTotal = plan.count;
            s.key = entry.key;
        });
    }
}

const ListSource::Item& Run::itemOf(const ItemFrame& frame, const Source& source) const {
    return asList(frame.plan->lists.at(source))->items[frame.index];
}

std::shared_ptr<ItemFrame> Run::makeFrame(const std::shared_ptr<ListPlan>& plan, std::size_t index) const {
    auto frame = std::make_shared<ItemFrame>();
    frame->plan = plan;
    frame->index = index;
    frame->count = plan->count;
    for (const Source& source : plan->sources)
        if (frame->name.empty()) frame->name = itemOf(*frame, source).name;
    for (const FlatId id : plan->order) {
        frame->keys[id] = nodeKey(m_snapshot.at(id), [&](const FlatInput& input) {
            const FlatEntry& producer = m_snapshot.at(input.source.node);
            const auto bound = producer.boundKeys.find(input.source.output);
            if (bound != producer.boundKeys.end()) return bound->second;
            if (!input.fromList || input.takesList()) return outputKey(producer.key, input.source.output);
            if (producer.mapped()) return outputKey(frame->keys.at(input.source.node), input.source.output);
            return itemKey(producer, input.source.output, itemOf(*frame, input.source).key);
        });
    }
    return frame;
}

TaskPtr Run::frameTask(const std::shared_ptr<ItemFrame>& frame, const Source& source) {
    if (!frame) throw Error("an item is asked for outside of its list", "this is a fault in the engine");
    const bool loads = !m_snapshot.at(source.node).mapped();
    TaskPtr& task = frame->tasks[{source.node, loads ? source.output : std::string()}];
    if (!task) {
        task = makeTask(source.node, frame);
        if (loads) task->itemOutput = source.output;
        m_entering.push_back(task);
    }
    return task;
}

void Run::startList(const TaskPtr& task) {
    task->state = Task::State::Running;
    task->list = std::make_unique<ListWork>();
    task->list->plan = planList({{task->node, {}}}, *task->entry->lists);
    try {
        openList(*task->list->plan, task->sources);
    } catch (const Error& e) {
        fail(task, e);
        return;
    }
    for (const TaskPtr& source : task->sources) task->list->plan->held.insert(source);
    if (const auto* outputs = task->entry->shape->outputs)
        for (const Socket& s : *outputs) task->list->results[s.id];
    task->list->results[""];
    pump(task);
}

void Run::pump(const TaskPtr& task) {
    ListWork& work = *task->list;
    while (work.next < work.plan->count && work.frames.size() < m_engine.scheduler.limit() &&
           !m_options.cancel.requested()) {
        const std::size_t index = work.next++;
        const auto frame = makeFrame(work.plan, index);
        work.frames[index] = frame;
        frameTask(frame, {task->node, {}})->onFinished = [this, weak = std::weak_ptr(task),
                                                          index](Task& item) {
            if (const TaskPtr list = weak.lock(); list && list->list && !list->finished())
                itemFinished(list, index, item);
        };
    }
    if (!work.frames.empty()) return;
    if (m_options.cancel.requested())
        finish(task, Task::State::Cancelled);
    else
        finishList(task);
}

void Run::itemFinished(const TaskPtr& task, std::size_t index, Task& item) {
    ListWork& work = *task->list;
    for (auto& [output, result] : work.results) {
        result.items.resize(work.plan->count);
        result.errors.resize(work.plan->count);
        result.errors[index] = item.error;
        const auto value = item.outputs.find(output);
        if (value != item.outputs.end()) result.items[index] = value->second;
    }
    if (item.error) {
        ++work.failed;
        if (!work.firstError) work.firstError = item.error;
    }
    endFrame(*work.frames.at(index));
    work.frames.erase(index);
    pump(task);
}

void Run::endFrame(const ItemFrame& frame) {
    m_report.addDone(frame.plan->itemWork - frame.counted);
    m_report.reportTotal(false);
}

void Run::finishList(const TaskPtr& task) {
    ListWork& work = *task->list;
    for (auto& [output, result] : work.results) {
        result.items.resize(work.plan->count);
        result.errors.resize(work.plan->count);
        std::size_t bytes = 0;
        for (const Value& value : result.items) bytes += value.bytes();
        const Socket* socket = nullptr;
        for (const Socket& s : *task->entry->shape->outputs)
            if (s.id == output) socket = &s;
        task->outputs[output] =
            Value::make(socket ? socket->type : TypeName("any"), std::move(result), bytes);
    }
    for (const FlatId id : work.plan->order)
        m_report.update(*m_snapshot.at(id).shape, id, [&](NodeState& s) {
            if (s.status != NodeStatus::Running && s.status != NodeStatus::Queued) return;
            s.share = 1;
            s.status =
                s.itemsTotal > 0 && s.itemsFailed == s.itemsTotal ? NodeStatus::Failed : NodeStatus::Done;
        });
    for (const auto& [output, value] : task->outputs)
        if (!output.empty()) m_report.result(*task->entry->shape, output, value);
    const bool allFailed = work.plan->count > 0 && work.failed == work.plan->count;
    if (allFailed) {
        task->error = work.firstError;
        task->blockedBy = task->entry->shape->shownAs;
    }
    task->list.reset();
    finish(task, allFailed ? Task::State::Failed : Task::State::Done);
}

void Run::countItem(const Task& task, bool ok) {
    const std::shared_ptr<ItemFrame> frame = task.frame.lock();
    if (!frame || task.state == Task::State::Cancelled) return;
    signed char& mark = m_items[task.node][frame->index];
    if (mark != 0) return; // counted for another target
    mark = ok ? 1 : -1;
    m_report.update(*task.entry->shape, task.node, [&](NodeState& s) {
        ok ? ++s.itemsDone : ++s.itemsFailed;
        s.share = static_cast<double>(s.itemsDone + s.itemsFailed) /
                  static_cast<double>(std::max<std::size_t>(1, s.itemsTotal));
        if (!ok && !s.error) {
            s.error = task.error;
            s.blockedBy = task.state == Task::State::Blocked ? task.blockedBy : 0;
        }
        if (s.itemsDone + s.itemsFailed == s.itemsTotal)
            s.status = s.itemsFailed == s.itemsTotal ? NodeStatus::Failed : NodeStatus::Done;
    });
}

} // namespace ochre::graph
