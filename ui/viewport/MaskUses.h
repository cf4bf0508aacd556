// SPDX-License-Identifier: GPL-3.0-or-later
// What is made of a selection: the nodes that take its mask. What is there already serves again.
#pragma once

#include <variant>
#include <vector>

#include <QColor>
#include <QRectF>
#include <QSize>
#include <QString>

#include "core/graph/Graph.h"

namespace ochre::ui {

/// Where the mask comes from, and the picture that it is of.
struct MaskPlace {
    graph::Link mask;
    graph::Link picture;
    QSize size;
};

/// Each gives the node whose picture is the result. The edge of the mask is softened over two pixels in a
/// node of its own.
graph::NodeId addCutOut(graph::Graph& graph, const MaskPlace& place);
/// A colour, or a picture file that is scaled and cut to the same size.
using Background = std::variant<QColor, QString>;
graph::NodeId addBackground(graph::Graph& graph, const MaskPlace& place, const Background& background);
/// The nodes of the inpainting starter, with the usual checkpoint and that prompt; the starter model works on the part at the
/// size that it knows. Throws Error where the starter's file is damaged.
graph::NodeId addInpainting(graph::Graph& graph, const MaskPlace& place, const QString& prompt = {});

/// What is in a box of the picture, to be painted anew.
struct Repaint {
    QRectF box;
    QString prompt;
};
/// For each a node that selects it and those that inpaint it, in the picture that the one before gives; one checkpoint serves
/// all. At least one is wanted.
graph::NodeId addInpaintings(graph::Graph& graph, const graph::Link& picture, const std::vector<Repaint>& wanted);

} // namespace ochre::ui
