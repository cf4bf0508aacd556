// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/JobRow.h"

#include <algorithm>

#include <QContextMenuEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QToolButton>

#include "ui/panels/Words.h"
#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {

using session::JobStatus;

constexpr int kTextLeft = 36, kButton = 24;

struct Mark {
    QString icon;
    QColor color;
};

Mark markOf(JobStatus status) {
    const Colors& c = colors();
    switch (status) {
    case JobStatus::Running:
        return {QStringLiteral("run"), c.accent};
    case JobStatus::Paused:
        return {QStringLiteral("pause"), c.textHigh};
    case JobStatus::Done:
        return {QStringLiteral("check"), c.good};
    case JobStatus::Failed:
        return {QStringLiteral("error"), c.bad};
    case JobStatus::Cancelled:
        return {QStringLiteral("stop"), c.textLow};
    case JobStatus::Waiting:
        break;
    }
    return {QStringLiteral("clock"), c.textLow};
}

} // namespace

JobRow::JobRow(QWidget* parent) : QWidget(parent) {
    setFixedHeight(kHeight);
    setFont(ochre::ui::font(TextRole::Body));
    setFocusPolicy(Qt::StrongFocus);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 2 * metrics::kGrid, 0);
    layout->setSpacing(2);
    layout->addStretch(1);
    m_up = addButton(QStringLiteral("moveUp"), QStringLiteral("chevron-up"), tr("Run it sooner (Alt+Up)"));
    m_down = addButton(QStringLiteral("moveDown"), QStringLiteral("chevron-down"), tr("Run it later (Alt+Down)"));
    m_pause = addButton(QStringLiteral("pauseJob"), QStringLiteral("pause"), {});
    m_cancel = addButton(QStringLiteral("cancelJob"), QStringLiteral("cancel"), tr("Cancel this job (Delete)"));
    connect(m_up, &QToolButton::clicked, this, [this] { Q_EMIT moveRequested(-1); });
    connect(m_down, &QToolButton::clicked, this, [this] { Q_EMIT moveRequested(1); });
    connect(m_pause, &QToolButton::clicked, this, &JobRow::togglePause);
    connect(m_cancel, &QToolButton::clicked, this, &JobRow::cancelRequested);
}

QToolButton* JobRow::addButton(const QString& name, const QString& iconName, const QString& tip) {
    auto* button = new QToolButton;
    button->setObjectName(name);
    button->setIcon(icon(iconName));
    button->setIconSize({metrics::kIconSmall, metrics::kIconSmall});
    button->setToolTip(tip);
    button->setAccessibleName(tip);
    button->setFixedSize(kButton, kButton);
    button->setFocusPolicy(Qt::TabFocus);
    layout()->addWidget(button);
    return button;
}

bool JobRow::ended() const {
    return m_job.status == JobStatus::Done || m_job.status == JobStatus::Failed ||
           m_job.status == JobStatus::Cancelled;
}

void JobRow::setJob(const session::Job& job) {
    m_job = job;
    const bool over = ended(), paused = job.status == JobStatus::Paused;
    if (over && hasFocus()) focusNextChild();
    setFocusPolicy(over ? Qt::NoFocus : Qt::StrongFocus);
    m_cancel->setVisible(!over);
    m_pause->setVisible(!over);
    m_pause->setIcon(icon(paused ? QStringLiteral("run") : QStringLiteral("pause")));
    m_pause->setToolTip(paused        ? tr("Go on (Space)")
                        : job.started ? tr("Pause after the step under way (Space)")
                                      : tr("Hold it back (Space)"));
    m_pause->setAccessibleName(m_pause->toolTip());
    setTurn(m_canUp, m_canDown);
    setToolTip(QString::fromStdString(job.error));
    setAccessibleName(QString::fromStdString(job.title) + QStringLiteral(", ") + detail());
    update();
}

void JobRow::setTurn(bool canUp, bool canDown) {
    m_canUp = canUp && waits();
    m_canDown = canDown && waits();
    m_up->setVisible(waits());
    m_down->setVisible(waits());
    m_up->setEnabled(m_canUp);
    m_down->setEnabled(m_canDown);
}

QString JobRow::detail() const {
    const QString share = QStringLiteral("%1 %").arg(static_cast<int>(m_job.share * 100));
    switch (m_job.status) {
    case JobStatus::Running: {
        const QString left = words::timeLeft(m_job.secondsLeft);
        return left.isEmpty() ? share : share + QStringLiteral(" · ") + left;
    }
    case JobStatus::Paused:
        return m_job.started ? words::status(m_job.status) + QStringLiteral(" · ") + share
                             : words::status(m_job.status);
    case JobStatus::Done:
        if (!m_job.note.empty()) return tr("Done in %1 · %2").arg(words::duration(m_job.seconds), QString::fromStdString(m_job.note));
        return tr("Done in %1 · %2 ran, %3 from the cache")
            .arg(words::duration(m_job.seconds))
            .arg(m_job.ran)
            .arg(m_job.cached);
    case JobStatus::Failed:
        return QString::fromStdString(m_job.error);
    case JobStatus::Cancelled:
        if (!m_job.note.empty()) return QString::fromStdString(m_job.note);
        [[fallthrough]];
    default:
        return words::status(m_job.status);
    }
}

