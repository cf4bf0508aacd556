// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/TopBar.h"

#include <algorithm>

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QMenuBar>
#include <QPainter>
#include <QPainterPath>
#include <QPushButton>

#include "ui/panels/Words.h"
#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {

QueueChip::QueueChip(QWidget* parent) : QToolButton(parent) {
    setFixedHeight(metrics::kControl);
    setFont(ochre::ui::font(TextRole::Secondary));
    setToolTip(tr("Show the queue"));
    refresh();
}

void QueueChip::setJob(const session::Job& job) {
    const bool active = job.status == session::JobStatus::Waiting ||
                        job.status == session::JobStatus::Running ||
                        job.status == session::JobStatus::Paused;
    if (active)
        m_active[job.id] = job;
    else
        m_active.erase(job.id);
    refresh();
}

void QueueChip::setNote(const QString& note) {
    m_note = note;
    refresh();
}

void QueueChip::refresh() {
    m_share = 0;
    m_paused = false;
    m_text = m_note.isEmpty() ? tr("Queue is empty") : m_note;
    if (!m_active.empty()) {
        const auto paused = [](const auto& entry) { return entry.second.status == session::JobStatus::Paused; };
        const auto started = std::find_if(m_active.begin(), m_active.end(),
                                          [](const auto& entry) { return entry.second.started; });
        const bool runs = started != m_active.end();
        m_paused = runs ? paused(*started) : std::all_of(m_active.begin(), m_active.end(), paused);
        m_share = runs ? started->second.share : 0;
        const QString share = QStringLiteral("%1 %").arg(static_cast<int>(m_share * 100));
        const QString left = runs ? words::timeLeft(started->second.secondsLeft) : QString();
        m_text = m_active.size() == 1 ? tr("1 job") : tr("%1 jobs").arg(m_active.size());
        if (m_paused)
            m_text += QStringLiteral(" · ") + (runs ? tr("paused at %1").arg(share) : tr("paused"));
        else if (runs)
            m_text += QStringLiteral(" · ") + (left.isEmpty() ? share : left);
    }
    setAccessibleName(m_text);
    updateGeometry();
    update();
}

// Room for the longest usual text, so that nothing jumps while the time left changes.
QSize QueueChip::sizeHint() const {
    const int text = std::max(fontMetrics().horizontalAdvance(m_text),
                              fontMetrics().horizontalAdvance(tr("1 job · about 59 s left")));
    return {text + 44, metrics::kControl};
}

void QueueChip::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    const Colors& c = colors();
    QPainterPath shape;
    shape.addRoundedRect(QRectF(rect()), metrics::kRadiusControl, metrics::kRadiusControl);
    p.fillPath(shape, underMouse() ? c.hairline : c.surface3);
    const bool busy = !m_active.empty();
    if (busy) {
        p.setClipPath(shape);
        p.fillRect(QRectF(0, height() - 2, width() * std::clamp(m_share, 0.0, 1.0), 2),
                   m_paused ? c.textMid : c.accent);
        p.setClipping(false);
    }
    paintIcon(p, m_paused ? QStringLiteral("pause") : QStringLiteral("queue"), QRectF(8, (height() - 16) / 2.0, 16, 16),
              busy ? c.textHigh : c.textMid);
    p.setPen(busy ? c.textHigh : c.textMid);
    drawTabular(p, QRectF(rect()).adjusted(32, 0, -8, 0), Qt::AlignLeft | Qt::AlignVCenter, m_text);
    if (hasFocus()) {
        p.setPen(QPen(c.accent, metrics::kFocusRing));
        p.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), metrics::kRadiusControl - 1,
                          metrics::kRadiusControl - 1);
    }
}

