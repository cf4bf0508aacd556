// SPDX-License-Identifier: GPL-3.0-or-later
// The 40 px at the top: menus, project name, room for the prompt, undo and redo, Run, and the chip of the queue.
#pragma once

#include <map>

#include <QToolButton>
#include <QWidget>

#include "core/session/Session.h"

class QLabel;
class QMenu;
class QMenuBar;
class QPushButton;

namespace ochre::ui {

/// Progress of the jobs in a few words; a click opens the queue.
class QueueChip : public QToolButton {
    Q_OBJECT
public:
    explicit QueueChip(QWidget* parent = nullptr);
    void setJob(const session::Job& job);
    void setNote(const QString& note); ///< shown while nothing runs ("Loading models…"); empty: nothing
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void refresh();
    std::map<session::JobId, session::Job> m_active;
    QString m_text, m_note;
    double m_share = 0;
    bool m_paused = false; ///< what runs is paused, or all that waits
};

class TopBar : public QWidget {
    Q_OBJECT
public:
    explicit TopBar(QWidget* parent = nullptr);

    QMenuBar* menuBar() const { return m_menus; }
    QPushButton* runButton() const { return m_run; }
    QueueChip* chip() const { return m_chip; }
    QWidget* promptSlot() const { return m_promptSlot; } ///< the room that is free in the middle
    void setUndoActions(QAction* undo, QAction* redo);
    void setRunMenu(QMenu* menu);
    void setProject(const QString& title, bool modified, const QString& path);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QMenuBar* m_menus;
    QLabel *m_title, *m_dot;
    QWidget* m_promptSlot;
    QToolButton *m_undo, *m_redo, *m_runMenu;
    QPushButton* m_run;
    QueueChip* m_chip;
};

} // namespace ochre::ui
