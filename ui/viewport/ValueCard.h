// SPDX-License-Identifier: GPL-3.0-or-later
// Selecting by opacity, size or luminance: a histogram whose dragged range selects, and the same range as
// numbers.
#pragma once

#include "ui/panels/Popover.h"
#include "ui/viewport/EditWorker.h"

class QComboBox;

namespace ochre::ui {

class NumberField;
class SceneEdits;

/// All splats in grey, those selected in the accent. A drag chooses a range.
class HistogramView : public QWidget {
    Q_OBJECT
public:
    explicit HistogramView(QWidget* parent = nullptr);
    void setHistogram(std::shared_ptr<const Histogram> histogram);
    const Histogram* histogram() const { return m_histogram.get(); }
    void setRange(double low, double high); ///< shares of the width
    double shareAt(double x) const;         ///< 0…1, of a place of the widget
    QSize sizeHint() const override;

Q_SIGNALS:
    void ranged(double low, double high);         ///< shares of the width; while it is dragged
    void chosen(Qt::KeyboardModifiers modifiers); ///< the drag ended

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;

private:
    std::shared_ptr<const Histogram> m_histogram;
    double m_low = 0, m_high = 0, m_from = 0;
    bool m_dragging = false;
};

class ValueCard : public Popover {
    Q_OBJECT
public:
    ValueCard(SceneEdits& edits, QWidget* parent);

protected:
    void showEvent(QShowEvent* event) override;

private:
    SplatValue which() const;
    void take(const std::shared_ptr<const Histogram>& histogram);
    double valueAt(double share) const; ///< of the histogram
    double shareOf(double value) const;
    void select(Qt::KeyboardModifiers modifiers);
    void showRange();

    SceneEdits& m_edits;
    QComboBox* m_which;
    HistogramView* m_histogram;
    NumberField *m_least, *m_most;
};

} // namespace ochre::ui
