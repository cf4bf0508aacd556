// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/MaskTool.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <QPainter>

#include "ui/bridge/Background.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/ImageView.h"
#include "ui/viewport/MaskEdits.h"

namespace ochre::ui {
namespace {

constexpr double kClick = 4;    ///< pixels: a shorter drag is a click
constexpr double kTint = 0.38;  ///< share of the accent where the mask is 1
constexpr int kTintSide = 2048; ///< longer side of what is tinted
constexpr double kRadius = 6.5; ///< of a point
constexpr float kChosen = 0.5f; ///< the edge runs where the mask passes it

/// Where the mask passes kChosen, between the middles of its pixels (marching squares); beyond it, it is 0.
QList<QLineF> edgeOf(const Image& mask) {
    const int width = mask.width(), height = mask.height();
    const float* values = mask.values().data();
    const auto at = [&](int x, int y) {
        const bool inside = x >= 0 && y >= 0 && x < width && y < height;
        return inside ? values[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                               static_cast<std::size_t>(x)]
                      : 0.0f;
    };
    QList<QLineF> lines;
    for (int y = -1; y < height; ++y)
        for (int x = -1; x < width; ++x) {
            const std::array corners{at(x, y), at(x + 1, y), at(x + 1, y + 1), at(x, y + 1)};
            const auto count = std::ranges::count_if(corners, [](float v) { return v > kChosen; });
            if (count == 0 || count == 4) continue;
            static constexpr QPointF kCorners[] = {{0.5, 0.5}, {1.5, 0.5}, {1.5, 1.5}, {0.5, 1.5}};
            QList<QPointF> passes;
            for (std::size_t i = 0; i < 4; ++i) {
                const std::size_t next = (i + 1) % 4;
                if ((corners[i] > kChosen) == (corners[next] > kChosen)) continue;
                const double share =
                    static_cast<double>((kChosen - corners[i]) / (corners[next] - corners[i]));
                passes << QPointF(x, y) + kCorners[i] + share * (kCorners[next] - kCorners[i]);
            }
            for (qsizetype i = 0; i + 1 < passes.size(); i += 2) lines << QLineF(passes[i], passes[i + 1]);
        }
    return lines;
}

} // namespace

MaskLook lookOf(const Image& mask, const QColor& tint) {
    if (mask.empty()) return {};
    const int width = mask.width(), height = mask.height();
    QImage image(width, height, QImage::Format_Indexed8);
    QList<QRgb> table;
    for (int i = 0; i < 256; ++i)
        table << qRgba(tint.red(), tint.green(), tint.blue(), static_cast<int>(i * kTint));
    image.setColorTable(table);
    const float* from = mask.values().data();
    for (int y = 0; y < height; ++y) {
        uchar* row = image.scanLine(y);
        for (int x = 0; x < width; ++x)
            row[x] = static_cast<uchar>(std::lround(std::clamp(*from++, 0.0f, 1.0f) * 255));
    }
    const double scale = static_cast<double>(kTintSide) / std::max(width, height);
    const QImage drawn = image.convertToFormat(QImage::Format_ARGB32_Premultiplied);
    return {scale < 1 ? drawn.scaled(std::max(1, static_cast<int>(width * scale)),
                                     std::max(1, static_cast<int>(height * scale)), Qt::IgnoreAspectRatio,
                                     Qt::SmoothTransformation)
                      : drawn,
            edgeOf(mask)};
}

void strokeOnPicture(QPainter& painter, double width, Qt::PenStyle style, const std::function<void()>& draw) {
    const double ratio = painter.device()->devicePixelRatio(); // cosmetic pens are as wide in its own pixels
    const auto stroke = [&](const QColor& color, double wide, Qt::PenStyle dashes) {
        const bool solid = dashes == Qt::SolidLine;
        QPen pen(color, wide * ratio, dashes, solid ? Qt::RoundCap : Qt::FlatCap, Qt::RoundJoin);
        pen.setCosmetic(true);
        painter.setPen(pen);
        draw();
    };
    QColor ground = colors().onAccent;
    ground.setAlphaF(0.7f);
    stroke(ground, width + 2, Qt::SolidLine);
    stroke(colors().accent, width, style);
}

MaskTool::MaskTool(ImageView& view, MaskEdits& edits) : m_view(view), m_edits(edits) {
    connect(&m_edits, &MaskEdits::changed, this, &MaskTool::makeLook);
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        m_made = nullptr;
        makeLook();
    });
}

