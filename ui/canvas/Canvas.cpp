// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/Canvas.h"

#include <QMouseEvent>
#include <QPainter>
#include <QPixmapCache>
#include <QScrollBar>
#include <algorithm>
#include <cmath>

#include "ui/canvas/CanvasLook.h"
#include "ui/canvas/CanvasTools.h"
#include "ui/canvas/Minimap.h"
#include "ui/canvas/Overlays.h"
#include "ui/canvas/SearchMenu.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {

Canvas::Canvas(project::Document& document, const graph::NodeRegistry& registry, QWidget* parent)
    : QGraphicsView(parent), m_scene(new CanvasScene(document, registry, this)) {
    setObjectName(QStringLiteral("canvas"));
    setAccessibleName(QStringLiteral("Node canvas"));
    setScene(m_scene);
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setTransformationAnchor(NoAnchor);
    setResizeAnchor(NoAnchor);
    setViewportUpdateMode(MinimalViewportUpdate);
    setOptimizationFlags(DontAdjustForAntialiasing | DontSavePainterState);
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    viewport()->setMouseTracking(true);
    setAcceptDrops(true);
    // Painted nodes are kept while panning: 10 MB would hold a third of a large screen.
    QPixmapCache::setCacheLimit(std::max(QPixmapCache::cacheLimit(), 128 * 1024));
    m_minimap = new Minimap(*this);
    m_empty = new EmptyState(this);
    m_breadcrumb = new Breadcrumb(this);
    m_error = new ErrorCard(this);
    m_editor = new ValueEditor(this);
    m_search = new SearchMenu(this);
    m_commands = makeCommands(*this);
    connectScene();
    restoreView();
}

Canvas::~Canvas() {
    m_tool.reset();
    // Children lose the focus while they go, and would report to what is gone before them.
    for (QObject* child :
         {static_cast<QObject*>(m_scene), static_cast<QObject*>(m_search), static_cast<QObject*>(m_editor)})
        disconnect(child, nullptr, this, nullptr);
}

void Canvas::connectScene() {
    connect(m_scene, &CanvasScene::chosenChanged, this, [this] {
        const NodeSet nodes = m_scene->chosenNodes();
        Q_EMIT selectionChanged({nodes.begin(), nodes.end()});
        m_minimap->refresh();
    });
    connect(m_scene, &CanvasScene::graphChanged, this, [this] { placeOverlays(); });
    connect(m_scene, &CanvasScene::pathChanged, this, [this] {
        const QStringList path = m_scene->pathLabels();
        m_breadcrumb->setPath(QString::fromStdString(m_scene->document().title()), path);
        m_empty->setInsideGroup(!path.isEmpty());
        placeOverlays();
        fitAll();
        Q_EMIT groupOpened(path.isEmpty() ? QString() : path.back());
    });
    connect(m_scene, &CanvasScene::failed, this, [this](const QString& message, const QString& hint) {
        Q_EMIT failed(message, hint);
        Q_EMIT statusHint(hint.isEmpty() ? message : message + QStringLiteral(": ") + hint);
    });
    connect(m_breadcrumb, &Breadcrumb::leaveTo, this, [this](int depth) { m_scene->leaveTo(depth); });
    connect(m_empty, &EmptyState::addRequested, this,
            [this] { openSearch(viewport()->rect().center() - QPoint(150, 120)); });
    connect(m_search, &SearchMenu::chosen, this, [this](const QString& id) {
        if (m_onChosen) m_onChosen(id);
    });
    connect(m_search, &SearchMenu::closed, this, [this] {
        m_onChosen = {};
        m_tool.reset();
        viewport()->update();
        setFocus();
    });
    connect(m_editor, &ValueEditor::closed, this, [this] { setFocus(); });
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        m_scene->themeChanged();
        viewport()->update();
        m_minimap->update();
    });
}

bool Canvas::trigger(const QString& id) {
    for (const CanvasCommand& command : m_commands) {
        if (command.id != id) continue;
        if (!command.enabled()) return false;
        command.run();
        return true;
    }
    return false;
}

NodeSet Canvas::selection() const {
    return m_scene->chosenNodes();
}

void Canvas::select(const NodeSet& nodes) {
    m_scene->choose(nodes);
}

QRectF Canvas::sceneInView() const {
    return mapToScene(viewport()->rect()).boundingRect();
}

