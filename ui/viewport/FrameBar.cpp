// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/FrameBar.h"

#include <algorithm>
#include <cmath>

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QMouseEvent>
#include <QPainter>
#include <QToolButton>

#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/TrackEdits.h"

namespace ochre::ui {
namespace {

constexpr int kInset = 6, kTrack = 4; // pixels beside the line; its thickness

} // namespace

/// All frames from left to right: those with a mask are brighter, the shown one has a handle.
class FrameBar::Line : public QWidget {
public:
    explicit Line(TrackEdits& edits) : m_edits(edits) {
        setObjectName(QStringLiteral("frame_line"));
        setFocusPolicy(Qt::StrongFocus);
        setAccessibleName(tr("Frames of the video"));
        setToolTip(tr("Drag through the frames; the arrow keys step, Home and End go to the ends"));
        setCursor(Qt::PointingHandCursor);
    }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter p(this);
        p.setRenderHint(QPainter::Antialiasing);
        const int count = m_edits.frames();
        const double middle = height() / 2.0;
        p.setPen(Qt::NoPen);
        p.setBrush(colors().surface3);
        p.drawRoundedRect(QRectF(kInset, middle - kTrack / 2.0, width() - 2 * kInset, kTrack), 2, 2);
        if (count < 1) return;
        p.setBrush(colors().textLow);
        if (const auto* masks = dynamic_cast<const MaskClip*>(m_edits.masks().get()))
            for (int from = 0; from < masks->frames();) { // runs of frames with a mask
                int to = from;
                while (to < masks->frames() && masks->has(to)) ++to;
                if (to > from) p.drawRoundedRect(QRectF(QPointF(xOf(from) - 2, middle - kTrack / 2.0), QPointF(xOf(to - 1) + 2, middle + kTrack / 2.0)), 2, 2);
                from = std::max(to, from) + 1;
            }
        p.setBrush(hasFocus() ? colors().accent : colors().textHigh);
        p.drawRoundedRect(QRectF(xOf(m_edits.frame()) - 3, middle - 8, 6, 16), 3, 3);
    }
    void mousePressEvent(QMouseEvent* event) override {
        if (event->button() == Qt::LeftButton) go(event->position().x());
    }
    void mouseMoveEvent(QMouseEvent* event) override {
        if (event->buttons() & Qt::LeftButton) go(event->position().x());
    }
    void keyPressEvent(QKeyEvent* event) override {
        switch (event->key()) {
        case Qt::Key_Left: return m_edits.showFrame(m_edits.frame() - 1);
        case Qt::Key_Right: return m_edits.showFrame(m_edits.frame() + 1);
        case Qt::Key_Home: return m_edits.showFrame(0);
        case Qt::Key_End: return m_edits.showFrame(m_edits.frames() - 1);
        default: QWidget::keyPressEvent(event);
        }
    }

private:
    double xOf(int frame) const {
        const int steps = std::max(1, m_edits.frames() - 1);
        return kInset + (width() - 2.0 * kInset) * frame / steps;
    }
    void go(double x) {
        const double share = (x - kInset) / std::max(1.0, width() - 2.0 * kInset);
        m_edits.showFrame(static_cast<int>(std::lround(share * (m_edits.frames() - 1))));
    }

    TrackEdits& m_edits;
};

FrameBar::FrameBar(TrackEdits& edits)
    : m_edits(edits), m_back(new QToolButton), m_next(new QToolButton), m_line(new Line(edits)), m_number(new QLabel) {
    setFixedHeight(metrics::kToolBar);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(metrics::kPanelPadding, 0, metrics::kPanelPadding, 0);
    layout->setSpacing(metrics::kGrid);
    const auto button = [&](QToolButton* b, const char* name, const QString& iconName, const QString& tip, int by) {
        b->setObjectName(QLatin1String(name));
        b->setIcon(icon(iconName));
        b->setToolTip(tip);
        b->setAccessibleName(tip);
        b->setFixedSize(metrics::kControl, metrics::kControl);
        b->setAutoRepeat(true);
        b->setFocusPolicy(Qt::TabFocus);
        connect(b, &QToolButton::clicked, this, [this, by] { m_edits.showFrame(m_edits.frame() + by); });
        layout->addWidget(b);
    };
    button(m_back, "frame_back", QStringLiteral("chevron-left"), tr("The frame before"), -1);
    button(m_next, "frame_next", QStringLiteral("chevron-right"), tr("The next frame"), 1);
    layout->addWidget(m_line, 1);
    m_line->setFixedHeight(metrics::kControl);
    m_number->setProperty("role", "secondary");
    m_number->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_number->setMinimumWidth(72);
    layout->addWidget(m_number);
    connect(&m_edits, &TrackEdits::changed, this, &FrameBar::refresh);
    refresh();
}

void FrameBar::refresh() {
    const int count = m_edits.frames();
    m_number->setText(count > 0 ? tr("%1 / %2").arg(m_edits.frame()).arg(count - 1) : QString());
    m_back->setEnabled(m_edits.frame() > 0);
    m_next->setEnabled(m_edits.frame() < count - 1);
    m_line->update();
    setVisible(m_edits.hasFrames());
}

} // namespace ochre::ui
