// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/PromptBar.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QPainter>

#include "ui/bridge/Bridge.h"
#include "ui/panels/PromptField.h"
#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {

constexpr int kWidest = 720, kTextLeft = 32;
constexpr qsizetype kRemembered = 200;

QString q(const std::string& text) {
    return QString::fromStdString(text);
}

} // namespace

PromptBar::PromptBar(Bridge& bridge, QWidget* slot, QWidget* window)
    : QWidget(window), m_bridge(bridge), m_slot(slot), m_field(new PromptField) {
    setObjectName(QStringLiteral("promptBar"));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(kTextLeft, 0, metrics::kGrid, 0);
    layout->addWidget(m_field);
    m_field->setObjectName(QStringLiteral("prompt"));
    m_field->setProperty("bare", true);
    m_field->setAccessibleName(tr("Prompt"));
    m_field->setFont(ochre::ui::font(TextRole::Body));
    m_field->setCompact(true);
    m_field->installEventFilter(this);
    setFocusProxy(m_field);
    slot->installEventFilter(this);
    window->installEventFilter(this);
    connect(m_field, &QPlainTextEdit::textChanged, this, &PromptBar::write);
    // The field loses the focus when the window goes, too: after the bridge, in whose name this is connected.
    connect(m_field, &GrowingText::focusLeft, &bridge, [&bridge] { bridge.session().document().endMerge(); });
    connect(&bridge, &Bridge::documentChanged, this, &PromptBar::refresh);
    refresh();
}

void PromptBar::setViewed(graph::NodeId node) {
    m_viewed = node;
    refresh();
}

void PromptBar::refresh() {
    session::Session& session = m_bridge.session();
    m_place = session::findMainPrompt(session.document().graph(), session.registry(), m_viewed);
    setVisible(static_cast<bool>(m_place));
    if (!m_place) return;
    m_field->setReadOnly(m_place.linked);
    m_field->setPlaceholderText(m_place.linked ? tr("A link gives the prompt") : tr("Describe the picture"));
    setToolTip(tr("Prompt of \"%1\". Ctrl+Return runs, Ctrl+Up and Ctrl+Down change the weight of the selection, "
                  "Alt+Up and Alt+Down bring back earlier prompts")
                   .arg(q(graph::displayName(session.document().graph().at(m_place.node), session.registry()))));
    show(q(m_place.text));
    place();
}

void PromptBar::show(const QString& text) {
    if (m_field->toPlainText() == text) return;
    m_showing = true;
    const int at = m_field->textCursor().position();
    m_field->setPlainText(text);
    QTextCursor cursor = m_field->textCursor();
    cursor.setPosition(std::min<int>(at, static_cast<int>(text.size())));
    m_field->setTextCursor(cursor);
    m_showing = false;
}

void PromptBar::write() {
    place();
    if (m_showing || !m_place || m_place.linked) return;
    const std::string text = m_field->toPlainText().toStdString();
    if (text == m_place.text) return;
    // By value: the edit brings a refresh, which looks for the prompt anew.
    const session::PromptPlace prompt = m_place;
    m_bridge.session().document().edit(
        tr("Change the prompt").toStdString(),
        [&](graph::Graph& graph) {
            for (const std::string& id : prompt.parameters) graph.setParameter(prompt.node, id, text);
        },
        "prompt:" + std::to_string(prompt.node));
}

void PromptBar::remember() {
    if (!m_place || m_place.text.empty()) return;
    m_history.removeAll(q(m_place.text));
    m_history << q(m_place.text);
    if (m_history.size() > kRemembered) m_history.removeFirst();
    m_at = m_history.size() - 1;
}

void PromptBar::walk(int steps) {
    const QString now = m_field->toPlainText();
    const bool drafting = m_at >= m_history.size() || now != m_history[m_at];
    if (drafting) { // what is being written is the newest of all, and can be come back to
        m_draft = now;
        m_at = m_history.size();
    }
    const qsizetype to = m_at + steps;
    if (to < 0 || to > m_history.size() || (to == m_history.size() && m_draft.isEmpty())) return;
    m_at = to;
    m_bridge.session().document().endMerge();
    m_field->setPlainText(to == m_history.size() ? m_draft : m_history[to]);
    m_bridge.session().document().endMerge();
    m_field->moveCursor(QTextCursor::End);
}

// As wide as the room allows, in the middle of the window where that fits.
void PromptBar::place() {
    QWidget* window = parentWidget();
    if (!m_slot->isVisible()) return;
    const QRect room(m_slot->mapTo(window, QPoint()), m_slot->size());
    const int width = std::min(room.width(), kWidest);
    const int left = std::clamp((window->width() - width) / 2, room.left(), room.right() + 1 - width);
    setGeometry(left, room.center().y() - metrics::kControl / 2 + 1, width, m_field->height());
    raise();
}

bool PromptBar::eventFilter(QObject* watched, QEvent* event) {
    const auto type = event->type();
    if (watched != m_field) {
        if (type == QEvent::Resize || type == QEvent::Move || type == QEvent::Show) place();
        return false;
    }
    if (type == QEvent::Resize || type == QEvent::FocusIn || type == QEvent::FocusOut) {
        QMetaObject::invokeMethod(this, &PromptBar::place, Qt::QueuedConnection);
        update();
    }
    if (type != QEvent::KeyPress && type != QEvent::ShortcutOverride) return false;
    auto* key = static_cast<QKeyEvent*>(event);
    const bool press = type == QEvent::KeyPress;
    const bool enter = key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter;
    if (enter && key->modifiers() & Qt::ControlModifier && !(key->modifiers() & Qt::ShiftModifier)) {
        if (press) Q_EMIT runRequested();
    } else if (key->modifiers() == Qt::AltModifier && (key->key() == Qt::Key_Up || key->key() == Qt::Key_Down)) {
        if (press) walk(key->key() == Qt::Key_Up ? -1 : 1);
    } else if (key->key() == Qt::Key_Escape) {
        if (press) Q_EMIT left();
    } else {
        return false;
    }
    event->accept();
    return true;
}

void PromptBar::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    const Colors& c = colors();
    const bool focus = m_field->hasFocus();
    const double half = focus ? metrics::kFocusRing / 2.0 : 0;
    p.setPen(focus ? QPen(c.accent, metrics::kFocusRing) : QPen(Qt::NoPen));
    p.setBrush(c.surface3);
    p.drawRoundedRect(QRectF(rect()).adjusted(half, half, -half, -half), metrics::kRadiusControl,
                      metrics::kRadiusControl);
    paintIcon(p, QStringLiteral("prompt"), QRectF(8, (metrics::kControl - 16) / 2.0, 16, 16), c.textMid);
}

} // namespace ochre::ui
