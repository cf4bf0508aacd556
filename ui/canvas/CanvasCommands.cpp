// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/CanvasCommands.h"

#include <QApplication>
#include <QClipboard>
#include <algorithm>
#include <cmath>

#include "core/project/ProjectFile.h"
#include "ui/canvas/Canvas.h"
#include "ui/canvas/CanvasLook.h"
#include "ui/canvas/CanvasScene.h"
#include "ui/canvas/Edits.h"

namespace ochre::ui {
namespace {

using graph::Graph;
using graph::NodeId;

QString counted(const char* verb, std::size_t count) {
    return count == 1 ? QStringLiteral("%1 node").arg(verb)
                      : QStringLiteral("%1 %2 nodes").arg(verb).arg(count);
}

QRectF framesOf(const CanvasScene& scene, const NodeSet& nodes) {
    QRectF all;
    for (const NodeId id : nodes)
        if (const NodeItem* item = scene.node(id)) all |= item->frame();
    return all;
}

/// The nodes that a copy may hold: the ends of a group stay in it.
NodeSet withoutEnds(const CanvasScene& scene, NodeSet nodes) {
    std::erase_if(nodes, [&](NodeId id) {
        const std::string& type = scene.graph().at(id).type;
        return type == "group.input" || type == "group.output";
    });
    return nodes;
}

void removeChosen(CanvasScene& scene, bool keepFlow) {
    const NodeSet nodes = withoutEnds(scene, scene.chosenNodes());
    const auto links = scene.chosenLinks();
    const auto frames = scene.chosenFrames();
    const QString title = !nodes.empty()   ? counted("Delete", nodes.size())
                          : frames.empty() ? QStringLiteral("Delete link")
                                           : QStringLiteral("Delete frame");
    scene.edit(title, [&](Graph& g) {
        for (const LinkKey& key : links)
            if (g.find(key.to)) g.disconnect(key.to, key.input);
        if (keepFlow)
            edits::removeKeepingFlow(g, scene.registry(), nodes);
        else
            edits::removeNodes(g, nodes);
        if (frames.empty()) return;
        std::vector<graph::Frame> left = g.frames();
        std::erase_if(
            left, [&](const graph::Frame& f) { return std::count(frames.begin(), frames.end(), f.id) > 0; });
        g.setFrames(std::move(left));
    });
}

void copyChosen(const CanvasScene& scene) {
    const NodeSet nodes = withoutEnds(scene, scene.chosenNodes());
    if (nodes.empty()) return;
    const std::string text = project::selectionToText(scene.graph(), {nodes.begin(), nodes.end()});
    QApplication::clipboard()->setText(QString::fromStdString(text));
}

/// Where text's nodes lie, read back from the text by pasting into nothing.
QPointF middleOf(const std::string& text) {
    Graph scratch;
    const auto ids = project::pasteText(scratch, text, 0, 0);
    double left = 1e9, right = -1e9, top = 1e9, bottom = -1e9;
    for (const NodeId id : ids) {
        const graph::NodeLook& look = scratch.at(id).look;
        left = std::min(left, look.x);
        right = std::max(right, look.x + 200);
        top = std::min(top, look.y);
        bottom = std::max(bottom, look.y + 120);
    }
    return {(left + right) / 2, (top + bottom) / 2};
}

void paste(Canvas& canvas, const QString& title, const std::string& text, std::optional<QPointF> by,
           bool keepInputs) {
    CanvasScene& scene = canvas.canvasScene();
    std::vector<NodeId> added;
    const QPointF pointer = canvas.cursorInScene();
    const bool done = scene.edit(title, [&](Graph& g) {
        const QPointF move = by ? *by : pointer - middleOf(text);
        added = project::pasteText(g, text, std::round(move.x()), std::round(move.y()), keepInputs);
    });
    if (done) canvas.select({added.begin(), added.end()});
}

void toggle(CanvasScene& scene, const char* on, const char* off, bool graph::Node::*flag) {
    const NodeSet nodes = scene.chosenNodes();
    const bool all =
        std::all_of(nodes.begin(), nodes.end(), [&](NodeId id) { return scene.graph().at(id).*flag; });
    scene.edit(counted(all ? off : on, nodes.size()), [&](Graph& g) {
        for (const NodeId id : nodes) {
            graph::Node node = g.at(id);
            node.*flag = !all;
            g.replace(std::move(node));
        }
    });
}

void toggleCollapsed(CanvasScene& scene) {
    const NodeSet nodes = scene.chosenNodes();
    const bool all = std::all_of(nodes.begin(), nodes.end(),
                                 [&](NodeId id) { return scene.graph().at(id).look.collapsed; });
    scene.edit(counted(all ? "Unfold" : "Fold", nodes.size()), [&](Graph& g) {
        for (const NodeId id : nodes) {
            graph::NodeLook look = g.at(id).look;
            look.collapsed = !all;
            g.setLook(id, look);
        }
    });
}

void frameChosen(Canvas& canvas) {
    CanvasScene& scene = canvas.canvasScene();
    const QRectF box = framesOf(scene, scene.chosenNodes()).adjusted(-20, -20 - FrameItem::kHeader, 20, 20);
    std::uint32_t id = 1;
    for (const graph::Frame& f : scene.graph().frames()) id = std::max(id, f.id + 1);
    const bool done = scene.edit(QStringLiteral("Frame nodes"), [&](Graph& g) {
        auto frames = g.frames();
        frames.push_back({id, "Frame", "", std::round(box.x()), std::round(box.y()), std::round(box.width()),
                          std::round(box.height())});
        g.setFrames(std::move(frames));
    });
    if (!done) return;
    scene.choose({}, {}, {id});
    canvas.renameSelected();
}

void nudge(CanvasScene& scene, QPointF by) {
    const NodeSet nodes = scene.chosenNodes();
    scene.edit(
        counted("Move", nodes.size()), [&](Graph& g) { edits::moveNodes(g, nodes, by.x(), by.y()); },
        "nudge");
}

void arrangeNodes(Canvas& canvas) {
    CanvasScene& scene = canvas.canvasScene();
    NodeSet nodes = scene.chosenNodes();
    if (nodes.size() < 2) {
        nodes.clear();
        for (const auto& [id, item] : scene.nodes()) nodes.insert(id);
    }
    std::map<NodeId, std::pair<double, double>> sizes;
    for (const NodeId id : nodes)
        sizes[id] = {scene.node(id)->frame().width(), scene.node(id)->frame().height()};
    scene.edit(QStringLiteral("Arrange nodes"), [&](Graph& g) { edits::arrange(g, nodes, sizes); });
}

void groupChosen(Canvas& canvas) {
    CanvasScene& scene = canvas.canvasScene();
    NodeId made = 0;
    const NodeSet nodes = scene.chosenNodes();
    if (scene.edit(counted("Group", nodes.size()),
                   [&](Graph& g) { made = edits::group(g, scene.registry(), nodes); }))
        canvas.select({made});
}

void ungroupChosen(Canvas& canvas) {
    CanvasScene& scene = canvas.canvasScene();
    NodeSet freed;
    const NodeSet nodes = scene.chosenNodes();
    const bool done = scene.edit(QStringLiteral("Ungroup"), [&](Graph& g) {
        for (const NodeId id : nodes)
            if (!g.at(id).group.empty()) freed.merge(edits::ungroup(g, id));
    });
    if (done) canvas.select(freed);
}

class Builder {
public:
    explicit Builder(Canvas& canvas) : m_canvas(canvas) {}

