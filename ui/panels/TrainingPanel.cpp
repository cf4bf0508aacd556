// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/TrainingPanel.h"

#include <algorithm>

#include <QComboBox>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QPixmap>
#include <QPushButton>
#include <QScrollArea>
#include <QSlider>
#include <QStackedLayout>
#include <QVBoxLayout>

#include "core/base/Error.h"
#include "ui/bridge/TrainingProcess.h"
#include "ui/panels/EmptyPanel.h"
#include "ui/panels/Fields.h"
#include "ui/panels/LossPlot.h"
#include "ui/panels/MessageBar.h"
#include "ui/panels/ParameterControl.h"
#include "ui/panels/ParameterLabel.h"
#include "ui/panels/ParameterRow.h"
#include "ui/panels/Words.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {

TrainingPanel::TrainingPanel(QWidget* parent)
    : QWidget(parent), m_training(new TrainingProcess(this)), m_recipe(new QComboBox), m_help(new QLabel), m_state(new QLabel),
      m_sampleName(new QLabel), m_sample(new QLabel), m_rowsArea(new QScrollArea),
      m_folder(new PathField(PathField::Kind::Folder, {})), m_start(new QPushButton(tr("Start"))),
      m_stop(new QPushButton(tr("Stop"))), m_plot(new LossPlot), m_slider(new QSlider(Qt::Horizontal)),
      m_empty(new EmptyPanel(QStringLiteral("timeline"), tr("Nothing is training"),
                             tr("Choose what to train and a folder to keep it in, then start. It can be stopped and continued at any time."),
                             {})),
      m_error(new MessageCard(MessageCard::Kind::Error)) {
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(makeForm());
    layout->addWidget(makeView(), 1);
    connect(m_training, &TrainingProcess::recipesReady, this, [this] {
        for (const TrainingRecipe& recipe : m_training->recipes())
            m_recipe->addItem(QString::fromStdString(recipe.label), QString::fromStdString(recipe.id));
        showRecipe();
    });
    connect(m_training, &TrainingProcess::changed, this, &TrainingPanel::refresh);
    connect(m_training, &TrainingProcess::started, this, &TrainingPanel::refresh);
    connect(m_training, &TrainingProcess::ended, this, &TrainingPanel::refresh);
    connect(m_training, &TrainingProcess::failed, this, &TrainingPanel::showError);
    refresh();
}

QWidget* TrainingPanel::makeForm() {
    auto* form = new QWidget;
    form->setFixedWidth(metrics::kRightDock + 40);
    auto* column = new QVBoxLayout(form);
    column->setContentsMargins(metrics::kPanelPadding, metrics::kGrid, metrics::kPanelPadding, 2 * metrics::kGrid);
    column->setSpacing(2 * metrics::kGrid);
    m_recipe->setObjectName(QStringLiteral("training.recipe"));
    m_recipe->setAccessibleName(tr("What to train"));
    m_help->setProperty("role", "secondary");
    m_help->setWordWrap(true);
    m_rowsArea->setWidgetResizable(true);
    m_rowsArea->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_folder->setObjectName(QStringLiteral("training.folder"));
    m_folder->setPlaceholder(tr("Folder of the training"));
    m_start->setObjectName(QStringLiteral("training.start"));
    m_stop->setObjectName(QStringLiteral("training.stop"));
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(m_folder, 1);
    buttons->addWidget(m_stop);
    buttons->addWidget(m_start);
    column->addWidget(m_recipe);
    column->addWidget(m_help);
    column->addWidget(m_rowsArea, 1);
    column->addLayout(buttons);
    connect(m_recipe, &QComboBox::currentIndexChanged, this, [this] {
        m_values.clear();
        showRecipe();
    });
    connect(m_folder, &PathField::edited, this, &TrainingPanel::setFolder);
    connect(m_start, &QPushButton::clicked, this, &TrainingPanel::begin);
    connect(m_stop, &QPushButton::clicked, m_training, &TrainingProcess::stop);
    return form;
}