void Canvas::setZoom(double zoom, QPointF fixedInView) {
    zoom = std::clamp(zoom, look::kMinZoom, look::kMaxZoom);
    // Full size is found again without counting clicks of the wheel.
    if (std::abs(zoom - 1) < 0.03) zoom = 1;
    const QPointF before =
        transform().inverted().map(fixedInView + QPointF(horizontalOffsetNow(), verticalOffsetNow()));
    setTransform(QTransform::fromScale(zoom, zoom));
    const QPointF wanted = before * zoom - fixedInView;
    horizontalScrollBar()->setValue(qRound(wanted.x()));
    verticalScrollBar()->setValue(qRound(wanted.y()));
    rememberView();
}

double Canvas::horizontalOffsetNow() const {
    return horizontalScrollBar()->value();
}

double Canvas::verticalOffsetNow() const {
    return verticalScrollBar()->value();
}

void Canvas::lookAt(QPointF scene) {
    const QPointF corner = scene * zoom() - QPointF(viewport()->width(), viewport()->height()) / 2;
    horizontalScrollBar()->setValue(qRound(corner.x()));
    verticalScrollBar()->setValue(qRound(corner.y()));
}

void Canvas::fit(const QRectF& area) {
    if (area.isEmpty() || viewport()->width() < 20) return;
    const QRectF room = area.adjusted(-40, -40, 40, 40);
    const double scale = std::min(viewport()->width() / room.width(), viewport()->height() / room.height());
    setZoom(std::min(scale, 1.0), {});
    lookAt(area.center());
}

void Canvas::fitAll() {
    fit(m_scene->contents());
    m_fitted = viewNow();
}

std::array<double, 3> Canvas::viewNow() const {
    return {zoom(), horizontalOffsetNow(), verticalOffsetNow()};
}

void Canvas::fitSelection() {
    QRectF area;
    for (const graph::NodeId id : selection()) area |= m_scene->node(id)->frame();
    fit(area.isEmpty() ? m_scene->contents() : area);
}

void Canvas::reveal(graph::NodeId id) {
    const NodeItem* item = m_scene->node(id);
    if (!item) return;
    select({id});
    if (zoom() < look::kRowsFrom) setZoom(1, {});
    lookAt(item->frame().center());
}

void Canvas::restoreView() {
    const project::View& view = m_scene->document().view();
    const bool untouched = view.canvasX == 0 && view.canvasY == 0 && view.canvasZoom == 1;
    if (untouched || view.canvasZoom <= 0) return fitAll();
    setZoom(view.canvasZoom, {});
    lookAt({view.canvasX, view.canvasY});
}

void Canvas::rememberView() {
    if (m_scene->depth() > 0) return;
    project::View& view = m_scene->document().view();
    const QPointF centre = sceneInView().center();
    view.canvasX = std::round(centre.x());
    view.canvasY = std::round(centre.y());
    view.canvasZoom = zoom();
}

QPointF Canvas::cursorInScene() const {
    if (m_pointerSeen && viewport()->rect().contains(m_lastPointer)) return mapToScene(m_lastPointer);
    return mapToScene(viewport()->rect().center());
}

bool Canvas::minimapWanted() const {
    return m_minimap->wanted();
}

void Canvas::setMinimapWanted(bool wanted) {
    m_minimap->setWanted(wanted);
}

void Canvas::enterGroup(graph::NodeId node) {
    m_scene->enterGroup(node);
}

bool Canvas::leaveGroup() {
    if (m_scene->depth() == 0) return false;
    m_scene->leaveTo(m_scene->depth() - 1);
    return true;
}

void Canvas::setNodeState(graph::NodeId node, const graph::NodeState& state) {
    m_scene->setNodeState(node, state);
}

void Canvas::setThumbnail(graph::NodeId node, const QImage& image, const QString& detail) {
    m_scene->setThumbnail(node, image, detail);
    // Who was shown the whole graph and has not moved since goes on seeing it while the nodes grow.
    if (m_fitted == viewNow() && !sceneInView().contains(m_scene->contents())) fitAll();
}

void Canvas::setViewedNode(graph::NodeId node) {
    m_scene->setViewed(node);
}

void Canvas::clearResults() {
    m_scene->clearResults();
}

void Canvas::placeOverlays() {
    const QSize room = size();
    m_minimap->move(room.width() - m_minimap->width() - metrics::kPanelPadding,
                    room.height() - m_minimap->height() - metrics::kPanelPadding);
    m_breadcrumb->move(metrics::kPanelPadding, metrics::kPanelPadding);
    const bool empty = m_scene->nodes().empty() && m_scene->frames().empty();
    m_empty->setVisible(empty);
    m_empty->adjustSize();
    m_empty->move((room.width() - m_empty->width()) / 2, (room.height() - m_empty->height()) / 2);
    m_minimap->refresh();
}

