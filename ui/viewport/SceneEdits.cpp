// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/SceneEdits.h"

#include "core/base/Error.h"
#include "ui/bridge/Bridge.h"
#include "ui/viewport/LayerEdits.h"
#include "ui/viewport/NodeParameters.h"

namespace ochre::ui {
namespace {
constexpr const char* kSteps = "steps";
constexpr double kNextTo = 300; ///< units of the canvas between a node and the one that is put behind it

std::string stepsTextOf(const graph::Node& node) {
    return parameterOf<std::string>(node, kSteps, "[]");
}
} // namespace

std::vector<std::string> stepsOf(const std::string& text) {
    const Json list = parseJson(text, "steps");
    if (!list.is_array()) throw broken("steps: not a list of steps");
    std::vector<std::string> steps;
    for (const Json& step : list) steps.push_back(dumpJson(step));
    return steps;
}

std::string textOf(const std::vector<std::string>& steps) {
    std::string text = "[";
    for (std::size_t i = 0; i < steps.size(); ++i) text += (i ? ",\n " : "") + steps[i];
    return text + "]";
}

SceneEdits::SceneEdits(Bridge& bridge, QObject* parent) : QObject(parent), m_bridge(bridge) {
    connect(&m_worker, &EditWorker::changed, this, [this](const std::shared_ptr<const EditState>& state) {
        m_state = state;
        if (m_active) Q_EMIT changed();
    });
    connect(&m_worker, &EditWorker::done, this,
            [this](const std::shared_ptr<const EditState>& state, const QString& title, const QString& key,
                   bool keep, quint64 turn) {
                if (!m_active || turn != m_turn) return; // undone before it was done
                if (keep) write(state, title);
                Q_EMIT applied(key);
            });
    connect(&m_worker, &EditWorker::failed, this, [this](const QString& message, const QString& hint) {
        Q_EMIT failed(message, hint);
        if (m_state->steps != m_written) revert();
    });
    connect(&m_worker, &EditWorker::saved, this, &SceneEdits::saved);
    connect(&m_worker, &EditWorker::histogramReady, this, &SceneEdits::histogramReady);
    connect(&m_worker, &EditWorker::busyChanged, this, [this](bool busy) {
        if (std::exchange(m_busy, busy) != busy) Q_EMIT busyChanged(busy);
    });
    connect(&m_bridge, &Bridge::documentChanged, this, &SceneEdits::refresh);
    connect(&m_bridge, &Bridge::nodeChanged, this, &SceneEdits::refresh);
    connect(&m_bridge, &Bridge::resultReady, this, &SceneEdits::refresh);
}

void SceneEdits::follow(graph::NodeId viewed) {
    if (viewed != m_node) m_source = {};
    m_node = viewed;
    refresh();
}

void SceneEdits::refresh() {
    const graph::Graph& graph = m_bridge.session().document().graph();
    const graph::Node* node = graph.find(m_node);
    const auto link = node && node->type == kNodeType ? node->inputs.find("scene")
                                                      : std::map<std::string, graph::Link>::const_iterator();
    graph::Value value;
    if (node && node->type == kNodeType && link != node->inputs.end())
        value = m_bridge.session().result(link->second.node, link->second.output);
    const SplatCloud* cloud = value.tryAs<SplatCloud>();
    const bool was = std::exchange(m_active, cloud != nullptr);
    if (cloud) {
        const std::string text = stepsTextOf(*node);
        const bool other = !was || &cloud->data() != &m_source.data() || cloud->count() != m_source.count();
        if (other || text != m_text) {
            m_source = *cloud;
            m_text = text;
            try {
                m_written = stepsOf(text);
                revert();
            } catch (const Error& e) {
                Q_EMIT failed(QString::fromStdString(e.message()), QString::fromStdString(e.hint()));
            }
        }
    }
    if (was != m_active) Q_EMIT activeChanged(m_active);
}

void SceneEdits::write(const std::shared_ptr<const EditState>& state, const QString& title) {
    if (state->steps == m_written) return;
    m_written = state->steps;
    m_text = textOf(m_written);
    m_bridge.session().document().edit(
        title.toStdString(), [&](graph::Graph& graph) { graph.setParameter(m_node, kSteps, m_text); });
}

graph::NodeId SceneEdits::insert(graph::NodeId viewed) {
    project::Document& document = m_bridge.session().document();
    const graph::NodeRegistry& registry = m_bridge.session().registry();
    graph::NodeId made = 0;
    document.edit(tr("Edit splats").toStdString(), [&](graph::Graph& graph) {
        const graph::Node node = graph.at(viewed);
        const auto sceneOf = [](const std::vector<graph::Socket>& sockets) {
            for (const graph::Socket& socket : sockets)
                if (isScene(socket.type)) return socket.id;
            return std::string();
        };
        const graph::NodeDeclaration* declaration = registry.find(node.type);
        const std::string in = sceneOf(graph::inputsOf(node, graph, registry)),
                          out = sceneOf(graph::outputsOf(node, graph, registry));
        const auto before = node.inputs.find(in);
        const bool shows = declaration && declaration->isSink() && before != node.inputs.end();
        const graph::Link source = shows ? before->second : graph::Link{viewed, out};
        graph::Node added;
        added.type = kNodeType;
        added.look.x = node.look.x + (shows ? -kNextTo / 2 : kNextTo);
        added.look.y = node.look.y + (shows ? kNextTo / 2 : 0);
        made = graph.add(std::move(added));
        graph.connect(source, made, "scene");
        if (shows) return graph.connect({made, "scene"}, viewed, in);
        for (const graph::NodeId id : graph.consumers(viewed)) // what took the scene takes the edited one
            for (const auto& [socket, link] : std::map(graph.at(id).inputs))
                if (id != made && link == source) graph.connect({made, "scene"}, id, socket);
    });
    return made;
}

graph::NodeId SceneEdits::separate() {
    std::vector<std::string> rest = m_written, own = m_written;
    const auto add = [](std::vector<std::string>& steps, const SplatEdit& edit) { steps.push_back(dumpJson(toJson(edit))); };
    add(rest, edits::Delete{});
    add(own, edits::ShowAll{}); // what is hidden or locked is not kept by what deletes all that could be selected
    add(own, edits::UnlockAll{});
    add(own, edits::Keep{});
    graph::NodeId made = 0;
    m_bridge.session().document().edit(tr("Separate").toStdString(), [&](graph::Graph& graph) {
        const graph::Node& node = graph.at(m_node);
        graph::Node added;
        added.type = kNodeType;
        added.look.x = node.look.x;
        added.look.y = node.look.y + kNextTo;
        const graph::Link source = node.inputs.at("scene");
        made = graph.add(std::move(added));
        graph.connect(source, made, "scene");
        graph.setParameter(made, kSteps, textOf(own));
        graph.setParameter(m_node, kSteps, textOf(rest));
    });
    return made;
}

void SceneEdits::apply(EditOrder order) {
    if (!m_active) return;
    order.turn = m_turn;
    m_worker.apply(std::move(order));
}

void SceneEdits::apply(SplatEdit edit) {
    const QString title = QString::fromStdString(labelOf(edit));
    apply({title, [edit = std::move(edit)](const SplatEditor&) { return std::vector{edit}; }});
}

void SceneEdits::applyToAll(const QString& title, std::function<Similarity(const SplatEditor&)> move) {
    apply({title, [move = std::move(move)](const SplatEditor& editor) {
               const Similarity step = move(editor);
               std::vector<SplatEdit> steps;
               if (!editor.hidden().none()) steps.push_back(edits::ShowAll{});
               if (!editor.locked().none()) steps.push_back(edits::UnlockAll{});
               steps.push_back(edits::Select{Everything{}, edits::Combine::Replace});
               steps.push_back(edits::Move{step, {}});
               steps.push_back(edits::Select{Everything{}, edits::Combine::Subtract});
               return steps;
           }});
}

void SceneEdits::select(const SplatQuery& query, Qt::KeyboardModifiers modifiers) {
    apply(edits::Select{query, combineOf(modifiers)});
}

void SceneEdits::revert() {
    if (!m_active) return;
    ++m_turn;
    m_worker.setSteps(m_source, m_written);
    Q_EMIT replaced();
}

void SceneEdits::count(SplatValue which) {
    if (m_active) m_worker.count(which);
}

void SceneEdits::save(const QString& path) {
    if (m_active) m_worker.save(path.toStdString());
}

edits::Combine SceneEdits::combineOf(Qt::KeyboardModifiers modifiers) {
    const bool add = modifiers & Qt::ShiftModifier,
               subtract = modifiers & (Qt::AltModifier | Qt::ControlModifier);
    return add && subtract ? edits::Combine::Intersect
           : add           ? edits::Combine::Add
           : subtract      ? edits::Combine::Subtract
                           : edits::Combine::Replace;
}

} // namespace ochre::ui
