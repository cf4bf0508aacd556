// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/DetectionPanel.h"

#include <cmath>

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QStackedWidget>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "core/library/ModelFolder.h"
#include "ui/panels/EmptyPanel.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/ImageView.h"
#include "ui/viewport/MaskTool.h"

namespace ochre::ui {
namespace {

constexpr int kWidth = 248;

QRectF rectOf(const Detection& found) {
    return QRectF(QPointF(found.left, found.top), QPointF(found.right, found.bottom));
}

} // namespace

DetectionPanel::DetectionPanel(ImageView& view)
    : m_view(view), m_count(new QLabel), m_list(new QTreeWidget),
      m_nothing(new EmptyPanel(QStringLiteral("search"), {}, {}, {})), m_stack(new QStackedWidget),
      m_redo(new QPushButton(tr("Redo"))), m_redoAll(new QPushButton(tr("Redo all"))) {
    setFixedWidth(kWidth);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * metrics::kGrid, 2 * metrics::kGrid, metrics::kGrid, metrics::kGrid);
    layout->setSpacing(metrics::kGrid);
    m_count->setProperty("role", "secondary");
    m_count->setContentsMargins(metrics::kGrid, 0, 0, 0);
    layout->addWidget(m_count);
    m_list->setObjectName(QStringLiteral("detections"));
    m_list->setAccessibleName(tr("Objects that were found"));
    m_list->setColumnCount(2);
    m_list->setHeaderHidden(true);
    m_list->setRootIsDecorated(false);
    m_list->setUniformRowHeights(true);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->header()->setStretchLastSection(false);
    m_list->header()->setSectionResizeMode(0, QHeaderView::Stretch);
    m_list->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    m_list->setMouseTracking(true);
    m_stack->addWidget(m_list);
    m_stack->addWidget(m_nothing);
    layout->addWidget(m_stack, 1);
    m_redo->setObjectName(QStringLiteral("detection_redo"));
    m_redo->setToolTip(tr("Paints the chosen object anew, as what it is called; the words can be changed after that"));
    m_redoAll->setObjectName(QStringLiteral("detection_redo_all"));
    m_redoAll->setToolTip(tr("Paints each object of the list anew, one after the other"));
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(metrics::kGrid);
    buttons->addWidget(m_redo);
    buttons->addWidget(m_redoAll);
    layout->addLayout(buttons);
    connect(m_redoAll, &QPushButton::clicked, this, &DetectionPanel::redoAllWanted);
    connect(m_redo, &QPushButton::clicked, this, [this] {
        if (m_current) Q_EMIT redoWanted(rectOf(m_found[*m_current]), QString::fromStdString(m_found[*m_current].label));
    });
    const auto rowOf = [this](const QTreeWidgetItem* item) {
        return static_cast<std::size_t>(m_list->indexOfTopLevelItem(const_cast<QTreeWidgetItem*>(item)));
    };
    const auto take = [this, rowOf](const QTreeWidgetItem* item) { choose(rowOf(item)); };
    connect(m_list, &QTreeWidget::itemClicked, this, take);
    connect(m_list, &QTreeWidget::itemActivated, this, take);
    connect(m_list, &QTreeWidget::itemEntered, this,
            [this, rowOf](const QTreeWidgetItem* item) { setHovered(rowOf(item)); });
    connect(m_list, &QTreeWidget::currentItemChanged, this, [this, rowOf](const QTreeWidgetItem* item) {
        m_current = item ? std::optional(rowOf(item)) : std::nullopt;
        refreshRedo();
        m_view.update();
    });
    connect(m_nothing, &EmptyPanel::actionRequested, this, &DetectionPanel::lessSureWanted);
}

void DetectionPanel::setDetections(const Detections& found, bool mayLower) {
    m_stack->setCurrentIndex(found.empty() ? 1 : 0);
    m_nothing->setTexts(tr("Nothing found"), tr("The network is not sure enough of any object."),
                        mayLower ? tr("Look for less sure ones") : QString());
    if (found == m_found && m_list->topLevelItemCount() > 0) return;
    m_hovered.reset();
    m_list->clear();
    m_found = found;
    m_current.reset();
    for (const Detection& one : found) {
        auto* item = new QTreeWidgetItem(
            m_list, {QString::fromStdString(one.label), tr("%1 %").arg(std::lround(one.score * 100))});
        item->setTextAlignment(1, Qt::AlignRight | Qt::AlignVCenter);
        item->setToolTip(0, tr("Select this object"));
    }
    m_count->setText(found.size() == 1 ? tr("1 object") : tr("%1 objects").arg(found.size()));
    m_count->setVisible(!found.empty());
    refreshRedo();
    m_view.update();
}

void DetectionPanel::refreshRedo() {
    for (QPushButton* button : {m_redo, m_redoAll}) button->setVisible(!m_found.empty() && !library::usualCheckpoint().empty());
    m_redo->setEnabled(m_current.has_value());
}

void DetectionPanel::setOutlined(bool on) {
    m_outlined = on;
    m_view.update();
}

void DetectionPanel::choose(std::size_t index) {
    m_list->setCurrentItem(m_list->topLevelItem(static_cast<int>(index)));
    Q_EMIT chosen(rectOf(m_found[index]));
}

std::optional<std::size_t> DetectionPanel::boxAt(QPointF at) const {
    const QPointF place = m_view.toPicture(at);
    std::optional<std::size_t> best;
    double least = 0;
    for (std::size_t i = 0; i < m_found.size(); ++i) {
        const QRectF box = rectOf(m_found[i]);
        const double area = box.width() * box.height();
        if (!box.contains(place) || (best && area >= least)) continue;
        best = i;
        least = area;
    }
    return best;
}

bool DetectionPanel::press(QPointF at, Qt::KeyboardModifiers modifiers) {
    const auto box = boxAt(at);
    if (!box || modifiers.testFlag(Qt::AltModifier)) return false;
    choose(*box);
    return true;
}

void DetectionPanel::hover(QPointF at) {
    setHovered(boxAt(at));
}

void DetectionPanel::setHovered(std::optional<std::size_t> index) {
    if (index == m_hovered) return;
    m_hovered = index;
    m_view.update();
}

QRectF DetectionPanel::placed(std::size_t index) const {
    const QRectF box = rectOf(m_found[index]);
    return QRectF(m_view.toWidget(box.topLeft()), m_view.toWidget(box.bottomRight()));
}

void DetectionPanel::paint(QPainter& p) {
    p.setBrush(Qt::NoBrush);
    if (m_hovered && m_hovered != m_current)
        strokeOnPicture(p, 1, Qt::SolidLine, [&] { p.drawRect(placed(*m_hovered)); });
    if (m_current && m_outlined)
        strokeOnPicture(p, 2, Qt::SolidLine, [&] { p.drawRect(placed(*m_current)); });
}

void DetectionPanel::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.fillRect(rect(), colors().surface1);
    p.fillRect(QRect(0, 0, 1, height()), colors().hairline);
}

} // namespace ochre::ui
