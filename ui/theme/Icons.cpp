// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/Icons.h"

#include <QCoreApplication>
#include <QDebug>
#include <QDir>
#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>

#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {

const QString kFolder = QStringLiteral(":/ochre/icons/");
constexpr double kDrawn = 20.0; ///< side of the view box of every drawing

QByteArray drawing(const QString& name) {
    static QHash<QString, QByteArray> seen;
    const auto known = seen.constFind(name);
    if (known != seen.constEnd()) return *known;
    QFile file(kFolder + name + ".svg");
    if (!file.open(QIODevice::ReadOnly)) qWarning() << "icon" << name << "does not exist";
    return seen[name] = file.isOpen() ? file.readAll() : QByteArray();
}

QHash<QString, QSvgRenderer*>& keptRenderers() {
    static QHash<QString, QSvgRenderer*> kept;
    return kept;
}

void forgetRenderers() {
    qDeleteAll(keptRenderers());
    keptRenderers().clear();
}

/// A renderer for one colour and stroke; drawn ones are kept as long as the application, since parsing costs more than drawing.
QSvgRenderer* renderer(const QString& name, const QColor& color, double side) {
    QHash<QString, QSvgRenderer*>& kept = keptRenderers();
    if (kept.isEmpty()) qAddPostRoutine(forgetRenderers);
    const QString key = name + color.name(QColor::HexArgb) + QString::number(side);
    if (QSvgRenderer* known = kept.value(key)) return known;
    QByteArray svg = drawing(name);
    if (svg.isEmpty()) return nullptr;
    svg.replace("currentColor", color.name().toLatin1());
    svg.replace("stroke-width=\"1.5\"", "stroke-width=\"" + QByteArray::number(1.5 * kDrawn / side) + "\"");
    if (kept.size() > 512) forgetRenderers();
    auto* made = new QSvgRenderer(svg);
    kept.insert(key, made);
    return made;
}

QColor stateColor(const QColor& fixed, QIcon::Mode mode, QIcon::State state) {
    const Colors& c = colors();
    if (mode == QIcon::Disabled) return c.textLow;
    if (fixed.isValid()) return fixed;
    return mode == QIcon::Active || mode == QIcon::Selected || state == QIcon::On ? c.textHigh : c.textMid;
}

class LineIconEngine : public QIconEngine {
public:
    LineIconEngine(QString name, QColor color) : m_name(std::move(name)), m_color(std::move(color)) {}

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state) override {
        const int side = qMin(rect.width(), rect.height());
        QRectF square(0, 0, side, side);
        square.moveCenter(QRectF(rect).center());
        paintIcon(*painter, m_name, square, stateColor(m_color, mode, state));
    }

    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
        return scaledPixmap(size, mode, state, 1.0);
    }

    QPixmap scaledPixmap(const QSize& size, QIcon::Mode mode, QIcon::State state, qreal ratio) override {
        // `size` is in device pixels here.
        const int side = qMin(size.width(), size.height());
        const int logical = qMax(1, qRound(side / ratio));
        return iconPixmap(m_name, logical, stateColor(m_color, mode, state),
                          side / static_cast<qreal>(logical));
    }

    QIconEngine* clone() const override { return new LineIconEngine(*this); }
    QString key() const override { return QStringLiteral("ochre-line"); }

private:
    QString m_name;
    QColor m_color;
};

} // namespace

QIcon icon(const QString& name) {
    return icon(name, QColor());
}

QIcon icon(const QString& name, const QColor& color) {
    if (drawing(name).isEmpty()) return {};
    return QIcon(new LineIconEngine(name, color));
}

void paintIcon(QPainter& painter, const QString& name, const QRectF& rect, const QColor& color) {
    QSvgRenderer* svg = renderer(name, color, rect.width());
    if (!svg) return;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setOpacity(painter.opacity() * color.alphaF());
    svg->render(&painter, rect);
    painter.restore();
}

QPixmap iconPixmap(const QString& name, int size, const QColor& color, qreal ratio) {
    const QString key =
        QStringLiteral("ochre/%1/%2/%3/%4").arg(name).arg(size).arg(color.name(QColor::HexArgb)).arg(ratio);
    QPixmap found;
    if (QPixmapCache::find(key, &found)) return found;
    QPixmap made(qRound(size * ratio), qRound(size * ratio));
    made.setDevicePixelRatio(ratio);
    made.fill(Qt::transparent);
    QPainter painter(&made);
    paintIcon(painter, name, QRectF(0, 0, size, size), color);
    painter.end();
    QPixmapCache::insert(key, made);
    return made;
}

QStringList iconNames() {
    QStringList names;
    for (const QString& file : QDir(kFolder).entryList({QStringLiteral("*.svg")}, QDir::Files, QDir::Name))
        names << file.chopped(4);
    return names;
}

} // namespace ochre::ui
