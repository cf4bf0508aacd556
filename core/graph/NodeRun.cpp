// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeRun.h"

#include <atomic>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/graph/Types.h"

namespace ochre::graph {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

ParameterValue parameterOf(const Value& value) {
    if (const auto* v = value.tryAs<bool>()) return *v;
    if (const auto* v = value.tryAs<std::int64_t>()) return *v;
    if (const auto* v = value.tryAs<double>()) return *v;
    if (const auto* v = value.tryAs<std::string>()) return *v;
    if (const auto* v = value.tryAs<Color>()) return *v;
    throw Error(fmt::format("a value of type \"{}\" cannot drive a parameter", value.type()));
}

const Value& outputOf(const Task& producer, const FlatInput& input) {
    const std::string& id = producer.loadsItem() ? producer.itemOutput : input.source.output;
    const auto it = producer.outputs.find(id);
    if (it != producer.outputs.end() && !it->second.empty()) return it->second;
    throw Error(fmt::format("{}: {} gave nothing", input.id(), producer.entry->shape->title()),
                "link the input that it is made from, or take another output");
}

// Results of volatile nodes differ from run to run: so must the keys of what is made from them.
Hash128 freshKey() {
    static std::atomic<std::uint64_t> next{1};
    Hasher hasher;
    return hasher.add(std::string_view("volatile")).add(next++).finish();
}

void requireDone(const Task& task, const Cancel& cancel) {
    if (task.state == Task::State::Done) return;
    cancel.check();
    throw task.error ? *task.error : Error("stopped", {}, ErrorKind::Cancelled);
}

} // namespace

ItemView::ItemView(Run& run, TaskPtr task, const FlatInput& input)
    : m_run(run), m_task(std::move(task)), m_input(input) {
    const FlatEntry& producer = run.m_snapshot.at(input.source.node);
    Run::Lock lock(run.m_mutex);
    if (!input.fromList) {
        m_single = m_task->inputs.at(input.id());
        return;
    }
    m_plan =
        run.planList({input.source}, producer.mapped() ? *producer.lists : std::vector<Source>{input.source});
    run.openList(*m_plan, m_task->sources);
    run.unlockAndFlush(lock);
}

ItemView::~ItemView() {
    Run::Lock lock(m_run.m_mutex);
    m_frames.clear(); // what is still under way for them is left off
    if (!m_plan) return;
    for (const FlatId id : m_plan->order)
        m_run.m_report.update(*m_run.m_snapshot.at(id).shape, id, [](NodeState& s) {
            if (s.status == NodeStatus::Running || s.status == NodeStatus::Queued)
                s.status = NodeStatus::Done;
        });
}

TaskPtr ItemView::ask(std::size_t index) const {
    auto& frame = m_frames[index];
    if (!frame) frame = m_run.makeFrame(m_plan, index);
    return m_run.frameTask(frame, m_input.source);
}

Value ItemView::take(const TaskPtr& item) const {
    if (item->error) m_task->sawFailedItem = true;
    requireDone(*item, m_run.m_options.cancel);
    return TypeRegistry::shared().convert(outputOf(*item, m_input), m_input.socket->type);
}

Value ItemView::item(std::size_t index) const {
    if (index >= size())
        throw Error(fmt::format("item {} of a list of {}", index, size()), "this is a fault in the node");
    if (m_single) return take(m_single);
    TaskPtr task;
    {
        Run::Lock lock(m_run.m_mutex);
        task = ask(index);
        if (index + 1 < size()) ask(index + 1);
        m_run.settle();
        m_run.unlockAndFlush(lock);
        m_run.waitFor(lock, [&] { return task->finished(); });
        m_run.m_options.cancel.check();
        m_run.endFrame(*m_frames.at(index));
        m_frames.erase(m_frames.begin(),
                       m_frames.upper_bound(index)); // each item is dropped once it was seen
        m_run.unlockAndFlush(lock);
    }
    return take(task);
}