QWidget* TrainingPanel::makeView() {
    auto* view = new QWidget;
    auto* column = new QVBoxLayout(view);
    column->setContentsMargins(metrics::kPanelPadding, metrics::kGrid, metrics::kPanelPadding, 2 * metrics::kGrid);
    column->setSpacing(metrics::kGrid);
    m_state->setObjectName(QStringLiteral("training.state"));
    m_state->setProperty("role", "secondary");
    m_sampleName->setProperty("role", "secondary");
    m_sample->setObjectName(QStringLiteral("training.sample"));
    m_sample->setAlignment(Qt::AlignCenter);
    m_sample->setMinimumSize(120, 60);
    m_slider->setObjectName(QStringLiteral("training.history"));
    m_slider->setAccessibleName(tr("Samples over time"));
    m_error->hide();
    m_error->setClosable(true);
    connect(m_error, &MessageCard::closeRequested, m_error, &QWidget::hide);
    auto* pictures = new QVBoxLayout;
    pictures->setSpacing(metrics::kGrid);
    pictures->addWidget(m_sample, 1);
    auto* history = new QHBoxLayout;
    history->addWidget(m_sampleName);
    history->addWidget(m_slider, 1);
    pictures->addLayout(history);
    m_results = new QWidget;
    auto* row = new QHBoxLayout(m_results);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(metrics::kGroupGap);
    row->addWidget(m_plot, 1);
    row->addLayout(pictures, 1);
    column->addWidget(m_error);
    column->addWidget(m_state);
    column->addWidget(m_results, 1);
    column->addWidget(m_empty, 1);
    connect(m_slider, &QSlider::valueChanged, this, [this](int at) {
        m_newest = at == m_slider->maximum();
        showSample();
    });
    return view;
}

void TrainingPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    m_training->loadRecipes();
}

void TrainingPanel::showRecipe() {
    m_rows.clear();
    auto* content = new QWidget;
    auto* rows = new QVBoxLayout(content);
    rows->setContentsMargins(0, 0, 2 * metrics::kGrid, 0);
    rows->setSpacing(metrics::kGrid);
    const int index = m_recipe->currentIndex();
    if (index >= 0) {
        const TrainingRecipe& recipe = m_training->recipes()[static_cast<std::size_t>(index)];
        m_help->setText(QString::fromStdString(recipe.help));
        for (const graph::Parameter& parameter : recipe.parameters) addRow(rows, parameter);
    }
    rows->addStretch(1);
    m_rowsArea->setWidget(content);
    refresh();
}

void TrainingPanel::addRow(QVBoxLayout* layout, const graph::Parameter& parameter) {
    const auto [label, control, widget] = makeParameterRow(parameter);
    layout->addWidget(widget);
    m_rows[parameter.id] = {label, control};
    const auto value = m_values.find(parameter.id);
    control->setValue(value == m_values.end() ? parameter.defaultValue : value->second, false);
    label->setChanged(value != m_values.end());
    connect(control, &ParameterControl::edited, this,
            [this, id = parameter.id](const graph::ParameterValue& edited) { setValue(id, edited); });
    const auto reset = [this, parameter] { setValue(parameter.id, parameter.defaultValue); };
    connect(control, &ParameterControl::resetRequested, this, reset);
    connect(label, &ParameterLabel::resetRequested, this, reset);
}

void TrainingPanel::setRecipe(const std::string& id) {
    m_recipe->setCurrentIndex(m_recipe->findData(QString::fromStdString(id)));
}

void TrainingPanel::setValue(const std::string& parameter, const graph::ParameterValue& value) {
    const auto row = m_rows.find(parameter);
    if (row == m_rows.end()) return;
    const graph::Parameter& description = row->second.control->parameter();
    try {
        const graph::ParameterValue checked = description.check(value);
        if (checked == description.defaultValue)
            m_values.erase(parameter);
        else
            m_values[parameter] = checked;
        m_error->hide();
    } catch (const Error& error) {
        showError(QString::fromStdString(error.message()), QString::fromStdString(error.hint()));
    }
    const auto set = m_values.find(parameter);
    row->second.control->setValue(set == m_values.end() ? description.defaultValue : set->second, false);
    row->second.label->setChanged(set != m_values.end());
}

