// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/Inspector.h"

#include <algorithm>

#include <QClipboard>
#include <QGuiApplication>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSettings>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/bridge/Bridge.h"
#include "ui/panels/EmptyPanel.h"
#include "ui/panels/MessageBar.h"
#include "ui/panels/ParameterControl.h"
#include "ui/panels/ParameterLabel.h"
#include "ui/panels/ParameterRow.h"
#include "ui/panels/Words.h"
#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {

Inspector::Inspector(Bridge& bridge, QWidget* parent) : QScrollArea(parent), m_bridge(bridge) {
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFrameShape(QFrame::NoFrame);
    connect(&bridge, &Bridge::documentChanged, this, [this] {
        if (structure() != m_structure)
            rebuild();
        else
            refresh();
    });
    connect(&bridge, &Bridge::nodeChanged, this, [this](quint32 node) {
        if (!m_nodes.empty() && m_nodes.front() == node) refreshState();
    });
    rebuild();
}

QSize Inspector::sizeHint() const {
    return {metrics::kRightDock, 400};
}

void Inspector::setSelection(std::vector<graph::NodeId> nodes) {
    if (nodes == m_nodes) return;
    m_nodes = std::move(nodes);
    verticalScrollBar()->setValue(0);
    rebuild();
}

std::string Inspector::structure() const {
    const graph::Graph& graph = m_bridge.session().document().graph();
    std::string text;
    for (const graph::NodeId id : m_nodes) {
        const graph::Node* node = graph.find(id);
        if (node) text.append(std::to_string(id)).append(node->type);
        text.push_back(';');
    }
    return text;
}

std::vector<graph::Parameter> Inspector::commonParameters() const {
    const graph::Graph& graph = m_bridge.session().document().graph();
    std::vector<graph::Parameter> common;
    bool first = true;
    for (const graph::NodeId id : m_nodes) {
        const graph::Node* node = graph.find(id);
        const graph::NodeDeclaration* declaration =
            node ? m_bridge.session().registry().find(node->type) : nullptr;
        if (!declaration) return {};
        if (first)
            common = declaration->parameters();
        else
            std::erase_if(common, [declaration](const graph::Parameter& p) {
                const graph::Parameter* other = declaration->findParameter(p.id);
                return !other || other->kind != p.kind;
            });
        first = false;
    }
    return common;
}

void Inspector::rebuild() {
    const graph::Graph& graph = m_bridge.session().document().graph();
    std::erase_if(m_nodes, [&graph](graph::NodeId id) { return !graph.find(id); });
    m_structure = structure();
    m_rows.clear();
    m_error = nullptr;
    m_stateText = nullptr;
    if (m_nodes.empty()) {
        setWidget(makeEmpty());
        Q_EMIT titleChanged(title());
        return;
    }
    auto* content = new QWidget;
    auto* layout = new QVBoxLayout(content);
    layout->setContentsMargins(metrics::kPanelPadding, metrics::kGrid, metrics::kPanelPadding,
                               metrics::kPanelPadding);
    layout->setSpacing(metrics::kGrid);
    layout->addWidget(makeHeader());
    layout->addWidget(makeError());
    addGroups(layout);
    layout->addStretch(1);
    setWidget(content);
    refresh();
    refreshState();
}

void Inspector::modelsChanged() {
    rebuild();
}

QWidget* Inspector::makeEmpty() {
    auto* empty = new EmptyPanel(QStringLiteral("settings"), tr("Nothing is selected"),
                                 tr("Select a node to see and change its settings here."), tr("Add a node"));
    connect(empty, &EmptyPanel::actionRequested, this, &Inspector::searchRequested);
    return empty;
}

QString Inspector::title() const {
    if (m_nodes.empty()) return tr("Inspector");
    if (m_nodes.size() > 1) return tr("%1 nodes").arg(m_nodes.size());
    const graph::Node* node = m_bridge.session().document().graph().find(m_nodes.front());
    if (!node) return tr("Inspector");
    const graph::NodeDeclaration* declaration = m_bridge.session().registry().find(node->type);
    return QString::fromStdString(!node->label.empty() ? node->label
                                  : declaration        ? declaration->label()
                                                       : node->type);
}

