// SPDX-License-Identifier: GPL-3.0-or-later
// A card with a few settings that opens below a button and closes when clicked elsewhere.
#pragma once

#include <QWidget>

class QGridLayout;
class QLabel;

namespace ochre::ui {

class Popover : public QWidget {
    Q_OBJECT
public:
    explicit Popover(QWidget* parent);

    /// Label left, control right; returns the control.
    template <typename Control>
    Control* addRow(const QString& label, Control* control) {
        place(label, control);
        return control;
    }
    void addWide(QWidget* widget); ///< over both columns
    QLabel* addWords(int width, int lines = 2);     ///< plain text over both columns, with room for so many lines
    void setRowShown(QWidget* control, bool shown); ///< one that addRow or addWide was given
    void openBelow(QWidget* anchor);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void place(const QString& label, QWidget* control);
    QGridLayout* m_grid;
};

} // namespace ochre::ui
