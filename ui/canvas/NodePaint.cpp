// SPDX-License-Identifier: GPL-3.0-or-later
#include <QFontMetricsF>
#include <QPainter>
#include <QPainterPath>
#include <QStyleOptionGraphicsItem>
#include <cmath>

#include "ui/canvas/CanvasLook.h"
#include "ui/canvas/NodeItem.h"
#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {

using graph::NodeStatus;
using graph::ParameterKind;

constexpr double kTitleLeft = 12;
constexpr double kLabelLeft = 14; ///< of a socket's label

const QFont& bodyFont() {
    static const QFont f = font(TextRole::Body);
    return f;
}
const QFont& boldFont() {
    static const QFont f = font(TextRole::BodyBold);
    return f;
}
const QFont& smallFont() {
    static const QFont f = font(TextRole::Secondary);
    return f;
}

/// Text set on the middle of `rect` by its capitals, which lines up rows of different sizes; elided when too
/// long.
void drawLine(QPainter& p, const QRectF& rect, Qt::Alignment alignment, const QString& text, const QFont& f,
              const QColor& color, Qt::TextElideMode elide = Qt::ElideRight) {
    if (text.isEmpty() || rect.width() < 4) return;
    const QFontMetricsF metrics(f);
    const QString shown = metrics.horizontalAdvance(text) <= rect.width()
                              ? text
                              : metrics.elidedText(text, elide, rect.width());
    p.setFont(f);
    p.setPen(color);
    double x = rect.left();
    if (alignment & Qt::AlignRight) x = rect.right() - metrics.horizontalAdvance(shown);
    if (alignment & Qt::AlignHCenter) x = rect.center().x() - metrics.horizontalAdvance(shown) / 2;
    p.drawText(QPointF(x, rect.center().y() + metrics.capHeight() / 2), shown);
}

bool running(const graph::NodeState& state) {
    return state.status == NodeStatus::Running;
}

QColor faded(QColor color, double alpha) {
    color.setAlphaF(static_cast<float>(alpha));
    return color;
}

} // namespace

void NodeItem::paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget*) {
    const double scale = painter->worldTransform().m11();
    painter->setRenderHint(QPainter::Antialiasing);
    if (scale < look::kBlocksBelow)
        paintBlock(*painter, scale);
    else if (scale < look::kRowsFrom)
        paintMiddle(*painter, scale);
    else
        paintFull(*painter, option->exposedRect);
}

void NodeItem::paintFull(QPainter& p, const QRectF& exposed) {
    const double pixel = 1.5 / p.worldTransform().m11(); // what is painted is rounded to whole ones
    const QRectF painted = exposed.adjusted(-pixel, -pixel, pixel, pixel);
    const auto shows = [&](const QRectF& part) { return painted.intersects(part); };
    if (m_face.muted) p.setOpacity(0.45);
    paintBody(p, false);
    if (shows(headerRect())) paintHeader(p, false);
    paintError(p);
    if (m_face.bypassed) p.setOpacity(0.5);
    if (!m_face.collapsed) {
        for (const FaceRow& row : m_face.rows)
            if (shows(QRectF(0, row.top, m_face.width, row.lines * metrics::kNodeRow))) paintRow(p, row);
        if (m_face.hidden > 0)
            drawLine(p,
                     QRectF(kLabelLeft, m_face.rows.back().top + m_face.rows.back().lines * metrics::kNodeRow,
                            m_face.width - 2 * kLabelLeft, metrics::kNodeRow),
                     Qt::AlignLeft, QStringLiteral("%1 more in the inspector").arg(m_face.hidden),
                     smallFont(), colors().textMid);
        if (shows(thumbnailRect())) paintThumbnail(p, true);
    }
    if (m_face.bypassed) paintBypass(p);
    p.setOpacity(1);
    paintSockets(p);
    if (m_hovered) paintFooter(p);
}