QWidget* Inspector::makeHeader() {
    const graph::Node& node = m_bridge.session().document().graph().at(m_nodes.front());
    const graph::NodeDeclaration* declaration = m_bridge.session().registry().find(node.type);
    auto* box = new QWidget;
    auto* layout = new QVBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, metrics::kGrid);
    layout->setSpacing(2);
    QString about;
    if (m_nodes.size() > 1)
        about = tr("Settings that all of them have.");
    else if (!declaration)
        about = tr("This program does not know \"%1\". It is kept as it is.")
                    .arg(QString::fromStdString(node.type));
    else
        about = QString::fromStdString(declaration->help());
    auto* help = new QLabel(about);
    help->setProperty("role", "secondary");
    help->setWordWrap(true);
    help->setTextFormat(Qt::PlainText);
    layout->addWidget(help);
    m_stateText = new QLabel;
    m_stateText->setProperty("role", "hint");
    layout->addWidget(m_stateText);
    return box;
}

QWidget* Inspector::makeError() {
    auto* card = new MessageCard(MessageCard::Kind::Error);
    connect(card, &MessageCard::copyRequested, this,
            [card] { QGuiApplication::clipboard()->setText(card->fullText()); });
    m_error = card;
    card->hide();
    return card;
}

void Inspector::refreshState() {
    if (!m_stateText || m_nodes.empty()) return;
    auto* card = static_cast<MessageCard*>(m_error);
    const graph::NodeState state = m_bridge.session().state(m_nodes.front());
    m_stateText->setText(m_nodes.size() == 1 ? words::state(state) : QString());
    m_stateText->setVisible(!m_stateText->text().isEmpty());
    const bool failed = m_nodes.size() == 1 && state.status == graph::NodeStatus::Failed && state.error;
    if (failed)
        card->setMessage(QString::fromStdString(state.error->message()),
                         QString::fromStdString(state.error->hint()));
    card->setVisible(failed);
}

void Inspector::addGroups(QVBoxLayout* layout) {
    std::vector<std::string> order;
    std::map<std::string, std::vector<graph::Parameter>> groups;
    for (const graph::Parameter& p : commonParameters()) {
        const std::string name = p.advanced && p.group.empty() ? "Advanced" : p.group;
        if (!groups.contains(name)) order.push_back(name);
        groups[name].push_back(p);
    }
    if (order.empty() && m_nodes.size() == 1) {
        auto* none = new QLabel(tr("This node has no settings."));
        none->setProperty("role", "hint");
        layout->addWidget(none);
    }
    for (const std::string& name : order) {
        auto* body = new QWidget;
        auto* rows = new QVBoxLayout(body);
        rows->setContentsMargins(0, 0, 0, 0);
        rows->setSpacing(metrics::kGrid);
        if (!name.empty()) {
            layout->addSpacing(metrics::kGroupGap - 2 * metrics::kGrid);
            auto* fold = new FoldHeader(QString::fromStdString(name));
            fold->setFolded(groupFolded(name));
            body->setVisible(!fold->folded());
            connect(fold, &FoldHeader::toggled, this, [this, name, body](bool folded) {
                body->setVisible(!folded);
                foldGroup(name, folded);
            });
            layout->addWidget(fold);
        }
        for (const graph::Parameter& p : groups[name]) addRow(rows, p);
        layout->addWidget(body);
    }
}

