// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/QueuePanel.h"

#include <QHBoxLayout>
#include <QListWidget>
#include <QPainter>
#include <QPushButton>
#include <QStackedWidget>
#include <QToolButton>

#include "ui/bridge/Bridge.h"
#include "ui/panels/EmptyPanel.h"
#include "ui/panels/Words.h"
#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {
constexpr std::size_t kKeptRows = 100;

bool ended(const session::Job& job) {
    return job.status != session::JobStatus::Waiting && job.status != session::JobStatus::Running;
}
} // namespace

JobRow::JobRow(QWidget* parent) : QWidget(parent) {
    setFixedHeight(36);
    setFont(ochre::ui::font(TextRole::Body));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 2 * metrics::kGrid, 0);
    layout->addStretch(1);
    auto* button = new QToolButton;
    button->setObjectName(QStringLiteral("cancelJob"));
    button->setIcon(icon(QStringLiteral("cancel")));
    button->setToolTip(tr("Cancel this job"));
    button->setAccessibleName(button->toolTip());
    button->setFixedSize(24, 24);
    layout->addWidget(button);
    m_cancel = button;
    connect(button, &QToolButton::clicked, this, &JobRow::cancelRequested);
}

void JobRow::setJob(const session::Job& job) {
    m_job = job;
    m_cancel->setVisible(!ended(job));
    setToolTip(QString::fromStdString(job.error));
    update();
}

void JobRow::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    const Colors& c = colors();
    const bool running = m_job.status == session::JobStatus::Running;
    QColor mark = c.textLow;
    QString name = QStringLiteral("clock");
    if (running) name = QStringLiteral("run"), mark = c.accent;
    if (m_job.status == session::JobStatus::Done) name = QStringLiteral("check"), mark = c.good;
    if (m_job.status == session::JobStatus::Failed) name = QStringLiteral("error"), mark = c.bad;
    if (m_job.status == session::JobStatus::Cancelled) name = QStringLiteral("stop");
    paintIcon(p, name, QRectF(12, 10, 16, 16), mark);
    QString detail;
    if (running) {
        detail = QStringLiteral("%1 %").arg(static_cast<int>(m_job.share * 100));
        const QString left = words::timeLeft(m_job.secondsLeft);
        if (!left.isEmpty()) detail += QStringLiteral(" · ") + left;
    } else if (m_job.status == session::JobStatus::Done) {
        detail = tr("Done in %1 · %2 ran, %3 from the cache")
                     .arg(words::duration(m_job.seconds))
                     .arg(m_job.ran)
                     .arg(m_job.cached);
    } else if (m_job.status == session::JobStatus::Failed) {
        detail = QString::fromStdString(m_job.error);
    } else {
        detail = words::status(m_job.status);
    }
    const QRectF text(36, 0, width() - 36 - 40, running ? 30 : 36);
    p.setPen(c.textHigh);
    const QString title = QString::fromStdString(m_job.title);
    const double titleWidth =
        std::min<double>(fontMetrics().horizontalAdvance(title) + 16, text.width() * 0.5);
    p.drawText(text, Qt::AlignLeft | Qt::AlignVCenter,
               fontMetrics().elidedText(title, Qt::ElideRight, static_cast<int>(titleWidth)));
    p.setPen(m_job.status == session::JobStatus::Failed ? c.bad : c.textMid);
    const QRectF right = text.adjusted(titleWidth, 0, 0, 0);
    drawTabular(p, right, Qt::AlignLeft | Qt::AlignVCenter,
                fontMetrics().elidedText(detail, Qt::ElideRight, static_cast<int>(right.width()) - 8));
    if (running) {
        const QRectF bar(36, 29, width() - 36 - 40, 3);
        p.setPen(Qt::NoPen);
        p.setBrush(c.surface3);
        p.drawRoundedRect(bar, 1.5, 1.5);
        p.setBrush(c.accent);
        p.drawRoundedRect(
            QRectF(bar.x(), bar.y(), bar.width() * std::clamp(m_job.share, 0.0, 1.0), bar.height()), 1.5,
            1.5);
    }
}

QueuePanel::QueuePanel(Bridge& bridge, QWidget* parent)
    : QWidget(parent), m_bridge(bridge), m_stack(new QStackedWidget), m_list(new QListWidget),
      m_cancelAll(new QPushButton(tr("Cancel all"))) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto* empty = new EmptyPanel(QStringLiteral("queue"), tr("Nothing in the queue"),
                                 tr("Jobs appear here while they run."), tr("Run"));
    connect(empty, &EmptyPanel::actionRequested, this, &QueuePanel::runRequested);
    m_stack->addWidget(empty);
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(metrics::kGrid);
    m_list->setSelectionMode(QAbstractItemView::NoSelection);
    m_list->setFocusPolicy(Qt::NoFocus);
    column->addWidget(m_list, 1);
    m_cancelAll->setObjectName(QStringLiteral("cancelAll"));
    auto* row = new QHBoxLayout;
    row->setContentsMargins(metrics::kPanelPadding, 0, metrics::kPanelPadding, 2 * metrics::kGrid);
    row->addStretch(1);
    row->addWidget(m_cancelAll);
    column->addLayout(row);
    m_stack->addWidget(page);
    layout->addWidget(m_stack);
    connect(m_cancelAll, &QPushButton::clicked, this, [this] { m_bridge.session().cancelAll(); });
    connect(&bridge, &Bridge::jobChanged, this, [this](const session::Job& job) { update(job); });
}

void QueuePanel::update(const session::Job& job) {
    JobRow*& row = m_rows[job.id];
    if (!row) {
        row = new JobRow;
        auto* item = new QListWidgetItem;
        item->setSizeHint({100, 36});
        item->setData(Qt::UserRole, static_cast<qulonglong>(job.id));
        m_list->insertItem(0, item);
        m_list->setItemWidget(item, row);
        connect(row, &JobRow::cancelRequested, this, [this, id = job.id] { m_bridge.session().cancel(id); });
        if (m_rows.size() > kKeptRows && ended(m_rows.begin()->second->job())) {
            m_rows.erase(m_rows.begin());
            delete m_list->takeItem(m_list->count() - 1);
        }
    }
    m_rows[job.id]->setJob(job);
    bool busy = false;
    for (const auto& [id, other] : m_rows) busy = busy || !ended(other->job());
    m_cancelAll->setEnabled(busy);
    m_stack->setCurrentIndex(1);
}

} // namespace ochre::ui
