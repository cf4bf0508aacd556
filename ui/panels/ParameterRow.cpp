// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/ParameterRow.h"

#include <QHBoxLayout>
#include <QVBoxLayout>

#include "ui/panels/ParameterControl.h"
#include "ui/panels/ParameterLabel.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {

ParameterRow makeParameterRow(const graph::Parameter& parameter) {
    auto* widget = new QWidget;
    auto* label = new ParameterLabel(QString::fromStdString(parameter.label));
    auto* control = new ParameterControl(parameter);
    label->setToolTip(control->toolTip());
    if (parameter.kind == graph::ParameterKind::LongText) {
        auto* column = new QVBoxLayout(widget);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        column->addWidget(label);
        column->addWidget(control);
    } else {
        auto* row = new QHBoxLayout(widget);
        row->setContentsMargins(0, 0, 0, 0);
        row->setSpacing(2 * metrics::kGrid);
        row->addWidget(label, 0, Qt::AlignTop);
        row->addWidget(control, 1);
    }
    return {label, control, widget};
}

} // namespace ochre::ui
