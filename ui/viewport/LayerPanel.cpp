// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/LayerPanel.h"

#include <QGridLayout>
#include <QLabel>
#include <QPainter>
#include <QScrollArea>
#include <QToolButton>

#include "ui/panels/NumberField.h"
#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/LayerList.h"
#include "ui/viewport/SceneActions.h"
#include "ui/viewport/SceneView.h"

namespace ochre::ui {
namespace {

constexpr int kWidth = 264, kField = 70;

QToolButton* makeButton(const char* id, const QString& iconName, const QString& tip) {
    auto* button = new QToolButton;
    button->setObjectName(QLatin1String(id));
    button->setIcon(icon(iconName));
    button->setIconSize({metrics::kIconSmall, metrics::kIconSmall});
    button->setToolTip(tip);
    button->setAccessibleName(tip);
    button->setFixedSize(metrics::kControl, metrics::kControl);
    button->setFocusPolicy(Qt::TabFocus);
    return button;
}

} // namespace

LayerPanel::LayerPanel(SceneView& view, LayerEdits& edits, SceneActions& actions)
    : m_view(view), m_edits(edits), m_actions(actions), m_gizmo(view, *this), m_list(new LayerList), m_count(new QLabel) {
    setFixedWidth(kWidth);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * metrics::kGrid, metrics::kGrid, metrics::kGrid, 2 * metrics::kGrid);
    layout->setSpacing(metrics::kGrid);
    QAction* open = m_actions.add(QStringLiteral("layers"), QStringLiteral("layers"), tr("Clouds of the scene"),
                                  {QKeySequence(Qt::SHIFT | Qt::Key_L)}, nullptr);
    open->setCheckable(true);
    connect(open, &QAction::toggled, this, [this](bool on) {
        m_wanted = on;
        if (!on) setHandles(false);
        setVisible(m_wanted && m_sceneShown);
    });
    QAction* handles = m_actions.add(QStringLiteral("layer_handles"), QStringLiteral("transform"), tr("Move, turn and scale the chosen cloud by handles; Ctrl snaps"),
                                     {QKeySequence(Qt::CTRL | Qt::Key_G)}, nullptr);
    handles->setCheckable(true);
    connect(handles, &QAction::toggled, this, &LayerPanel::setHandles);
    layout->addWidget(makeTools());
    auto* scroll = new QScrollArea;
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* rows = new QWidget;
    auto* inner = new QVBoxLayout(rows);
    inner->setContentsMargins(0, 0, metrics::kGrid, 0);
    inner->setSpacing(3 * metrics::kGrid);
    inner->addWidget(m_list);
    inner->addWidget(makeFields());
    inner->addStretch(1);
    scroll->setWidget(rows);
    layout->addWidget(scroll, 1);
    connectList();
    connect(&m_edits, &LayerEdits::changed, this, &LayerPanel::refresh);
    connect(&m_edits, &LayerEdits::currentChanged, this, &LayerPanel::refresh);
    hide();
    refresh();
}

QWidget* LayerPanel::makeTools() {
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(metrics::kGrid, 0, metrics::kGrid, 0);
    layout->setSpacing(2);
    m_count->setProperty("role", "secondary");
    layout->addWidget(m_count, 1);
    auto* add = makeButton("layer_add", QStringLiteral("add"), tr("Add clouds; they can be dropped into the view too"));
    m_edit = makeButton("layer_edit", QStringLiteral("edit"), tr("Edit the splats of the chosen cloud"));
    m_edit->setCheckable(true);
    m_remove = makeButton("layer_remove", QStringLiteral("trash"), tr("Remove the chosen cloud"));
    QAction* handles = m_actions.at(QStringLiteral("layer_handles"));
    m_handles = makeButton("layer_handles", QStringLiteral("transform"), handles->toolTip());
    m_handles->setDefaultAction(handles);
    for (QToolButton* button : {add, m_handles, m_edit, m_remove}) layout->addWidget(button);
    connect(add, &QToolButton::clicked, this, &LayerPanel::addWanted);
    connect(m_edit, &QToolButton::clicked, this, [this] { Q_EMIT editWanted(m_edits.editing() ? -1 : m_edits.current()); });
    connect(m_remove, &QToolButton::clicked, this, [this] { m_edits.remove(m_edits.current()); });
    return row;
}

