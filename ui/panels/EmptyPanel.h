// SPDX-License-Identifier: GPL-3.0-or-later
// What an empty panel shows: what goes here, and the one next action.
#pragma once

#include <QWidget>

class QLabel;
class QPushButton;

namespace ochre::ui {

class EmptyPanel : public QWidget {
    Q_OBJECT
public:
    /// `action` empty: no button.
    EmptyPanel(const QString& iconName, const QString& title, const QString& text, const QString& action,
               QWidget* parent = nullptr);
    void setTexts(const QString& title, const QString& text, const QString& action);

Q_SIGNALS:
    void actionRequested();

private:
    QString m_icon;
    QLabel *m_picture, *m_title, *m_text;
    QPushButton* m_button;
    void recolour();
};

} // namespace ochre::ui
