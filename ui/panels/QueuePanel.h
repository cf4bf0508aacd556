// SPDX-License-Identifier: GPL-3.0-or-later
// The run queue: jobs with progress, time left, cancel.
#pragma once

#include <map>

#include <QWidget>

#include "core/session/Session.h"

class QListWidget;
class QPushButton;
class QStackedWidget;

namespace ochre::ui {

class Bridge;
class JobRow;

class QueuePanel : public QWidget {
    Q_OBJECT
public:
    explicit QueuePanel(Bridge& bridge, QWidget* parent = nullptr);
    int rowCount() const { return static_cast<int>(m_rows.size()); }

Q_SIGNALS:
    void runRequested(); ///< the empty state's one action

private:
    void update(const session::Job& job);

    Bridge& m_bridge;
    QStackedWidget* m_stack;
    QListWidget* m_list;
    QPushButton* m_cancelAll;
    std::map<session::JobId, JobRow*> m_rows;
};

/// One job: title, bar, percentage, time left, cancel.
class JobRow : public QWidget {
    Q_OBJECT
public:
    explicit JobRow(QWidget* parent = nullptr);
    void setJob(const session::Job& job);
    const session::Job& job() const { return m_job; }

Q_SIGNALS:
    void cancelRequested();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    session::Job m_job;
    QWidget* m_cancel;
};

} // namespace ochre::ui
