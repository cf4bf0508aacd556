// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/EmptyPanel.h"

#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {

EmptyPanel::EmptyPanel(const QString& iconName, const QString& title, const QString& text,
                       const QString& action, QWidget* parent)
    : QWidget(parent), m_icon(iconName), m_picture(new QLabel), m_title(new QLabel), m_text(new QLabel),
      m_button(new QPushButton) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(metrics::kPanelPadding, metrics::kPanelPadding, metrics::kPanelPadding,
                               metrics::kPanelPadding);
    layout->setSpacing(metrics::kGrid);
    layout->addStretch(2);
    layout->addWidget(m_picture, 0, Qt::AlignHCenter);
    layout->addWidget(m_title, 0, Qt::AlignHCenter);
    m_text->setProperty("role", "secondary");
    m_text->setWordWrap(true);
    m_text->setAlignment(Qt::AlignHCenter);
    m_text->setMinimumWidth(200);
    m_text->setMaximumWidth(260);
    auto* row = new QHBoxLayout;
    row->addStretch(1);
    row->addWidget(m_text, 8);
    row->addStretch(1);
    layout->addLayout(row);
    layout->addSpacing(metrics::kGrid);
    layout->addWidget(m_button, 0, Qt::AlignHCenter);
    layout->addStretch(3);
    connect(m_button, &QPushButton::clicked, this, &EmptyPanel::actionRequested);
    connect(&Theme::instance(), &Theme::changed, this, &EmptyPanel::recolour);
    recolour();
    setTexts(title, text, action);
}

void EmptyPanel::recolour() {
    m_picture->setPixmap(iconPixmap(m_icon, 24, colors().textLow, devicePixelRatioF()));
}

void EmptyPanel::setTexts(const QString& title, const QString& text, const QString& action) {
    m_title->setText(title);
    m_text->setText(text);
    m_button->setText(action);
    m_button->setVisible(!action.isEmpty());
}

} // namespace ochre::ui
