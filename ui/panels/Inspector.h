// SPDX-License-Identifier: GPL-3.0-or-later
// The parameters of the selected nodes, built from their declarations.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <QScrollArea>

#include "core/graph/Graph.h"

class QLabel;
class QVBoxLayout;

namespace ochre::ui {

class Bridge;
class ParameterControl;
class ParameterLabel;

/// With several nodes selected it shows the parameters that all of them have, and edits all of them. Every
/// change is a step of undo; a drag is one step.
class Inspector : public QScrollArea {
    Q_OBJECT
public:
    explicit Inspector(Bridge& bridge, QWidget* parent = nullptr);

    void setSelection(std::vector<graph::NodeId> nodes);
    const std::vector<graph::NodeId>& selection() const { return m_nodes; }
    QSize sizeHint() const override;
    void modelsChanged();  ///< menus of models are filled anew
    QString title() const; ///< of what is selected; "Inspector" when nothing is

Q_SIGNALS:
    void runRequested(quint32 node);
    void titleChanged(const QString& title);
    void searchRequested(); ///< the empty state's one action

private:
    struct Row {
        ParameterLabel* label;
        ParameterControl* control;
        QWidget* widget;
        bool advanced;
    };

    void rebuild();
    void refresh(); ///< values, visibility, links; cheap
    void refreshState();
    QWidget* makeEmpty();
    QWidget* makeHeader();
    QWidget* makeError();
    void addGroups(QVBoxLayout* layout);
    void addRow(QVBoxLayout* layout, const graph::Parameter& parameter);
    std::vector<graph::Parameter> commonParameters() const;
    bool groupFolded(const std::string& group) const;
    void foldGroup(const std::string& group, bool folded);
    void change(const graph::Parameter& parameter, const graph::ParameterValue& value);
    void resetParameter(const graph::Parameter& parameter);
    bool visible(const graph::Parameter& parameter) const;
    graph::ParameterValue valueOf(graph::NodeId node, const graph::Parameter& parameter) const;
    std::string structure() const; ///< what must be the same for a refresh to suffice

    Bridge& m_bridge;
    std::vector<graph::NodeId> m_nodes;
    std::map<std::string, Row> m_rows;
    std::string m_structure;
    QWidget* m_error = nullptr;
    QLabel* m_errorText = nullptr;
    QLabel* m_errorHint = nullptr;
    QLabel* m_stateText = nullptr;
};

} // namespace ochre::ui
