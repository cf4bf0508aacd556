// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/QueuePanel.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/bridge/Bridge.h"
#include "ui/panels/EmptyPanel.h"
#include "ui/panels/JobRow.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {

QueuePanel::QueuePanel(Bridge& bridge, QWidget* parent)
    : QWidget(parent), m_bridge(bridge), m_stack(new QStackedWidget), m_scroll(new QScrollArea),
      m_cancelAll(new QPushButton(tr("Cancel all"))) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto* empty = new EmptyPanel(QStringLiteral("queue"), tr("Nothing in the queue"),
                                 tr("Jobs appear here while they run."), tr("Run"));
    connect(empty, &EmptyPanel::actionRequested, this, &QueuePanel::runRequested);
    m_stack->addWidget(empty);
    auto* rows = new QWidget;
    m_column = new QVBoxLayout(rows);
    m_column->setContentsMargins(0, 0, 0, 0);
    m_column->setSpacing(0);
    m_column->addStretch(1);
    m_scroll->setWidget(rows);
    m_scroll->setWidgetResizable(true);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setFocusPolicy(Qt::NoFocus);
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(metrics::kGrid);
    column->addWidget(m_scroll, 1);
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

JobRow* QueuePanel::row(session::JobId job) const {
    const auto found = m_rows.find(job);
    return found == m_rows.end() ? nullptr : found->second;
}

JobRow* QueuePanel::addRow(session::JobId id) {
    auto* row = new JobRow;
    session::Session& session = m_bridge.session();
    connect(row, &JobRow::cancelRequested, this, [&session, id] { session.cancel(id); });
    connect(row, &JobRow::pauseRequested, this, [&session, id](bool pause) {
        if (pause)
            session.pause(id);
        else
            session.resume(id);
    });
    connect(row, &JobRow::moveRequested, this, [&session, id](int places) { session.moveJob(id, places); });
    connect(row, &JobRow::firstRequested, this, [&session, id] { session.runFirst(id); });
    connect(row, &JobRow::stepRequested, this, [this, id](int rows) { step(id, rows); });
    return row;
}

void QueuePanel::step(session::JobId from, int rows) {
    const auto at = std::find(m_order.begin(), m_order.end(), from);
    const auto to = static_cast<std::ptrdiff_t>(at - m_order.begin()) + rows;
    if (to < 0 || to >= static_cast<std::ptrdiff_t>(m_order.size())) return;
    JobRow* row = m_rows.at(m_order[static_cast<std::size_t>(to)]);
    if (row->ended()) return;
    row->setFocus();
    m_scroll->ensureWidgetVisible(row, 0, 0);
}

// Progress changes one row; all else may change the order.
void QueuePanel::update(const session::Job& job) {
    JobRow* known = row(job.id);
    if (known && known->job().status == job.status && job.status == session::JobStatus::Running)
        return known->setJob(job);
    arrange();
}

void QueuePanel::arrange() {
    const std::vector<session::Job> jobs = m_bridge.session().jobs();
    std::vector<session::JobId> order;
    std::size_t firstWaiting = jobs.size(), endWaiting = 0;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        order.push_back(jobs[i].id);
        JobRow*& row = m_rows[jobs[i].id];
        if (!row) row = addRow(jobs[i].id);
        row->setJob(jobs[i]);
        if (!row->waits()) continue;
        firstWaiting = std::min(firstWaiting, i);
        endWaiting = i + 1;
    }
    for (auto it = m_rows.begin(); it != m_rows.end();) {
        const bool gone = std::find(order.begin(), order.end(), it->first) == order.end();
        if (gone) it->second->deleteLater();
        it = gone ? m_rows.erase(it) : std::next(it);
    }
    QWidget* before = nullptr;
    bool busy = false;
    for (std::size_t i = 0; i < order.size(); ++i) {
        JobRow* row = m_rows.at(order[i]);
        row->setTurn(i > firstWaiting, i + 1 < endWaiting);
        if (m_column->indexOf(row) != static_cast<int>(i)) m_column->insertWidget(static_cast<int>(i), row);
        if (row->ended()) continue;
        busy = true;
        if (before) QWidget::setTabOrder(before, row);
        before = row;
        for (QToolButton* button : row->buttons()) {
            QWidget::setTabOrder(before, button);
            before = button;
        }
    }
    m_order = std::move(order);
    m_cancelAll->setEnabled(busy);
    m_stack->setCurrentIndex(m_order.empty() ? 0 : 1);
}

} // namespace ochre::ui
