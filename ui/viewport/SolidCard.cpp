// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/SolidCard.h"

#include <QComboBox>

#include "ui/panels/NumberField.h"

namespace ochre::ui {
namespace {
constexpr double kStep = 0.001; ///< of lengths
constexpr std::array<const char*, 3> kAxes{"x", "y", "z"};
} // namespace

SolidCard::SolidCard(SolidTool& sphere, SolidTool& box, std::function<void(SolidTool&)> choose, QWidget* parent)
    : Popover(parent), m_sphere(sphere), m_box(box), m_choose(std::move(choose)) {
    setObjectName(QStringLiteral("solid_card"));
    m_shape = addRow(tr("Shape"), new QComboBox);
    m_shape->setObjectName(QStringLiteral("shape"));
    m_shape->addItems({tr("Sphere"), tr("Box")});
    const auto add = [this](const QString& id, const QString& label, bool positive) {
        NumberRange range{.step = kStep};
        if (positive) range.min = 1e-9;
        NumberField* field = addRow(label, new NumberField(range));
        field->setObjectName(id);
        connect(field, &NumberField::edited, this, [this] { send(false); });
        connect(field, &NumberField::editEnded, this, [this] { send(true); });
        return field;
    };
    for (std::size_t k = 0; k < 3; ++k)
        m_center[k] = add(QStringLiteral("center_%1").arg(QLatin1String(kAxes[k])), tr("Middle %1").arg(QLatin1String(kAxes[k])), false);
    for (std::size_t k = 0; k < 3; ++k)
        m_half[k] = add(QStringLiteral("half_%1").arg(QLatin1String(kAxes[k])), tr("Reach %1").arg(QLatin1String(kAxes[k])), true);
    connect(m_shape, &QComboBox::currentIndexChanged, this, &SolidCard::take);
    for (SolidTool* each : {&m_sphere, &m_box})
        connect(each, &SolidTool::changed, this, [this, each] {
            if (!m_sending && each == &tool()) take();
        });
}

SolidTool& SolidCard::tool() const {
    return m_shape->currentIndex() == 0 ? m_sphere : m_box;
}

void SolidCard::setBox(bool box) {
    m_shape->setCurrentIndex(box ? 1 : 0);
}

void SolidCard::take() {
    const Solid solid = tool().proposed();
    for (std::size_t k = 0; k < 3; ++k) {
        m_center[k]->setValue(solid.center[k]);
        m_half[k]->setValue(solid.half[tool().isBox() ? k : 0]);
        m_half[k]->setEnabled(tool().isBox() || k == 0);
    }
}

void SolidCard::send(bool keep) {
    Solid solid;
    for (std::size_t k = 0; k < 3; ++k) {
        solid.center[k] = m_center[k]->value();
        solid.half[k] = m_half[tool().isBox() ? k : 0]->value();
    }
    m_sending = true;
    m_choose(tool());
    tool().set(solid, keep);
    m_sending = false;
    if (!tool().isBox()) take();
}

void SolidCard::showEvent(QShowEvent* event) {
    take();
    Popover::showEvent(event);
}

} // namespace ochre::ui