NumberField* LayerPanel::addField(const char* id, const char* group, const NumberRange& range, const QString& title,
                                  std::function<double&(LayerSettings&)> value) {
    auto* field = new NumberField(range);
    field->setObjectName(QLatin1String(id));
    field->setAccessibleName(title);
    field->setToolTip(title);
    const auto set = [this, value, title, key = QStringLiteral("layer %1").arg(QLatin1String(group))](double v) {
        const auto current = static_cast<std::size_t>(m_edits.current());
        if (m_edits.current() < 0) return;
        m_edits.change(title, [&](std::vector<LayerSettings>& all) { value(all.at(current)) = v; }, key + QString::number(current));
    };
    connect(field, &NumberField::edited, this, set);
    connect(field, &NumberField::editEnded, this, [this] { m_edits.endMerge(); });
    connect(field, &NumberField::resetRequested, this, [set, value] {
        LayerSettings plain;
        set(value(plain));
    });
    m_all.push_back({field, std::move(value)});
    return field;
}

QWidget* LayerPanel::makeFields() {
    m_fields = new QWidget;
    auto* grid = new QGridLayout(m_fields);
    grid->setContentsMargins(metrics::kGrid, 0, 0, 0);
    grid->setHorizontalSpacing(metrics::kGrid);
    grid->setVerticalSpacing(metrics::kGrid);
    const auto label = [grid](const QString& text, int row) {
        auto* words = new QLabel(text);
        words->setMinimumHeight(metrics::kControl);
        grid->addWidget(words, row, 0, 1, 3);
    };
    label(tr("Opacity"), 0);
    grid->addWidget(addField("layer_opacity", "opacity", {0, 1, 0, 1, 0.01, false, {}}, tr("Opacity of the cloud"),
                             [](LayerSettings& s) -> double& { return s.opacity; }), 1, 0, 1, 3);
    label(tr("Place: x, y down, z"), 2);
    label(tr("Turn about x, y, z"), 4);
    const char* const moves[] = {"layer_x", "layer_y", "layer_z"};
    const char* const turns[] = {"layer_turn_x", "layer_turn_y", "layer_turn_z"};
    for (int k = 0; k < 3; ++k) {
        const auto axis = static_cast<std::size_t>(k);
        auto* move = addField(moves[k], "move", {-1e9, 1e9, {}, {}, 0.01, false, {}}, tr("Move the cloud"),
                              [axis](LayerSettings& s) -> double& { return s.move[axis]; });
        auto* turn = addField(turns[k], "turn", {-1e6, 1e6, {}, {}, 1, false, QStringLiteral("°")}, tr("Turn the cloud"),
                              [axis](LayerSettings& s) -> double& { return s.turn[axis]; });
        for (NumberField* field : {move, turn}) field->setMinimumWidth(kField);
        grid->addWidget(move, 3, k);
        grid->addWidget(turn, 5, k);
        grid->setColumnStretch(k, 1);
    }
    label(tr("Size"), 6);
    grid->addWidget(addField("layer_scale", "scale", {1e-6, 1e6, {}, {}, 0.01, false, QStringLiteral("×")}, tr("Size of the cloud"),
                             [](LayerSettings& s) -> double& { return s.scale; }), 7, 0, 1, 3);
    return m_fields;
}

