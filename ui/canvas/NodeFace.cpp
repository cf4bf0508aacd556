// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/NodeFace.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/graph/Types.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {

using graph::Parameter;
using graph::ParameterKind;
using graph::ParameterValue;

constexpr int kMaxParameters = 8;
constexpr int kTextLines = 3;

FaceSocket faceOf(const graph::Socket& socket) {
    FaceSocket face;
    face.id = socket.id;
    face.type = socket.type;
    face.label = QString::fromStdString(socket.label.empty() ? socket.id : socket.label);
    face.list = socket.list;
    face.optional = socket.optional;
    return face;
}

bool shown(const Parameter& parameter, const graph::Node& node, const graph::NodeDeclaration& declaration) {
    if (node.inputs.count(parameter.id)) return true;
    if (parameter.advanced) return false;
    if (parameter.visibleWhenId.empty()) return true;
    const Parameter* other = declaration.findParameter(parameter.visibleWhenId);
    if (!other) return true;
    const auto set = node.parameters.find(other->id);
    const std::string now = graph::toText(set == node.parameters.end() ? other->defaultValue : set->second);
    const QStringList wanted = QString::fromStdString(parameter.visibleWhenValues).split('|');
    return wanted.contains(QString::fromStdString(now));
}

/// Sockets of a node that this program does not know: those that its links name.
void guessSockets(const graph::Node& node, const graph::Graph& graph, std::vector<FaceSocket>& inputs,
                  std::vector<FaceSocket>& outputs) {
    for (const auto& [id, link] : node.inputs) {
        FaceSocket socket;
        socket.id = id;
        socket.type = graph::types::kAny;
        socket.label = QString::fromStdString(id);
        inputs.push_back(socket);
    }
    std::set<std::string> names;
    for (const graph::NodeId consumer : graph.consumers(node.id))
        for (const auto& [id, link] : graph.at(consumer).inputs)
            if (link.node == node.id) names.insert(link.output);
    for (const std::string& name : names) {
        FaceSocket socket;
        socket.id = name;
        socket.type = graph::types::kAny;
        socket.label = QString::fromStdString(name);
        outputs.push_back(socket);
    }
}

/// Which outputs something takes, for the filled circles.
std::set<std::string> takenOutputs(graph::NodeId id, const graph::Graph& graph) {
    std::set<std::string> taken;
    for (const graph::NodeId consumer : graph.consumers(id))
        for (const auto& [input, link] : graph.at(consumer).inputs)
            if (link.node == id) taken.insert(link.output);
    return taken;
}

void addParameters(NodeFace& face, const graph::Node& node, const graph::NodeDeclaration& declaration) {
    int count = 0;
    for (const Parameter& parameter : declaration.parameters()) {
        if (!shown(parameter, node, declaration)) continue;
        const bool linked = node.inputs.count(parameter.id) > 0;
        if (!linked && count >= kMaxParameters) {
            ++face.hidden;
            continue;
        }
        ++count;
        FaceRow row;
        row.parameter = &parameter;
        const auto set = node.parameters.find(parameter.id);
        row.value = set == node.parameters.end() ? parameter.defaultValue : set->second;
        row.changed = set != node.parameters.end() && set->second != parameter.defaultValue;
        row.text = valueText(parameter, row.value);
        FaceSocket socket;
        socket.id = parameter.id;
        socket.type = parameter.socketType();
        socket.label = QString::fromStdString(parameter.label);
        socket.parameter = true;
        socket.connected = linked;
        row.input = socket;
        if (parameter.kind == ParameterKind::LongText && !linked) row.lines = kTextLines;
        face.rows.push_back(std::move(row));
    }
}

double defaultWidth(const NodeFace& face) {
    const auto hasText = [](const FaceRow& row) {
        if (!row.parameter) return false;
        const ParameterKind kind = row.parameter->kind;
        return kind == ParameterKind::Text || kind == ParameterKind::LongText ||
               kind == ParameterKind::File || kind == ParameterKind::SaveFile ||
               kind == ParameterKind::Folder || kind == ParameterKind::Model;
    };
    return std::any_of(face.rows.begin(), face.rows.end(), hasText) ? metrics::kNodeWidthText
                                                                    : metrics::kNodeWidth;
}

void setTitle(NodeFace& face, const graph::Node& node, const graph::Graph& graph,
              const graph::NodeDeclaration* declaration) {
    std::string title = node.label;
    const graph::GroupDefinition* definition = node.group.empty() ? nullptr : graph.findGroup(node.group);
    if (title.empty() && definition) title = definition->label;
    if (title.empty() && declaration) title = declaration->label();
    if (title.empty()) title = node.name.empty() ? node.type : node.name;
    face.title = QString::fromStdString(title);
    face.category = QString::fromStdString(declaration ? declaration->category() : std::string());
    face.help =
        QString::fromStdString(declaration ? declaration->help() : "Unknown node “" + node.type + "”");
    face.known = declaration != nullptr;
    face.group = node.type == "group";
    face.bar = declaration ? categoryColor(face.category) : colors().textLow;
}

void addSocketRows(NodeFace& face, std::vector<FaceSocket> inputs, std::vector<FaceSocket> outputs) {
    const std::size_t rows = std::max(inputs.size(), outputs.size());
    for (std::size_t i = 0; i < rows; ++i) {
        FaceRow row;
        if (i < inputs.size()) row.input = inputs[i];
        if (i < outputs.size()) row.output = outputs[i];
        face.rows.push_back(std::move(row));
    }
}

