// SPDX-License-Identifier: GPL-3.0-or-later
// The control of one parameter, made from its declaration.
#pragma once

#include <functional>

#include <QWidget>

#include "core/graph/Parameter.h"

namespace ochre::ui {

/// Shows a value and says when the artist changes it; knows nothing of nodes.
class ParameterControl : public QWidget {
    Q_OBJECT
public:
    explicit ParameterControl(const graph::Parameter& parameter, QWidget* parent = nullptr);

    /// `mixed`: the selected nodes differ.
    void setValue(const graph::ParameterValue& value, bool mixed);
    const graph::Parameter& parameter() const { return m_parameter; }

Q_SIGNALS:
    void edited(const ochre::graph::ParameterValue& value);
    void editEnded();
    void resetRequested();

private:
    QWidget* makeNumber(bool integer);
    QWidget* makeSeed();
    QWidget* makeText();
    QWidget* makeLongText();
    QWidget* makeChoice();
    QWidget* makeModel();
    QWidget* makePath();
    QWidget* makeColor();
    QWidget* makeCheck();
    void tell(const graph::ParameterValue& value) { Q_EMIT edited(value); }

    graph::Parameter m_parameter;
    std::function<void(const graph::ParameterValue&, bool)> m_show;
    bool m_showing = false; ///< while setValue() writes into the control
};

} // namespace ochre::ui
