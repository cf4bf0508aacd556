// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/Batch.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Log.h"
#include "core/image/Image.h"
#include "core/session/BatchPlan.h"
#include "core/session/BatchRecord.h"
#include "core/session/BatchTarget.h"

namespace ochre::session {
namespace {

constexpr std::size_t kCacheBytes = std::size_t{1} << 30; // for what all pictures share

/// One run: its own cache, so that a thousand pictures do not push out what the window keeps.
class Runner {
public:
    Runner(graph::NodeRegistry& registry, const graph::Graph& graph, const BatchOptions& options, const Batch::Texts& texts, Cancel cancel,
           Pause pause, const std::function<void(const BatchStatus&)>& tell)
        : m_graph(graph), m_options(options), m_texts(texts), m_cancel(std::move(cancel)), m_pause(pause), m_tell(tell),
          m_executor(registry, std::make_shared<graph::Cache>(graph::CacheOptions{.memoryBytes = kCacheBytes})),
          m_plan(planBatch(graph, registry, options, m_cancel)), m_clock(std::move(pause)) {}

    BatchReport run() {
        m_report.total = m_status.total = m_plan.items.size();
        try {
            const std::vector<Hash128> keys = keysOf();
            BatchRecord record(m_options.source, m_options.target, keys.size());
            const auto target = BatchTarget::make(m_plan, m_options, keys, record);
            std::vector<std::size_t> left;
            for (std::size_t i = 0; i < keys.size(); ++i)
                if (!target->has(i)) left.push_back(i);
            m_report.kept = m_status.done = keys.size() - left.size();
            for (std::size_t i = 0; i < left.size(); ++i) {
                m_pause.wait(m_cancel);
                m_cancel.check();
                workOn(left[i], left.size() - i, *target);
            }
            target->finish(m_report.failures.empty(), m_cancel);
        } catch (const Error& error) {
            if (!error.cancelled()) throw;
            m_report.cancelled = true;
        }
        m_report.seconds = m_clock.seconds();
        return m_report;
    }

private:
    std::vector<Hash128> keysOf() {
        std::vector<Hash128> keys;
        for (const BatchItem& item : m_plan.items) {
            m_cancel.check();
            Hasher hasher;
            hasher.add(m_executor.key(graphOf(m_plan, m_graph, item), m_plan.output.node)).add(m_plan.output.output);
            hasher.add(item.result).add(m_options.bitDepth);
            if (m_plan.toVideo) hasher.add(m_options.quality).add(m_plan.fps);
            keys.push_back(hasher.finish());
        }
        return keys;
    }

    void workOn(std::size_t index, std::size_t left, BatchTarget& target) {
        const BatchItem& item = m_plan.items[index];
        const bool other = target.hasOther(index);
        m_status.item = item.name;
        report(0, left);
        try {
            const graph::Graph graph = graphOf(m_plan, m_graph, item);
            target.write(index, resultOf(graph, left), m_texts && !m_plan.toVideo ? m_texts(graph) : std::string());
            ++m_report.made;
            m_report.remade += other;
            ++m_status.done;
        } catch (...) {
            const Error error = currentError();
            if (error.cancelled()) throw error;
            log::warning("batch: {}: {}", item.name, error.full());
            m_report.failures.push_back({item.name, error});
            ++m_status.failed;
        }
        report(0, left - 1);
    }

    Image resultOf(const graph::Graph& graph, std::size_t left) {
        graph::Request request{.graph = graph, .targets = {m_plan.output.node}, .cancel = m_cancel};
        request.pause = m_pause;
        request.listener.onTotal = [&](double share, double) { report(share, left); };
        const graph::Result result = m_executor.evaluate(request);
        if (result.cancelled) throw Error("stopped", {}, ErrorKind::Cancelled);
        for (const auto& [node, state] : result.states)
            if (state.status == graph::NodeStatus::Failed && state.error) throw *state.error;
        const graph::Value value = result.output(m_plan.output.node, m_plan.output.output);
        if (const Image* image = value.tryAs<Image>()) return *image;
        throw Error("the graph gives no single picture", "take out the node that makes a list of it");
    }

    /// `share`: of the item at work; `left`: items with that one.
    void report(double share, std::size_t left) {
        const double total = static_cast<double>(m_status.total), done = static_cast<double>(m_status.done + m_status.failed) + share;
        m_status.share = total > 0 ? done / total : 1;
        const double worked = static_cast<double>(m_report.made + m_report.failures.size()) + share;
        m_status.secondsLeft = worked > 0 ? m_clock.seconds() / worked * (static_cast<double>(left) - share) : -1;
        if (m_tell) m_tell(m_status);
    }

    const graph::Graph& m_graph;
    const BatchOptions& m_options;
    const Batch::Texts& m_texts;
    Cancel m_cancel;
    Pause m_pause;
    const std::function<void(const BatchStatus&)>& m_tell;
    graph::Executor m_executor;
    BatchPlan m_plan;
    WorkClock m_clock;
    BatchStatus m_status;
    BatchReport m_report;
};

} // namespace

std::string BatchReport::summary() const {
    std::string text = fmt::format("{} of {} made", made, total);
    if (kept > 0) text += fmt::format(", {} kept from before", kept);
    if (remade > 0) text += fmt::format(", {} made again: settings or files have changed", remade);
    if (!failures.empty()) text += fmt::format(", {} failed", failures.size());
    return text + (cancelled ? ", stopped" : "");
}

std::optional<BatchRemains> batchRemains(const std::filesystem::path& source, const std::filesystem::path& target) {
    const BatchRecord::Content content = BatchRecord::peek(source, target);
    if (content.done.empty()) return std::nullopt;
    return BatchRemains{BatchTarget::countIn(content), content.total};
}

Batch::Batch(graph::NodeRegistry& registry, graph::Graph graph, BatchOptions options, Texts texts)
    : m_registry(registry), m_graph(std::move(graph)), m_options(std::move(options)), m_texts(std::move(texts)) {}

BatchReport Batch::run(const Cancel& cancel, const Pause& pause, const std::function<void(const BatchStatus&)>& tell) const {
    return Runner(m_registry, m_graph, m_options, m_texts, cancel, pause, tell).run();
}

} // namespace ochre::session
