// SPDX-License-Identifier: GPL-3.0-or-later
// One job of the queue: title, bar, percentage, time left, and what can be done with it.
#pragma once

#include <QWidget>

#include "core/session/Session.h"

class QToolButton;

namespace ochre::ui {

/// With the focus on it: Space pauses and goes on, Delete cancels, Alt+Up, Alt+Down and Home change its turn, Up and
/// Down go to the next row.
class JobRow : public QWidget {
    Q_OBJECT
public:
    explicit JobRow(QWidget* parent = nullptr);
    void setJob(const session::Job& job);
    /// Whether there are waiting jobs before and after it to change places with.
    void setTurn(bool canUp, bool canDown);
    const session::Job& job() const { return m_job; }
    bool ended() const;
    bool waits() const { return !ended() && !m_job.started; }
    QList<QToolButton*> buttons() const { return {m_up, m_down, m_pause, m_cancel}; }

    static constexpr int kHeight = 36;

Q_SIGNALS:
    void cancelRequested();
    void pauseRequested(bool pause);
    void moveRequested(int places);
    void firstRequested();
    void stepRequested(int rows); ///< the focus goes up or down

protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void enterEvent(QEnterEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    QToolButton* addButton(const QString& name, const QString& iconName, const QString& tip);
    void togglePause() { Q_EMIT pauseRequested(m_job.status != session::JobStatus::Paused); }
    QString detail() const;

    session::Job m_job;
    QToolButton *m_up, *m_down, *m_pause, *m_cancel;
    bool m_canUp = false, m_canDown = false;
};

} // namespace ochre::ui
