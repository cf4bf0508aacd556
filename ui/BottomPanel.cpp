// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/BottomPanel.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {

BottomPanel::BottomPanel(QWidget* parent)
    : QWidget(parent), m_bar(new QWidget), m_stack(new QStackedWidget), m_toggle(new QToolButton) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    m_bar->setFixedHeight(metrics::kCollapsedBar);
    auto* row = new QHBoxLayout(m_bar);
    row->setContentsMargins(2 * metrics::kGrid, 1, metrics::kGrid, 0);
    row->setSpacing(metrics::kGrid);
    row->addStretch(1);
    m_toggle->setFixedSize(22, 22);
    m_toggle->setIconSize({metrics::kIconSmall, metrics::kIconSmall});
    m_toggle->setFocusPolicy(Qt::TabFocus);
    row->addWidget(m_toggle);
    layout->addWidget(m_bar);
    layout->addWidget(m_stack, 1);
    connect(m_toggle, &QToolButton::clicked, this, [this] {
        if (isOpen())
            collapse();
        else
            open(page());
    });
    m_stack->hide();
    refresh();
}

void BottomPanel::addPage(const QString& iconName, const QString& title, QWidget* page) {
    const int index = m_stack->addWidget(page);
    auto* tab = new QToolButton;
    tab->setText(title);
    tab->setIcon(icon(iconName));
    tab->setIconSize({metrics::kIconSmall, metrics::kIconSmall});
    tab->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    tab->setCheckable(true);
    tab->setFixedHeight(22);
    tab->setFont(ochre::ui::font(TextRole::Secondary));
    tab->setFocusPolicy(Qt::TabFocus);
    tab->setObjectName(QStringLiteral("bottom.") + title.toLower());
    connect(tab, &QToolButton::clicked, this, [this, index] {
        if (isOpen() && this->page() == index)
            collapse();
        else
            open(index);
    });
    static_cast<QHBoxLayout*>(m_bar->layout())->insertWidget(static_cast<int>(m_tabs.size()), tab);
    m_tabs << tab;
    refresh();
}

bool BottomPanel::isOpen() const {
    return !m_stack->isHidden();
}

int BottomPanel::page() const {
    return m_stack->currentIndex();
}

void BottomPanel::open(int page) {
    m_stack->setCurrentIndex(page);
    m_stack->show();
    refresh();
    Q_EMIT openChanged(true);
}

void BottomPanel::collapse() {
    m_stack->hide();
    refresh();
    Q_EMIT openChanged(false);
}

void BottomPanel::refresh() {
    setMinimumHeight(isOpen() ? 120 : metrics::kCollapsedBar);
    setMaximumHeight(isOpen() ? QWIDGETSIZE_MAX : metrics::kCollapsedBar);
    m_toggle->setIcon(icon(isOpen() ? QStringLiteral("chevron-down") : QStringLiteral("chevron-up")));
    m_toggle->setToolTip(isOpen() ? tr("Collapse") : tr("Open"));
    m_toggle->setAccessibleName(m_toggle->toolTip());
    for (qsizetype i = 0; i < m_tabs.size(); ++i) m_tabs[i]->setChecked(isOpen() && page() == i);
}

void BottomPanel::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.fillRect(rect(), colors().surface1);
    p.setPen(QPen(colors().hairline, 1));
    p.drawLine(QPointF(0, 0.5), QPointF(width(), 0.5));
}

void BottomPanel::mouseDoubleClickEvent(QMouseEvent*) {
    if (isOpen())
        collapse();
    else
        open(page());
}

} // namespace ochre::ui
