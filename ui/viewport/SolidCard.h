// SPDX-License-Identifier: GPL-3.0-or-later
// The sphere or box that selects, by numbers.
#pragma once

#include <array>
#include <functional>

#include "ui/panels/Popover.h"
#include "ui/viewport/SolidTool.h"

class QComboBox;

namespace ochre::ui {

class NumberField;

class SolidCard : public Popover {
    Q_OBJECT
public:
    /// `choose` makes a tool the one that is used.
    SolidCard(SolidTool& sphere, SolidTool& box, std::function<void(SolidTool&)> choose, QWidget* parent);
    void setBox(bool box); ///< whose fields are shown

protected:
    void showEvent(QShowEvent* event) override;

private:
    SolidTool& tool() const;
    void take();
    void send(bool keep);

    SolidTool &m_sphere, &m_box;
    std::function<void(SolidTool&)> m_choose;
    QComboBox* m_shape;
    std::array<NumberField*, 3> m_center, m_half;
    bool m_sending = false;
};

} // namespace ochre::ui
