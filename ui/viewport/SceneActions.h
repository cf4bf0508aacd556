// SPDX-License-Identifier: GPL-3.0-or-later
// Commands with their keys, which work where the keyboard is in one widget, and a row of buttons for them.
#pragma once

#include <functional>
#include <map>

#include <QAction>
#include <QList>
#include <QWidget>

class QKeyEvent;
class QToolButton;

namespace ochre::ui {

/// The commands of a widget. Their keys go before the window's where both have the same.
class SceneActions : public QObject {
    Q_OBJECT
public:
    explicit SceneActions(QWidget* keyboard);

    QAction* add(const QString& id, const QString& iconName, const QString& text,
                 const QList<QKeySequence>& keys, std::function<void()> run);
    QAction* at(const QString& id) const; ///< of one that was added
    const QList<QAction*>& all() const { return m_actions; }
    static QString keyText(const QAction& action);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QAction* find(const QKeyEvent& event) const;
    QList<QAction*> m_actions;
    std::map<QString, QList<QKeySequence>> m_keys; ///< by id
};

/// Buttons side by side; those that do not fit are in the menu of a last one.
class ActionRow : public QWidget {
    Q_OBJECT
public:
    explicit ActionRow(QWidget* parent = nullptr);
    QToolButton* addAction(QAction* action); ///< named as the action is
    void addGap();
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    struct Entry {
        QToolButton* button; ///< null: a gap
        QAction* action;
    };
    void arrange();

    QList<Entry> m_entries;
    QToolButton* m_more;
};

} // namespace ochre::ui
