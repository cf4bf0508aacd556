// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/EditCards.h"

#include <algorithm>
#include <cmath>

#include <QApplication>
#include <QHBoxLayout>
#include <QPushButton>

#include "ui/panels/Fields.h"
#include "ui/panels/NumberField.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/SceneEdits.h"
#include "ui/viewport/SceneView.h"

namespace ochre::ui {
namespace {

constexpr double kNear = 0.02; ///< radii of the scene: what counts as next to each other at first
constexpr double kFewest = 100;
constexpr double kStep = 0.001; ///< of lengths

/// The scene's own measure, to two figures.
double nearBy(const SceneView& view) {
    const double size = kNear * view.camera().sceneRadius(),
                 unit = std::pow(10.0, std::floor(std::log10(size)) - 1);
    return std::round(size / unit) * unit;
}

/// Follows the scene until it is set by hand.
NumberField* addDistance(Popover& card, const QString& label, SceneView& view) {
    NumberField* field = card.addRow(label, new NumberField({1e-9, 1e9, {}, {}, kStep, false, {}}));
    field->setObjectName(QStringLiteral("distance"));
    field->setValue(nearBy(view));
    QObject::connect(field, &NumberField::edited, field, [field] { field->setProperty("set", true); });
    QObject::connect(&view, &SceneView::viewChanged, field, [field, &view] {
        if (!field->property("set").toBool()) field->setValue(nearBy(view));
    });
    return field;
}

} // namespace

LiveCard::LiveCard(SceneEdits& edits, const QString& title, QWidget* parent)
    : Popover(parent), m_edits(edits), m_title(title) {
    connect(&m_edits, &SceneEdits::applied, this, [this](const QString& key) {
        if (key != m_key) begin();
    });
    connect(&m_edits, &SceneEdits::replaced, this, &LiveCard::begin);
}

NumberField* LiveCard::addNumber(const QString& id, const QString& label, double neutral, double softMin,
                                 double softMax, const QString& unit) {
    NumberRange range;
    if (softMin < softMax)
        range.softMin = softMin, range.softMax = softMax;
    else
        range.step = kStep;
    range.unit = unit;
    NumberField* field = addRow(label, new NumberField(range));
    field->setObjectName(id);
    field->setValue(neutral);
    m_numbers.emplace_back(field, neutral);
    connect(field, &NumberField::edited, this, [this] { changed(false); });
    connect(field, &NumberField::editEnded, this, [this] { changed(true); });
    connect(field, &NumberField::resetRequested, this, [this, field, neutral] {
        field->setValue(neutral);
        changed(true);
    });
    return field;
}

void LiveCard::begin() {
    static int cards = 0;
    m_key = QStringLiteral("card %1").arg(++cards);
    m_unkept = false;
    reset();
}

void LiveCard::reset() {
    for (const auto& [field, neutral] : m_numbers) field->setValue(neutral);
}

void LiveCard::changed(bool keep) {
    if (keep && !m_unkept && steps().empty()) return;
    m_unkept = !keep;
    m_edits.apply({m_title, [steps = steps()](const SplatEditor&) { return steps; }, m_key, keep});
}

void LiveCard::showEvent(QShowEvent* event) {
    begin();
    Popover::showEvent(event);
}

void LiveCard::hideEvent(QHideEvent* event) {
    if (m_unkept) changed(true);
    Popover::hideEvent(event);
}

TransformCard::TransformCard(SceneEdits& edits, QWidget* parent) : LiveCard(edits, tr("Move"), parent) {
    setObjectName(QStringLiteral("transform_card"));
    const char* names[] = {"x", "y", "z"};
    for (std::size_t k = 0; k < 3; ++k)
        m_move[k] = addNumber(QStringLiteral("move_%1").arg(QLatin1String(names[k])),
                              tr("Move %1").arg(QLatin1String(names[k])), 0, 0, 0);
    for (std::size_t k = 0; k < 3; ++k)
        m_turn[k] =
            addNumber(QStringLiteral("turn_%1").arg(QLatin1String(names[k])),
                      tr("Turn about %1").arg(QLatin1String(names[k])), 0, -180, 180, QStringLiteral("°"));
    m_scale = addNumber(QStringLiteral("scale"), tr("Scale"), 1, 0.1, 3, QStringLiteral("×"));
}

void TransformCard::reset() {
    LiveCard::reset();
    m_pivot = m_edits.state().middle().value_or(m_pivot);
}

std::vector<SplatEdit> TransformCard::steps() const {
    Similarity s{.rotation = rotationOfDegrees({m_turn[0]->value(), m_turn[1]->value(), m_turn[2]->value()}),
                 .scale = std::max(m_scale->value(), 1e-6)};
    for (std::size_t k = 0; k < 3; ++k) s.translation[k] = m_move[k]->value();
    if (s.isIdentity()) return {};
    return {edits::Move{s, m_pivot}};
}

GradeCard::GradeCard(SceneEdits& edits, QWidget* parent) : LiveCard(edits, tr("Change colours"), parent) {
    setObjectName(QStringLiteral("grade_card"));
    m_brightness = addNumber(QStringLiteral("brightness"), tr("Brightness"), 0, -1, 1);
    m_contrast = addNumber(QStringLiteral("contrast"), tr("Contrast"), 1, 0, 2, QStringLiteral("×"));
    m_saturation = addNumber(QStringLiteral("saturation"), tr("Saturation"), 1, 0, 2, QStringLiteral("×"));
    m_temperature = addNumber(QStringLiteral("temperature"), tr("Temperature"), 0, -1, 1);
    m_tint = addRow(tr("Tint"), new ColorField);
    m_tint->setObjectName(QStringLiteral("tint"));
    m_tint->setColor(Qt::white);
    connect(m_tint, &ColorField::edited, this, [this] { changed(false); });
    connect(m_tint, &ColorField::editEnded, this, [this] { changed(true); });
    m_opacity = addNumber(QStringLiteral("opacity"), tr("Opacity"), 1, 0, 2, QStringLiteral("×"));
    m_size = addNumber(QStringLiteral("size"), tr("Size of each"), 1, 0.2, 3, QStringLiteral("×"));
}

void GradeCard::reset() {
    LiveCard::reset();
    m_tint->setColor(Qt::white);
}

std::vector<SplatEdit> GradeCard::steps() const {
    constexpr double kLeast = 1e-3; // factors are positive
    std::vector<SplatEdit> steps;
    const QColor tint = m_tint->color();
    if (m_brightness->value() != 0 || m_contrast->value() != 1 || m_saturation->value() != 1 ||
        m_temperature->value() != 0 || tint != Qt::white) {
        edits::Grade grade;
        grade.brightness = m_brightness->value();
        grade.contrast = m_contrast->value();
        grade.saturation = m_saturation->value();
        grade.temperature = std::clamp(m_temperature->value(), -1.0, 1.0);
        grade.tint = {tint.redF(), tint.greenF(), tint.blueF()};
        steps.push_back(grade);
    }
    if (m_opacity->value() != 1) steps.push_back(edits::Opacity{std::max(m_opacity->value(), kLeast)});
    if (m_size->value() != 1) steps.push_back(edits::Size{std::max(m_size->value(), kLeast)});
    return steps;
}

GrowCard::GrowCard(SceneView& view, SceneEdits& edits, QWidget* parent) : Popover(parent), m_edits(edits) {
    setObjectName(QStringLiteral("grow_card"));
    m_distance = addDistance(*this, tr("Distance"), view);
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, metrics::kGrid, 0, 0);
    auto *larger = new QPushButton(tr("Grow")), *smaller = new QPushButton(tr("Shrink"));
    layout->addWidget(larger);
    layout->addWidget(smaller);
    connect(larger, &QPushButton::clicked, this, &GrowCard::grow);
    connect(smaller, &QPushButton::clicked, this, &GrowCard::shrink);
    addWide(row);
}

void GrowCard::grow() {
    m_edits.apply(edits::Grow{m_distance->value()});
}

void GrowCard::shrink() {
    m_edits.apply(edits::Shrink{m_distance->value()});
}

FloaterCard::FloaterCard(SceneView& view, SceneEdits& edits, QWidget* parent) : Popover(parent) {
    setObjectName(QStringLiteral("floater_card"));
    m_distance = addDistance(*this, tr("Further apart than"), view);
    m_fewest = addRow(tr("In groups of fewer than"), new NumberField({2, 1e9, 2, 1000, 1, true, {}}));
    m_fewest->setObjectName(QStringLiteral("fewest"));
    m_fewest->setValue(kFewest);
    auto* select = new QPushButton(tr("Select floaters"));
    connect(select, &QPushButton::clicked, this, [this, &edits] {
        edits.select(Floaters{m_distance->value(), static_cast<std::size_t>(m_fewest->value())},
                     QApplication::keyboardModifiers());
    });
    addWide(select);
}

} // namespace ochre::ui