void Canvas::resizeEvent(QResizeEvent* event) {
    QGraphicsView::resizeEvent(event);
    // What was in the middle stays there; the first size shows all.
    if (event->oldSize().isEmpty() || !isVisible()) restoreView();
    placeOverlays();
}

void Canvas::scrollContentsBy(int dx, int dy) {
    QGraphicsView::scrollContentsBy(dx, dy);
    if (zoom() < look::kBlocksBelow) viewport()->update(); // titles are placed anew
    m_minimap->refresh();
    m_editor->finish(true);
    m_error->hide();
    rememberView();
}

void Canvas::drawBackground(QPainter* painter, const QRectF& rect) {
    const Colors& c = colors();
    painter->fillRect(rect, c.canvas);
    const double scale = zoom();
    if (scale < look::kRowsFrom) return;
    const double step = look::kGridStep * (scale < 0.8 ? 2 : 1);
    QColor dot = blend(c.canvas, c.hairline, 0.75);
    QList<QPointF> dots;
    const double left = std::floor(rect.left() / step) * step, top = std::floor(rect.top() / step) * step;
    for (double y = top; y <= rect.bottom(); y += step)
        for (double x = left; x <= rect.right(); x += step) dots << QPointF(x, y);
    QPen pen(dot, 1);
    pen.setCosmetic(true);
    painter->setRenderHint(QPainter::Antialiasing, false);
    painter->setPen(pen);
    painter->drawPoints(dots.constData(), static_cast<int>(dots.size()));
}

void Canvas::drawForeground(QPainter* painter, const QRectF&) {
    if (zoom() < look::kBlocksBelow) drawTinyTitles(*painter);
    if (m_tool) {
        painter->save();
        m_tool->paint(*painter);
        painter->restore();
    }
}

/// Titles of blocks at screen size: selected and failed first, then from the left; none over another.
void Canvas::drawTinyTitles(QPainter& painter) {
    painter.save();
    painter.resetTransform();
    const QFont small = ui::font(TextRole::Secondary);
    const QFontMetrics metrics(small);
    painter.setFont(small);
    const QRectF seen = sceneInView();
    std::vector<const NodeItem*> items;
    for (const auto& [id, item] : m_scene->nodes())
        if (seen.intersects(item->frame())) items.push_back(item);
    const auto weight = [](const NodeItem* item) {
        return (item->chosen() ? 0 : 2) + (item->state().status == graph::NodeStatus::Failed ? 0 : 1);
    };
    std::sort(items.begin(), items.end(), [&](const NodeItem* a, const NodeItem* b) {
        return std::make_tuple(weight(a), a->y(), a->x(), a->id()) <
               std::make_tuple(weight(b), b->y(), b->x(), b->id());
    });
    // A grid of taken cells: cheap for any number of titles.
    constexpr int kCell = 8;
    const int columns = viewport()->width() / kCell + 2, rows = viewport()->height() / kCell + 2;
    std::vector<bool> taken(static_cast<std::size_t>(columns * rows), false);
    for (const NodeItem* item : items) {
        const QRect box = mapFromScene(item->frame()).boundingRect();
        const QString title =
            metrics.elidedText(item->face().title, Qt::ElideRight, std::max(72, box.width() - 8));
        const QRect label(box.left() + 4, box.top() + (box.height() - 14) / 2,
                          metrics.horizontalAdvance(title), 14);
        bool free = true;
        const int x0 = std::clamp(label.left() / kCell, 0, columns - 1),
                  x1 = std::clamp(label.right() / kCell, 0, columns - 1);
        const int y0 = std::clamp(label.top() / kCell, 0, rows - 1),
                  y1 = std::clamp(label.bottom() / kCell, 0, rows - 1);
        for (int y = y0; y <= y1 && free; ++y)
            for (int x = x0; x <= x1 && free; ++x) free = !taken[static_cast<std::size_t>(y * columns + x)];
        if (!free) continue;
        for (int y = y0; y <= y1; ++y)
            for (int x = x0; x <= x1; ++x) taken[static_cast<std::size_t>(y * columns + x)] = true;
        painter.setPen(colors().textHigh);
        painter.drawText(QPointF(label.left(), label.center().y() + metrics.capHeight() / 2.0 + 1), title);
    }
    painter.restore();
}

} // namespace ochre::ui
