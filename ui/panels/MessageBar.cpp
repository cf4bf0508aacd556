// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/MessageBar.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {
QToolButton* smallButton(const QString& iconName, const QString& tip) {
    auto* button = new QToolButton;
    button->setIcon(icon(iconName));
    button->setIconSize({metrics::kIconSmall, metrics::kIconSmall});
    button->setToolTip(tip);
    button->setAccessibleName(tip);
    button->setFixedSize(24, 24);
    return button;
}
} // namespace

MessageCard::MessageCard(Kind kind, QWidget* parent)
    : QFrame(parent), m_kind(kind), m_what(new QLabel), m_how(new QLabel), m_action(new QPushButton),
      m_copy(smallButton(QStringLiteral("copy"), tr("Copy the message"))),
      m_close(smallButton(QStringLiteral("close"), tr("Close"))) {
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(36, 2 * metrics::kGrid, 2 * metrics::kGrid, 2 * metrics::kGrid);
    layout->setSpacing(metrics::kGrid);
    auto* texts = new QVBoxLayout;
    texts->setSpacing(2);
    for (QLabel* label : {m_what, m_how}) {
        label->setWordWrap(true);
        label->setTextFormat(Qt::PlainText);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
        label->setMinimumWidth(60);
        texts->addWidget(label);
    }
    m_how->setProperty("role", "secondary");
    layout->addLayout(texts, 1);
    layout->addWidget(m_action, 0, Qt::AlignVCenter);
    layout->addWidget(m_copy, 0, Qt::AlignTop);
    layout->addWidget(m_close, 0, Qt::AlignTop);
    m_action->hide();
    m_close->hide();
    connect(m_copy, &QToolButton::clicked, this, &MessageCard::copyRequested);
    connect(m_close, &QToolButton::clicked, this, &MessageCard::closeRequested);
    connect(m_action, &QPushButton::clicked, this, &MessageCard::actionRequested);
}

void MessageCard::setKind(Kind kind) {
    m_kind = kind;
    m_copy->setVisible(kind != Kind::Info);
    update();
}

void MessageCard::setMessage(const QString& what, const QString& hint) {
    m_message = what;
    m_hint = hint;
    m_what->setText(what);
    m_how->setText(hint);
    m_how->setVisible(!hint.isEmpty());
}

void MessageCard::setAction(const QString& text) {
    m_action->setText(text);
    m_action->setVisible(!text.isEmpty());
}

void MessageCard::setClosable(bool closable) {
    m_close->setVisible(closable);
}

QString MessageCard::fullText() const {
    return m_hint.isEmpty() ? m_message : m_message + QLatin1Char('\n') + m_hint;
}

void MessageCard::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    const Colors& c = colors();
    const QColor state = m_kind == Kind::Error ? c.bad : m_kind == Kind::Warning ? c.warn : c.info;
    p.setPen(QPen(blend(c.surface2, state, 0.4), 1));
    p.setBrush(blend(c.surface2, state, 0.1));
    p.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), metrics::kRadiusControl,
                      metrics::kRadiusControl);
    const QString name = m_kind == Kind::Error     ? QStringLiteral("error")
                         : m_kind == Kind::Warning ? QStringLiteral("warning")
                                                   : QStringLiteral("info");
    paintIcon(p, name, QRectF(12, 10, 16, 16), state);
}

MessageBar::MessageBar(QWidget* parent) : QWidget(parent), m_card(new MessageCard(MessageCard::Kind::Info)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * metrics::kGrid, 2 * metrics::kGrid, 2 * metrics::kGrid,
                               2 * metrics::kGrid);
    layout->addWidget(m_card);
    m_card->setClosable(true);
    connect(m_card, &MessageCard::closeRequested, this, &MessageBar::clear);
    connect(m_card, &MessageCard::copyRequested, this,
            [this] { QGuiApplication::clipboard()->setText(m_card->fullText()); });
    connect(m_card, &MessageCard::actionRequested, this, [this] {
        const auto run = m_run;
        clear();
        if (run) run();
    });
    hide();
}

void MessageBar::show(MessageCard::Kind kind, const QString& what, const QString& hint, const QString& action,
                      std::function<void()> run) {
    m_run = std::move(run);
    m_card->setKind(kind);
    m_card->setMessage(what, hint);
    m_card->setAction(action);
    setVisible(true);
}

void MessageBar::clear() {
    m_run = {};
    hide();
}

QString MessageBar::message() const {
    return isHidden() ? QString() : m_card->message();
}

} // namespace ochre::ui
