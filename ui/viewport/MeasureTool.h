// SPDX-License-Identifier: GPL-3.0-or-later
// Measures between two places of the scene that are clicked, and a card that makes the scene as large as that length is to be.
#pragma once

#include <array>

#include "ui/panels/Popover.h"
#include "ui/viewport/SceneTool.h"
#include "ui/viewport/SceneView.h"

class QLabel;

namespace ochre::ui {

class NumberField;
class SceneEdits;

/// Two clicks set the ends, dragging one of them sets it elsewhere, a third click begins anew.
class MeasureTool : public QObject, public SceneTool {
    Q_OBJECT
public:
    MeasureTool(SceneView& view, SceneEdits& edits);

    bool press(QPointF at, Qt::KeyboardModifiers modifiers) override;
    void move(QPointF at, Qt::KeyboardModifiers modifiers) override;
    void release(QPointF at, Qt::KeyboardModifiers modifiers) override;
    void cancel() override { m_held = -1; }
    void paint(QPainter& painter) override;
    Qt::CursorShape cursor() const override { return Qt::CrossCursor; }

    const std::vector<Vec3>& ends() const { return m_ends; } ///< two at most
    std::optional<double> length() const;                    ///< in the scene's units
    bool clear();                                            ///< false: there was nothing
    /// Scales the whole scene about the first end, so that the length becomes this one.
    void setLength(double length);

Q_SIGNALS:
    void changed();

private:
    SceneView& m_view;
    SceneEdits& m_edits;
    std::vector<Vec3> m_ends;
    int m_held = -1; ///< the end that is dragged
    QPointF m_at;    ///< of the pointer then
};

class MeasureCard : public Popover {
    Q_OBJECT
public:
    MeasureCard(MeasureTool& tool, QWidget* parent);

private:
    void take();

    MeasureTool& m_tool;
    NumberField* m_length;
    QLabel* m_words;
};

} // namespace ochre::ui
