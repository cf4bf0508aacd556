// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/ValueCard.h"

#include <algorithm>
#include <cmath>

#include <QApplication>
#include <QComboBox>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QPushButton>

#include "ui/panels/NumberField.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/SceneEdits.h"

namespace ochre::ui {
namespace {
constexpr int kWidth = 288, kHeight = 96;
constexpr double kStep = 0.0001;
} // namespace

HistogramView::HistogramView(QWidget* parent) : QWidget(parent) {
    setFixedHeight(kHeight);
    setMinimumWidth(kWidth);
    setCursor(Qt::SizeHorCursor);
}

QSize HistogramView::sizeHint() const {
    return {kWidth, kHeight};
}

void HistogramView::setHistogram(std::shared_ptr<const Histogram> histogram) {
    m_histogram = std::move(histogram);
    update();
}

void HistogramView::setRange(double low, double high) {
    m_low = low;
    m_high = high;
    update();
}

double HistogramView::shareAt(double x) const {
    return std::clamp(x / std::max(1, width()), 0.0, 1.0);
}

void HistogramView::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    QPainterPath shape;
    shape.addRoundedRect(rect(), metrics::kRadiusControl, metrics::kRadiusControl);
    p.setClipPath(shape);
    p.fillRect(rect(), colors().surface3);
    if (!m_histogram) return;
    if (m_high > m_low)
        p.fillRect(QRectF(m_low * width(), 0, (m_high - m_low) * width(), height()), colors().hairline);
    const std::uint32_t most =
        std::max(1u, *std::max_element(m_histogram->all.begin(), m_histogram->all.end()));
    const double bar = static_cast<double>(width()) / Histogram::kBins;
    // By the root, so that rare values are seen beside frequent ones.
    const auto heightOf = [&](std::uint32_t count) {
        return std::sqrt(static_cast<double>(count) / most) * (height() - 8);
    };
    for (std::size_t i = 0; i < Histogram::kBins; ++i)
        for (const auto& [counts, color] : {std::pair(&m_histogram->all, colors().textLow),
                                            std::pair(&m_histogram->selected, colors().accent)})
            if (const double tall = heightOf((*counts)[i]); tall > 0)
                p.fillRect(QRectF(static_cast<double>(i) * bar, height() - std::max(tall, 1.0),
                                  std::max(bar - 1, 1.0), std::max(tall, 1.0)),
                           color);
}

void HistogramView::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return;
    m_dragging = true;
    m_from = shareAt(event->position().x());
}

void HistogramView::mouseMoveEvent(QMouseEvent* event) {
    if (!m_dragging) return;
    const double to = shareAt(event->position().x());
    setRange(std::min(m_from, to), std::max(m_from, to));
    Q_EMIT ranged(m_low, m_high);
}

void HistogramView::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || !std::exchange(m_dragging, false)) return;
    if (shareAt(event->position().x()) != m_from) Q_EMIT chosen(event->modifiers());
}

ValueCard::ValueCard(SceneEdits& edits, QWidget* parent)
    : Popover(parent), m_edits(edits), m_which(addRow(tr("Value"), new QComboBox)),
      m_histogram(new HistogramView) {
    setObjectName(QStringLiteral("value_card"));
    m_which->setObjectName(QStringLiteral("value"));
    m_which->addItems({tr("Opacity"), tr("Size, longest axis"), tr("Luminance")});
    addWide(m_histogram);
    m_least = addRow(tr("From"), new NumberField({{}, {}, {}, {}, kStep, false, {}}));
    m_most = addRow(tr("To"), new NumberField({{}, {}, {}, {}, kStep, false, {}}));
    m_least->setObjectName(QStringLiteral("from"));
    m_most->setObjectName(QStringLiteral("to"));
    auto* button = new QPushButton(tr("Select"));
    addWide(button);
    connect(m_which, &QComboBox::currentIndexChanged, this, [this] {
        m_histogram->setRange(0, 0);
        m_edits.count(which());
    });
    connect(&m_edits, &SceneEdits::changed, this, [this] {
        if (isVisible()) m_edits.count(which());
    });
    connect(&m_edits, &SceneEdits::histogramReady, this, &ValueCard::take);
    connect(m_histogram, &HistogramView::ranged, this, [this](double low, double high) {
        m_least->setValue(valueAt(low));
        m_most->setValue(valueAt(high));
    });
    connect(m_histogram, &HistogramView::chosen, this, &ValueCard::select);
    for (NumberField* field : {m_least, m_most})
        connect(field, &NumberField::edited, this, &ValueCard::showRange);
    connect(button, &QPushButton::clicked, this, [this] { select(QApplication::keyboardModifiers()); });
}

void ValueCard::showEvent(QShowEvent* event) {
    m_edits.count(which());
    Popover::showEvent(event);
}

SplatValue ValueCard::which() const {
    return static_cast<SplatValue>(m_which->currentIndex());
}

void ValueCard::take(const std::shared_ptr<const Histogram>& histogram) {
    if (histogram->which != which()) return;
    const bool other = !m_histogram->histogram() || m_histogram->histogram()->which != histogram->which;
    m_histogram->setHistogram(histogram);
    if (!other) return showRange();
    m_least->setValue(valueAt(0));
    m_most->setValue(valueAt(1));
}

double ValueCard::valueAt(double share) const {
    const Histogram* h = m_histogram->histogram();
    if (!h) return 0;
    const double at = h->low + share * (h->high - h->low);
    return h->which == SplatValue::Size ? std::pow(10.0, at) : at;
}

double ValueCard::shareOf(double value) const {
    const Histogram* h = m_histogram->histogram();
    if (!h) return 0;
    const double at = h->which == SplatValue::Size ? std::log10(std::max(value, 1e-30)) : value;
    return std::clamp((at - h->low) / (h->high - h->low), 0.0, 1.0);
}

void ValueCard::showRange() {
    m_histogram->setRange(shareOf(m_least->value()), shareOf(m_most->value()));
}

void ValueCard::select(Qt::KeyboardModifiers modifiers) {
    const double least = std::min(m_least->value(), m_most->value()),
                 most = std::max(m_least->value(), m_most->value());
    switch (which()) {
    case SplatValue::Opacity:
        return m_edits.select(OpacityRange{least, most}, modifiers);
    case SplatValue::Size:
        return m_edits.select(SizeRange{least, most}, modifiers);
    case SplatValue::Luminance:
        return m_edits.select(LuminanceRange{least, most}, modifiers);
    }
}

} // namespace ochre::ui
