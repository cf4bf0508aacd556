// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/SceneBar.h"

#include <QComboBox>
#include <QListView>
#include <QMenu>
#include <QPushButton>
#include <QToolButton>

#include "ui/panels/Fields.h"
#include "ui/panels/NumberField.h"
#include "ui/panels/Popover.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/SceneView.h"

namespace ochre::ui {
namespace {

struct Side {
    Camera::Side side;
    const char *id, *name;
    QKeyCombination key;
};
const Side kSides[] = {
    {Camera::Side::Front, "view_front", QT_TRANSLATE_NOOP("SceneBar", "From the front"), Qt::Key_1},
    {Camera::Side::Back, "view_back", QT_TRANSLATE_NOOP("SceneBar", "From behind"), Qt::CTRL | Qt::Key_1},
    {Camera::Side::Right, "view_right", QT_TRANSLATE_NOOP("SceneBar", "From the right"), Qt::Key_3},
    {Camera::Side::Left, "view_left", QT_TRANSLATE_NOOP("SceneBar", "From the left"), Qt::CTRL | Qt::Key_3},
    {Camera::Side::Top, "view_top", QT_TRANSLATE_NOOP("SceneBar", "From above"), Qt::Key_7},
    {Camera::Side::Bottom, "view_bottom", QT_TRANSLATE_NOOP("SceneBar", "From below"), Qt::CTRL | Qt::Key_7},
};

struct ModeName {
    SplatMode mode;
    const char* name;
};
const ModeName kModes[] = {
    {SplatMode::Color, QT_TRANSLATE_NOOP("SceneBar", "Colours")},
    {SplatMode::Centres, QT_TRANSLATE_NOOP("SceneBar", "Centres")},
    {SplatMode::Rings, QT_TRANSLATE_NOOP("SceneBar", "Outlines")},
    {SplatMode::Opacity, QT_TRANSLATE_NOOP("SceneBar", "Opacity")},
    {SplatMode::Depth, QT_TRANSLATE_NOOP("SceneBar", "Depth")},
    {SplatMode::Overdraw, QT_TRANSLATE_NOOP("SceneBar", "Splats in a pixel")},
};

} // namespace

SceneBar::SceneBar(SceneView& view, SceneActions& actions)
    : m_view(view), m_actions(actions), m_card(new Popover(this)) {
    addCommands();
    makeCard();
    connect(&m_view, &SceneView::viewChanged, this, &SceneBar::refresh);
    connect(&Theme::instance(), &Theme::changed, this, &SceneBar::refresh);
    refresh();
}

void SceneBar::addCommands() {
    using Navigation = SceneView::Navigation;
    QAction* orbit =
        m_actions.add(QStringLiteral("orbit"), QStringLiteral("orbit"), tr("Orbit"),
                      {QKeySequence(Qt::Key_O)}, [this] { m_view.setNavigation(Navigation::Orbit); });
    QAction* fly =
        m_actions.add(QStringLiteral("fly"), QStringLiteral("fly"),
                      tr("Fly with W A S D Q E, speed by wheel, Shift faster"), {QKeySequence(Qt::Key_V)},
                      [this] { m_view.setNavigation(Navigation::Fly); });
    QAction* flat =
        m_actions.add(QStringLiteral("orthographic"), QStringLiteral("orthographic"),
                      tr("Without perspective"), {QKeySequence(Qt::Key_5)}, [this] {
                          m_view.changeCamera([](OrbitCamera& c) { c.setOrthographic(!c.orthographic()); });
                      });
    for (QAction* action : {orbit, fly, flat}) action->setCheckable(true);
    addAction(orbit);
    addAction(fly);
    addGap();
    addAction(flat);
    addSides();
    addAction(m_actions.add(QStringLiteral("focus"), QStringLiteral("focus"),
                            tr("Come nearer to what the pointer is at"), {QKeySequence(Qt::Key_F)},
                            [this] { m_view.focusUnderMouse(); }));
    addAction(m_actions.add(QStringLiteral("frame_all"), QStringLiteral("fit"), tr("Frame the scene"),
                            {QKeySequence(Qt::Key_Home)}, [this] { m_view.frameScene(); }));
    QAction* settings = m_actions.add(QStringLiteral("view_settings"), QStringLiteral("settings"),
                                      tr("How the scene is shown"), {}, nullptr);
    QToolButton* button = addAction(settings);
    connect(settings, &QAction::triggered, this, [this, button] {
        m_card->openBelow(button->isVisible() ? static_cast<QWidget*>(button) : this);
    });
}

void SceneBar::addSides() {
    auto* menu = new QMenu(this);
    for (const Side& side : kSides) {
        QAction* action =
            m_actions.add(QLatin1String(side.id), {}, tr(side.name), {QKeySequence(side.key)}, [this, side] {
                m_view.changeCamera([side](OrbitCamera& c) { c.face(side.side); });
            });
        menu->addAction(action);
    }
    QAction* sides =
        m_actions.add(QStringLiteral("sides"), QStringLiteral("sides"), tr("From a side"), {}, nullptr);
    sides->setMenu(menu);
    addAction(sides)->setPopupMode(QToolButton::InstantPopup);
}

void SceneBar::makeCard() {
    m_card->setObjectName(QStringLiteral("view_card"));
    m_fov = m_card->addRow(tr("Field of view"),
                           new NumberField({5, 150, 10, 110, 1, false, QStringLiteral("°")}));
    m_fov->setObjectName(QStringLiteral("fov"));
    connect(m_fov, &NumberField::edited, this,
            [this](double v) { m_view.changeCamera([v](OrbitCamera& c) { c.setFov(v); }); });
    connect(m_fov, &NumberField::resetRequested, this,
            [this] { m_view.changeCamera([](OrbitCamera& c) { c.setFov(OrbitCamera::kFov); }); });
    addLimits();
    m_background = m_card->addRow(tr("Background"), new ColorField);
    m_background->setObjectName(QStringLiteral("background"));
    const auto display = [this](const std::function<void(SceneDisplay&)>& change) {
        SceneDisplay d = m_view.display();
        change(d);
        m_view.setDisplay(d);
    };
    connect(m_background, &ColorField::edited, this, [display](const QColor& color) {
        display([&](SceneDisplay& d) { d.background = QColor(color.rgb()); });
    });
    m_grid = m_card->addRow(tr("Grid on the ground"), new CheckField);
    m_axes = m_card->addRow(tr("Axes"), new CheckField);
    m_grid->setObjectName(QStringLiteral("grid"));
    m_axes->setObjectName(QStringLiteral("axes"));
    connect(m_grid, &QAbstractButton::clicked, this,
            [display](bool on) { display([on](SceneDisplay& d) { d.grid = on; }); });
    connect(m_axes, &QAbstractButton::clicked, this,
            [display](bool on) { display([on](SceneDisplay& d) { d.axes = on; }); });
    auto* modes = m_modes = m_card->addRow(tr("Shows"), new QComboBox);
    modes->setObjectName(QStringLiteral("mode"));
    for (const ModeName& mode : kModes) modes->addItem(tr(mode.name), static_cast<int>(mode.mode));
    connect(modes, &QComboBox::currentIndexChanged, this, [display, modes] {
        display([modes](SceneDisplay& d) { d.mode = static_cast<SplatMode>(modes->currentData().toInt()); });
    });
    auto* reset = new QPushButton(tr("As at the start"));
    connect(reset, &QPushButton::clicked, this, [this, modes] {
        modes->setCurrentIndex(0);
        m_view.setDisplay({});
        m_view.changeCamera([](OrbitCamera& c) {
            c.setFov(OrbitCamera::kFov);
            c.setLimits(std::nullopt);
        });
    });
    m_card->addWide(reset);
}

/// Near and far plane: both follow the scene until they are set.
void SceneBar::addLimits() {
    m_limited = m_card->addRow(tr("Limit the depth"), new CheckField);
    m_limited->setObjectName(QStringLiteral("limited"));
    m_near = m_card->addRow(tr("Near"), new NumberField({1e-6, 1e6, {}, {}, 0.01, false, {}}));
    m_far = m_card->addRow(tr("Far"), new NumberField({1e-6, 1e6, {}, {}, 0.01, false, {}}));
    m_near->setObjectName(QStringLiteral("near"));
    m_far->setObjectName(QStringLiteral("far"));
    connect(m_limited, &QAbstractButton::clicked, this, [this](bool on) {
        m_view.changeCamera([on](OrbitCamera& c) {
            using Limits = std::optional<std::array<double, 2>>;
            c.setLimits(on ? Limits({c.distance() / 100, c.distance() + 2 * c.sceneRadius()}) : Limits());
        });
    });
    const auto limit = [this](std::size_t which) {
        return [this, which](double v) {
            m_view.changeCamera([=](OrbitCamera& c) {
                auto limits =
                    c.limits().value_or(std::array{c.distance() / 100, c.distance() + 2 * c.sceneRadius()});
                limits[which] = v;
                if (limits[0] < limits[1]) c.setLimits(limits);
            });
        };
    };
    connect(m_near, &NumberField::edited, this, limit(0));
    connect(m_far, &NumberField::edited, this, limit(1));
}

void SceneBar::refresh() {
    const OrbitCamera& camera = m_view.camera();
    const bool flies = m_view.navigation() == SceneView::Navigation::Fly;
    m_actions.at(QStringLiteral("orbit"))->setChecked(!flies);
    m_actions.at(QStringLiteral("fly"))->setChecked(flies);
    m_actions.at(QStringLiteral("orthographic"))->setChecked(camera.orthographic());
    m_fov->setValue(camera.fov());
    const auto& limits = camera.limits();
    m_limited->setChecked(limits.has_value());
    m_near->setEnabled(limits.has_value());
    m_far->setEnabled(limits.has_value());
    m_near->setValue(limits ? (*limits)[0] : 0);
    m_far->setValue(limits ? (*limits)[1] : 0);
    m_background->setColor(m_view.display().background.value_or(colors().canvas));
    m_grid->setChecked(m_view.display().grid);
    m_axes->setChecked(m_view.display().axes);
    // Fields have colours and depths; the rest is of splats.
    auto* rows = static_cast<QListView*>(m_modes->view());
    for (int i = 0; i < m_modes->count(); ++i) {
        const auto mode = static_cast<SplatMode>(m_modes->itemData(i).toInt());
        rows->setRowHidden(i, m_view.scene().count() == 0 && mode != SplatMode::Color && mode != SplatMode::Depth);
    }
}

} // namespace ochre::ui