void NodeItem::paintBody(QPainter& p, bool simple) {
    const Colors& c = colors();
    const QRectF body(0, 0, m_face.width, m_bodyHeight);
    p.setPen(Qt::NoPen);
    p.setBrush(c.surface2);
    p.drawRoundedRect(body, metrics::kRadiusNode, metrics::kRadiusNode);
    const bool failed = m_state.status == NodeStatus::Failed;
    p.setBrush(Qt::NoBrush);
    if (m_chosen) {
        p.setPen(QPen(c.accent, simple ? 2 / p.worldTransform().m11() : metrics::kFocusRing));
        const double out = simple ? 1 / p.worldTransform().m11() : 1;
        p.drawRoundedRect(body.adjusted(-out, -out, out, out), metrics::kRadiusNode + out,
                          metrics::kRadiusNode + out);
    } else {
        QPen pen(failed ? c.bad : m_hovered ? c.textLow : c.hairline, 1);
        if (!m_face.known) pen.setStyle(Qt::DashLine);
        p.setPen(pen);
        p.drawRoundedRect(body.adjusted(0.5, 0.5, -0.5, -0.5), metrics::kRadiusNode - 0.5,
                          metrics::kRadiusNode - 0.5);
    }
}

void NodeItem::paintHeader(QPainter& p, bool) {
    const Colors& c = colors();
    // The category bar keeps the node's rounding at its corner.
    QPainterPath round;
    round.addRoundedRect(QRectF(0, 0, m_face.width, std::max(m_bodyHeight, 28.0)), metrics::kRadiusNode,
                         metrics::kRadiusNode);
    QPainterPath bar;
    bar.addRect(QRectF(0, 0, metrics::kNodeBar, metrics::kNodeHeader));
    p.fillPath(round.intersected(bar), m_face.bar);
    if (!m_face.collapsed)
        p.fillRect(
            QRectF(metrics::kNodeBar, metrics::kNodeHeader - 1, m_face.width - metrics::kNodeBar - 1, 1),
            faded(c.hairline, 0.7));
    double left = kTitleLeft;
    if (m_face.group) {
        paintIcon(p, "group", QRectF(left - 2, 6, 16, 16), c.textMid);
        left += 18;
    }
    const double right = m_viewed ? 44 : 28;
    drawLine(p,
             QRectF(left, 0, m_face.width - left - right - (running(m_state) ? 12 : 0), metrics::kNodeHeader),
             Qt::AlignLeft, m_face.title, boldFont(), m_face.known ? c.textHigh : c.textMid);
    if (m_viewed) paintIcon(p, "eye", QRectF(m_face.width - 44, 7, 14, 14), c.textMid);
    paintState(p, QRectF(m_face.width - 40, 0, 32, metrics::kNodeHeader));
    if (running(m_state)) {
        const double span = m_face.width - 2;
        p.fillRect(QRectF(1, metrics::kNodeHeader - 2, span * std::clamp(m_state.share, 0.0, 1.0), 2),
                   c.accent);
    }
}

void NodeItem::paintState(QPainter& p, QRectF area) {
    const Colors& c = colors();
    const QRectF glyph(area.right() - 14, area.center().y() - 7, 14, 14);
    if (m_face.bypassed) return paintIcon(p, "bypass", glyph, c.textMid);
    if (m_face.muted) return paintIcon(p, "mute", glyph, c.textMid);
    switch (m_state.status) {
    case NodeStatus::Queued:
        p.setPen(QPen(c.textMid, 1.5));
        p.setBrush(Qt::NoBrush);
        p.drawEllipse(glyph.center(), 3.5, 3.5);
        return;
    case NodeStatus::Running:
        p.setFont(smallFont());
        p.setPen(c.textHigh);
        drawTabular(p, area, Qt::AlignRight,
                    QString::number(static_cast<int>(std::floor(m_state.share * 100))) + QLatin1Char('%'));
        return;
    case NodeStatus::Done:
    case NodeStatus::Cached:
        return paintIcon(p, "check", glyph, m_state.status == NodeStatus::Cached ? c.textMid : c.good);
    case NodeStatus::Failed:
        return paintIcon(p, "error", glyph, c.bad);
    case NodeStatus::Blocked:
        return paintIcon(p, "warning", glyph, c.warn);
    case NodeStatus::Cancelled:
        return paintIcon(p, "cancel", glyph, c.textMid);
    default:
        return;
    }
}

