// SPDX-License-Identifier: GPL-3.0-or-later
// Queue and log under the canvas: a bar of 24 px that opens.
#pragma once

#include <QList>
#include <QWidget>

class QStackedWidget;
class QToolButton;

namespace ochre::ui {

class BottomPanel : public QWidget {
    Q_OBJECT
public:
    explicit BottomPanel(QWidget* parent = nullptr);
    void addPage(const QString& iconName, const QString& title, QWidget* page);
    void open(int page);
    void collapse();
    bool isOpen() const;
    int page() const;

Q_SIGNALS:
    void openChanged(bool open);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;

private:
    void refresh();
    QWidget* m_bar;
    QStackedWidget* m_stack;
    QToolButton* m_toggle;
    QList<QToolButton*> m_tabs;
};

} // namespace ochre::ui
