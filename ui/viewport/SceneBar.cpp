// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/SceneBar.h"

#include <QComboBox>
#include <QGridLayout>
#include <QLabel>
#include <QListView>
#include <QMenu>
#include <QPushButton>
#include <QToolButton>

#include "core/image/ImageIo.h"
#include "ui/panels/Fields.h"
#include "ui/panels/NumberField.h"
#include "ui/panels/Popover.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/PictureCard.h"
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
    bool normals;
    const char* name;
};
const ModeName kModes[] = {
    {SplatMode::Color, false, QT_TRANSLATE_NOOP("SceneBar", "Colours")},
    {SplatMode::Centres, false, QT_TRANSLATE_NOOP("SceneBar", "Centres")},
    {SplatMode::Rings, false, QT_TRANSLATE_NOOP("SceneBar", "Outlines")},
    {SplatMode::Opacity, false, QT_TRANSLATE_NOOP("SceneBar", "Opacity")},
    {SplatMode::Depth, false, QT_TRANSLATE_NOOP("SceneBar", "Depth")},
    {SplatMode::Color, true, QT_TRANSLATE_NOOP("SceneBar", "Normals")},
    {SplatMode::Overdraw, false, QT_TRANSLATE_NOOP("SceneBar", "Splats in a pixel")},
};
using Behind = SceneDisplay::Behind;
const std::pair<Behind, const char*> kBehind[] = {{Behind::Theme, QT_TRANSLATE_NOOP("SceneBar", "As the window")},
                                                  {Behind::Color, QT_TRANSLATE_NOOP("SceneBar", "A colour")},
                                                  {Behind::Gradient, QT_TRANSLATE_NOOP("SceneBar", "A gradient")},
                                                  {Behind::Sky, QT_TRANSLATE_NOOP("SceneBar", "A picture all around")}};
constexpr double kBoxStep = 0.01;

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
    auto* picture = new PictureCard(m_view, this);
    QAction* take = m_actions.add(QStringLiteral("picture"), QStringLiteral("camera"), tr("Picture of the view, for both eyes or all around…"), {}, nullptr);
    QToolButton* taker = addAction(take);
    connect(take, &QAction::triggered, this, [this, taker, picture] { picture->openBelow(taker->isVisible() ? static_cast<QWidget*>(taker) : this); });
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

void SceneBar::display(const std::function<void(SceneDisplay&)>& change) {
    SceneDisplay d = m_view.display();
    change(d);
    m_view.setDisplay(d);
}

void SceneBar::makeCard() {
    m_card->setObjectName(QStringLiteral("view_card"));
    m_modes = m_card->addRow(tr("Shows"), new QComboBox);
    m_modes->setObjectName(QStringLiteral("mode"));
    for (const ModeName& mode : kModes) m_modes->addItem(tr(mode.name));
    connect(m_modes, &QComboBox::currentIndexChanged, this, [this](int index) {
        display([index](SceneDisplay& d) {
            d.mode = kModes[index].mode;
            d.normals = kModes[index].normals;
        });
    });
    m_fov = m_card->addRow(tr("Field of view"),
                           new NumberField({5, 150, 10, 110, 1, false, QStringLiteral("°")}));
    m_fov->setObjectName(QStringLiteral("fov"));
    connect(m_fov, &NumberField::edited, this,
            [this](double v) { m_view.changeCamera([v](OrbitCamera& c) { c.setFov(v); }); });
    connect(m_fov, &NumberField::resetRequested, this,
            [this] { m_view.changeCamera([](OrbitCamera& c) { c.setFov(OrbitCamera::kFov); }); });
    addBackground();
    m_grid = m_card->addRow(tr("Grid on the ground"), new CheckField);
    m_axes = m_card->addRow(tr("Axes"), new CheckField);
    m_grid->setObjectName(QStringLiteral("grid"));
    m_axes->setObjectName(QStringLiteral("axes"));
    connect(m_grid, &QAbstractButton::clicked, this, [this](bool on) { display([on](SceneDisplay& d) { d.grid = on; }); });
    connect(m_axes, &QAbstractButton::clicked, this, [this](bool on) { display([on](SceneDisplay& d) { d.axes = on; }); });
    addLimits();
    addBox();
    auto* reset = new QPushButton(tr("As at the start"));
    reset->setObjectName(QStringLiteral("view_reset"));
    connect(reset, &QPushButton::clicked, this, [this] {
        m_view.setDisplay({});
        m_view.changeCamera([](OrbitCamera& c) {
            c.setFov(OrbitCamera::kFov);
            c.setLimits(std::nullopt);
        });
    });
    m_card->addWide(reset);
}