void JobRow::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    const Colors& c = colors();
    const QRectF all(rect());
    if (underMouse() && !ended()) {
        p.setPen(Qt::NoPen);
        p.setBrush(c.surface2);
        p.drawRect(all);
    }
    const Mark mark = markOf(m_job.status);
    paintIcon(p, mark.icon, QRectF(12, 10, 16, 16), mark.color);
    const bool barred = !ended() && m_job.started;
    int right = 2 * metrics::kGrid;
    for (const QToolButton* button : buttons())
        if (!button->isHidden()) right += kButton + 2;
    const QRectF text(kTextLeft, 0, width() - kTextLeft - right - 2 * metrics::kGrid, barred ? 30 : height());
    p.setPen(c.textHigh);
    const QString title = QString::fromStdString(m_job.title);
    const double titleWidth = std::min<double>(fontMetrics().horizontalAdvance(title) + 16, text.width() * 0.5);
    p.drawText(text, Qt::AlignLeft | Qt::AlignVCenter,
               fontMetrics().elidedText(title, Qt::ElideRight, static_cast<int>(titleWidth)));
    p.setPen(m_job.status == JobStatus::Failed ? c.bad : c.textMid);
    const QRectF rest = text.adjusted(titleWidth, 0, 0, 0);
    drawTabular(p, rest, Qt::AlignLeft | Qt::AlignVCenter,
                fontMetrics().elidedText(detail(), Qt::ElideRight, static_cast<int>(rest.width()) - 8));
    if (barred) {
        const QRectF bar(kTextLeft, 29, text.width(), 3);
        p.setPen(Qt::NoPen);
        p.setBrush(c.surface3);
        p.drawRoundedRect(bar, 1.5, 1.5);
        p.setBrush(m_job.status == JobStatus::Paused ? c.textMid : c.accent);
        const double share = std::clamp(m_job.share, 0.0, 1.0);
        p.drawRoundedRect(QRectF(bar.x(), bar.y(), bar.width() * share, bar.height()), 1.5, 1.5);
    }
    if (hasFocus()) {
        p.setBrush(Qt::NoBrush);
        p.setPen(QPen(c.accent, metrics::kFocusRing));
        p.drawRoundedRect(all.adjusted(3, 1, -3, -1), metrics::kRadiusControl, metrics::kRadiusControl);
    }
}

void JobRow::keyPressEvent(QKeyEvent* event) {
    const bool move = event->modifiers() & Qt::AltModifier;
    switch (event->key()) {
    case Qt::Key_Space:
        if (!event->isAutoRepeat()) togglePause();
        return;
    case Qt::Key_Delete:
    case Qt::Key_Backspace:
        return Q_EMIT cancelRequested();
    case Qt::Key_Home:
        if (m_canUp) Q_EMIT firstRequested();
        return;
    case Qt::Key_Up:
    case Qt::Key_Down: {
        const int way = event->key() == Qt::Key_Up ? -1 : 1;
        if (!move) return Q_EMIT stepRequested(way);
        if (way < 0 ? m_canUp : m_canDown) Q_EMIT moveRequested(way);
        return;
    }
    default:
        QWidget::keyPressEvent(event);
    }
}

void JobRow::contextMenuEvent(QContextMenuEvent* event) {
    if (ended()) return;
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const bool paused = m_job.status == JobStatus::Paused;
    menu->addAction(icon(paused ? QStringLiteral("run") : QStringLiteral("pause")),
                    paused ? tr("Go on") : tr("Pause"), this, &JobRow::togglePause);
    if (waits()) {
        menu->addAction(tr("Run first"), this, &JobRow::firstRequested)->setEnabled(m_canUp);
        menu->addAction(icon(QStringLiteral("chevron-up")), tr("Run sooner"), this, [this] {
                Q_EMIT moveRequested(-1);
            })->setEnabled(m_canUp);
        menu->addAction(icon(QStringLiteral("chevron-down")), tr("Run later"), this, [this] {
                Q_EMIT moveRequested(1);
            })->setEnabled(m_canDown);
    }
    menu->addSeparator();
    menu->addAction(icon(QStringLiteral("cancel")), tr("Cancel"), this, &JobRow::cancelRequested);
    menu->popup(event->globalPos());
}

void JobRow::enterEvent(QEnterEvent*) {
    update();
}
void JobRow::leaveEvent(QEvent*) {
    update();
}
void JobRow::focusInEvent(QFocusEvent*) {
    update();
}
void JobRow::focusOutEvent(QFocusEvent*) {
    update();
}

} // namespace ochre::ui
