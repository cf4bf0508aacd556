// SPDX-License-Identifier: GPL-3.0-or-later
// What a node sees of the engine while it runs. Private to core/graph.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <thread>

#include "core/graph/Run.h"
#include "core/graph/RunContext.h"

namespace ochre::graph {

/// A list input: items are evaluated when asked for, the next one while the node works on this one.
class ItemView : public ListView {
public:
    ItemView(Run& run, TaskPtr task, const FlatInput& input);
    ~ItemView() override;
    std::size_t size() const override { return m_single ? 1 : m_plan->count; }
    Value item(std::size_t index) const override;

private:
    TaskPtr ask(std::size_t index) const; // with the run's lock held
    Value take(const TaskPtr& item) const;

    Run& m_run;
    TaskPtr m_task;
    const FlatInput& m_input;
    TaskPtr m_single; ///< a plain value linked to a list input: a list of one
    std::shared_ptr<ListPlan> m_plan;
    mutable std::map<std::size_t, std::shared_ptr<ItemFrame>> m_frames;
};

class NodeRun : public RunContext {
public:
    NodeRun(Run& run, TaskPtr task, std::shared_ptr<ItemFrame> frame);
    ~NodeRun() override;

    void run();
    Outputs takeOutputs() { return std::move(m_outputs); }
    std::size_t inputBytes() const { return m_inputBytes; }

    /// Parameters with the values of the links that drive them, which must have run. Throws Error.
    static FlatParameters drivenParameters(const Task& task);

    const ParameterValue& value(const std::string& id) const override { return m_parameters.value(id); }
    bool hasInput(const std::string& id) const override;
    const Value& input(const std::string& id) override;
    const ListView& listInput(const std::string& id) override;
    void setOutput(const std::string& id, Value value) override;
    const Cancel& cancel() const override { return m_run.m_options.cancel; }
    const Progress& progress() const override { return m_progress; }
    void waitWhilePaused() override { m_run.holdWhilePaused(); }
    void preview(const std::string& outputId, Value value) override;
    Hash128 key() const override { return m_task->key; }
    const std::string& nodeLabel() const override { return m_label; }
    std::size_t itemIndex() const override { return m_frame ? m_frame->index : 0; }
    std::size_t itemCount() const override { return m_frame ? m_frame->count : 1; }
    const std::string& itemName() const override { return m_itemName; }
    std::string graphText() const override { return m_run.m_options.graphText; }
    const std::map<std::string, std::string>& pictureTexts() const override { return m_run.m_options.pictureTexts; }
    void repeatGroup(std::size_t times) override;

private:
    struct Bound { ///< what goes into a round of a repeat
        Value value;
        Hash128 key;
    };

    const FlatInput* findInput(const std::string& id) const;
    TaskPtr evaluated(const FlatInput& input);
    void checkConstraint(const Socket& socket, const Value& value) const;
    void reportProgress(double share, std::string_view step);
    void tellProgress(double share, std::string_view step);
    void loadItem();
    Bound boundInput(const FlatInput& input);
    std::map<std::string, Bound> round(FlatGraph& table, const std::map<std::string, Bound>& inputs,
                                       std::size_t index, std::size_t times);

    Run& m_run;
    TaskPtr m_task;
    std::shared_ptr<ItemFrame> m_frame;
    FlatParameters m_parameters;
    Progress m_progress;
    std::string m_label, m_itemName;
    std::map<std::string, Value> m_inputs;
    std::map<std::string, std::unique_ptr<ItemView>> m_lists;
    Outputs m_outputs;
    std::size_t m_inputBytes = 0;
    const std::thread::id m_thread = std::this_thread::get_id(); ///< the one that runs the node
    std::mutex m_progressMutex;
    std::chrono::steady_clock::time_point m_lastProgress{}, m_lastPreview{};
};

} // namespace ochre::graph
