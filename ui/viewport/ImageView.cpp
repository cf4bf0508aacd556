// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/ImageView.h"

#include <algorithm>
#include <cmath>

#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>

#include "ui/bridge/Background.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/SceneTool.h"

namespace ochre::ui {
namespace {

constexpr double kSameShape = 0.02; // of the ratio of the sides: previews are rounded to whole pixels
constexpr QPointF kNowhere(-1e9, -1e9);
constexpr double kGripRadius = 11;
constexpr double kMinZoom = 1.0 / 64, kMaxZoom = 64;

struct Levels {
    QList<QImage> main, other;
};

/// Halves until 256 pixels: a picture much larger than the screen is drawn from a smaller one, without
/// shimmer.
QList<QImage> pyramid(const Image& image, const DisplaySettings& settings) {
    QList<QImage> levels;
    QImage level = toDisplay(image, settings);
    while (!level.isNull()) {
        levels << level;
        if (std::max(level.width(), level.height()) <= 256) break;
        level = level.scaled(std::max(1, level.width() / 2), std::max(1, level.height() / 2),
                             Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
    }
    return levels;
}

} // namespace

ImageView::ImageView(QWidget* parent) : QWidget(parent) {
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_OpaquePaintEvent);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void ImageView::setImage(const Image& image) {
    const bool sameSize = image.width() == m_image.width() && image.height() == m_image.height();
    m_image = image;
    if (!sameSize) {
        m_center = QPointF(image.width() / 2.0, image.height() / 2.0);
        m_fitted = true;
    }
    if (m_fitted) fit();
    convert();
}

void ImageView::setCompare(const Image& image, const QString& name) {
    m_otherName = name;
    m_other = image;
    m_otherLevels.clear();
    if (image.empty()) {
        m_peeking = false;
        setComparing(Comparing::No);
    } else if (m_comparing != Comparing::No || m_peeking) {
        convert();
    }
}

void ImageView::setComparing(Comparing how) {
    const bool wasSides = m_comparing == Comparing::Sides;
    m_comparing = canCompare() ? how : Comparing::No;
    if (wasSides != (m_comparing == Comparing::Sides) && m_fitted && !m_image.empty()) fit();
    convert();
}

void ImageView::setPeeking(bool on) {
    if (on == m_peeking || (on && !canCompare())) return;
    m_peeking = on;
    if (on && m_otherLevels.isEmpty())
        convert();
    else
        update();
}

void ImageView::setWipe(double share) {
    m_wipe = std::clamp(share, 0.0, 1.0);
    update();
}

void ImageView::setDisplay(const DisplaySettings& settings) {
    if (settings == m_settings) return;
    m_settings = settings;
    convert();
}

void ImageView::setTools(std::vector<SceneTool*> tools) {
    if (tools == m_tools) return;
    cancelTool();
    m_tools = std::move(tools);
    showCursor();
    update();
}

void ImageView::showCursor() {
    if (m_tools.empty())
        unsetCursor();
    else
        setCursor(m_tools.back()->cursor());
}

bool ImageView::cancelTool() {
    if (!m_working) return false;
    std::exchange(m_working, nullptr)->cancel();
    return true;
}

void ImageView::convert() {
    const std::uint64_t turn = ++m_turn;
    inBackground(
        this,
        [image = m_image, other = m_comparing != Comparing::No || m_peeking ? m_other : Image(), settings = m_settings] {
            return Levels{pyramid(image, settings), pyramid(other, settings)};
        },
        [this, turn](Levels levels) {
            if (turn != m_turn) return;
            m_levels = std::move(levels.main);
            m_otherLevels = std::move(levels.other);
            update();
            Q_EMIT converted();
        });
}

void ImageView::setPreview(const Image& image, const QString& text) {
    m_previewing = true;
    m_previewSize = QSizeF(image.width(), image.height());
    setPreviewText(text);
    const double ratio = devicePixelRatioF();
    const QSize wanted = (previewTarget(m_previewSize).size() * ratio).toSize();
    const QSize most = size() * ratio * 1.5; // zoomed in further, painting scales what can be seen
    const bool scale = wanted.width() <= most.width() && wanted.height() <= most.height();
    const std::uint64_t turn = ++m_previewTurn;
    inBackground(
        this,
        [image, settings = m_settings, wanted, scale] {
            const QImage shown = toDisplay(image, settings);
            return scale ? shown.scaled(wanted, Qt::IgnoreAspectRatio, Qt::SmoothTransformation) : shown;
        },
        [this, turn](const QImage& shown) {
            if (turn != m_previewTurn || !m_previewing) return;
            m_preview = shown;
            update();
        });
}

void ImageView::setPreviewText(const QString& text) {
    if (text == m_previewText) return;
    const QRectF before = previewLabel();
    m_previewText = text;
    update((before | previewLabel()).toAlignedRect());
}

void ImageView::endPreview() {
    if (!m_previewing) return;
    m_previewing = false;
    ++m_previewTurn;
    m_preview = {};
    m_previewText.clear();
    update();
}

QRectF ImageView::previewTarget(QSizeF size) const {
    if (!m_image.empty()) {
        const double shape = static_cast<double>(m_image.width()) / m_image.height();
        if (std::abs(size.width() / size.height() / shape - 1) < kSameShape)
            return QRectF(toWidget({0, 0}), toWidget(QPointF(m_image.width(), m_image.height())));
    }
    const double margin = 4 * metrics::kGrid;
    const QSizeF room(std::max(1.0, width() - margin), std::max(1.0, height() - margin));
    QRectF target(QPointF(), size.scaled(room, Qt::KeepAspectRatio));
    target.moveCenter(QRectF(rect()).center());
    return target;
}

QRectF ImageView::previewLabel() const {
    const QFontMetricsF letters(ochre::ui::font(TextRole::Secondary));
    const double width = tabularWidth(letters, m_previewText) + 4 * metrics::kGrid;
    return QRectF(3 * metrics::kGrid, height() - 3 * metrics::kGrid - 22, width, 22);
}

void ImageView::paintPreview(QPainter& p) {
    if (!m_preview.isNull()) {
        const QRectF target = previewTarget(m_previewSize);
        const bool exact = m_preview.size() == (target.size() * devicePixelRatioF()).toSize();
        p.setRenderHint(QPainter::SmoothPixmapTransform, !exact);
        if (exact)
            p.drawImage(QRectF(target.topLeft(), QSizeF(m_preview.size()) / devicePixelRatioF()), m_preview);
        else
            p.drawImage(target, m_preview);
    } else if (!m_levels.isEmpty()) {
        paintPicture(p, m_levels); // until the first is converted
    }
    p.setRenderHint(QPainter::Antialiasing);
    QColor ground = colors().surface1;
    ground.setAlphaF(0.88f);
    p.setPen(Qt::NoPen);
    p.setBrush(ground);
    const QRectF label = previewLabel();
    p.drawRoundedRect(label, metrics::kRadiusControl, metrics::kRadiusControl);
    p.setFont(ochre::ui::font(TextRole::Secondary));
    p.setPen(colors().textHigh);
    drawTabular(p, label.adjusted(2 * metrics::kGrid, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, m_previewText);
}

double ImageView::fitZoom() const {
    if (m_image.empty()) return 1;
    const double ratio = devicePixelRatioF();
    const double margin = 4 * metrics::kGrid;
    const double x = std::max(1.0, (roomAcross() - margin) * ratio) / m_image.width();
    const double y = std::max(1.0, (height() - margin) * ratio) / m_image.height();
    return std::clamp(std::min(x, y), kMinZoom, kMaxZoom);
}

void ImageView::fit() {
    m_fitted = true;
    m_zoom = fitZoom();
    m_center = QPointF(m_image.width() / 2.0, m_image.height() / 2.0);
    Q_EMIT zoomChanged(m_zoom);
    update();
}

void ImageView::oneToOne() {
    setZoom(1, rect().center());
}

void ImageView::setZoom(double zoom, QPointF fixed) {
    const QPointF at = toPicture(fixed);
    m_zoom = std::clamp(zoom, kMinZoom, kMaxZoom);
    m_fitted = false;
    m_center += at - toPicture(fixed);
    keepInReach();
    Q_EMIT zoomChanged(m_zoom);
    update();
}

// The middle of the view stays on the picture, so that it cannot get lost.
void ImageView::keepInReach() {
    m_center.setX(std::clamp(m_center.x(), 0.0, static_cast<double>(m_image.width())));
    m_center.setY(std::clamp(m_center.y(), 0.0, static_cast<double>(m_image.height())));
}

QPointF ImageView::toPicture(QPointF w) const {
    return m_center + (w - QPointF(width() / 2.0 + sideShift(w.x()), height() / 2.0)) * (devicePixelRatioF() / m_zoom);
}

QPointF ImageView::toWidget(QPointF picture) const {
    return QPointF(width() / 2.0, height() / 2.0) + (picture - m_center) * (m_zoom / devicePixelRatioF());
}

void ImageView::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.fillRect(rect(), colors().canvas);
    if (m_previewing) return paintPreview(p);
    if (m_levels.isEmpty()) return;
    const bool both = !m_otherLevels.isEmpty();
    if (m_peeking && both) {
        paintPicture(p, m_otherLevels);
        return paintName(p, m_otherName, QPointF(2 * metrics::kGrid, 2 * metrics::kGrid), false);
    }
    if (m_comparing == Comparing::Sides && both) return paintSides(p);
    paintPicture(p, m_levels);
    for (SceneTool* tool : m_tools) {
        p.save();
        p.setRenderHint(QPainter::Antialiasing);
        tool->paint(p);
        p.restore();
    }
    if (m_comparing == Comparing::Wipe && both) paintWipe(p);
}

/// Within `clip` alone, moved to the right by `shift`.
void ImageView::paintOver(QPainter& p, const QRectF& clip, double shift, const QList<QImage>& levels) {
    p.save();
    p.setClipRect(clip);
    p.fillRect(clip, colors().canvas);
    p.translate(shift, 0);
    paintPicture(p, levels);
    p.restore();
}

/// A line with a grip, and the names on either side of it.
void ImageView::paintWipe(QPainter& p) {
    const double x = std::round(wipeX());
    paintOver(p, QRectF(0, 0, x, height()), 0, m_otherLevels);
    const Colors& c = colors();
    p.fillRect(QRectF(x - 1, 0, 3, height()), c.shadow);
    p.fillRect(QRectF(x, 0, 1, height()), c.textHigh);
    p.save();
    p.setRenderHint(QPainter::Antialiasing);
    const QPointF middle(x + 0.5, height() / 2.0);
    p.setPen(QPen(c.hairline, 1));
    p.setBrush(c.surface2);
    p.drawEllipse(middle, kGripRadius, kGripRadius);
    p.setPen(QPen(c.textHigh, 1.5, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    for (const int way : {-1, 1})
        p.drawPolyline(QPolygonF({middle + QPointF(way * 3, -3), middle + QPointF(way * 6, 0), middle + QPointF(way * 3, 3)}));
    p.restore();
    const double gap = 2 * metrics::kGrid;
    paintName(p, m_otherName, QPointF(x - gap, gap), true);
    paintName(p, tr("Now"), QPointF(x + gap, gap), false);
}

void ImageView::paintSides(QPainter& p) {
    const double half = std::floor(width() / 2.0), gap = 2 * metrics::kGrid;
    paintOver(p, QRectF(0, 0, half, height()), sideShift(0), m_otherLevels);
    paintOver(p, QRectF(half, 0, width() - half, height()), sideShift(width()), m_levels);
    p.fillRect(QRectF(half, 0, 1, height()), colors().hairline);
    paintName(p, m_otherName, QPointF(gap, gap), false);
    paintName(p, tr("Now"), QPointF(half + gap, gap), false);
}

/// On a ground of its own: it is read over any picture.
void ImageView::paintName(QPainter& p, const QString& name, QPointF corner, bool leftOfIt) {
    const QFont letters = ochre::ui::font(TextRole::Secondary);
    const double wide = QFontMetricsF(letters).horizontalAdvance(name) + 4 * metrics::kGrid;
    const QRectF label(corner.x() - (leftOfIt ? wide : 0), corner.y(), wide, 22);
    p.save();
    p.setRenderHint(QPainter::Antialiasing);
    QColor ground = colors().surface1;
    ground.setAlphaF(0.88f);
    p.setPen(Qt::NoPen);
    p.setBrush(ground);
    p.drawRoundedRect(label, metrics::kRadiusControl, metrics::kRadiusControl);
    p.setFont(letters);
    p.setPen(colors().textHigh);
    p.drawText(label, Qt::AlignCenter, name);
    p.restore();
}

double ImageView::sideShift(double x) const {
    if (m_comparing != Comparing::Sides) return 0;
    return x < std::floor(width() / 2.0) ? -width() / 4.0 : width() / 4.0;
}

double ImageView::roomAcross() const {
    return m_comparing == Comparing::Sides ? width() / 2.0 : width();
}

void ImageView::paintPicture(QPainter& p, const QList<QImage>& levels) {
    const QRectF target(toWidget({0, 0}), toWidget(QPointF(m_image.width(), m_image.height())));
    const QImage& full = levels.first();
    qsizetype level = 0;
    while (level + 1 < levels.size() && m_zoom * full.width() / levels[level + 1].width() <= 1.0) ++level;
    const QImage& image = levels[level];
    if (image.hasAlphaChannel()) paintChecker(p, target);
    p.setRenderHint(QPainter::SmoothPixmapTransform, m_zoom < 2.0 && m_zoom != 1.0);
    // Only the part that can be seen: scaled drawing of a large picture costs what it covers.
    const double aside = std::abs(sideShift(0)); // of the halves side by side
    const QRectF seen = target.intersected(QRectF(rect()).adjusted(-2 - aside, -2, 2 + aside, 2));
    if (seen.isEmpty()) return;
    const double sx = image.width() / target.width(), sy = image.height() / target.height();
    const QRectF source = QRectF((seen.x() - target.x()) * sx, (seen.y() - target.y()) * sy,
                                 seen.width() * sx, seen.height() * sy);
    p.drawImage(seen, image, source);
}

void ImageView::paintChecker(QPainter& p, const QRectF& area) {
    p.save();
    p.setClipRect(area.intersected(QRectF(rect())));
    const Colors& c = colors();
    p.fillRect(area, c.surface2);
    const int step = 2 * metrics::kGrid;
    const QRect cells = area.intersected(QRectF(rect())).toAlignedRect();
    const QColor other = blend(c.surface2, c.textLow, 0.25);
    for (int y = cells.top() / step; y <= cells.bottom() / step; ++y)
        for (int x = cells.left() / step; x <= cells.right() / step; ++x)
            if ((x + y) & 1) p.fillRect(x * step, y * step, step, step, other);
    p.restore();
}

void ImageView::resizeEvent(QResizeEvent*) {
    if (m_fitted) fit();
}

bool ImageView::pressTool(const QMouseEvent& event) {
    const bool right = event.button() == Qt::RightButton;
    if (m_previewing || m_working || m_comparing == Comparing::Sides || (event.button() != Qt::LeftButton && !right)) return false;
    const Qt::KeyboardModifiers modifiers = event.modifiers() | (right ? Qt::AltModifier : Qt::NoModifier);
    const std::vector<SceneTool*> tools = m_tools; // a press may bring others
    for (auto tool = tools.rbegin(); tool != tools.rend(); ++tool)
        if ((*tool)->press(event.position(), modifiers)) {
            m_working = *tool;
            m_toolButton = event.button();
            return true;
        }
    return false;
}

void ImageView::mousePressEvent(QMouseEvent* event) {
    setFocus();
    if (event->button() == Qt::LeftButton && atWipe(event->position()))
        m_wiping = true;
    else if (pressTool(*event))
        return;
    else if (event->button() == Qt::LeftButton || event->button() == Qt::MiddleButton) {
        m_grab = event->pos();
        setCursor(Qt::ClosedHandCursor);
    }
}

void ImageView::mouseMoveEvent(QMouseEvent* event) {
    if (m_working) {
        m_working->move(event->position(), event->modifiers());
    } else if (m_wiping) {
        setWipe(event->position().x() / std::max(1, width()));
    } else if (m_grab) {
        m_center -= QPointF(event->pos() - *m_grab) * (devicePixelRatioF() / m_zoom);
        m_grab = event->pos();
        m_fitted = false;
        keepInReach();
        update();
    } else if (m_comparing == Comparing::Wipe) {
        if (atWipe(event->position()))
            setCursor(Qt::SplitHCursor);
        else
            showCursor();
    }
    if (!m_working && !m_grab)
        for (SceneTool* tool : m_tools) tool->hover(event->position());
    const QPointF at = toPicture(event->position());
    const int x = static_cast<int>(std::floor(at.x())), y = static_cast<int>(std::floor(at.y()));
    if (!m_previewing && x >= 0 && y >= 0 && x < m_image.width() && y < m_image.height())
        Q_EMIT probed(probe(m_image, x, y));
    else
        Q_EMIT probeLeft();
}

void ImageView::mouseReleaseEvent(QMouseEvent* event) {
    if (m_working && event->button() == m_toolButton) {
        const bool right = m_toolButton == Qt::RightButton;
        std::exchange(m_working, nullptr)
            ->release(event->position(), event->modifiers() | (right ? Qt::AltModifier : Qt::NoModifier));
    }
    m_grab.reset();
    m_wiping = false;
    showCursor();
}

void ImageView::mouseDoubleClickEvent(QMouseEvent* event) {
    if (pressTool(*event) || event->button() != Qt::LeftButton) return;
    if (m_fitted)
        setZoom(1, event->position());
    else
        fit();
}

void ImageView::wheelEvent(QWheelEvent* event) {
    const double steps = event->angleDelta().y() / 120.0;
    setZoom(m_zoom * std::pow(1.25, steps), event->position());
    event->accept();
}

void ImageView::focusOutEvent(QFocusEvent* event) {
    setPeeking(false); // the key that is held is let go elsewhere
    QWidget::focusOutEvent(event);
}

void ImageView::leaveEvent(QEvent*) {
    for (SceneTool* tool : m_tools) tool->hover(kNowhere);
    Q_EMIT probeLeft();
}

} // namespace ochre::ui
