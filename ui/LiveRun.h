// SPDX-License-Identifier: GPL-3.0-or-later
// Follows parameters that are quick to follow, such as the strength of a restoration, whose network need not run again: while
// one is dragged, what the viewer shows is made again.
#pragma once

#include <QObject>

#include "core/session/Session.h"

namespace ochre::ui {

class Bridge;
class Viewport;

class LiveRun : public QObject {
    Q_OBJECT
public:
    LiveRun(Bridge& bridge, const Viewport& viewport, QObject* parent);

private:
    void consider();
    bool isLive(const graph::Node& before, const graph::Node& now) const;
    void run();

    Bridge& m_bridge;
    const Viewport& m_viewport;
    graph::Graph m_seen;
    session::JobId m_job = 0;
    bool m_again = false; ///< it has changed while the job was at work
};

} // namespace ochre::ui
