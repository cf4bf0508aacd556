// SPDX-License-Identifier: GPL-3.0-or-later
// What a film is to be: its file, size, frames and background.
#pragma once

#include "core/render/Film.h"
#include "core/scene/cameras/CameraPath.h"
#include "ui/panels/Popover.h"

class QComboBox;
class QLabel;
class QPushButton;

namespace ochre::ui {

class CheckField;
class ColorField;
class NumberField;
class PathField;

class FilmCard : public Popover {
    Q_OBJECT
public:
    explicit FilmCard(QWidget* parent);
    void setPath(const CameraPath& path);
    Film film() const; ///< cameras see what is as near as usual
    bool asView() const; ///< whether what is behind the scene in the view is to be behind it in the film
    void setFile(const QString& file);

Q_SIGNALS:
    void wanted();

protected:
    void showEvent(QShowEvent* event) override;

private:
    Film settings() const; ///< with the first camera alone
    CameraPath filmed() const; ///< the path at the film's rate
    std::size_t last() const;
    void chooseFormat(int format);
    void chooseSize(int size);
    void chooseRate(double fps);
    void showChoices(); ///< those that file and numbers are
    void refresh(); ///< says what it would be, or why it cannot be

    CameraPath m_path;
    PathField* m_file;
    QComboBox *m_format, *m_size, *m_projection;
    NumberField *m_width, *m_height, *m_fps, *m_first, *m_last;
    bool m_ownRate = false; ///< else that of the path
    CheckField *m_transparent, *m_asView;
    ColorField* m_background;
    QLabel* m_words;
    QPushButton* m_render;
};

} // namespace ochre::ui