TopBar::TopBar(QWidget* parent)
    : QWidget(parent), m_menus(new QMenuBar), m_title(new QLabel), m_dot(new QLabel),
      m_promptSlot(new QWidget), m_undo(new QToolButton),
      m_redo(new QToolButton), m_runMenu(new QToolButton), m_run(new QPushButton(tr("Run"))),
      m_chip(new QueueChip) {
    setFixedHeight(metrics::kTopBar);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(2 * metrics::kGrid, 0, 2 * metrics::kGrid, 0);
    layout->setSpacing(metrics::kGrid);
    m_menus->setNativeMenuBar(false);
    m_menus->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred);
    layout->addWidget(m_menus, 0, Qt::AlignVCenter);
    layout->addSpacing(metrics::kPanelPadding);
    QFont bold = ochre::ui::font(TextRole::BodyBold);
    m_title->setFont(bold);
    m_title->setTextFormat(Qt::PlainText);
    m_dot->setFixedWidth(12);
    m_dot->setAlignment(Qt::AlignCenter);
    m_dot->setToolTip(tr("Not saved yet"));
    layout->addWidget(m_title);
    layout->addWidget(m_dot);
    m_promptSlot->setFixedHeight(metrics::kControl);
    m_promptSlot->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_promptSlot->setAttribute(Qt::WA_TransparentForMouseEvents);
    layout->addSpacing(metrics::kGrid);
    layout->addWidget(m_promptSlot, 1);
    layout->addSpacing(metrics::kGrid);
    for (QToolButton* button : {m_undo, m_redo}) {
        button->setFixedSize(metrics::kControl, metrics::kControl);
        button->setIconSize({metrics::kIcon, metrics::kIcon});
        button->setFocusPolicy(Qt::TabFocus);
        layout->addWidget(button);
    }
    layout->addSpacing(2 * metrics::kGrid);
    layout->addWidget(m_chip);
    layout->addSpacing(metrics::kGrid);
    m_run->setProperty("primary", true);
    m_run->setObjectName(QStringLiteral("run"));
    m_run->setIconSize({metrics::kIconSmall, metrics::kIconSmall});
    m_run->setFixedHeight(metrics::kControl);
    m_run->setFocusPolicy(Qt::TabFocus); // a click leaves the focus where the work is
    m_run->setToolTip(tr("Run the graph (Ctrl+Return)"));
    layout->addWidget(m_run);
    m_runMenu->setIcon(icon(QStringLiteral("chevron-down")));
    m_runMenu->setIconSize({metrics::kIconSmall, metrics::kIconSmall});
    m_runMenu->setFixedSize(24, metrics::kControl);
    m_runMenu->setPopupMode(QToolButton::InstantPopup);
    m_runMenu->setToolTip(tr("More ways to run"));
    m_runMenu->setAccessibleName(m_runMenu->toolTip());
    layout->addWidget(m_runMenu);
    m_run->setIcon(icon(QStringLiteral("run"), colors().onAccent));
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        m_run->setIcon(icon(QStringLiteral("run"), colors().onAccent));
        update();
    });
}

void TopBar::setUndoActions(QAction* undo, QAction* redo) {
    m_undo->setDefaultAction(undo);
    m_redo->setDefaultAction(redo);
    m_undo->setToolButtonStyle(Qt::ToolButtonIconOnly);
    m_redo->setToolButtonStyle(Qt::ToolButtonIconOnly);
}

void TopBar::setRunMenu(QMenu* menu) {
    m_runMenu->setMenu(menu);
}

void TopBar::setProject(const QString& title, bool modified, const QString& path) {
    m_title->setText(fontMetrics().elidedText(title, Qt::ElideMiddle, 220));
    m_title->setToolTip(path);
    m_dot->setText(modified ? QStringLiteral("•") : QString());
    m_dot->setAccessibleName(modified ? tr("Not saved yet") : QString());
}

void TopBar::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.fillRect(rect(), colors().surface1);
    p.setPen(QPen(colors().hairline, 1));
    p.drawLine(QPointF(0, height() - 0.5), QPointF(width(), height() - 0.5));
}

} // namespace ochre::ui