void MaskTool::setMode(Mode mode) {
    m_mode = mode;
}

void MaskTool::makeLook() {
    m_view.update();
    const Image& mask = m_edits.mask();
    const float* values = mask.empty() ? nullptr : mask.values().data();
    if (values && values == m_made) return;
    m_made = values;
    const std::uint64_t turn = ++m_turn;
    if (!values) {
        m_look = {};
        return;
    }
    inBackground(
        this, [mask, tint = colors().accent] { return std::pair(mask, lookOf(mask, tint)); },
        [this, turn](std::pair<Image, MaskLook> made) {
            if (turn != m_turn) return;
            m_width = made.first.width();
            m_height = made.first.height();
            m_look = std::move(made.second);
            m_view.update();
        });
}

bool MaskTool::dragged() const {
    return m_from && std::hypot(m_to.x() - m_from->x(), m_to.y() - m_from->y()) >= kClick;
}

bool MaskTool::press(QPointF at, Qt::KeyboardModifiers) {
    m_from = m_to = at;
    return true;
}

void MaskTool::move(QPointF at, Qt::KeyboardModifiers) {
    m_to = at;
    m_view.update();
}

void MaskTool::release(QPointF at, Qt::KeyboardModifiers modifiers) {
    m_to = at;
    const bool box = dragged();
    const QPointF from = m_view.toPicture(*std::exchange(m_from, std::nullopt)), to = m_view.toPicture(at);
    m_view.update();
    if (box)
        m_edits.setBox(QRectF(from, to));
    else if (m_mode != Mode::Box)
        m_edits.addPoint(to, (m_mode == Mode::Add) != modifiers.testFlag(Qt::AltModifier));
}

void MaskTool::cancel() {
    m_from.reset();
    m_view.update();
}

void MaskTool::paintMask(QPainter& p) const {
    if (m_look.tint.isNull()) return;
    const QSize size = m_edits.size();
    const QRectF target(m_view.toWidget({0, 0}), m_view.toWidget(QPointF(size.width(), size.height())));
    const QRectF seen = target & QRectF(m_view.rect()).adjusted(-2, -2, 2, 2);
    if (seen.isEmpty()) return;
    const double sx = m_look.tint.width() / target.width(), sy = m_look.tint.height() / target.height();
    p.setRenderHint(QPainter::SmoothPixmapTransform, target.width() < 2.0 * m_look.tint.width());
    p.drawImage(seen, m_look.tint,
                QRectF((seen.x() - target.x()) * sx, (seen.y() - target.y()) * sy, seen.width() * sx,
                       seen.height() * sy));
    p.save();
    p.setClipRect(seen);
    p.translate(target.topLeft());
    p.scale(target.width() / m_width, target.height() / m_height);
    strokeOnPicture(p, 1.5, Qt::SolidLine, [&] { p.drawLines(m_look.edge); });
    p.restore();
}

void MaskTool::paintPoints(QPainter& p) const {
    for (const MaskPrompt::Point& point : m_edits.prompt().points) {
        const QPointF at = m_view.toWidget(point.at);
        p.setPen(QPen(point.belongs ? colors().onAccent : colors().accent, 1.5));
        p.setBrush(point.belongs ? colors().accent : colors().onAccent);
        p.drawEllipse(at, kRadius, kRadius);
        p.drawLine(at - QPointF(3, 0), at + QPointF(3, 0));
        if (point.belongs) p.drawLine(at - QPointF(0, 3), at + QPointF(0, 3));
    }
}

void MaskTool::paint(QPainter& p) {
    paintMask(p);
    p.setBrush(Qt::NoBrush);
    const auto& box = m_edits.prompt().box;
    if (box && !m_from)
        strokeOnPicture(p, 1.5, Qt::DashLine, [&] {
            p.drawRect(QRectF(m_view.toWidget(box->topLeft()), m_view.toWidget(box->bottomRight())));
        });
    if (dragged())
        strokeOnPicture(p, 1.5, Qt::SolidLine, [&] { p.drawRect(QRectF(*m_from, m_to).normalized()); });
    paintPoints(p);
}

} // namespace ochre::ui
