// SPDX-License-Identifier: GPL-3.0-or-later
// A parameter in a form: its name on the left, its control on the right; long texts stand below their names.
#pragma once

#include "core/graph/Parameter.h"

class QWidget;

namespace ochre::ui {

class ParameterControl;
class ParameterLabel;

struct ParameterRow {
    ParameterLabel* label;
    ParameterControl* control;
    QWidget* widget; ///< holds both
};
ParameterRow makeParameterRow(const graph::Parameter& parameter);

} // namespace ochre::ui
