// SPDX-License-Identifier: GPL-3.0-or-later
// Small things that float over the canvas: the way back out of groups, the empty state, errors in full, the
// field for typing.
#pragma once

#include <QPointer>
#include <QWidget>
#include <functional>

#include "core/base/Error.h"

class QHBoxLayout;
class QLabel;
class QPushButton;

namespace ochre::ui {

/// "Project › Group › Inner"; hidden outside groups.
class Breadcrumb : public QWidget {
    Q_OBJECT
public:
    explicit Breadcrumb(QWidget* parent);
    void setPath(const QString& root, const QStringList& groups);
Q_SIGNALS:
    void leaveTo(int depth);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QHBoxLayout* m_row;
};

/// What goes here, and the one next action.
class EmptyState : public QWidget {
    Q_OBJECT
public:
    explicit EmptyState(QWidget* parent);
    void setInsideGroup(bool inside);
Q_SIGNALS:
    void addRequested();

private:
    QLabel *m_title, *m_text;
    QPushButton* m_button;
};

/// A node's error in full, with what to do and "Copy".
class ErrorCard : public QWidget {
    Q_OBJECT
public:
    explicit ErrorCard(QWidget* parent);
    void open(QPoint at, const QString& node, const Error& error);

protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    QLabel *m_title, *m_message, *m_hintTitle, *m_hint;
    QString m_copy;
};

/// A field over the canvas for one value. `commit` gives an empty text, or what is wrong; then the field
/// stays.
class ValueEditor : public QWidget {
    Q_OBJECT
public:
    using Commit = std::function<QString(const QString& text)>;

    explicit ValueEditor(QWidget* parent);
    void open(const QRect& at, const QString& text, bool many, double zoom, Commit commit);
    void finish(bool keep); ///< false: as if nothing had been typed
    bool isOpen() const { return m_open; }

Q_SIGNALS:
    void closed();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QString text() const;

    QPointer<QWidget> m_field;
    Commit m_commit;
    QString m_before;
    bool m_open = false;
};

} // namespace ochre::ui
