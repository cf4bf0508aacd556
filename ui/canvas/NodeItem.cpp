// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/NodeItem.h"

#include <QFontMetricsF>
#include <cmath>

#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {

constexpr double kMargin = 10; ///< selection ring, grown sockets
constexpr double kFooterHeight = 24;
constexpr double kErrorHeight = 24;
constexpr double kInset = 8;
constexpr double kGapAboveThumbnail = 4;
constexpr double kMaxThumbnail = 200;

} // namespace

NodeItem::NodeItem(graph::NodeId id) : m_id(id) {
    setCacheMode(DeviceCoordinateCache);
    setFlag(ItemUsesExtendedStyleOption); // paint() is told what has to be painted
    setAcceptedMouseButtons(Qt::NoButton);
}

void NodeItem::setFace(const graph::Node& node, const graph::Graph& graph,
                       const graph::NodeRegistry& registry, const graph::GroupDefinition* within) {
    prepareGeometryChange();
    m_face = makeFace(node, graph, registry, within, errorHeight());
    setPos(node.look.x, node.look.y);
    relayout();
    update();
}

void NodeItem::relayout() {
    m_bodyHeight = m_face.height;
    if (!m_face.collapsed && !m_thumbnail.isNull()) m_bodyHeight = thumbnailRect().bottom() + kInset;
    const QFontMetricsF metrics(font(TextRole::BodyBold));
    m_shownTitle = metrics.elidedText(m_face.title, Qt::ElideRight, m_face.width - 12 - 44);
}

double NodeItem::errorHeight() const {
    const bool failed = m_state.status == graph::NodeStatus::Failed && m_state.error;
    return failed ? kErrorHeight : 0;
}

QString NodeItem::errorText() const {
    return m_state.error ? QString::fromStdString(m_state.error->message()) : QString();
}

void NodeItem::setState(const graph::NodeState& state) {
    const double before = errorHeight();
    const bool onlyShare = m_state.status == state.status && before == 0;
    m_state = state;
    if (onlyShare && errorHeight() == 0 && !m_hovered) { // many times a second while it runs
        update(headerRect().adjusted(0, 0, 0, kMargin)); // at small scales the bar of progress is taller
        return;
    }
    const double moved = errorHeight() - before;
    if (moved != 0) {
        prepareGeometryChange();
        m_face.height += moved;
        if (!m_face.collapsed)
            for (FaceRow& row : m_face.rows) row.top += moved;
        relayout();
    }
    update();
}

void NodeItem::setThumbnail(const QImage& image, const QString& detail) {
    const bool fits = m_thumbnail.size() == image.size() && !image.isNull();
    if (!fits) prepareGeometryChange();
    m_thumbnail = QPixmap::fromImage(image);
    m_detail = detail;
    relayout();
    fits && !m_hovered ? update(thumbnailRect()) : update();
}

void NodeItem::setChosen(bool chosen) {
    if (m_chosen == chosen) return;
    m_chosen = chosen;
    setZValue(chosen ? 2 : 1);
    update();
}

void NodeItem::setHovered(bool hovered) {
    if (m_hovered == hovered) return;
    prepareGeometryChange();
    m_hovered = hovered;
    update();
}

void NodeItem::setViewed(bool viewed) {
    if (m_viewed == viewed) return;
    m_viewed = viewed;
    update();
}

void NodeItem::setMoods(std::function<SocketMood(const SocketRef&)> moods) {
    m_moods = std::move(moods);
    update();
}

void NodeItem::themeChanged() {
    if (m_face.known) m_face.bar = categoryColor(m_face.category);
    update();
}

QRectF NodeItem::frame() const {
    return QRectF(pos(), QSizeF(m_face.width, m_bodyHeight));
}

QRectF NodeItem::boundingRect() const {
    // The title of a tiny node is drawn at screen size and may be wider than the node.
    return QRectF(0, 0, m_face.width, m_bodyHeight)
        .adjusted(-kMargin, -kMargin, kMargin, kMargin + kFooterHeight);
}

