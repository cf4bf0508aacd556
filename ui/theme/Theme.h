// SPDX-License-Identifier: GPL-3.0-or-later
// Every colour, size and font of the window. Nothing else names one.
#pragma once

#include <QColor>
#include <QFont>
#include <QObject>
#include <QString>

class QApplication;
class QFontMetricsF;
class QPainter;
class QRectF;

namespace ochre::ui {

enum class Mode { Dark, Light };

struct Colors {
    QColor canvas;                             ///< node canvas, behind pictures: neutral
    QColor surface1;                           ///< windows
    QColor surface2;                           ///< panels, nodes, cards
    QColor surface3;                           ///< hover, fields
    QColor hairline;                           ///< 1 px separators
    QColor textHigh, textMid, textLow;         ///< values, labels, hints
    QColor accent, accentHover, accentPressed; ///< Run, selection, focus ring, progress; nothing else
    QColor onAccent;                           ///< text and icons on the accent
    QColor good, warn, bad, info;              ///< always with an icon or a word too
    QColor shadow;
};

/// Sizes in logical pixels.
namespace metrics {
inline constexpr int kGrid = 4;
inline constexpr int kControl = 28;
inline constexpr int kNodeControl = 24;
inline constexpr int kPanelPadding = 12;
inline constexpr int kGroupGap = 16;
inline constexpr int kRadiusControl = 6;
inline constexpr int kRadiusNode = 8;
inline constexpr int kRadiusDialog = 10;
inline constexpr int kFocusRing = 2;
inline constexpr int kTopBar = 40;
inline constexpr int kToolBar = 36; ///< the viewer's tools, and the heads of the docks beside them
inline constexpr int kLeftDock = 260;
inline constexpr int kRightDock = 320;
inline constexpr int kCollapsedBar = 24;
inline constexpr int kIconSmall = 16;
inline constexpr int kIcon = 20;
inline constexpr int kNodeWidth = 200;
inline constexpr int kNodeWidthText = 240;
inline constexpr int kNodeHeader = 28;
inline constexpr int kNodeRow = 24;
inline constexpr int kNodeBar = 3;
inline constexpr int kAnimationMs = 120; ///< nothing moves for longer
inline constexpr int kShadow = 16;       ///< how far the shadow of a floating card reaches
} // namespace metrics

enum class TextRole {
    Body,      ///< 13 px
    BodyBold,  ///< 13 px semibold: titles of nodes
    Secondary, ///< 11 px
    Title,     ///< 15 px semibold
    Welcome,   ///< 20 px semibold
    Mono,      ///< 12 px, fixed pitch: the log, paths
};

/// The theme of this program; lives on the GUI thread.
class Theme : public QObject {
    Q_OBJECT
public:
    static Theme& instance();

    Mode mode() const { return m_mode; }
    /// Restyles every open window, then emits changed().
    void setMode(Mode mode);
    const Colors& colors() const;

Q_SIGNALS:
    void changed();

private:
    Theme() = default;
    Mode m_mode = Mode::Dark;
};

/// The colours of the present mode.
inline const Colors& colors() {
    return Theme::instance().colors();
}

QFont font(TextRole role);

/// Colour of a socket type ("image", "latent", "float", …) in the present mode, at least 3:1 against a node.
/// Types that are not known get one of their own, the same each time.
QColor socketColor(const QString& typeName);
/// Colour of the bar at a node's left, by the first part of its category ("Image/Filter").
QColor categoryColor(const QString& category);

/// WCAG contrast of two opaque colours, 1…21.
double contrast(const QColor& a, const QColor& b);
/// `over` at `share` of 0…1 on `base`.
QColor blend(const QColor& base, const QColor& over, double share);

/// Draws on one line with figures of equal width, so that changing numbers do not jump. The painter's font
/// and pen are used.
void drawTabular(QPainter& painter, const QRectF& rect, Qt::Alignment alignment, const QString& text);
qreal tabularWidth(const QFontMetricsF& metrics, const QString& text);

/// A floating card: the one soft shadow, surface 2 and a hairline. Leave metrics::kShadow around `card`.
void paintFloatingCard(QPainter& painter, const QRectF& card, qreal radius = metrics::kRadiusDialog);

/// Sets style, style sheet, palette and font. Call once, before the first window.
void applyTheme(QApplication& application, Mode mode = Mode::Dark);

/// The style sheet of `colors`: what applyTheme() sets.
QString styleSheet(const Colors& colors, Mode mode);

} // namespace ochre::ui
