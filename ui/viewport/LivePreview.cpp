// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/LivePreview.h"

#include "ui/bridge/Bridge.h"

namespace ochre::ui {

using graph::NodeStatus;

LivePreview::LivePreview(Bridge& bridge, QObject* parent) : QObject(parent), m_bridge(bridge) {
    connect(&bridge, &Bridge::resultReady, this,
            [this](quint32 node, const QString&, const graph::Value& value, bool preview) {
                if (preview) take(node, value);
            });
    connect(&bridge, &Bridge::nodeChanged, this, [this](quint32 node, const graph::NodeState& state) {
        if (node != m_source) return;
        if (state.status == NodeStatus::Running)
            Q_EMIT textChanged(text());
        else if (state.status == NodeStatus::Cancelled || state.status == NodeStatus::Failed)
            stop();
    });
    // Between the sampler and the picture other nodes work: the preview stays until the job is over.
    connect(&bridge, &Bridge::jobChanged, this, [this](const session::Job& job) {
        using session::JobStatus;
        const bool ended = job.status == JobStatus::Done || job.status == JobStatus::Failed ||
                           job.status == JobStatus::Cancelled;
        const bool next = m_bridge.session().state(m_source).status == NodeStatus::Running; // another job's
        if (ended && job.started && !next) stop();
    });
}

void LivePreview::setViewed(graph::NodeId node) {
    m_viewed = node;
    end();
}

void LivePreview::stop() {
    if (!m_source) return;
    m_source = 0;
    Q_EMIT over();
}

bool LivePreview::belongs(graph::NodeId node) const {
    const graph::Graph& graph = m_bridge.session().document().graph();
    if (!graph.find(node) || !graph.find(m_viewed)) return false;
    if (node != m_viewed && !graph.dependsOn(m_viewed, node)) return false;
    if (!m_source || m_source == node || !graph.find(m_source)) return true;
    const bool other = m_bridge.session().state(m_source).status == NodeStatus::Running;
    return !other || graph.dependsOn(node, m_source);
}

void LivePreview::take(graph::NodeId node, const graph::Value& value) {
    if (!belongs(node)) return;
    if (m_bridge.session().state(node).status != NodeStatus::Running) return; // it has ended since
    m_source = node;
    Q_EMIT shown(value, text());
}

QString LivePreview::text() const {
    const QString step = QString::fromStdString(m_bridge.session().state(m_source).step);
    return step.isEmpty() ? tr("preview") : tr("preview, %1").arg(step);
}

} // namespace ochre::ui
