// SPDX-License-Identifier: GPL-3.0-or-later
// Cards that change the selection by numbers: place, turn and size; colours and opacity; reach of growing;
// floaters.
#pragma once

#include "ui/panels/Popover.h"
#include "ui/viewport/EditWorker.h"

namespace ochre::ui {

class ColorField;
class NumberField;
class SceneEdits;
class SceneView;

/// What its fields say is one order, shown while they slide and done again with each change, until the card
/// is closed or something else is edited: then they begin anew.
class LiveCard : public Popover {
    Q_OBJECT
public:
    LiveCard(SceneEdits& edits, const QString& title, QWidget* parent);

protected:
    NumberField* addNumber(const QString& id, const QString& label, double neutral, double softMin,
                           double softMax, const QString& unit = {});
    void changed(bool keep);
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    virtual std::vector<SplatEdit> steps() const = 0; ///< of the fields; called on the window's thread
    virtual void reset();

    SceneEdits& m_edits;

private:
    void begin();
    QString m_title, m_key;
    bool m_unkept = false;
    std::vector<std::pair<NumberField*, double>> m_numbers; ///< and what they are when nothing is changed
};

class TransformCard : public LiveCard {
    Q_OBJECT
public:
    TransformCard(SceneEdits& edits, QWidget* parent);

protected:
    std::vector<SplatEdit> steps() const override;
    void reset() override;

private:
    std::array<NumberField*, 3> m_move, m_turn;
    NumberField* m_scale;
    Vec3 m_pivot{}; ///< middle of the selection when the fields began
};

class GradeCard : public LiveCard {
    Q_OBJECT
public:
    GradeCard(SceneEdits& edits, QWidget* parent);

protected:
    std::vector<SplatEdit> steps() const override;
    void reset() override;

private:
    NumberField *m_brightness, *m_contrast, *m_saturation, *m_temperature, *m_opacity, *m_size;
    ColorField* m_tint;
};

/// By how much to grow or shrink the selection.
class GrowCard : public Popover {
    Q_OBJECT
public:
    GrowCard(SceneView& view, SceneEdits& edits, QWidget* parent);
    void grow();
    void shrink();

private:
    SceneEdits& m_edits;
    NumberField* m_distance;
};

class FloaterCard : public Popover {
    Q_OBJECT
public:
    FloaterCard(SceneView& view, SceneEdits& edits, QWidget* parent);

private:
    NumberField *m_distance, *m_fewest;
};

} // namespace ochre::ui