QRectF NodeItem::headerRect() const {
    return QRectF(0, 0, m_face.width, metrics::kNodeHeader);
}

QRectF NodeItem::thumbnailRect() const {
    if (m_thumbnail.isNull() || m_face.collapsed) return {};
    const double width = m_face.width - 2 * kInset;
    const double ratio = static_cast<double>(m_thumbnail.height()) / std::max(1, m_thumbnail.width());
    const double height = std::clamp(width * ratio, 24.0, kMaxThumbnail);
    const double top = m_face.rows.empty() ? m_face.height + kInset : m_face.height + kGapAboveThumbnail;
    return QRectF(kInset, top, width, height);
}

std::optional<QPointF> NodeItem::socketScenePosition(const std::string& id, bool output) const {
    const auto local = m_face.socketPosition(id, output);
    if (!local) return std::nullopt;
    return pos() + *local;
}

std::optional<SocketRef> NodeItem::socketAt(QPointF scene, double reach) const {
    const QPointF at = scene - pos();
    if (!QRectF(0, 0, m_face.width, m_bodyHeight).adjusted(-reach, -reach, reach, reach).contains(at))
        return {};
    std::optional<SocketRef> best;
    double nearest = reach;
    const auto offer = [&](const FaceSocket& socket, bool output, double y) {
        const double distance = std::hypot(at.x() - (output ? m_face.width : 0), at.y() - y);
        if (distance > nearest) return;
        nearest = distance;
        best = SocketRef{m_id, socket.id, output};
    };
    for (const FaceRow& row : m_face.rows) {
        const double y = row.top + metrics::kNodeRow / 2.0;
        if (row.output) offer(*row.output, true, y);
        if (row.input && !(m_face.collapsed && row.input->parameter && !row.input->connected))
            offer(*row.input, false, y);
    }
    return best;
}

NodePart NodeItem::partAt(QPointF scene) const {
    const QPointF at = scene - pos();
    if (!QRectF(0, 0, m_face.width, m_bodyHeight).contains(at)) return NodePart::None;
    if (!m_face.collapsed && at.x() > m_face.width - 5 && at.y() > metrics::kNodeHeader)
        return NodePart::Border;
    if (at.y() < metrics::kNodeHeader) return NodePart::Header;
    if (errorHeight() > 0 && at.y() < metrics::kNodeHeader + errorHeight()) return NodePart::Error;
    if (fieldAt(scene)) return NodePart::Field;
    if (thumbnailRect().contains(at)) return NodePart::Thumbnail;
    return NodePart::Body;
}

const FaceRow* NodeItem::fieldAt(QPointF scene) const {
    if (m_face.collapsed) return nullptr;
    const QPointF at = scene - pos();
    for (const FaceRow& row : m_face.rows)
        if (row.parameter && !(row.input && row.input->connected) && m_face.fieldRect(row).contains(at))
            return &row;
    return nullptr;
}

QString durationText(double seconds) {
    if (seconds < 0.001) return QStringLiteral("<1\u202fms");
    if (seconds < 1) return QString::number(std::lround(seconds * 1000)) + QStringLiteral("\u202fms");
    if (seconds < 60) return QString::number(seconds, 'f', 1) + QStringLiteral("\u202fs");
    const long whole = std::lround(seconds);
    return QStringLiteral("%1:%2").arg(whole / 60).arg(whole % 60, 2, 10, QLatin1Char('0'));
}

QString bytesText(std::size_t bytes) {
    const double mega = static_cast<double>(bytes) / (1024.0 * 1024.0);
    if (mega >= 1024) return QString::number(mega / 1024, 'f', 1) + QStringLiteral("\u202fGB");
    if (mega >= 1) return QString::number(mega, 'f', mega < 10 ? 1 : 0) + QStringLiteral("\u202fMB");
    return QString::number(std::max<std::size_t>(1, bytes / 1024)) + QStringLiteral("\u202fkB");
}

} // namespace ochre::ui
