// SPDX-License-Identifier: GPL-3.0-or-later
// The run queue: the job that runs, those that wait in the order to run, and those that ended.
#pragma once

#include <map>
#include <vector>

#include <QWidget>

#include "core/session/Session.h"

class QPushButton;
class QScrollArea;
class QStackedWidget;
class QVBoxLayout;

namespace ochre::ui {

class Bridge;
class JobRow;

class QueuePanel : public QWidget {
    Q_OBJECT
public:
    explicit QueuePanel(Bridge& bridge, QWidget* parent = nullptr);
    int rowCount() const { return static_cast<int>(m_order.size()); }
    JobRow* row(session::JobId job) const; ///< null when there is none

Q_SIGNALS:
    void runRequested(); ///< the empty state's one action

private:
    void update(const session::Job& job);
    void arrange(); ///< rows for all jobs, in the session's order
    JobRow* addRow(session::JobId id);
    void step(session::JobId from, int rows);

    Bridge& m_bridge;
    QStackedWidget* m_stack;
    QScrollArea* m_scroll;
    QVBoxLayout* m_column;
    QPushButton* m_cancelAll;
    std::map<session::JobId, JobRow*> m_rows;
    std::vector<session::JobId> m_order;
};

} // namespace ochre::ui