NodeRun::NodeRun(Run& run, TaskPtr task, std::shared_ptr<ItemFrame> frame)
    : m_run(run), m_task(std::move(task)), m_frame(std::move(frame)),
      m_parameters(m_task->loadsItem() ? FlatParameters(*m_task->entry->shape) : drivenParameters(*m_task)) {
    const FlatShape& shape = *m_task->entry->shape;
    m_label = shape.node->label.empty() ? shape.declaration->label() : shape.node->label;
    if (m_frame) m_itemName = m_frame->name;
    m_progress = Progress([this](double share, std::string_view step) { reportProgress(share, step); });
}

NodeRun::~NodeRun() = default;

FlatParameters NodeRun::drivenParameters(const Task& task) {
    FlatParameters parameters(*task.entry->shape);
    for (const FlatInput& input : task.entry->inputs) {
        if (!input.parameter) continue;
        const Value& value = outputOf(*task.inputs.at(input.id()), input);
        try {
            const Value converted = TypeRegistry::shared().convert(value, input.parameter->socketType());
            parameters.drive(input.id(), input.parameter->check(parameterOf(converted)));
        } catch (const Error& e) {
            const std::string& what = e.message();
            const std::string subject = input.id() + ": ";
            throw Error(what.starts_with(subject) ? what : subject + what, e.hint(), e.kind());
        }
    }
    return parameters;
}

void NodeRun::run() {
    if (m_task->loadsItem()) {
        loadItem();
        return;
    }
    const NodeDeclaration& declaration =
        m_run.m_engine.registry.runnable(m_task->entry->shape->declaration->id());
    {
        Run::Lock lock(m_run.m_mutex);
        m_run.report(m_task, [](NodeState& s) { s.status = NodeStatus::Running; });
        m_run.unlockAndFlush(lock);
    }
    for (const FlatInput& input : m_task->entry->inputs)
        if (input.socket && !input.takesList() && m_task->inputs.count(input.id()))
            m_inputBytes += this->input(input.id()).bytes();
    declaration.runFunction()(*this);
    m_lists.clear();
}

void NodeRun::loadItem() {
    const ListSource::Item& item = m_run.itemOf(*m_frame, {m_task->node, m_task->itemOutput});
    m_outputs[m_task->itemOutput] = item.load();
}

const FlatInput* NodeRun::findInput(const std::string& id) const {
    for (const FlatInput& input : m_task->entry->inputs)
        if (input.id() == id) return &input;
    return nullptr;
}

bool NodeRun::hasInput(const std::string& id) const {
    return findInput(id) != nullptr;
}

// Lazy inputs are evaluated here, while this thread's place goes to others.
TaskPtr NodeRun::evaluated(const FlatInput& input) {
    Run::Lock lock(m_run.m_mutex);
    if (const auto it = m_task->inputs.find(input.id()); it != m_task->inputs.end() && it->second->finished())
        return it->second;
    if (!m_task->inputs.count(input.id())) {
        m_run.needInput(m_task, input);
        m_run.settle();
    }
    const TaskPtr task = m_task->inputs.at(input.id());
    m_run.unlockAndFlush(lock);
    m_run.waitFor(lock, [&] { return task->finished(); });
    return task;
}

const Value& NodeRun::input(const std::string& id) {
    if (const auto it = m_inputs.find(id); it != m_inputs.end()) return it->second;
    const FlatInput* input = findInput(id);
    if (!input)
        throw Error(fmt::format("the input \"{}\" is not linked", id),
                    "link it, or set the node so that it is not needed");
    if (input->takesList()) return m_inputs[id] = listInput(id).item(0);
    const TaskPtr task = evaluated(*input);
    requireDone(*task, cancel());
    const TypeName type = input->socket ? input->socket->type : input->parameter->socketType();
    Value value = TypeRegistry::shared().convert(outputOf(*task, *input), type);
    if (input->socket) checkConstraint(*input->socket, value);
    return m_inputs[id] = std::move(value);
}

