// SPDX-License-Identifier: GPL-3.0-or-later
// The strip below a frame of a video: which frame is shown, and which ones have a mask.
#pragma once

#include <QWidget>

class QLabel;
class QToolButton;

namespace ochre::ui {

class TrackEdits;

class FrameBar : public QWidget {
    Q_OBJECT
public:
    explicit FrameBar(TrackEdits& edits);

private:
    class Line;
    void refresh();

    TrackEdits& m_edits;
    QToolButton *m_back, *m_next;
    Line* m_line;
    QLabel* m_number;
};

} // namespace ochre::ui
