// SPDX-License-Identifier: GPL-3.0-or-later
// Loss and learning rate over the steps of a training.
#pragma once

#include <vector>

#include <QWidget>

#include "ui/bridge/TrainingProcess.h"

namespace ochre::ui {

/// The loss on a logarithmic axis: each step faint, their moving mean strong; below it the learning rate.
class LossPlot : public QWidget {
    Q_OBJECT
public:
    explicit LossPlot(QWidget* parent = nullptr);
    void setPoints(const std::vector<TrainingPoint>& points, std::int64_t total);
    std::size_t pointCount() const { return m_points.size(); }
    QSize sizeHint() const override { return {320, 180}; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    QRectF lossArea() const;
    double xOf(double step) const;
    void paintAxes(QPainter& painter, double low, double high) const;
    void paintProbe(QPainter& painter) const;

    std::vector<TrainingPoint> m_points;
    std::vector<double> m_means;
    std::int64_t m_total = 0;
    int m_probe = -1; ///< index of the point under the pointer
};

} // namespace ochre::ui