void NodeItem::paintError(QPainter& p) {
    if (errorHeight() <= 0) return;
    const Colors& c = colors();
    const QRectF bar(1, metrics::kNodeHeader, m_face.width - 2, errorHeight());
    QColor ground = blend(c.surface2, c.bad, 0.2);
    p.fillRect(m_face.collapsed ? bar.adjusted(6, 0, -6, -1) : bar, ground);
    p.fillRect(QRectF(0, bar.top(), metrics::kNodeBar, bar.height() - (m_face.collapsed ? 6 : 0)), c.bad);
    drawLine(p, bar.adjusted(kTitleLeft - 1, 0, -8, 0), Qt::AlignLeft, errorText().section('\n', 0, 0),
             smallFont(), c.textHigh);
}

void NodeItem::paintRow(QPainter& p, const FaceRow& row) {
    const Colors& c = colors();
    if (row.parameter && !(row.input && row.input->connected)) return paintField(p, row);
    const QRectF line(kLabelLeft, row.top, m_face.width - 2 * kLabelLeft, metrics::kNodeRow);
    const auto mood = [&](const FaceSocket& s, bool output) {
        return m_moods && m_moods({m_id, s.id, output}) == SocketMood::Faded ? 0.35 : 1.0;
    };
    const QFontMetricsF m(bodyFont());
    double outputWidth = 0;
    if (row.output) {
        const double wish = m.horizontalAdvance(row.output->label);
        outputWidth = row.input ? std::min(wish, line.width() / 2) : line.width();
        const double taken = row.input ? m.horizontalAdvance(row.input->label) : 0;
        if (row.input && taken < line.width() / 2) outputWidth = std::min(wish, line.width() - taken - 8);
        drawLine(p, QRectF(line.right() - outputWidth, line.top(), outputWidth, line.height()),
                 Qt::AlignRight, row.output->label, bodyFont(), faded(c.textMid, mood(*row.output, true)));
    }
    if (row.input)
        drawLine(
            p,
            QRectF(line.left(), line.top(), line.width() - (row.output ? outputWidth + 8 : 0), line.height()),
            Qt::AlignLeft, row.input->label, bodyFont(), faded(c.textMid, mood(*row.input, false)));
}