void Inspector::addRow(QVBoxLayout* layout, const graph::Parameter& parameter) {
    const auto [label, control, widget] = makeParameterRow(parameter);
    layout->addWidget(widget);
    connect(control, &ParameterControl::edited, this,
            [this, parameter](const graph::ParameterValue& value) { change(parameter, value); });
    connect(control, &ParameterControl::editEnded, this,
            [this] { m_bridge.session().document().endMerge(); });
    connect(control, &ParameterControl::resetRequested, this,
            [this, parameter] { resetParameter(parameter); });
    connect(label, &ParameterLabel::resetRequested, this, [this, parameter] { resetParameter(parameter); });
    m_rows[parameter.id] = {label, control, widget, parameter.advanced};
}

graph::ParameterValue Inspector::valueOf(graph::NodeId id, const graph::Parameter& parameter) const {
    const graph::Node& node = m_bridge.session().document().graph().at(id);
    const auto set = node.parameters.find(parameter.id);
    return set == node.parameters.end() ? parameter.defaultValue : set->second;
}

bool Inspector::visible(const graph::Parameter& parameter) const {
    if (parameter.visibleWhenId.empty()) return true;
    for (const graph::NodeId id : m_nodes) {
        const graph::Node& node = m_bridge.session().document().graph().at(id);
        const graph::NodeDeclaration* declaration = m_bridge.session().registry().find(node.type);
        const graph::Parameter* other =
            declaration ? declaration->findParameter(parameter.visibleWhenId) : nullptr;
        if (!other) continue;
        const QString value = QString::fromStdString(graph::toText(valueOf(id, *other)));
        if (QString::fromStdString(parameter.visibleWhenValues).split(QLatin1Char('|')).contains(value))
            return true;
    }
    return false;
}

void Inspector::refresh() {
    Q_EMIT titleChanged(title());
    const graph::Graph& graph = m_bridge.session().document().graph();
    for (auto& [id, row] : m_rows) {
        const graph::Parameter& parameter = row.control->parameter();
        const graph::ParameterValue value = valueOf(m_nodes.front(), parameter);
        bool mixed = false, changed = false;
        QString driver;
        for (const graph::NodeId node : m_nodes) {
            mixed = mixed || valueOf(node, parameter) != value;
            changed = changed || valueOf(node, parameter) != parameter.defaultValue;
            const auto link = graph.at(node).inputs.find(id);
            if (link == graph.at(node).inputs.end()) continue;
            const graph::Node* source = graph.find(link->second.node);
            driver = source ? QString::fromStdString(source->label.empty() ? source->name : source->label)
                            : tr("a link");
        }
        row.control->setValue(value, mixed);
        row.control->setEnabled(driver.isEmpty());
        row.label->setChanged(changed && driver.isEmpty());
        row.label->setDriver(driver);
        row.widget->setVisible(visible(parameter));
    }
}

void Inspector::change(const graph::Parameter& parameter, const graph::ParameterValue& value) {
    std::string key = "parameter:" + parameter.id;
    for (const graph::NodeId id : m_nodes) key += ":" + std::to_string(id);
    try {
        m_bridge.session().document().edit(
            "Change " + parameter.label,
            [&](graph::Graph& graph) {
                for (const graph::NodeId id : m_nodes)
                    graph.setParameter(id, parameter.id, parameter.check(value));
            },
            key);
    } catch (const Error& e) {
        static_cast<MessageCard*>(m_error)->setMessage(QString::fromStdString(e.message()),
                                                       QString::fromStdString(e.hint()));
        m_error->show();
        refresh();
    }
}

void Inspector::resetParameter(const graph::Parameter& parameter) {
    m_bridge.session().document().endMerge();
    m_bridge.session().document().edit("Reset " + parameter.label, [&](graph::Graph& graph) {
        for (const graph::NodeId id : m_nodes) graph.resetParameter(id, parameter.id);
    });
}

bool Inspector::groupFolded(const std::string& group) const {
    return property(("folded." + group).c_str()).toBool() ||
           (group == "Advanced" && !property("folded.Advanced").isValid());
}

void Inspector::foldGroup(const std::string& group, bool folded) {
    setProperty(("folded." + group).c_str(), folded);
}

} // namespace ochre::ui
