// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of what the viewer shows, to a file: as seen, for both eyes, or all around for headsets.
#pragma once

#include "ui/panels/Popover.h"
#include "ui/viewport/FilmJob.h"

class QComboBox;
class QLabel;
class QPushButton;

namespace ochre::ui {

class NumberField;
class PathField;
class SceneView;

class PictureCard : public Popover {
    Q_OBJECT
public:
    PictureCard(SceneView& view, QWidget* parent);
    FilmJob& job() { return m_job; }
    void setFile(const QString& file);

protected:
    void showEvent(QShowEvent* event) override;

private:
    Film film() const;
    Projection projection() const;
    void refresh(); ///< says what it would be, or why it cannot be
    void start();

    SceneView& m_view;
    FilmJob m_job;
    QComboBox* m_kind;
    NumberField* m_width;
    PathField* m_file;
    QLabel* m_words;
    QPushButton* m_save;
};

} // namespace ochre::ui
