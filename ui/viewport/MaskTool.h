// SPDX-License-Identifier: GPL-3.0-or-later
// Selecting in a picture with the mouse, and what is selected, tinted and outlined over it.
#pragma once

#include <functional>
#include <optional>

#include <QImage>
#include <QLineF>
#include <QObject>

#include "core/image/Image.h"
#include "ui/viewport/SceneTool.h"

namespace ochre::ui {

class ImageView;
class MaskEdits;

/// How a mask looks over its picture: where it is bright, and the lines along its edge, in pixels of the
/// mask.
struct MaskLook {
    QImage tint; ///< clear where the mask is 0, at most 2048 pixels a side
    QList<QLineF> edge;
};
MaskLook lookOf(const Image& mask, const QColor& tint);

/// A click is a point on what is wanted, with Alt or the right button one on what is not; a drag is a box
/// about it.
class MaskTool : public QObject, public SceneTool {
    Q_OBJECT
public:
    enum class Mode { Add, Remove, Box };
    MaskTool(ImageView& view, MaskEdits& edits);

    Mode mode() const { return m_mode; }
    void setMode(Mode mode);
    const MaskLook& look() const { return m_look; }

    bool press(QPointF at, Qt::KeyboardModifiers modifiers) override;
    void move(QPointF at, Qt::KeyboardModifiers modifiers) override;
    void release(QPointF at, Qt::KeyboardModifiers modifiers) override;
    void cancel() override;
    void paint(QPainter& painter) override;
    Qt::CursorShape cursor() const override { return Qt::CrossCursor; }

private:
    void makeLook();
    void paintMask(QPainter& painter) const;
    void paintPoints(QPainter& painter) const;
    bool dragged() const;

    ImageView& m_view;
    MaskEdits& m_edits;
    Mode m_mode = Mode::Add;
    std::optional<QPointF> m_from;
    QPointF m_to;
    const float* m_made = nullptr; ///< the mask that the look is of
    int m_width = 0, m_height = 0; ///< of that mask
    std::uint64_t m_turn = 0;
    MaskLook m_look;
};

/// Lines that are seen on any ground: the accent within a darker edge.
void strokeOnPicture(QPainter& painter, double width, Qt::PenStyle style, const std::function<void()>& draw);

} // namespace ochre::ui