void TrainingPanel::setFolder(const QString& folder) {
    if (m_folder->path() != folder) m_folder->setPath(folder);
    m_training->follow(folder);
    takeFolderSettings();
    refresh();
}

/// A folder that holds a training shows the recipe and the settings it was started with.
void TrainingPanel::takeFolderSettings() {
    if (m_training->recipe().empty()) return;
    setRecipe(m_training->recipe());
    for (const auto& [id, text] : m_training->settings()) {
        const auto row = m_rows.find(id);
        if (row == m_rows.end()) continue;
        try {
            setValue(id, row->second.control->parameter().parse(text));
        } catch (const Error&) {
            continue; // a setting of another version keeps its default
        }
    }
}

void TrainingPanel::begin() {
    m_error->hide();
    if (m_folder->path().isEmpty())
        return showError(tr("No folder is chosen for the training."), tr("Choose one: its state, log, samples and result are kept there."));
    if (m_recipe->currentIndex() < 0) return;
    std::map<std::string, std::string> settings;
    for (const auto& [id, value] : m_values) settings[id] = graph::toText(value);
    m_newest = true;
    m_training->start(m_recipe->currentData().toString().toStdString(), settings, m_folder->path());
}

void TrainingPanel::refresh() {
    const bool running = m_training->running(), any = running || !m_training->points().empty();
    m_start->setEnabled(!running && m_recipe->currentIndex() >= 0);
    m_start->setText(m_training->holdsTraining() ? tr("Continue") : tr("Start"));
    m_stop->setEnabled(running);
    for (QWidget* widget : std::initializer_list<QWidget*>{m_recipe, m_folder, m_rowsArea}) widget->setEnabled(!running);
    m_empty->setVisible(!any);
    m_results->setVisible(any);
    m_state->setVisible(any);
    m_plot->setPoints(m_training->points(), m_training->totalSteps());
    QStringList words;
    if (!m_training->points().empty())
        words << tr("step %1 of %2").arg(m_training->points().back().step + 1).arg(m_training->totalSteps());
    if (const QString left = words::timeLeft(m_training->secondsLeft()); !left.isEmpty()) words << left;
    if (!m_training->status().isEmpty() && !(running && !m_training->points().empty())) words << m_training->status();
    if (!m_training->result().isEmpty()) words << QFileInfo(m_training->result()).fileName();
    m_state->setText(words.join(QStringLiteral(" · ")));
    m_state->setToolTip(m_training->result());
    const int count = static_cast<int>(m_training->samples().size());
    const int at = m_newest ? count - 1 : m_slider->value();
    m_slider->blockSignals(true);
    m_slider->setRange(0, std::max(0, count - 1));
    m_slider->setValue(std::max(0, at));
    m_slider->blockSignals(false);
    m_slider->setVisible(any && count > 1);
    m_sampleName->setVisible(any && count > 0);
    showSample();
}

void TrainingPanel::showSample() {
    const QStringList& samples = m_training->samples();
    const int at = m_slider->value();
    if (at >= samples.size()) {
        m_shownSample.clear();
        m_sample->setPixmap({});
        return;
    }
    const QString key = samples[at] + QString::number(m_sample->width()) + QLatin1Char('x') + QString::number(m_sample->height());
    if (key == m_shownSample) return;
    m_shownSample = key;
    const qreal ratio = devicePixelRatioF();
    QPixmap picture(samples[at]);
    if (!picture.isNull())
        picture = picture.scaled(m_sample->size() * ratio, Qt::KeepAspectRatio, Qt::SmoothTransformation);
    picture.setDevicePixelRatio(ratio);
    m_sample->setPixmap(picture);
    m_sampleName->setText(tr("after step %1").arg(QFileInfo(samples[at]).completeBaseName().toLongLong()));
}

void TrainingPanel::showError(const QString& what, const QString& hint) {
    m_error->setMessage(what, hint);
    m_error->show();
}

} // namespace ochre::ui