void NodeItem::paintField(QPainter& p, const FaceRow& row) {
    const Colors& c = colors();
    const graph::Parameter& parameter = *row.parameter;
    const QRectF field = m_face.fieldRect(row);
    const QString label = QString::fromStdString(parameter.label);
    p.setPen(Qt::NoPen);
    p.setBrush(c.surface3);
    const bool flag = parameter.kind == ParameterKind::Bool;
    if (!flag) p.drawRoundedRect(field, 4, 4);
    if (const auto share = sliderShare(parameter, row.value)) {
        QPainterPath whole, part;
        whole.addRoundedRect(field, 4, 4);
        part.addRect(QRectF(field.left(), field.top(), field.width() * *share, field.height()));
        p.fillPath(whole.intersected(part), look::sliderFill());
    }
    const QRectF inner = field.adjusted(8, 0, -8, 0);
    if (row.lines > 1) {
        const bool empty = row.text.isEmpty();
        p.save();
        p.setClipRect(inner);
        p.setFont(bodyFont());
        p.setPen(empty ? c.textMid : c.textHigh);
        p.drawText(inner.adjusted(0, 4, 0, -4), Qt::AlignLeft | Qt::TextWordWrap, empty ? label : row.text);
        p.restore();
        return;
    }
    const QFontMetricsF m(bodyFont());
    const bool number =
        std::holds_alternative<double>(row.value) || std::holds_alternative<std::int64_t>(row.value);
    double valueWidth = number ? tabularWidth(m, row.text) : m.horizontalAdvance(row.text);
    const double mark = look::hasMark(parameter.kind) ? 16 : 0;
    const double labelWish = m.horizontalAdvance(label);
    valueWidth =
        std::min(valueWidth, std::max(inner.width() - mark - labelWish - 12, inner.width() * 0.5 - mark));
    const QRectF valueArea(inner.right() - mark - valueWidth, field.top(), valueWidth, field.height());
    drawLine(p, QRectF(inner.left(), field.top(), inner.width() - mark - valueWidth - 8, field.height()),
             Qt::AlignLeft, label, bodyFont(), c.textMid);
    if (flag) return look::paintSwitch(p, field, std::get<bool>(row.value));
    if (const auto* color = std::get_if<graph::Color>(&row.value)) return look::paintSwatch(p, field, *color);
    if (number) {
        p.setFont(bodyFont());
        p.setPen(c.textHigh);
        drawTabular(p, valueArea, Qt::AlignRight, row.text);
    } else {
        drawLine(p, valueArea, Qt::AlignRight, row.text, bodyFont(), c.textHigh,
                 look::elideOf(parameter.kind));
    }
    if (mark > 0)
        paintIcon(p, look::markOf(parameter.kind), QRectF(field.right() - 19, field.center().y() - 7, 14, 14),
                  c.textMid);
}

void NodeItem::paintSockets(QPainter& p) {
    for (const FaceRow& row : m_face.rows) {
        const double y = row.top + metrics::kNodeRow / 2.0;
        if (row.output) paintSocket(p, QPointF(m_face.width, y), *row.output, true);
        if (!row.input) continue;
        // A parameter shows its socket only when there is something to do with it.
        const bool wanted = m_moods && m_moods({m_id, row.input->id, false}) != SocketMood::Faded;
        const bool quiet = row.input->parameter && !row.input->connected && !(m_hovered || wanted);
        if (!quiet && !(m_face.collapsed && row.input->parameter && !row.input->connected))
            paintSocket(p, QPointF(0, y), *row.input, false);
    }
}

void NodeItem::paintSocket(QPainter& p, QPointF at, const FaceSocket& socket, bool output) {
    const SocketMood mood = m_moods ? m_moods({m_id, socket.id, output}) : SocketMood::Plain;
    double radius = socket.parameter && !socket.connected ? look::kSocketRadius - 1 : look::kSocketRadius;
    if (mood == SocketMood::Target) radius += 3;
    QColor color = socketColor(QString::fromStdString(socket.type));
    const QColor ground = colors().surface2;
    if (mood == SocketMood::Faded) color = blend(ground, color, 0.25);
    look::paintSocket(p, at, radius, color, ground, socket);
}

void NodeItem::paintThumbnail(QPainter& p, bool smooth) {
    const QRectF box = thumbnailRect();
    if (box.isEmpty()) return;
    p.save();
    QPainterPath clip;
    clip.addRoundedRect(box, 4, 4);
    p.fillPath(clip, colors().canvas);
    p.setClipPath(clip, Qt::IntersectClip);
    p.setRenderHint(QPainter::SmoothPixmapTransform, smooth);
    QSizeF size = QSizeF(m_thumbnail.size()).scaled(box.size(), Qt::KeepAspectRatio);
    QRectF target(QPointF(), size);
    target.moveCenter(box.center());
    p.drawPixmap(target, m_thumbnail, QRectF(m_thumbnail.rect()));
    p.restore();
}

