// SPDX-License-Identifier: GPL-3.0-or-later
// A link between two sockets, drawn behind the nodes in the colour of its type.
#pragma once

#include <QColor>
#include <QGraphicsItem>
#include <QPainterPath>

#include "core/graph/Graph.h"

namespace ochre::ui {

/// A link is named by the input it ends at.
struct LinkKey {
    graph::NodeId to = 0;
    std::string input;
    auto operator<=>(const LinkKey&) const = default;
};

class LinkItem : public QGraphicsItem {
public:
    LinkItem(LinkKey key, graph::Link from);

    const LinkKey& key() const { return m_key; }
    const graph::Link& from() const { return m_from; }

    void setEnds(QPointF from, QPointF to);
    /// `fits`: the types agree; `muted`: an end is muted or bypassed away.
    void setLook(const QColor& color, bool fits, bool muted);
    void setChosen(bool chosen);
    void setHovered(bool hovered); ///< a dragged node would drop onto it
    void setFaded(bool faded);     ///< being dragged away
    bool chosen() const { return m_chosen; }

    const QPainterPath& path() const { return m_path; }
    /// Distance in scene units, up to `limit`; beyond it, `limit`.
    double distanceTo(QPointF scene, double limit) const;

    QRectF boundingRect() const override;
    void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

private:
    LinkKey m_key;
    graph::Link m_from;
    QPainterPath m_path;
    QColor m_color;
    bool m_fits = true, m_muted = false, m_chosen = false, m_hovered = false, m_faded = false;
};

} // namespace ochre::ui
