// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/LiveRun.h"

#include <utility>

#include "ui/bridge/Bridge.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui {
namespace {

/// By node type and id: what the node has made so far is enough for any value.
constexpr std::pair<const char*, const char*> kQuick[]{{"restore.restore", "strength"}};

bool isQuick(const graph::Node& node, const std::string& parameter) {
    for (const auto& [type, id] : kQuick)
        if (node.type == type && parameter == id) return true;
    return false;
}

} // namespace

LiveRun::LiveRun(Bridge& bridge, const Viewport& viewport, QObject* parent)
    : QObject(parent), m_bridge(bridge), m_viewport(viewport), m_seen(bridge.session().document().graph()) {
    connect(&bridge, &Bridge::documentChanged, this, &LiveRun::consider);
    connect(&bridge, &Bridge::jobChanged, this, [this](const session::Job& job) {
        using session::JobStatus;
        if (job.id != m_job || job.status == JobStatus::Waiting || job.status == JobStatus::Running || job.status == JobStatus::Paused) return;
        m_job = 0;
        if (std::exchange(m_again, false)) run();
    });
}

/// Whether nothing but such parameters differs, of a node that has a result.
bool LiveRun::isLive(const graph::Node& before, const graph::Node& now) const {
    using graph::NodeStatus;
    const NodeStatus status = m_bridge.session().state(now.id).status;
    const graph::NodeDeclaration* declaration = m_bridge.session().registry().find(now.type);
    if (!declaration || before.type != now.type || before.inputs != now.inputs || before.muted != now.muted || before.bypassed != now.bypassed ||
        (status != NodeStatus::Done && status != NodeStatus::Cached))
        return false;
    for (const graph::Parameter& parameter : declaration->parameters()) {
        const auto valueOf = [&](const graph::Node& node) {
            const auto found = node.parameters.find(parameter.id);
            return found == node.parameters.end() ? parameter.defaultValue : found->second;
        };
        if (!isQuick(now, parameter.id) && valueOf(before) != valueOf(now)) return false;
    }
    return true;
}

void LiveRun::consider() {
    const graph::Graph& now = m_bridge.session().document().graph();
    const graph::Graph before = std::exchange(m_seen, now);
    const graph::NodeId viewed = m_viewport.viewed();
    bool wanted = false;
    for (const graph::NodeId id : graph::Graph::difference(before, now)) {
        const graph::Node *a = before.find(id), *b = now.find(id);
        if (!a || !b) return;
        if (a->parameters == b->parameters && a->inputs == b->inputs) continue; // moved or named
        if (!isLive(*a, *b)) return;
        wanted = wanted || id == viewed || (now.find(viewed) && now.dependsOn(viewed, id));
    }
    if (wanted) run();
}

void LiveRun::run() {
    if (m_job)
        m_again = true;
    else if (const graph::NodeId viewed = m_viewport.viewed(); m_bridge.session().document().graph().find(viewed))
        m_job = m_bridge.session().enqueuePassing(viewed);
}

} // namespace ochre::ui