void NodeItem::paintFooter(QPainter& p) {
    QStringList parts;
    if (m_state.seconds > 0) parts << durationText(m_state.seconds);
    if (m_state.bytes > 0) parts << bytesText(m_state.bytes);
    if (!m_detail.isEmpty()) parts << m_detail;
    if (m_state.itemsTotal > 0)
        parts << QStringLiteral("%1 of %2").arg(m_state.itemsDone).arg(m_state.itemsTotal);
    if (parts.isEmpty()) return;
    p.setFont(smallFont());
    p.setPen(colors().textMid);
    drawTabular(p, QRectF(kTitleLeft, m_bodyHeight + 4, m_face.width - 2 * kTitleLeft, 18), Qt::AlignLeft,
                parts.join(QStringLiteral("  ·  ")));
}

void NodeItem::paintBypass(QPainter& p) {
    p.save();
    QPainterPath body;
    body.addRoundedRect(QRectF(1, metrics::kNodeHeader, m_face.width - 2, std::max(0.0, m_bodyHeight - 29)),
                        6, 6);
    p.setOpacity(1);
    p.setClipPath(body, Qt::IntersectClip);
    p.setPen(QPen(faded(colors().textLow, 0.35), 1));
    for (double x = -m_bodyHeight; x < m_face.width; x += 8)
        p.drawLine(QPointF(x, m_bodyHeight), QPointF(x + m_bodyHeight, 0));
    p.restore();
}

void NodeItem::paintMiddle(QPainter& p, double scale) {
    if (m_face.muted || m_face.bypassed) p.setOpacity(0.5);
    paintBody(p, true);
    const Colors& c = colors();
    p.fillRect(QRectF(0, 4, metrics::kNodeBar / scale * 0.5, std::max(0.0, m_bodyHeight - 8)), m_face.bar);
    // The title at a size that can still be read, on as many lines as the node offers.
    QFont f = boldFont();
    f.setPixelSize(static_cast<int>(std::min(11.0 / scale, 40.0)));
    const double left = 10 / scale * 0.6;
    QRectF area(left, 6, m_face.width - left - 6, m_bodyHeight - 12);
    const QRectF picture = thumbnailRect();
    if (!picture.isEmpty()) {
        area.setHeight(
            std::max(metrics::kNodeHeader - 6.0, std::min(f.pixelSize() * 2.8, picture.top() - 6)));
        paintThumbnail(p, false);
    }
    p.setFont(f);
    p.setPen(c.textHigh);
    const QFontMetricsF m(f);
    p.save();
    p.setClipRect(area, Qt::IntersectClip);
    if (area.height() < 2 * m.height() || m.horizontalAdvance(m_face.title) <= area.width())
        drawLine(p, QRectF(area.left(), area.top(), area.width(), m.height()), Qt::AlignLeft, m_face.title, f,
                 c.textHigh);
    else
        p.drawText(area, Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap, m_face.title);
    p.restore();
    if (running(m_state))
        p.fillRect(QRectF(0, 0, m_face.width * std::clamp(m_state.share, 0.0, 1.0), 2 / scale), c.accent);
    if (m_state.status == NodeStatus::Failed)
        p.fillRect(QRectF(0, m_bodyHeight - 3 / scale, m_face.width, 3 / scale), c.bad);
}

void NodeItem::paintBlock(QPainter& p, double scale) {
    const Colors& c = colors();
    QColor fill = blend(c.surface2, m_face.bar, m_face.muted || m_face.bypassed ? 0.2 : 0.5);
    if (m_state.status == NodeStatus::Failed) fill = c.bad;
    const QRectF body(0, 0, m_face.width, m_bodyHeight);
    p.setRenderHint(QPainter::Antialiasing, false);
    p.fillRect(body, fill);
    if (running(m_state)) p.fillRect(QRectF(0, 0, body.width() * m_state.share, 3 / scale), c.accent);
    if (!m_chosen) return;
    p.setPen(QPen(c.accent, 2 / scale));
    p.setBrush(Qt::NoBrush);
    p.drawRect(body);
}

} // namespace ochre::ui
