// SPDX-License-Identifier: GPL-3.0-or-later
// What a node shows, worked out from graph and declaration: title, rows, sockets and where each of them lies.
#pragma once

#include <QColor>
#include <QPointF>
#include <QRectF>
#include <QString>
#include <optional>
#include <string>
#include <vector>

#include "core/graph/Graph.h"

namespace ochre::ui {

/// The canvas's way to a socket: also those of unknown nodes, and parameters that a link drives.
struct SocketRef {
    graph::NodeId node = 0;
    std::string id;
    bool output = false;
    bool valid() const { return node != 0; }
    auto operator<=>(const SocketRef&) const = default;
};

struct FaceSocket {
    std::string id, type;
    QString label;
    bool list = false, optional = false, connected = false;
    bool parameter = false; ///< an input that drives a parameter
};

/// One row: an input at the left and an output at the right, or a parameter with its value in place.
struct FaceRow {
    std::optional<FaceSocket> input, output;
    const graph::Parameter* parameter = nullptr;
    graph::ParameterValue value;
    QString text; ///< the value as shown, with its unit
    bool changed = false;
    int lines = 1; ///< rows of 24 px that it takes
    double top = 0;
};

struct NodeFace {
    QString title, category, help;
    QColor bar;
    bool known = true, group = false, muted = false, bypassed = false, collapsed = false;
    double width = 200, height = 28;
    std::vector<FaceRow> rows;
    int hidden = 0; ///< parameters left to the inspector

    /// Centre of a socket in the node's coordinates; nothing where the node has no such socket.
    std::optional<QPointF> socketPosition(const std::string& id, bool output) const;
    const FaceSocket* findSocket(const std::string& id, bool output) const;
    const FaceRow* rowOf(const std::string& parameter) const;
    QRectF fieldRect(const FaceRow& row) const; ///< where a parameter's value is shown and edited
};

/// `top` is the height of what stands between header and rows (the error line). `within`: the group being
/// edited.
NodeFace makeFace(const graph::Node& node, const graph::Graph& graph, const graph::NodeRegistry& registry,
                  const graph::GroupDefinition* within, double top);

/// A value as a person reads it: "0.5", "4 px", "Lanczos", "photo.png".
QString valueText(const graph::Parameter& parameter, const graph::ParameterValue& value);

/// Where 0…1 a number stands on its slider, and back; nothing when the parameter has no range.
std::optional<double> sliderShare(const graph::Parameter& parameter, const graph::ParameterValue& value);

} // namespace ochre::ui