void NodeRun::checkConstraint(const Socket& socket, const Value& value) const {
    const Constraint& c = socket.constraint;
    const TypeInfo* info = TypeRegistry::shared().find(value.type());
    if (!info) return;
    if (info->channels && (c.minChannels || c.maxChannels)) {
        const int channels = info->channels(value);
        if (channels < c.minChannels || (c.maxChannels && channels > c.maxChannels))
            throw Error(fmt::format("{}: it has {} channels", socket.label, channels),
                        c.maxChannels
                            ? fmt::format("give it {} to {}", std::max(1, c.minChannels), c.maxChannels)
                            : fmt::format("give it {} or more", c.minChannels));
    }
    if (info->modelFamily && !c.modelFamily.empty()) {
        const std::string family = info->modelFamily(value);
        if (!family.empty() && ("|" + c.modelFamily + "|").find("|" + family + "|") == std::string::npos)
            throw Error(fmt::format("{}: it is of the family {}", socket.label, family),
                        "this node takes " + c.modelFamily);
    }
}

const ListView& NodeRun::listInput(const std::string& id) {
    auto& view = m_lists[id];
    if (!view) {
        const FlatInput* input = findInput(id);
        if (!input) throw Error(fmt::format("the list \"{}\" is not linked", id), "link it");
        if (!input->takesList())
            throw Error(fmt::format("the input \"{}\" is not a list", id), "this is a fault in the node");
        if (!input->fromList)
            evaluated(*input);
        else if (input->maybe)
            throw Error(fmt::format("the list \"{}\" is lazy", id), "name it in onNeeds");
        view = std::make_unique<ItemView>(m_run, m_task, *input);
    }
    return *view;
}

void NodeRun::setOutput(const std::string& id, Value value) {
    for (const Socket& s : *m_task->entry->shape->outputs) {
        if (s.id != id) continue;
        if (!value.empty() && !TypeRegistry::shared().isA(value.type(), s.type))
            value = TypeRegistry::shared().convert(value, s.type);
        m_outputs[id] = std::move(value);
        return;
    }
    throw Error(fmt::format("there is no output \"{}\"", id), "this is a fault in the node");
}

// Parallel pieces of a node report from threads of the pool, which the window shares: those are never held up.
void NodeRun::reportProgress(double share, std::string_view step) {
    tellProgress(share, step);
    if (std::this_thread::get_id() == m_thread) waitWhilePaused();
}

// At most thirty times a second; the last word (1) always.
void NodeRun::tellProgress(double share, std::string_view step) {
    {
        std::lock_guard guard(m_progressMutex);
        const auto now = Clock::now();
        if (share < 1 && now - m_lastProgress < 33ms) return;
        m_lastProgress = now;
    }
    Run::Lock lock(m_run.m_mutex);
    if (m_run.m_over) return;
    if (!m_task->inFrame) {
        m_run.countStep(*m_task, share);
        m_run.m_report.addDone(m_task->work * (share - m_task->share));
        m_task->share = share;
    }
    m_run.m_report.update(*m_task->entry->shape, m_task->node, [&](NodeState& s) {
        if (m_task->inFrame)
            s.step = m_itemName.empty() ? std::string(step) : fmt::format("{}: {}", m_itemName, step);
        else {
            s.share = share;
            s.step = std::string(step);
        }
    });
    m_run.m_report.reportTotal(false);
    m_run.unlockAndFlush(lock);
}

void NodeRun::preview(const std::string& outputId, Value value) {
    if (!m_run.m_report.wantsPreviews()) return;
    {
        std::lock_guard guard(m_progressMutex);
        const auto now = Clock::now();
        if (now - m_lastPreview < 100ms) return;
        m_lastPreview = now;
    }
    Run::Lock lock(m_run.m_mutex);
    if (!m_run.m_over) m_run.m_report.preview(*m_task->entry->shape, outputId, value);
    m_run.unlockAndFlush(lock);
}

NodeRun::Bound NodeRun::boundInput(const FlatInput& input) {
    const TaskPtr task = evaluated(input);
    requireDone(*task, cancel());
    Bound bound{TypeRegistry::shared().convert(outputOf(*task, input), input.socket->type), {}};
    if (task->entry->volatileResult)
        bound.key = freshKey();
    else if (const auto it = task->entry->boundKeys.find(input.source.output);
             it != task->entry->boundKeys.end())
        bound.key = it->second;
    else
        bound.key = task->loadsItem() ? task->key : outputKey(task->key, input.source.output);
    return bound;
}

