// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/Theme.h"

#include <QApplication>
#include <QFontDatabase>
#include <QFontMetricsF>
#include <QHash>
#include <QPainter>
#include <QPainterPath>
#include <QPalette>
#include <QToolTip>
#include <cmath>

#include "ui/theme/Style.h"

namespace ochre::ui {
namespace {

Colors makeDark() {
    Colors c;
    c.canvas = QColor(0x14, 0x15, 0x18);
    c.surface1 = QColor(0x1c, 0x1d, 0x21);
    c.surface2 = QColor(0x25, 0x27, 0x2c);
    c.surface3 = QColor(0x2f, 0x32, 0x38);
    c.hairline = QColor(0x38, 0x3b, 0x42);
    c.textHigh = QColor(0xec, 0xed, 0xef);
    c.textMid = QColor(0xad, 0xb2, 0xba);
    c.textLow = QColor(0x7c, 0x82, 0x8c);
    c.accent = QColor(0xd8, 0x96, 0x2a);
    c.accentHover = QColor(0xe7, 0xac, 0x4b);
    c.accentPressed = QColor(0xb6, 0x7b, 0x1b);
    c.onAccent = QColor(0x14, 0x15, 0x18);
    c.good = QColor(0x4c, 0xb3, 0x6b);
    c.warn = QColor(0xe8, 0xb2, 0x3c);
    c.bad = QColor(0xe5, 0x55, 0x5a);
    c.info = QColor(0x5b, 0x9f, 0xe6);
    c.shadow = QColor(0, 0, 0, 120);
    return c;
}

Colors makeLight() {
    Colors c;
    c.canvas = QColor(0xe9, 0xea, 0xec);
    c.surface1 = QColor(0xf6, 0xf6, 0xf7);
    c.surface2 = QColor(0xff, 0xff, 0xff);
    c.surface3 = QColor(0xec, 0xed, 0xef);
    c.hairline = QColor(0xd5, 0xd7, 0xdb);
    c.textHigh = QColor(0x1a, 0x1b, 0x1e);
    c.textMid = QColor(0x4f, 0x54, 0x5c);
    c.textLow = QColor(0x7c, 0x82, 0x8c);
    c.accent = QColor(0xa8, 0x6c, 0x0e);
    c.accentHover = QColor(0xbd, 0x7d, 0x17);
    c.accentPressed = QColor(0x8c, 0x59, 0x0a);
    c.onAccent = QColor(0xff, 0xff, 0xff);
    c.good = QColor(0x2c, 0x8a, 0x4b);
    c.warn = QColor(0xa8, 0x74, 0x00);
    c.bad = QColor(0xc9, 0x33, 0x38);
    c.info = QColor(0x2b, 0x72, 0xbf);
    c.shadow = QColor(0, 0, 0, 60);
    return c;
}

/// The families of sockets; several type names may share one.
const QHash<QString, QColor>& socketTable() {
    static const QHash<QString, QColor> table = {
        {"image", QColor("#E3B74B")},        {"mask", QColor("#B9BEC6")},
        {"latent", QColor("#E0709F")},       {"model", QColor("#8F7CF2")},
        {"conditioning", QColor("#F0894A")}, {"text_encoder", QColor("#D8C04A")},
        {"autoencoder", QColor("#E0605E")},  {"float", QColor("#7CB6EA")},
        {"int", QColor("#7CB6EA")},          {"bool", QColor("#7CB6EA")},
        {"text", QColor("#74CFA5")},         {"scene", QColor("#45C0C8")},
        {"scene_layers", QColor("#45C0C8")},
        {"field", QColor("#45C0C8")},        {"camera", QColor("#6FA8A8")},
        {"camera_path", QColor("#6FA8A8")},  {"video", QColor("#B88AE0")},
        {"audio", QColor("#79D17A")},        {"any", QColor("#ECEDEF")},
        {"color", QColor("#B9BEC6")},
    };
    return table;
}

double linear(double v) {
    return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
}

double luminance(const QColor& c) {
    return 0.2126 * linear(c.redF()) + 0.7152 * linear(c.greenF()) + 0.0722 * linear(c.blueF());
}

/// Darkened (or lightened) in small steps until it stands out from a node.
QColor readable(QColor color) {
    const QColor ground = colors().surface2;
    const QColor away = luminance(ground) > 0.5 ? Qt::black : Qt::white;
    for (int i = 0; i < 20 && contrast(color, ground) < 3.0; ++i) color = blend(color, away, 0.08);
    return color;
}

QString uiFamily() {
    static const QString family = QFontDatabase::families().contains(QStringLiteral("Inter"))
                                      ? QStringLiteral("Inter")
                                      : QFontDatabase::systemFont(QFontDatabase::GeneralFont).family();
    return family;
}

QPalette makePalette(const Colors& c) {
    QPalette p(c.textHigh, c.surface1);
    p.setColor(QPalette::Window, c.surface1);
    p.setColor(QPalette::WindowText, c.textHigh);
    p.setColor(QPalette::Base, c.surface1);
    p.setColor(QPalette::AlternateBase, c.surface2);
    p.setColor(QPalette::Text, c.textHigh);
    p.setColor(QPalette::PlaceholderText, c.textLow);
    p.setColor(QPalette::Button, c.surface2);
    p.setColor(QPalette::ButtonText, c.textHigh);
    p.setColor(QPalette::BrightText, c.textHigh);
    p.setColor(QPalette::Light, c.surface3);
    p.setColor(QPalette::Midlight, c.surface3);
    p.setColor(QPalette::Mid, c.hairline);
    p.setColor(QPalette::Dark, c.hairline);
    p.setColor(QPalette::Shadow, c.hairline);
    p.setColor(QPalette::Highlight, blend(c.surface2, c.accent, 0.45));
    p.setColor(QPalette::HighlightedText, c.textHigh);
    p.setColor(QPalette::Link, c.accent);
    p.setColor(QPalette::LinkVisited, c.accent);
    p.setColor(QPalette::ToolTipBase, c.surface3);
    p.setColor(QPalette::ToolTipText, c.textHigh);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        p.setColor(QPalette::Disabled, role, c.textLow);
    return p;
}

bool isFigure(QChar c) {
    return c.isDigit();
}

qreal figureWidth(const QFontMetricsF& metrics) {
    qreal width = 0;
    for (char d = '0'; d <= '9'; ++d) width = std::max(width, metrics.horizontalAdvance(QLatin1Char(d)));
    return width;
}

} // namespace

Theme& Theme::instance() {
    static Theme theme;
    return theme;
}

const Colors& Theme::colors() const {
    static const Colors dark = makeDark();
    static const Colors light = makeLight();
    return m_mode == Mode::Dark ? dark : light;
}

void Theme::setMode(Mode mode) {
    m_mode = mode;
    if (qApp) {
        qApp->setPalette(makePalette(colors()));
        QToolTip::setPalette(makePalette(colors()));
        qApp->setStyleSheet(styleSheet(colors(), mode));
    }
    Q_EMIT changed();
}

QFont font(TextRole role) {
    if (role == TextRole::Mono) {
        QFont mono = QFontDatabase::systemFont(QFontDatabase::FixedFont);
        mono.setPixelSize(12);
        return mono;
    }
    QFont f(uiFamily());
    switch (role) {
    case TextRole::Secondary:
        f.setPixelSize(11);
        break;
    case TextRole::Title:
        f.setPixelSize(15);
        break;
    case TextRole::Welcome:
        f.setPixelSize(20);
        break;
    default:
        f.setPixelSize(13);
        break;
    }
    if (role != TextRole::Body && role != TextRole::Secondary) f.setWeight(QFont::DemiBold);
    // Hinted outlines change width with the zoom; unhinted ones scale evenly at 1.25 and while zooming.
    f.setHintingPreference(QFont::PreferNoHinting);
    return f;
}

QColor socketColor(const QString& typeName) {
    const auto known = socketTable().constFind(typeName);
    if (known != socketTable().constEnd()) return readable(*known);
    uint sum = 0; // not qHash: that is seeded anew with each start
    for (const QChar c : typeName) sum = sum * 31 + c.unicode();
    return readable(QColor::fromHsl(static_cast<int>(sum % 360), 120, 160));
}

QColor categoryColor(const QString& category) {
    static const QHash<QString, QString> table = {
        {"image", "image"},       {"picture", "image"},   {"upscale", "model"}, {"restore", "model"},
        {"scene", "scene"},       {"3d", "scene"},        {"splats", "scene"},  {"camera", "camera"},
        {"text", "text"},         {"prompt", "text"},     {"model", "model"},   {"models", "model"},
        {"mask", "mask"},         {"generate", "latent"}, {"latent", "latent"}, {"sampling", "latent"},
        {"video", "video"},       {"audio", "audio"},     {"flow", "mask"},     {"number", "float"},
        {"math", "float"},        {"value", "float"},     {"input", "text"},    {"output", "conditioning"},
        {"file", "conditioning"}, {"view", "mask"},       {"group", "mask"},    {"training", "autoencoder"},
        {"write", "text"},        {"understand", "scene"},
    };
    const QString first = category.section('/', 0, 0).toLower();
    return socketColor(table.value(first, first.isEmpty() ? QStringLiteral("mask") : first));
}

double contrast(const QColor& a, const QColor& b) {
    const double x = luminance(a), y = luminance(b);
    return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

QColor blend(const QColor& base, const QColor& over, double share) {
    const auto mix = [share](float from, float to) { return from + (to - from) * static_cast<float>(share); };
    return QColor::fromRgbF(mix(base.redF(), over.redF()), mix(base.greenF(), over.greenF()),
                            mix(base.blueF(), over.blueF()));
}

qreal tabularWidth(const QFontMetricsF& metrics, const QString& text) {
    const qreal figure = figureWidth(metrics);
    qreal width = 0;
    for (const QChar c : text) width += isFigure(c) ? figure : metrics.horizontalAdvance(c);
    return width;
}

void drawTabular(QPainter& painter, const QRectF& rect, Qt::Alignment alignment, const QString& text) {
    const QFontMetricsF metrics(painter.font());
    const qreal figure = figureWidth(metrics);
    qreal x = rect.left();
    const qreal width = tabularWidth(metrics, text);
    if (alignment & Qt::AlignRight) x = rect.right() - width;
    if (alignment & Qt::AlignHCenter) x = rect.center().x() - width / 2;
    const qreal y = rect.top() + (rect.height() + metrics.capHeight()) / 2;
    for (const QChar c : text) {
        const qreal own = metrics.horizontalAdvance(c);
        const qreal cell = isFigure(c) ? figure : own;
        painter.drawText(QPointF(x + (cell - own) / 2, y), QString(c));
        x += cell;
    }
}

void paintFloatingCard(QPainter& painter, const QRectF& card, qreal radius) {
    const Colors& c = colors();
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    // Nested rounded rectangles whose alphas add up to a fall-off: soft without an off-screen blur.
    const int reach = metrics::kShadow;
    for (int i = reach; i > 0; i -= 1) {
        QColor layer = c.shadow;
        const qreal t = 1.0 - static_cast<qreal>(i) / reach;
        layer.setAlphaF(c.shadow.alphaF() * static_cast<float>(t * t * 0.18));
        painter.setBrush(layer);
        painter.drawRoundedRect(
            card.adjusted(-i, -i + 4, i, i + 4).intersected(card.adjusted(-reach, -reach, reach, reach)),
            radius + i, radius + i);
    }
    painter.setPen(QPen(c.hairline, 1));
    painter.setBrush(c.surface2);
    painter.drawRoundedRect(card.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius);
    painter.restore();
}

void applyTheme(QApplication& application, Mode mode) {
    application.setStyle(new Style);
    application.setFont(font(TextRole::Body));
    QToolTip::setFont(font(TextRole::Secondary));
    Theme::instance().setMode(mode);
}

} // namespace ochre::ui
