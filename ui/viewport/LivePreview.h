// SPDX-License-Identifier: GPL-3.0-or-later
// Which of the previews that arrive belong in the viewer, what to say of them, and when they are over.
#pragma once

#include <QObject>
#include <QString>

#include "core/graph/Executor.h"
#include "core/graph/Value.h"

namespace ochre::ui {

class Bridge;

/// Follows the viewed node and those above it. Where several of them give previews at once, the one nearest to the
/// viewed node counts.
class LivePreview : public QObject {
    Q_OBJECT
public:
    explicit LivePreview(Bridge& bridge, QObject* parent = nullptr);

    void setViewed(graph::NodeId node);               ///< ends what is shown, without over()
    void end() { m_source = 0; }                      ///< the same: the result itself is shown now
    graph::NodeId source() const { return m_source; } ///< whose preview is shown; 0: none

Q_SIGNALS:
    void shown(const ochre::graph::Value& value, const QString& text); ///< "preview, step 7 of 20"
    void textChanged(const QString& text);
    void over(); ///< stopped, failed or done without a result to show: back to the last one

private:
    void stop();
    void take(graph::NodeId node, const graph::Value& value);
    bool belongs(graph::NodeId node) const;
    QString text() const;

    Bridge& m_bridge;
    graph::NodeId m_viewed = 0, m_source = 0;
};

} // namespace ochre::ui
