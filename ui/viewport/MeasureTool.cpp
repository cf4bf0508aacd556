// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/MeasureTool.h"

#include <cmath>

#include <QLabel>

#include "ui/panels/NumberField.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/SceneEdits.h"
#include "ui/viewport/SceneGuides.h"

namespace ochre::ui {
namespace {

constexpr double kGrasp = 9, kDot = 4; ///< pixels

QPointF point(const std::array<double, 2>& p) {
    return {p[0], p[1]};
}

} // namespace

MeasureTool::MeasureTool(SceneView& view, SceneEdits& edits) : m_view(view), m_edits(edits) {
    // What was measured is no longer there where others move it.
    connect(&m_edits, &SceneEdits::replaced, this, &MeasureTool::clear);
    connect(&m_edits, &SceneEdits::activeChanged, this, &MeasureTool::clear);
}

bool MeasureTool::clear() {
    const bool was = !m_ends.empty();
    m_ends.clear();
    m_held = -1;
    m_view.update();
    Q_EMIT changed();
    return was;
}

std::optional<double> MeasureTool::length() const {
    if (m_ends.size() < 2) return std::nullopt;
    return std::hypot(m_ends[1][0] - m_ends[0][0], m_ends[1][1] - m_ends[0][1], m_ends[1][2] - m_ends[0][2]);
}

bool MeasureTool::press(QPointF at, Qt::KeyboardModifiers) {
    const Camera camera = m_view.viewCamera();
    m_at = at;
    m_held = -1;
    for (std::size_t i = 0; i < m_ends.size(); ++i)
        if (const auto seen = projected(camera, m_ends[i]); seen && std::hypot((*seen)[0] - at.x(), (*seen)[1] - at.y()) < kGrasp)
            m_held = static_cast<int>(i);
    return true;
}

void MeasureTool::move(QPointF at, Qt::KeyboardModifiers) {
    m_at = at;
    m_view.update();
}

void MeasureTool::release(QPointF at, Qt::KeyboardModifiers) {
    m_view.pick(at, [this, held = std::exchange(m_held, -1)](const std::optional<Picked>& what) {
        if (!what) return m_view.update();
        if (held >= 0 && static_cast<std::size_t>(held) < m_ends.size()) {
            m_ends[static_cast<std::size_t>(held)] = what->place;
        } else {
            if (m_ends.size() == 2) m_ends.clear();
            m_ends.push_back(what->place);
        }
        m_view.update();
        Q_EMIT changed();
    });
}

void MeasureTool::setLength(double wanted) {
    const std::optional<double> now = length();
    if (!now || *now <= 0 || wanted <= 0) return;
    const Similarity larger{.scale = wanted / *now};
    m_edits.applyToAll(tr("Set a length"), [larger, about = m_ends[0]](const SplatEditor&) { return larger.about(about); });
    for (std::size_t k = 0; k < 3; ++k) m_ends[1][k] = m_ends[0][k] + larger.scale * (m_ends[1][k] - m_ends[0][k]);
    m_view.update();
    Q_EMIT changed();
}

void MeasureTool::paint(QPainter& p) {
    const Camera camera = m_view.viewCamera();
    std::vector<QPointF> places;
    for (std::size_t i = 0; i < m_ends.size(); ++i) {
        const auto seen = projected(camera, m_ends[i]);
        if (!seen) continue;
        places.push_back(static_cast<int>(i) == m_held ? m_at : point(*seen));
    }
    p.setPen(QPen(colors().accent, 1.5));
    if (m_ends.size() == 2) {
        if (m_held >= 0 && places.size() == 2) p.drawLine(places[0], places[1]);
        else if (const auto line = seenLine(camera, m_ends[0], m_ends[1])) p.drawLine(*line);
    }
    p.setBrush(colors().accent);
    for (const QPointF& at : places) p.drawEllipse(at, kDot, kDot);
    if (places.size() == 2 && m_held < 0) paintLabel(p, (places[0] + places[1]) / 2, QString::number(*length(), 'g', 4));
}

MeasureCard::MeasureCard(MeasureTool& tool, QWidget* parent) : Popover(parent), m_tool(tool) {
    setObjectName(QStringLiteral("measure_card"));
    m_length = addRow(tr("Length"), new NumberField({.min = 1e-9, .step = 0.001}));
    m_length->setObjectName(QStringLiteral("length"));
    m_words = new QLabel;
    m_words->setProperty("role", "secondary");
    addWide(m_words);
    connect(m_length, &NumberField::editEnded, this, [this] { m_tool.setLength(m_length->value()); });
    connect(&m_tool, &MeasureTool::changed, this, &MeasureCard::take);
    take();
}

void MeasureCard::take() {
    m_length->setEnabled(m_tool.length().has_value());
    m_length->setValue(m_tool.length().value_or(1));
    if (!m_tool.length()) return m_words->setText(tr("Click two places of the scene first."));
    const auto& ends = m_tool.ends();
    const auto along = [&](std::size_t k) { return QString::number(std::abs(ends[1][k] - ends[0][k]), 'g', 4); };
    m_words->setText(tr("x %1   y %2   z %3\nAnother length scales the whole scene.").arg(along(0), along(1), along(2)));
}

} // namespace ochre::ui
