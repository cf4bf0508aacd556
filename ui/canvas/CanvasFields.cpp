// SPDX-License-Identifier: GPL-3.0-or-later
// Values in place, titles, and what the search is opened for.
#include <QColorDialog>
#include <QFileDialog>
#include <QMenu>
#include <QPointer>
#include <algorithm>
#include <cmath>

#include "ui/canvas/Canvas.h"
#include "ui/canvas/CanvasScene.h"
#include "ui/canvas/CanvasTools.h"
#include "ui/canvas/Edits.h"
#include "ui/canvas/Overlays.h"
#include "ui/canvas/SearchMenu.h"
#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {

using graph::Graph;
using graph::NodeId;
using graph::ParameterKind;

void Canvas::setParameter(NodeId id, const std::string& parameter, const graph::ParameterValue& value,
                          const std::string& mergeKey) {
    const NodeItem* item = m_scene->node(id);
    const FaceRow* row = item ? item->face().rowOf(parameter) : nullptr;
    if (!row || row->value == value) return;
    const QString title = QStringLiteral("Change %1").arg(QString::fromStdString(row->parameter->label));
    const graph::Parameter* model = row->parameter;
    m_scene->edit(
        title, [&](Graph& g) { g.setParameter(id, parameter, model->check(value)); }, mergeKey);
}

void Canvas::editField(NodeId id, const std::string& parameter) {
    const NodeItem* item = m_scene->node(id);
    const FaceRow* row = item ? item->face().rowOf(parameter) : nullptr;
    if (!row) return;
    switch (row->parameter->kind) {
    case ParameterKind::Bool:
        return; // each of the two clicks has turned it
    case ParameterKind::Choice:
        return openChoiceMenu(id, *row);
    case ParameterKind::Color:
        return openColorDialog(id, *row);
    default:
        return openTextEditor(id, *row);
    }
}

void Canvas::openTextEditor(NodeId id, const FaceRow& row) {
    const NodeItem* item = m_scene->node(id);
    const QRectF field = item->face().fieldRect(row).translated(item->pos());
    const graph::Parameter* parameter = row.parameter;
    const bool many = parameter->kind == ParameterKind::LongText;
    m_editor->open(mapFromScene(field).boundingRect(), QString::fromStdString(graph::toText(row.value)), many,
                   zoom(), [this, id, parameter](const QString& text) {
                       try {
                           setParameter(id, parameter->id, parameter->parse(text.toStdString()));
                           return QString();
                       } catch (const Error& error) {
                           return QString::fromStdString(error.full());
                       }
                   });
}

void Canvas::openChoiceMenu(NodeId id, const FaceRow& row) {
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->setObjectName(QStringLiteral("choiceMenu"));
    const auto* now = std::get_if<std::string>(&row.value);
    for (const graph::Choice& choice : row.parameter->choices) {
        QAction* action = menu->addAction(QString::fromStdString(choice.label));
        action->setCheckable(true);
        action->setChecked(now && *now == choice.id);
        connect(action, &QAction::triggered, this,
                [this, id, parameter = row.parameter->id, value = choice.id] {
                    setParameter(id, parameter, value);
                });
    }
    const NodeItem* item = m_scene->node(id);
    const QRectF field = item->face().fieldRect(row).translated(item->pos());
    menu->popup(viewport()->mapToGlobal(mapFromScene(field.bottomLeft())));
}

void Canvas::openPathDialog(NodeId id, const FaceRow& row) {
    const graph::Parameter* parameter = row.parameter;
    const QString title = QString::fromStdString(parameter->label);
    const auto* now = std::get_if<std::string>(&row.value);
    const QString start = now ? QString::fromStdString(*now) : QString();
    const QString filter = QString::fromStdString(parameter->filter);
    QString path;
    if (parameter->kind == ParameterKind::Folder)
        path = QFileDialog::getExistingDirectory(this, title, start);
    else if (parameter->kind == ParameterKind::SaveFile)
        path = QFileDialog::getSaveFileName(this, title, start, filter);
    else if (parameter->kind == ParameterKind::File)
        path = QFileDialog::getOpenFileName(this, title, start, filter);
    else
        path = QFileDialog::getOpenFileName(this, title, start);
    if (!path.isEmpty()) setParameter(id, parameter->id, path.toStdString());
}