void SceneBar::addBackground() {
    m_behind = m_card->addRow(tr("Behind it"), new QComboBox);
    m_behind->setObjectName(QStringLiteral("behind"));
    for (const auto& [kind, name] : kBehind) m_behind->addItem(tr(name));
    m_top = m_card->addRow(tr("Colour"), new ColorField);
    m_bottom = m_card->addRow(tr("Lower edge"), new ColorField);
    m_sky = m_card->addRow(tr("Picture"), new PathField(PathField::Kind::Open, tr("Pictures (%1)").arg(QLatin1String(imageFilePatterns()))));
    m_sky->setPlaceholder(tr("equirectangular"));
    m_skyTurn = m_card->addRow(tr("Turn"), new NumberField({-360, 360, -180, 180, 1, false, QStringLiteral("°")}));
    m_top->setObjectName(QStringLiteral("background"));
    m_bottom->setObjectName(QStringLiteral("background_below"));
    m_sky->setObjectName(QStringLiteral("sky"));
    m_skyTurn->setObjectName(QStringLiteral("sky_turn"));
    connect(m_behind, &QComboBox::currentIndexChanged, this,
            [this](int index) { display([index](SceneDisplay& d) { d.behind = kBehind[index].first; }); });
    connect(m_top, &ColorField::edited, this, [this](const QColor& color) { display([&](SceneDisplay& d) { d.top = QColor(color.rgb()); }); });
    connect(m_bottom, &ColorField::edited, this, [this](const QColor& color) { display([&](SceneDisplay& d) { d.bottom = QColor(color.rgb()); }); });
    connect(m_sky, &PathField::edited, this, [this](const QString& path) { display([&](SceneDisplay& d) { d.skyFile = path; }); });
    connect(m_skyTurn, &NumberField::edited, this, [this](double v) { display([v](SceneDisplay& d) { d.skyTurn = v; }); });
    connect(m_skyTurn, &NumberField::resetRequested, this, [this] { display([](SceneDisplay& d) { d.skyTurn = 0; }); });
}

/// Around the bulk of the scene until it is set.
void SceneBar::addBox() {
    m_boxed = m_card->addRow(tr("Clip to a box"), new CheckField);
    m_boxed->setObjectName(QStringLiteral("boxed"));
    connect(m_boxed, &QAbstractButton::clicked, this, [this](bool on) {
        display([this, on](SceneDisplay& d) {
            d.box.reset();
            if (!on) return;
            const Focus all = m_view.focus();
            d.box.emplace();
            for (std::size_t k = 0; k < 3; ++k) d.box->min[k] = all.center[k] - all.radius, d.box->max[k] = all.center[k] + all.radius;
        });
    });
    m_boxFields = new QWidget;
    auto* grid = new QGridLayout(m_boxFields);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setSpacing(metrics::kGrid);
    const char* const kNames[] = {"box_x0", "box_y0", "box_z0", "box_x1", "box_y1", "box_z1"};
    const QString kAxes[] = {tr("x from, to"), tr("y from, to"), tr("z from, to")};
    for (std::size_t i = 0; i < 6; ++i) {
        const std::size_t axis = i % 3;
        m_box[i] = new NumberField({-1e9, 1e9, {}, {}, kBoxStep, false, {}});
        m_box[i]->setObjectName(QLatin1String(kNames[i]));
        m_box[i]->setMinimumWidth(72);
        if (i < 3) grid->addWidget(new QLabel(kAxes[axis]), static_cast<int>(axis), 0);
        grid->addWidget(m_box[i], static_cast<int>(axis), i < 3 ? 1 : 2);
        connect(m_box[i], &NumberField::edited, this, [this, i, axis](double v) {
            display([=](SceneDisplay& d) {
                if (!d.box) return;
                Bounds box = *d.box;
                (i < 3 ? box.min : box.max)[axis] = v;
                if (box.min[axis] < box.max[axis]) d.box = box;
            });
        });
    }
    m_card->addWide(m_boxFields);
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
    m_near->setValue(limits ? (*limits)[0] : 0);
    m_far->setValue(limits ? (*limits)[1] : 0);
    const SceneDisplay& d = m_view.display();
    const QSignalBlocker quiet(m_modes), still(m_behind);
    for (int i = 0; i < static_cast<int>(std::size(kModes)); ++i)
        if (kModes[i].normals == d.normals && (d.normals || kModes[i].mode == d.mode)) m_modes->setCurrentIndex(i);
    for (int i = 0; i < static_cast<int>(std::size(kBehind)); ++i)
        if (kBehind[i].first == d.behind) m_behind->setCurrentIndex(i);
    m_top->setColor(d.top);
    m_bottom->setColor(d.bottom);
    if (m_sky->path() != d.skyFile) m_sky->setPath(d.skyFile);
    m_skyTurn->setValue(d.skyTurn);
    m_card->setRowShown(m_top, d.behind == Behind::Color || d.behind == Behind::Gradient);
    m_card->setRowShown(m_bottom, d.behind == Behind::Gradient);
    m_card->setRowShown(m_sky, d.behind == Behind::Sky);
    m_card->setRowShown(m_skyTurn, d.behind == Behind::Sky);
    m_card->setRowShown(m_near, limits.has_value());
    m_card->setRowShown(m_far, limits.has_value());
    m_boxed->setChecked(d.box.has_value());
    m_card->setRowShown(m_boxFields, d.box.has_value());
    for (std::size_t i = 0; d.box && i < 6; ++i) m_box[i]->setValue((i < 3 ? d.box->min : d.box->max)[i % 3]);
    m_grid->setChecked(m_view.display().grid);
    m_axes->setChecked(m_view.display().axes);
    // Fields have colours and depths; the rest is of splats.
    auto* rows = static_cast<QListView*>(m_modes->view());
    for (int i = 0; i < m_modes->count(); ++i)
        rows->setRowHidden(i, m_view.count() == 0 && (kModes[i].normals || (kModes[i].mode != SplatMode::Color && kModes[i].mode != SplatMode::Depth)));
}

} // namespace ochre::ui
