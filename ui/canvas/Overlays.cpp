// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/Overlays.h"

#include <QApplication>
#include <QClipboard>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QToolButton>
#include <QToolTip>
#include <QVBoxLayout>

#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {

Breadcrumb::Breadcrumb(QWidget* parent) : QWidget(parent), m_row(new QHBoxLayout(this)) {
    m_row->setContentsMargins(4, 2, 4, 2);
    m_row->setSpacing(0);
    setObjectName(QStringLiteral("breadcrumb"));
    hide();
}

void Breadcrumb::setPath(const QString& root, const QStringList& groups) {
    while (QLayoutItem* item = m_row->takeAt(0)) {
        if (QWidget* widget = item->widget()) {
            widget->hide();
            widget->deleteLater();
        }
        delete item;
    }
    const QStringList labels = QStringList{root} + groups;
    for (int i = 0; i < labels.size(); ++i) {
        if (i > 0) {
            auto* arrow = new QLabel(this);
            arrow->setPixmap(iconPixmap("chevron-right", 14, colors().textMid, devicePixelRatioF()));
            m_row->addWidget(arrow);
        }
        auto* button = new QToolButton(this);
        button->setText(labels[i]);
        button->setFocusPolicy(Qt::NoFocus);
        button->setEnabled(i + 1 < labels.size());
        if (i + 1 == labels.size())
            button->setStyleSheet(
                QStringLiteral("color: %1; font-weight: 600;").arg(colors().textHigh.name()));
        connect(button, &QToolButton::clicked, this, [this, i] { Q_EMIT leaveTo(i); });
        m_row->addWidget(button);
    }
    setVisible(!groups.isEmpty());
    adjustSize();
}

void Breadcrumb::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    p.setPen(QPen(colors().hairline, 1));
    p.setBrush(colors().surface1);
    p.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), metrics::kRadiusControl,
                      metrics::kRadiusControl);
}

EmptyState::EmptyState(QWidget* parent) : QWidget(parent) {
    setObjectName(QStringLiteral("emptyState"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    m_title = new QLabel(this);
    m_title->setProperty("role", "title");
    m_text = new QLabel(this);
    m_text->setStyleSheet(QStringLiteral("color: %1").arg(colors().textMid.name()));
    connect(&Theme::instance(), &Theme::changed, m_text,
            [this] { m_text->setStyleSheet(QStringLiteral("color: %1").arg(colors().textMid.name())); });
    m_button = new QPushButton(QStringLiteral("Add a node"), this);
    m_button->setFocusPolicy(Qt::NoFocus);
    m_button->setIcon(icon("add"));
    connect(m_button, &QPushButton::clicked, this, &EmptyState::addRequested);
    for (QLabel* label : {m_title, m_text}) {
        label->setAlignment(Qt::AlignCenter);
        column->addWidget(label);
    }
    column->addSpacing(8);
    column->addWidget(m_button, 0, Qt::AlignHCenter);
    setInsideGroup(false);
}

void EmptyState::setInsideGroup(bool inside) {
    m_title->setText(inside ? QStringLiteral("This group is empty") : QStringLiteral("Nodes go here"));
    m_text->setText(
        inside ? QStringLiteral("Nodes that you add here become part of every instance of the group.")
               : QStringLiteral("Press Tab or double-click to search, or drop a picture or a scene here."));
    adjustSize();
}

ErrorCard::ErrorCard(QWidget* parent) : QWidget(parent) {
    setObjectName(QStringLiteral("errorCard"));
    const int edge = metrics::kShadow + metrics::kPanelPadding;
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(edge, edge, edge, edge);
    column->setSpacing(4);
    const auto label = [&](const char* role) {
        auto* made = new QLabel(this);
        made->setWordWrap(true);
        made->setFixedWidth(336);
        if (*role) made->setProperty("role", role);
        column->addWidget(made);
        return made;
    };
    m_title = label("title");
    m_message = label("");
    m_message->setTextInteractionFlags(Qt::TextSelectableByMouse);
    column->addSpacing(8);
    m_hintTitle = label("secondary");
    m_hintTitle->setText(QStringLiteral("What to do"));
    m_hint = label("");
    column->addSpacing(8);
    auto* buttons = new QHBoxLayout;
    auto* copy = new QPushButton(QStringLiteral("Copy"), this);
    copy->setIcon(icon("copy"));
    auto* close = new QPushButton(QStringLiteral("Close"), this);
    buttons->addStretch();
    buttons->addWidget(copy);
    buttons->addWidget(close);
    column->addLayout(buttons);
    connect(copy, &QPushButton::clicked, this, [this] { QApplication::clipboard()->setText(m_copy); });
    connect(close, &QPushButton::clicked, this, &QWidget::hide);
    setFocusPolicy(Qt::ClickFocus);
    hide();
}

void ErrorCard::open(QPoint at, const QString& node, const Error& error) {
    m_title->setText(node);
    m_message->setText(QString::fromStdString(error.message()));
    m_hint->setText(QString::fromStdString(error.hint()));
    m_hint->setVisible(!error.hint().empty());
    m_hintTitle->setVisible(!error.hint().empty());
    m_copy = node + QStringLiteral(": ") + QString::fromStdString(error.full());
    adjustSize();
    const QSize room = parentWidget()->size();
    move(std::clamp(at.x() - metrics::kShadow, 0, std::max(0, room.width() - width())),
         std::clamp(at.y() - metrics::kShadow + 4, 0, std::max(0, room.height() - height())));
    show();
    raise();
    setFocus();
}

void ErrorCard::paintEvent(QPaintEvent*) {
    QPainter p(this);
    const int s = metrics::kShadow;
    paintFloatingCard(p, rect().adjusted(s, s, -s, -s));
}

void ErrorCard::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape) return hide();
    QWidget::keyPressEvent(event);
}