void NodeRun::repeatGroup(std::size_t times) {
    const FlatShape& shape = *m_task->entry->shape;
    if (!shape.group) throw Error("there is no group to repeat", "choose one");
    std::map<std::string, Bound> values;
    for (const FlatInput& input : m_task->entry->inputs)
        if (input.socket && !input.takesList()) values.insert_or_assign(input.id(), boundInput(input));
    FlatGraph table(m_run.m_engine.registry, shape.group);
    table.update(*shape.group->graph, true);
    for (std::size_t i = 0; i < times; ++i) {
        cancel().check();
        if (!findInput("index")) {
            Hasher hasher;
            values["index"] = {makeInt(static_cast<std::int64_t>(i)),
                               hasher.add(std::string_view("round")).add(std::uint64_t{i}).finish()};
        }
        for (auto& [output, bound] : round(table, values, i, times))
            values.insert_or_assign(output, std::move(bound));
    }
    for (const Socket& output : *shape.outputs)
        if (const auto it = values.find(output.id); it != values.end())
            setOutput(output.id, it->second.value);
}

std::map<std::string, NodeRun::Bound> NodeRun::round(FlatGraph& table,
                                                     const std::map<std::string, Bound>& inputs,
                                                     std::size_t index, std::size_t times) {
    std::map<std::string, Hash128> keys;
    RunOptions options{.cancel = cancel(),
                       .graphText = graphText(),
                       .useCache = m_run.m_options.useCache,
                       .pause = m_run.m_options.pause,
                       .pictureTexts = pictureTexts()};
    for (const auto& [id, bound] : inputs) {
        keys[id] = bound.key;
        options.bound[id] = bound.value;
    }
    const double from = static_cast<double>(index) / static_cast<double>(times);
    // Told, never held up here: the round's own nodes are.
    const Progress part = Progress([this](double share, std::string_view s) { tellProgress(share, s); })
                              .part(from, from + 1.0 / static_cast<double>(times));
    const std::string step = fmt::format("round {} of {}", index + 1, times);
    options.listener.onTotal = [&](double share, double) {
        part.report(static_cast<std::uint64_t>(share * 1000), 1000, step);
    };
    table.bind(keys);
    const FlatSnapshot snapshot = table.snapshot();
    std::vector<FlatId> targets = *snapshot.sinks;
    snapshot.ids.forEach([&](NodeId, FlatId id) {
        const FlatShape& shape = *snapshot.at(id).shape;
        if (shape.node->type == "group.output" && shape.kind == FlatShape::Kind::HandsThrough)
            targets.push_back(id);
    });
    const auto run = std::make_shared<Run>(m_run.m_engine, snapshot, options);
    const Result result = run->evaluate(targets);
    cancel().check();
    for (const auto& [id, state] : result.states)
        if (state.status == NodeStatus::Failed && state.error)
            throw Error(fmt::format("{}: {}", step, state.error->message()), state.error->hint(),
                        state.error->kind());
    std::map<std::string, Bound> outputs;
    for (const FlatId id : targets) {
        const FlatEntry& entry = snapshot.at(id);
        for (const auto& [output, source] : entry.handsOn) {
            const Value value = result.output(entry.shape->shownAs, output);
            if (value.empty()) continue;
            if (value.tryAs<ListResult>() || value.tryAs<ListSource>())
                throw Error(fmt::format("{}: \"{}\" is a list", step, output), "collect it inside the group");
            const FlatEntry& producer = snapshot.at(source.node);
            const auto bound = producer.boundKeys.find(source.output);
            outputs[output] = {value, producer.volatileResult ? freshKey()
                                      : bound != producer.boundKeys.end()
                                          ? bound->second
                                          : outputKey(producer.key, source.output)};
        }
    }
    return outputs;
}

} // namespace ochre::graph