QString numberText(double value) {
    QString text = QString::number(value, 'f', std::abs(value) >= 100 ? 1 : std::abs(value) >= 10 ? 2 : 3);
    if (text.contains('.')) {
        while (text.endsWith('0')) text.chop(1);
        if (text.endsWith('.')) text.chop(1);
    }
    return text == QLatin1String("-0") ? QStringLiteral("0") : text;
}

} // namespace

QString valueText(const Parameter& parameter, const ParameterValue& value) {
    const QString unit = parameter.unit.empty() ? QString()
                         : parameter.unit == "%" || parameter.unit == "×" || parameter.unit == "°"
                             ? QString::fromStdString(parameter.unit)
                             : QChar(0x202f) + QString::fromStdString(parameter.unit);
    if (const auto* real = std::get_if<double>(&value)) return numberText(*real) + unit;
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return QString::number(*whole) + unit;
    if (const auto* flag = std::get_if<bool>(&value))
        return *flag ? QStringLiteral("On") : QStringLiteral("Off");
    if (const auto* text = std::get_if<std::string>(&value)) {
        for (const graph::Choice& choice : parameter.choices)
            if (choice.id == *text) return QString::fromStdString(choice.label);
        const QString shownText = QString::fromStdString(*text);
        const bool path = parameter.kind == ParameterKind::File ||
                          parameter.kind == ParameterKind::SaveFile ||
                          parameter.kind == ParameterKind::Folder || parameter.kind == ParameterKind::Model;
        return path ? shownText.section('/', -1, -1, QString::SectionSkipEmpty) : shownText;
    }
    return {};
}

std::optional<double> sliderShare(const Parameter& parameter, const ParameterValue& value) {
    const auto low = parameter.softMin ? parameter.softMin : parameter.min;
    const auto high = parameter.softMax ? parameter.softMax : parameter.max;
    if (!low || !high || *high <= *low || parameter.kind == ParameterKind::Seed) return std::nullopt;
    double now = 0;
    if (const auto* real = std::get_if<double>(&value))
        now = *real;
    else if (const auto* whole = std::get_if<std::int64_t>(&value))
        now = static_cast<double>(*whole);
    else
        return std::nullopt;
    return std::clamp((now - *low) / (*high - *low), 0.0, 1.0);
}

NodeFace makeFace(const graph::Node& node, const graph::Graph& graph, const graph::NodeRegistry& registry,
                  const graph::GroupDefinition* within, double top) {
    NodeFace face;
    const graph::NodeDeclaration* declaration = registry.find(node.type);
    setTitle(face, node, graph, declaration);
    face.muted = node.muted;
    face.bypassed = node.bypassed;
    face.collapsed = node.look.collapsed;
    if (!node.look.color.empty() && QColor(QString::fromStdString(node.look.color)).isValid())
        face.bar = QColor(QString::fromStdString(node.look.color));

    std::vector<FaceSocket> inputs, outputs;
    if (declaration) {
        for (const graph::Socket& s : graph::inputsOf(node, graph, registry, within))
            inputs.push_back(faceOf(s));
        for (const graph::Socket& s : graph::outputsOf(node, graph, registry, within))
            outputs.push_back(faceOf(s));
    } else {
        guessSockets(node, graph, inputs, outputs);
    }
    const std::set<std::string> taken = takenOutputs(node.id, graph);
    for (FaceSocket& s : inputs) s.connected = node.inputs.count(s.id) > 0;
    for (FaceSocket& s : outputs) s.connected = taken.count(s.id) > 0;
    addSocketRows(face, std::move(inputs), std::move(outputs));
    if (declaration) addParameters(face, node, *declaration);

    face.width = node.look.width > 0 ? std::clamp(node.look.width, 120.0, 800.0) : defaultWidth(face);
    double y = metrics::kNodeHeader + top;
    if (face.collapsed) {
        face.height = metrics::kNodeHeader + top;
        for (FaceRow& row : face.rows) row.top = metrics::kNodeHeader / 2.0 - metrics::kNodeRow / 2.0;
        return face;
    }
    if (!face.rows.empty()) y += metrics::kGrid;
    for (FaceRow& row : face.rows) {
        row.top = y;
        y += row.lines * metrics::kNodeRow;
    }
    if (face.hidden > 0) y += metrics::kNodeRow;
    face.height = y + (face.rows.empty() ? 0 : metrics::kGrid);
    return face;
}

const FaceSocket* NodeFace::findSocket(const std::string& id, bool output) const {
    for (const FaceRow& row : rows) {
        const auto& socket = output ? row.output : row.input;
        if (socket && socket->id == id) return &*socket;
    }
    return nullptr;
}

std::optional<QPointF> NodeFace::socketPosition(const std::string& id, bool output) const {
    for (const FaceRow& row : rows) {
        const auto& socket = output ? row.output : row.input;
        if (socket && socket->id == id) return QPointF(output ? width : 0, row.top + metrics::kNodeRow / 2.0);
    }
    return std::nullopt;
}

const FaceRow* NodeFace::rowOf(const std::string& parameter) const {
    for (const FaceRow& row : rows)
        if (row.parameter && row.parameter->id == parameter) return &row;
    return nullptr;
}

QRectF NodeFace::fieldRect(const FaceRow& row) const {
    return QRectF(12, row.top + 2, width - 24, row.lines * metrics::kNodeRow - 4);
}

} // namespace ochre::ui