void LayerPanel::connectList() {
    connect(m_list, &LayerList::chosen, this, [this](int row) {
        if (m_edits.editing() && row != m_edits.current()) return Q_EMIT editWanted(row);
        m_edits.setCurrent(row);
    });
    connect(m_list, &LayerList::visibleToggled, this, [this](int row) {
        const bool shown = m_list->rows().at(row).visible;
        m_edits.change(shown ? tr("Hide a cloud") : tr("Show a cloud"), [row, shown](std::vector<LayerSettings>& all) { all.at(static_cast<std::size_t>(row)).visible = !shown; });
    });
    connect(m_list, &LayerList::renamed, this, [this](int row, const QString& name) {
        m_edits.change(tr("Rename a cloud"), [&](std::vector<LayerSettings>& all) { all.at(static_cast<std::size_t>(row)).name = name.toStdString(); });
    });
    connect(m_list, &LayerList::moved, this, [this](int from, int to) {
        m_edits.change(tr("Change the order"), [from, to](std::vector<LayerSettings>& all) {
            const LayerSettings one = all.at(static_cast<std::size_t>(from));
            all.erase(all.begin() + from);
            all.insert(all.begin() + to, one);
        });
    });
    connect(m_list, &LayerList::removeWanted, this, [this](int row) { m_edits.remove(row); });
}

void LayerPanel::setSceneShown(bool shown) {
    m_sceneShown = shown;
    setVisible(m_wanted && m_sceneShown);
    refresh();
}

void LayerPanel::setHandles(bool on) {
    m_actions.at(QStringLiteral("layer_handles"))->setChecked(on);
    m_view.setTool(on ? &m_gizmo : nullptr);
}

void LayerPanel::refresh() {
    const auto& layers = m_edits.layers();
    const int current = m_edits.current();
    QList<LayerList::Row> rows;
    qulonglong all = 0;
    for (const LayerEdits::Layer& layer : layers) {
        const auto count = static_cast<qulonglong>(layer.scene.count());
        QString note = layer.percent >= 0             ? tr("Loading, %1 %").arg(layer.percent)
                       : layer.scene.layers.empty() ? tr("Not loaded yet")
                                                    : tr("%L1 splats").arg(count);
        if (layer.settings.opacity < 1) note += QStringLiteral(" · %1 %").arg(std::lround(100 * layer.settings.opacity));
        rows << LayerList::Row{layer.name(), note, layer.settings.visible, m_edits.editing() && rows.size() == current};
        all += count;
    }
    m_list->setRows(rows, current);
    m_count->setText(rows.size() == 1 ? tr("1 cloud") : tr("%1 clouds").arg(rows.size()));
    m_fields->setEnabled(current >= 0);
    const bool one = current >= 0 && !layers[static_cast<std::size_t>(current)].scene.layers.empty();
    QAction* handles = m_actions.at(QStringLiteral("layer_handles"));
    handles->setEnabled(m_sceneShown && one && !m_edits.editing());
    if (handles->isChecked() && !handles->isEnabled()) setHandles(false);
    m_edit->setEnabled(one);
    m_edit->setChecked(m_edits.editing());
    m_edit->setToolTip(m_edits.editing() ? tr("Back to all clouds") : tr("Edit the splats of the chosen cloud"));
    m_remove->setEnabled(m_edits.node() && current >= 0 && !m_edits.editing());
    if (current < 0) return;
    LayerSettings settings = layers[static_cast<std::size_t>(current)].settings;
    for (const Field& field : m_all) field.field->setValue(field.value(settings));
}

std::optional<Vec3> LayerPanel::middle() const {
    if (m_edits.current() < 0) return std::nullopt;
    const LayerEdits::Layer& layer = m_edits.layers()[static_cast<std::size_t>(m_edits.current())];
    if (layer.scene.layers.empty()) return std::nullopt;
    return placed(layer.scene.focus(), similarityMatrix(layer.settings.place())).center;
}

void LayerPanel::change(const GizmoChange& c) {
    const auto current = static_cast<std::size_t>(m_edits.current());
    const Similarity place = m_edits.layers().at(current).settings.place().then(c.similarity.about(c.pivot));
    if (!c.keep) return m_edits.hold(place);
    m_edits.change(c.title, [&](std::vector<LayerSettings>& all) { all.at(current).setPlace(place); });
}

void LayerPanel::revert() {
    m_edits.hold(std::nullopt);
}

void LayerPanel::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.fillRect(rect(), colors().surface1);
    p.fillRect(QRect(0, 0, 1, height()), colors().hairline);
}

} // namespace ochre::ui