ValueEditor::ValueEditor(QWidget* parent) : QWidget(parent) {
    setObjectName(QStringLiteral("valueEditor"));
    hide();
}

void ValueEditor::open(const QRect& at, const QString& text, bool many, double zoom, Commit commit) {
    finish(true);
    delete m_field;
    m_commit = std::move(commit);
    m_before = text;
    setGeometry(at);
    if (many) {
        auto* edit = new QPlainTextEdit(text, this);
        edit->selectAll();
        m_field = edit;
    } else {
        auto* edit = new QLineEdit(text, this);
        edit->selectAll();
        m_field = edit;
    }
    m_field->setObjectName(QStringLiteral("valueField"));
    const int pixels = std::max(9, qRound(13 * zoom));
    m_field->setStyleSheet(QStringLiteral("* { font-size: %1px; min-height: 0; padding: 0 %2px; border: 2px "
                                          "solid %3; border-radius: 4px; background: %4; }")
                               .arg(pixels)
                               .arg(std::max(2, qRound(6 * zoom)))
                               .arg(colors().accent.name(), colors().surface3.name()));
    m_field->installEventFilter(this);
    m_field->setGeometry(rect());
    m_open = true;
    m_field->show();
    show();
    raise();
    m_field->setFocus();
}

QString ValueEditor::text() const {
    if (const auto* line = qobject_cast<QLineEdit*>(m_field)) return line->text();
    if (const auto* plain = qobject_cast<QPlainTextEdit*>(m_field)) return plain->toPlainText();
    return {};
}

void ValueEditor::finish(bool keep) {
    if (!m_open) return;
    if (keep && text() != m_before) {
        const QString wrong = m_commit ? m_commit(text()) : QString();
        if (!wrong.isEmpty() && m_field && m_field->hasFocus()) {
            m_field->setStyleSheet(
                m_field->styleSheet().replace(colors().accent.name(), colors().bad.name()));
            QToolTip::showText(mapToGlobal(QPoint(0, height())), wrong, this);
            return;
        }
    }
    m_open = false; // hiding takes the focus away, which asks to finish again
    hide();
    Q_EMIT closed();
}

bool ValueEditor::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::ShortcutOverride) {
        event->accept();
        return true;
    }
    if (event->type() == QEvent::FocusOut) finish(true);
    if (event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        const bool many = qobject_cast<QPlainTextEdit*>(m_field) != nullptr;
        const bool enter = key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter;
        if (key->key() == Qt::Key_Escape) return finish(false), true;
        if (enter && (!many || key->modifiers() & Qt::ControlModifier)) return finish(true), true;
        if (key->key() == Qt::Key_Tab && !many) return finish(true), true;
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace ochre::ui
