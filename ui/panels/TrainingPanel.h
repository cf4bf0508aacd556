// SPDX-License-Identifier: GPL-3.0-or-later
// Training: a recipe with its settings on the left; loss, samples and time left on the right.
#pragma once

#include <map>
#include <string>

#include <QWidget>

#include "core/graph/Parameter.h"

class QComboBox;
class QLabel;
class QPushButton;
class QScrollArea;
class QSlider;
class QVBoxLayout;

namespace ochre::ui {

class EmptyPanel;
class LossPlot;
class MessageCard;
class ParameterControl;
class ParameterLabel;
class PathField;
class TrainingProcess;

class TrainingPanel : public QWidget {
    Q_OBJECT
public:
    explicit TrainingPanel(QWidget* parent = nullptr);
    TrainingProcess& training() { return *m_training; }

    /// Chooses a recipe and the value of a setting, as the controls do.
    void setRecipe(const std::string& id);
    void setValue(const std::string& parameter, const graph::ParameterValue& value);
    void setFolder(const QString& folder);

protected:
    void showEvent(QShowEvent* event) override; ///< the recipes are asked for when the panel is first seen

private:
    QWidget* makeForm();
    QWidget* makeView();
    void showRecipe();
    void addRow(QVBoxLayout* layout, const graph::Parameter& parameter);
    void begin();
    void refresh();
    void showSample();
    void showError(const QString& what, const QString& hint);
    void takeFolderSettings();

    struct Row {
        ParameterLabel* label;
        ParameterControl* control;
    };
    TrainingProcess* m_training;
    QComboBox* m_recipe;
    QLabel *m_help, *m_state, *m_sampleName, *m_sample;
    QScrollArea* m_rowsArea;
    PathField* m_folder;
    QPushButton *m_start, *m_stop;
    LossPlot* m_plot;
    QWidget* m_results; ///< plot and samples
    QSlider* m_slider;
    EmptyPanel* m_empty;
    MessageCard* m_error;
    std::map<std::string, graph::ParameterValue> m_values; ///< that differ from the defaults
    std::map<std::string, Row> m_rows;
    QString m_shownSample;
    bool m_newest = true; ///< the sample that is shown is the last one
};

} // namespace ochre::ui
