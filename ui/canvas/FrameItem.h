// SPDX-License-Identifier: GPL-3.0-or-later
// A titled rectangle behind nodes.
#pragma once

#include <QGraphicsItem>

#include "core/graph/Graph.h"

namespace ochre::ui {

class FrameItem : public QGraphicsItem {
public:
    static constexpr double kHeader = 28;

    explicit FrameItem(graph::Frame frame);
    const graph::Frame& model() const { return m_frame; }
    QRectF rect() const { return QRectF(pos(), QSizeF(m_frame.width, m_frame.height)); }
    QRectF headerRect() const { return QRectF(pos(), QSizeF(m_frame.width, kHeader)); }
    /// The lower right corner, by which its size is changed.
    QRectF handleRect() const;
    void setSize(QSizeF size);
    void setChosen(bool chosen);
    bool chosen() const { return m_chosen; }

    QRectF boundingRect() const override;
    void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

private:
    graph::Frame m_frame;
    bool m_chosen = false;
};

} // namespace ochre::ui