    void add(const char* id, const char* title, const char* icon, QList<QKeySequence> keys,
             const char* section, std::function<bool()> enabled, std::function<void()> run) {
        m_list.push_back({QString::fromLatin1(id), QString::fromUtf8(title), QString::fromLatin1(icon),
                          std::move(keys), QString::fromLatin1(section), std::move(enabled), std::move(run)});
    }
    void edit();
    void nodes();
    void view();
    std::vector<CanvasCommand> take() { return std::move(m_list); }

private:
    CanvasScene& scene() const { return m_canvas.canvasScene(); }
    std::function<bool()> always() const {
        return [] { return true; };
    }
    std::function<bool()> some(std::size_t least = 1) const {
        return [&s = scene(), least] { return s.chosenNodes().size() >= least; };
    }
    std::function<bool()> anything() const {
        return [&s = scene()] {
            return !s.chosenNodes().empty() || !s.chosenLinks().empty() || !s.chosenFrames().empty();
        };
    }

    Canvas& m_canvas;
    std::vector<CanvasCommand> m_list;
};

void Builder::edit() {
    Canvas& canvas = m_canvas;
    CanvasScene& s = scene();
    add("search", "Add node…", "add", {Qt::Key_Tab, Qt::SHIFT | Qt::Key_A}, "add", always(),
        [&canvas] { canvas.openSearch(canvas.mapFromScene(canvas.cursorInScene())); });
    add(
        "undo", "Undo", "undo", {Qt::CTRL | Qt::Key_Z}, "", [&s] { return s.document().history().canUndo(); },
        [&s] { s.document().undo(); });
    add(
        "redo", "Redo", "redo", {Qt::CTRL | Qt::SHIFT | Qt::Key_Z, Qt::CTRL | Qt::Key_Y}, "",
        [&s] { return s.document().history().canRedo(); }, [&s] { s.document().redo(); });
    add("cut", "Cut", "cut", {Qt::CTRL | Qt::Key_X}, "edit", some(), [&s] {
        copyChosen(s);
        removeChosen(s, false);
    });
    add("copy", "Copy", "copy", {Qt::CTRL | Qt::Key_C}, "edit", some(), [&s] { copyChosen(s); });
    add("paste", "Paste", "paste", {Qt::CTRL | Qt::Key_V}, "edit", always(), [&canvas] {
        paste(canvas, QStringLiteral("Paste"), QApplication::clipboard()->text().toStdString(), {}, false);
    });
    add("paste-linked", "Paste with links", "", {Qt::CTRL | Qt::SHIFT | Qt::Key_V}, "edit", always(),
        [&canvas] {
            paste(canvas, QStringLiteral("Paste with links"), QApplication::clipboard()->text().toStdString(),
                  {}, true);
        });
    add("duplicate", "Duplicate", "duplicate", {Qt::CTRL | Qt::Key_D}, "edit", some(), [&canvas, &s] {
        const NodeSet nodes = withoutEnds(s, s.chosenNodes());
        const std::string text = project::selectionToText(s.graph(), {nodes.begin(), nodes.end()});
        paste(canvas, counted("Duplicate", nodes.size()), text, QPointF(40, 40), false);
    });
    add("delete", "Delete", "trash", {Qt::Key_Delete, Qt::Key_X}, "edit", anything(),
        [&s] { removeChosen(s, false); });
    add("delete-keep-flow", "Delete, keep links", "",
        {Qt::CTRL | Qt::Key_Delete, Qt::Key_Backspace, Qt::CTRL | Qt::Key_Backspace}, "edit", anything(),
        [&s] { removeChosen(s, true); });
    add("select-all", "Select all", "", {Qt::CTRL | Qt::Key_A}, "", always(), [&canvas, &s] {
        NodeSet all;
        for (const auto& [id, item] : s.nodes()) all.insert(id);
        canvas.select(all);
    });
    add("find", "Find node…", "search", {Qt::CTRL | Qt::Key_F}, "add", always(),
        [&canvas] { canvas.openFind(); });
}

void Builder::nodes() {
    Canvas& canvas = m_canvas;
    CanvasScene& s = scene();
    const auto aGroup = [&s] {
        const NodeSet nodes = s.chosenNodes();
        return std::any_of(nodes.begin(), nodes.end(),
                           [&](NodeId id) { return !s.graph().at(id).group.empty(); });
    };
    add(
        "rename", "Rename…", "", {Qt::Key_F2}, "node",
        [&s] { return s.chosenNodes().size() + s.chosenFrames().size() == 1; },
        [&canvas] { canvas.renameSelected(); });
    add("run-to", "Run to here", "run", {}, "node", some(),
        [&canvas, &s] { Q_EMIT canvas.runRequested(*s.chosenNodes().rbegin()); });
    add("view", "Show in viewer", "eye", {Qt::Key_V}, "node", some(),
        [&canvas, &s] { Q_EMIT canvas.viewRequested(*s.chosenNodes().rbegin()); });
    add("mute", "Mute", "mute", {Qt::Key_M, Qt::CTRL | Qt::Key_M}, "node", some(),
        [&s] { toggle(s, "Mute", "Unmute", &graph::Node::muted); });
    add("bypass", "Bypass", "bypass", {Qt::Key_B, Qt::Key_D, Qt::CTRL | Qt::Key_B}, "node", some(),
        [&s] { toggle(s, "Bypass", "Stop bypassing", &graph::Node::bypassed); });
    add("collapse", "Fold", "collapse", {Qt::Key_C}, "node", some(), [&s] { toggleCollapsed(s); });
    add("group", "Group", "group", {Qt::CTRL | Qt::Key_G}, "group", some(),
        [&canvas] { groupChosen(canvas); });
    add("ungroup", "Ungroup", "ungroup", {Qt::CTRL | Qt::ALT | Qt::Key_G, Qt::CTRL | Qt::SHIFT | Qt::Key_G},
        "group", aGroup, [&canvas] { ungroupChosen(canvas); });
    add("enter-group", "Edit group", "", {Qt::Key_Return, Qt::Key_Enter}, "group", aGroup, [&canvas, &s] {
        for (const NodeId id : s.chosenNodes())
            if (!s.graph().at(id).group.empty()) return canvas.enterGroup(id);
    });
    add(
        "leave-group", "Leave group", "", {}, "group", [&s] { return s.depth() > 0; },
        [&canvas] { canvas.leaveGroup(); });
    add("frame", "Frame", "frame", {Qt::CTRL | Qt::Key_J}, "group", some(),
        [&canvas] { frameChosen(canvas); });
    add(
        "arrange", "Arrange", "grid", {Qt::Key_L}, "group", [&s] { return s.nodes().size() > 1; },
        [&canvas] { arrangeNodes(canvas); });
    const auto arrow = [&](const char* id, int key, QPointF by) {
        add(id, "", "", {QKeySequence(key)}, "", some(), [&s, by] { nudge(s, by); });
        add(id, "", "", {QKeySequence(Qt::SHIFT | key)}, "", some(),
            [&s, by] { nudge(s, by * look::kGridStep); });
    };
    arrow("nudge-left", Qt::Key_Left, {-1, 0});
    arrow("nudge-right", Qt::Key_Right, {1, 0});
    arrow("nudge-up", Qt::Key_Up, {0, -1});
    arrow("nudge-down", Qt::Key_Down, {0, 1});
}

void Builder::view() {
    Canvas& canvas = m_canvas;
    add("fit-all", "Show all", "fit", {Qt::Key_H, Qt::Key_Home}, "view", always(),
        [&canvas] { canvas.fitAll(); });
    add("fit-selection", "Show selection", "fit-selection", {Qt::Key_F}, "view", always(),
        [&canvas] { canvas.fitSelection(); });
    add("zoom-1", "Zoom to 100 %", "", {Qt::Key_1}, "view", always(),
        [&canvas] { canvas.setZoom(1, QPointF(canvas.viewport()->rect().center())); });
    add("zoom-in", "Zoom in", "zoom-in", {Qt::Key_Plus, Qt::Key_Equal, Qt::CTRL | Qt::Key_Plus}, "", always(),
        [&canvas] { canvas.setZoom(canvas.zoom() * 1.25, QPointF(canvas.viewport()->rect().center())); });
    add("zoom-out", "Zoom out", "zoom-out", {Qt::Key_Minus, Qt::CTRL | Qt::Key_Minus}, "", always(),
        [&canvas] { canvas.setZoom(canvas.zoom() / 1.25, QPointF(canvas.viewport()->rect().center())); });
    add("minimap", "Minimap", "minimap", {Qt::ALT | Qt::Key_M}, "view", always(),
        [&canvas] { canvas.setMinimapWanted(!canvas.minimapWanted()); });
    add("snap", "Snap to grid", "snap", {Qt::SHIFT | Qt::Key_S}, "view", always(),
        [&canvas] { canvas.setSnapping(!canvas.snapping()); });
}

} // namespace

std::vector<CanvasCommand> makeCommands(Canvas& canvas) {
    Builder builder(canvas);
    builder.edit();
    builder.nodes();
    builder.view();
    return builder.take();
}

} // namespace ochre::ui
