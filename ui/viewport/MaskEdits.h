// SPDX-License-Identifier: GPL-3.0-or-later
// What is selected in the picture that is viewed, as the points and the box of a "Select by points" node:
// what a tool does is written there, the node runs, and its mask is shown. So undo is the document's, and the
// same runs without a window.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <QObject>
#include <QPointF>
#include <QRectF>
#include <QSize>

#include "core/graph/Graph.h"
#include "core/image/Image.h"
#include "core/session/Session.h"

namespace ochre::ui {

class Bridge;

/// In pixels of the picture, as the node's parameters say it.
struct MaskPrompt {
    struct Point {
        QPointF at;
        bool belongs = true;
        bool operator==(const Point&) const = default;
    };
    std::vector<Point> points;
    std::optional<QRectF> box;
    bool inverted = false;

    bool empty() const { return points.empty() && !box; }
    bool operator==(const MaskPrompt&) const = default;
};

class MaskEdits : public QObject {
    Q_OBJECT
public:
    explicit MaskEdits(Bridge& bridge, QObject* parent = nullptr);

    /// The picture that is viewed now and where it comes from; node 0: none. Another source ends the
    /// selection.
    void follow(const graph::Link& source, QSize size);
    /// With the node that selects from the picture already, or a new one behind it. Throws Error.
    void start();
    void stop();
    bool active() const { return m_node != 0; }
    graph::NodeId node() const { return m_node; }
    const graph::Link& source() const { return m_source; }
    QSize size() const { return m_size; }

    const MaskPrompt& prompt() const { return m_prompt; }
    /// The last that is known; empty before. Where nothing is asked for it is what was tracked here.
    const Image& mask() const { return m_prompt.empty() && !m_tracked.empty() ? m_tracked : m_mask; }
    void setTracked(Image mask); ///< from other frames of the video; empty: none
    bool busy() const { return m_job != 0; }
    QString note() const; ///< who selects, and how far it is

    void addPoint(QPointF at, bool belongs);
    void setBox(const QRectF& box);    ///< with the points that are there
    void selectBox(const QRectF& box); ///< in place of all that was selected
    void clear();
    void invert();
    std::string model() const; ///< as the node names it; empty: GrabCut
    void setModel(const std::string& reference);

    static constexpr const char* kNodeType = "understand.select";

Q_SIGNALS:
    void activeChanged(bool active);
    void changed(); ///< what is asked for, or the mask
    void noteChanged();

private:
    void refresh();
    void run();
    void onJob(const session::Job& job);
    void write(const QString& title, const MaskPrompt& prompt);
    QRectF inside(const QRectF& box) const;

    Bridge& m_bridge;
    graph::Link m_source;
    QSize m_size;
    graph::NodeId m_node = 0;
    std::map<std::string, graph::ParameterValue> m_parameters; ///< of the node, as they were run last
    MaskPrompt m_prompt;
    Image m_mask, m_tracked;
    session::JobId m_job = 0;
    bool m_again = false, m_stopped = false;
    QString m_error;
};

std::string textOf(const QRectF& box); ///< of the node

/// What selects, in words: a model by its name, or our own, or none.
QString selectorName(const std::string& reference);

/// The node's text of points and back; what cannot be read is left out.
std::string textOf(const std::vector<MaskPrompt::Point>& points);
std::vector<MaskPrompt::Point> pointsOf(const std::string& text);

} // namespace ochre::ui
