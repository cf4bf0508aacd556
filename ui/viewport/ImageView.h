// SPDX-License-Identifier: GPL-3.0-or-later
// A picture on a neutral ground: pan, zoom at the pointer, probe, previews while it is made. Conversion for the screen happens off this
// thread.
#pragma once

#include <cmath>
#include <optional>
#include <vector>

#include <QImage>
#include <QWidget>

#include "core/image/Image.h"
#include "ui/bridge/Picture.h"

namespace ochre::ui {

class SceneTool;

/// How two pictures are compared: one over the other with a divider, or side by side at the same place.
enum class Comparing { No, Wipe, Sides };

/// Zoom is in device pixels a picture pixel, so that 100 % is sharp on every screen. Tools, where there are
/// any, are asked first for the left button, the one set last before the others, and for the right one, which
/// counts as left with Alt; what none takes moves the picture, as the middle button always does.
class ImageView : public QWidget {
    Q_OBJECT
public:
    explicit ImageView(QWidget* parent = nullptr);

    /// Zoom and place stay when the size is the same.
    void setImage(const Image& image);
    const Image& image() const { return m_image; }
    /// The picture of before, stretched to where this one lies, and its name; empty: nothing is compared.
    void setCompare(const Image& image, const QString& name);
    Comparing comparing() const { return m_comparing; }
    void setComparing(Comparing how);
    bool canCompare() const { return !m_other.empty(); }
    const QString& compareName() const { return m_otherName; }
    void setPeeking(bool on); ///< the picture of before alone, for as long as a key is held
    bool peeking() const { return m_peeking; }
    double wipe() const { return m_wipe; } ///< place of the divider, 0…1 of the width
    void setWipe(double share);

    /// Shown in place of the picture, scaled up to where that lies when it has the same shape, else to the whole view.
    /// The picture, its zoom and its place stay as they are beneath it.
    void setPreview(const Image& image, const QString& text);
    void setPreviewText(const QString& text);
    void endPreview();
    bool previewing() const { return m_previewing; }
    const QString& previewText() const { return m_previewText; }
    const QImage& previewShown() const { return m_preview; }

    void setTools(std::vector<SceneTool*> tools); ///< painted in that order; what one has begun is cancelled
    bool cancelTool();                            ///< whether one had begun something

    const DisplaySettings& display() const { return m_settings; }
    void setDisplay(const DisplaySettings& settings);
    const QImage& shown() const { return m_levels.isEmpty() ? m_none : m_levels.first(); }

    double zoom() const { return m_zoom; }
    void setZoom(double zoom, QPointF fixed);
    void fit();
    void oneToOne();
    bool fitted() const { return m_fitted; }
    QPointF toPicture(QPointF widget) const;
    QPointF toWidget(QPointF picture) const;

Q_SIGNALS:
    void zoomChanged(double zoom);
    void probed(const ochre::ui::Probe& probe);
    void probeLeft();
    void converted(); ///< the picture on screen is the one that was set

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    void convert();
    void paintPreview(QPainter& p);
    QRectF previewTarget(QSizeF size) const; ///< where a preview of this size is drawn
    QRectF previewLabel() const;
    void paintPicture(QPainter& p, const QList<QImage>& levels);
    void paintOver(QPainter& p, const QRectF& clip, double shift, const QList<QImage>& levels);
    void paintWipe(QPainter& p);
    void paintSides(QPainter& p);
    void paintName(QPainter& p, const QString& name, QPointF corner, bool leftOfIt);
    /// How far the half of the widget that this place lies in is moved from the middle; 0 but side by side.
    double sideShift(double x) const;
    double roomAcross() const; ///< width that one picture has
    void paintChecker(QPainter& p, const QRectF& area);
    double fitZoom() const;
    void keepInReach();
    bool pressTool(const QMouseEvent& event);
    double wipeX() const { return m_wipe * width(); }
    bool atWipe(QPointF at) const { return m_comparing == Comparing::Wipe && std::abs(at.x() - wipeX()) < 8; }
    void showCursor(); ///< the last tool's, else the usual one

    Image m_image, m_other;
    QList<QImage> m_levels, m_otherLevels; ///< full size, half, quarter, …
    QImage m_none;
    DisplaySettings m_settings;
    std::uint64_t m_turn = 0, m_previewTurn = 0;
    QImage m_preview; ///< as large as it is drawn, where that is not much more than the view
    QSizeF m_previewSize;
    QString m_previewText;
    bool m_previewing = false;
    double m_zoom = 1;
    QPointF m_center; ///< picture coordinates in the middle of the widget
    bool m_fitted = true, m_wiping = false, m_peeking = false;
    Comparing m_comparing = Comparing::No;
    QString m_otherName;
    double m_wipe = 0.5;
    std::optional<QPoint> m_grab;
    std::vector<SceneTool*> m_tools;
    SceneTool* m_working = nullptr; ///< the one that has taken a button
    Qt::MouseButton m_toolButton = Qt::NoButton;
};

} // namespace ochre::ui