void Canvas::openColorDialog(NodeId id, const FaceRow& row) {
    const auto* now = std::get_if<graph::Color>(&row.value);
    if (!now) return;
    const auto part = [](float v) { return std::clamp(v, 0.0f, 1.0f); };
    const QColor start = QColor::fromRgbF(part((*now)[0]), part((*now)[1]), part((*now)[2]), part((*now)[3]));
    const std::string parameter = row.parameter->id;
    const QColor picked = QColorDialog::getColor(start, this, QString::fromStdString(row.parameter->label),
                                                 QColorDialog::ShowAlphaChannel);
    if (picked.isValid())
        setParameter(id, parameter,
                     graph::Color{picked.redF(), picked.greenF(), picked.blueF(), picked.alphaF()});
}

void Canvas::openTitleEditor(const QRectF& scene, const QString& text,
                             std::function<void(const QString&)> commit) {
    m_editor->open(mapFromScene(scene).boundingRect(), text, false, zoom(),
                   [commit = std::move(commit)](const QString& typed) {
                       commit(typed.trimmed());
                       return QString();
                   });
}

void Canvas::renameSelected() {
    const NodeSet nodes = selection();
    if (nodes.size() == 1) {
        const NodeId id = *nodes.begin();
        const NodeItem* item = m_scene->node(id);
        const QRectF header(item->pos() + QPointF(6, 2),
                            QSizeF(item->face().width - 12, metrics::kNodeHeader - 4));
        return openTitleEditor(header, item->face().title, [this, id](const QString& title) {
            m_scene->edit(QStringLiteral("Rename node"), [&](Graph& g) {
                graph::Node node = g.at(id);
                const graph::GroupDefinition* found = node.group.empty() ? nullptr : g.findGroup(node.group);
                if (found && node.label.empty()) { // the name belongs to the group, for all of its instances
                    graph::GroupDefinition definition = *found;
                    definition.label = title.toStdString();
                    return g.setGroup(std::move(definition));
                }
                node.label = title.toStdString();
                g.replace(std::move(node));
            });
        });
    }
    const auto frames = m_scene->chosenFrames();
    if (frames.size() != 1) return;
    for (const FrameItem* frame : m_scene->frames()) {
        if (frame->model().id != frames.front()) continue;
        const QRectF header(frame->pos() + QPointF(6, 2),
                            QSizeF(std::min(240.0, frame->rect().width() - 12), FrameItem::kHeader - 4));
        const std::uint32_t id = frames.front();
        return openTitleEditor(header, QString::fromStdString(frame->model().title),
                               [this, id](const QString& title) {
                                   m_scene->edit(QStringLiteral("Rename frame"), [&](Graph& g) {
                                       auto all = g.frames();
                                       for (graph::Frame& f : all)
                                           if (f.id == id) f.title = title.toStdString();
                                       g.setFrames(std::move(all));
                                   });
                               });
    }
}

std::vector<SearchEntry> Canvas::nodeEntries(const QString& text, const std::string& from,
                                             const std::string& to) const {
    std::vector<SearchEntry> entries;
    const auto offer = [&](const graph::NodeDeclaration& d) {
        if (d.hasGroupSockets()) return; // made by grouping, never by itself
        const QString category = QString::fromStdString(d.category());
        entries.push_back({QString::fromStdString(d.id()), QString::fromStdString(d.label()),
                           QString(category).replace('/', QStringLiteral(" › ")),
                           QString::fromStdString(d.help()), categoryColor(category)});
    };
    if (text.trimmed().isEmpty() && from.empty() && to.empty()) {
        for (const graph::NodeDeclaration* d : m_scene->registry().all()) offer(*d);
    } else {
        for (const auto& match : m_scene->registry().search(text.toStdString(), from, to))
            offer(*match.declaration);
    }
    if (!from.empty() || !to.empty()) return entries;
    for (const graph::GroupDefinition* group : m_scene->graph().groups()) {
        const QString label = QString::fromStdString(group->label.empty() ? group->id : group->label);
        if (!label.contains(text.trimmed(), Qt::CaseInsensitive)) continue;
        entries.push_back(
            {QStringLiteral("group:") + QString::fromStdString(group->id), label, QStringLiteral("Group"),
             QStringLiteral("Another instance of this group: editing one changes all."), colors().textMid});
    }
    return entries;
}

