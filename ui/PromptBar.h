// SPDX-License-Identifier: GPL-3.0-or-later
// The project's prompt in the middle of the top bar: one line, up to four over what is below while it is edited.
#pragma once

#include <QStringList>
#include <QWidget>

#include "core/session/MainPrompt.h"

namespace ochre::ui {

class Bridge;
class PromptField;

/// Ctrl+Return runs, Ctrl+Up and Ctrl+Down change weights, Alt+Up and Alt+Down walk the prompts that were run, Escape
/// goes back to the canvas. Hidden while the project has no prompt.
class PromptBar : public QWidget {
    Q_OBJECT
public:
    /// Floats in `window` over `slot`, a place that the top bar leaves free.
    PromptBar(Bridge& bridge, QWidget* slot, QWidget* window);

    void setViewed(graph::NodeId node); ///< whose prompt is shown
    void refresh();                     ///< the graph has changed
    void remember();                    ///< a run starts: its prompt goes into the history
    PromptField& field() { return *m_field; }
    const session::PromptPlace& prompt() const { return m_place; }

Q_SIGNALS:
    void runRequested();
    void left(); ///< Escape

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    void place();
    void write();
    void walk(int steps);
    void show(const QString& text);

    Bridge& m_bridge;
    QWidget* m_slot;
    PromptField* m_field;
    session::PromptPlace m_place;
    graph::NodeId m_viewed = 0;
    QStringList m_history; ///< oldest first
    qsizetype m_at = 0;    ///< place in it; its size: the text that is being written
    QString m_draft;
    bool m_showing = false;
};

} // namespace ochre::ui
