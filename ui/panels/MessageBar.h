// SPDX-License-Identifier: GPL-3.0-or-later
// Messages that do not stop the work: what happened, what to do, copy, close.
#pragma once

#include <functional>

#include <QFrame>

class QLabel;
class QPushButton;
class QToolButton;

namespace ochre::ui {

/// One message on a card; the inspector and the message bar show it.
class MessageCard : public QFrame {
    Q_OBJECT
public:
    enum class Kind { Info, Warning, Error };
    explicit MessageCard(Kind kind, QWidget* parent = nullptr);

    void setKind(Kind kind);
    void setMessage(const QString& what, const QString& hint);
    void setAction(const QString& text); ///< empty: none
    void setClosable(bool closable);
    QString fullText() const; ///< message and hint, for the clipboard
    QString message() const { return m_message; }

Q_SIGNALS:
    void copyRequested();
    void closeRequested();
    void actionRequested();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Kind m_kind;
    QString m_message, m_hint;
    QLabel *m_what, *m_how;
    QPushButton* m_action;
    QToolButton *m_copy, *m_close;
};

/// The newest message at the top of the window's middle; hidden when there is none.
class MessageBar : public QWidget {
    Q_OBJECT
public:
    explicit MessageBar(QWidget* parent = nullptr);
    void show(MessageCard::Kind kind, const QString& what, const QString& hint, const QString& action = {},
              std::function<void()> run = {});
    void clear();
    QString message() const; ///< empty when hidden

private:
    MessageCard* m_card;
    std::function<void()> m_run;
};

} // namespace ochre::ui