void Canvas::openSearch(QPoint inView) {
    const QPointF scene = mapToScene(inView);
    m_onChosen = [this, scene](const QString& id) { addFromSearch(id, scene, {}); };
    m_search->open(inView, QStringLiteral("Search nodes"),
                   [this](const QString& text) { return nodeEntries(text, {}, {}); });
}

void Canvas::openTypedSearch(QPoint inView, const SocketRef& from) {
    const FaceSocket* socket = m_scene->findSocket(from);
    if (!socket) return;
    const QPointF scene = mapToScene(inView);
    const std::string type = socket->type;
    m_onChosen = [this, scene, from](const QString& id) { addFromSearch(id, scene, from); };
    const QString what =
        from.output ? QStringLiteral("Nodes that take %1") : QStringLiteral("Nodes that give %1");
    m_search->open(inView, what.arg(QString::fromStdString(type)),
                   [this, type, output = from.output](const QString& text) {
                       return nodeEntries(text, output ? type : std::string(), output ? std::string() : type);
                   });
}

void Canvas::addFromSearch(const QString& id, QPointF scene, const std::optional<SocketRef>& from) {
    const auto& registry = m_scene->registry();
    const FaceSocket* socket = from ? m_scene->findSocket(*from) : nullptr;
    const std::string type = socket ? socket->type : std::string();
    NodeId added = 0;
    const bool instance = id.startsWith(QLatin1String("group:"));
    const graph::NodeDeclaration* declaration = instance ? nullptr : registry.find(id.toStdString());
    const QString label =
        declaration ? QString::fromStdString(declaration->label()) : QStringLiteral("group");
    const bool done = m_scene->edit(QStringLiteral("Add %1").arg(label), [&](Graph& g) {
        double x = scene.x(), y = scene.y() - metrics::kNodeHeader / 2.0;
        if (from && !from->output) x -= metrics::kNodeWidth;
        if (instance) {
            graph::Node node;
            node.type = "group";
            node.group = id.mid(6).toStdString();
            node.name = node.group;
            node.look.x = std::round(x);
            node.look.y = std::round(y);
            added = g.add(std::move(node));
            return;
        }
        added = edits::addNode(g, registry, id.toStdString(), x, y);
        if (!socket) return;
        if (from->output) {
            if (const auto input = edits::inputFor(g, registry, added, type))
                g.connect({from->node, from->id}, added, *input);
        } else if (const auto output = edits::outputFor(g, registry, added, type)) {
            g.connect({added, *output}, from->node, from->id);
        }
    });
    if (done) select({added});
}

void Canvas::openFind() {
    m_onChosen = [this](const QString& id) { reveal(id.toUInt()); };
    const QPoint at(viewport()->width() / 2 - 150, viewport()->height() / 5);
    m_search->open(at, QStringLiteral("Find a node on the canvas"), [this](const QString& text) {
        std::vector<SearchEntry> entries;
        std::vector<NodeItem*> items;
        for (const auto& [id, item] : m_scene->nodes()) items.push_back(item);
        std::sort(items.begin(), items.end(),
                  [](const NodeItem* a, const NodeItem* b) { return a->id() < b->id(); });
        const QString wanted = text.trimmed();
        for (const NodeItem* item : items) {
            const graph::Node& node = m_scene->graph().at(item->id());
            const QString name = QString::fromStdString(node.name);
            const QString type = QString::fromStdString(node.type);
            if (!item->face().title.contains(wanted, Qt::CaseInsensitive) &&
                !name.contains(wanted, Qt::CaseInsensitive) && !type.contains(wanted, Qt::CaseInsensitive))
                continue;
            entries.push_back(
                {QString::number(item->id()), item->face().title, name, item->face().help, item->face().bar});
        }
        return entries;
    });
}

} // namespace ochre::ui
