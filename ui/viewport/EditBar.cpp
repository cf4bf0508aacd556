// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/EditBar.h"

#include <QActionGroup>
#include <QToolButton>

#include "ui/viewport/EditCards.h"
#include "ui/viewport/SceneEdits.h"
#include "ui/viewport/SolidCard.h"
#include "ui/viewport/ValueCard.h"

namespace ochre::ui {
namespace {
constexpr double kBrushStep = 1.2;
}

EditBar::EditBar(SceneView& view, SceneEdits& edits, SceneActions& actions)
    : m_view(view), m_edits(edits), m_actions(actions),
      m_rectangle(view, edits, RegionTool::Shape::Rectangle), m_lasso(view, edits, RegionTool::Shape::Lasso),
      m_brush(view, edits, RegionTool::Shape::Brush), m_sphere(view, edits, false), m_box(view, edits, true),
      m_color(view, edits), m_selection(edits), m_gizmo(view, m_selection), m_measure(view, edits), m_tools(new QActionGroup(this)) {
    addTools();
    addGap();
    addSelection();
    addGap();
    addChanges();
    connect(&m_edits, &SceneEdits::changed, this, &EditBar::refresh);
    connect(&m_edits, &SceneEdits::activeChanged, this, [this](bool active) {
        if (!active) m_actions.at(QStringLiteral("navigate"))->trigger();
        refresh();
    });
    refresh();
}

EditBar::~EditBar() {
    m_view.setTool(nullptr);
}

QAction* EditBar::add(const char* id, const QString& text, const QString& iconName,
                      const QList<QKeySequence>& keys, Needs needs, std::function<void()> run) {
    QAction* action = m_actions.add(QLatin1String(id), iconName, text, keys, std::move(run));
    m_needs.emplace_back(action, needs);
    return action;
}

void EditBar::addTool(const char* id, const QString& text, const QString& iconName, Qt::Key key,
                      SceneTool* tool) {
    QAction* action =
        add(id, text, iconName, {QKeySequence(key)}, Needs::Scene, [this, tool] {
            for (SolidTool* solid : {&m_sphere, &m_box})
                if (tool != solid) solid->finish();
            m_view.setTool(tool);
        });
    action->setCheckable(true);
    m_tools->addAction(action);
    addAction(action);
}

void EditBar::addCard(const char* id, const QString& text, const QString& iconName, Needs needs,
                      Popover* card) {
    QAction* action = add(id, text, iconName, {}, needs, nullptr);
    QToolButton* button = addAction(action);
    connect(action, &QAction::triggered, this, [this, button, card] {
        card->openBelow(button->isVisible() ? static_cast<QWidget*>(button) : this);
    });
}

void EditBar::addTools() {
    const QString rule = tr("; Shift adds, Alt or Ctrl removes");
    addTool("navigate", tr("Move the camera"), QStringLiteral("navigate"), Qt::Key_N, nullptr);
    addTool("select_rectangle", tr("Select by rectangle") + rule, QStringLiteral("select-rectangle"),
            Qt::Key_R, &m_rectangle);
    addTool("select_lasso", tr("Select by lasso") + rule, QStringLiteral("select-lasso"), Qt::Key_L,
            &m_lasso);
    addTool("select_brush", tr("Select by brush, its size by Ctrl+wheel or [ and ]") + rule,
            QStringLiteral("select-brush"), Qt::Key_B, &m_brush);
    addTool("select_sphere", tr("Select by sphere: press where its middle is, drag its size, then its handles; Enter ends, Esc takes it back") + rule,
            QStringLiteral("select-sphere"), Qt::Key_U, &m_sphere);
    addTool("select_box", tr("Select by box: press where its middle is, drag its size, then its handles; Enter ends, Esc takes it back") + rule,
            QStringLiteral("select-box"), Qt::Key_X, &m_box);
    addTool("select_color", tr("Select what is coloured like what is clicked; drag for more or fewer") + rule,
            QStringLiteral("select-color"), Qt::Key_C, &m_color);
    m_actions.at(QStringLiteral("navigate"))->setChecked(true);
    addSolids();
    addCard("select_value", tr("Select by opacity, size or luminance"), QStringLiteral("select-range"),
            Needs::Scene, new ValueCard(m_edits, this));
    addCard("select_floaters", tr("Select floaters"), QStringLiteral("floaters"), Needs::Scene,
            new FloaterCard(m_view, m_edits, this));
    add("brush_larger", tr("Larger brush"), {}, {QKeySequence(Qt::Key_BracketRight)}, Needs::Scene,
        [this] { m_brush.resizeBrush(kBrushStep); });
    add("brush_smaller", tr("Smaller brush"), {}, {QKeySequence(Qt::Key_BracketLeft)}, Needs::Scene,
        [this] { m_brush.resizeBrush(1 / kBrushStep); });
}

void EditBar::addSolids() {
    auto* card = new SolidCard(m_sphere, m_box, [this](SolidTool& tool) {
        QAction* action = m_actions.at(tool.isBox() ? QStringLiteral("select_box") : QStringLiteral("select_sphere"));
        if (!action->isChecked()) action->trigger();
    }, this);
    addCard("select_solid", tr("Select by sphere or box in numbers"), QStringLiteral("select-solid"), Needs::Scene, card);
    connect(m_actions.at(QStringLiteral("select_solid")), &QAction::triggered, card,
            [this, card] { card->setBox(m_actions.at(QStringLiteral("select_box"))->isChecked()); });
    add("finish_solid", tr("Done with the sphere or box"), {}, {QKeySequence(Qt::Key_Return), QKeySequence(Qt::Key_Enter)}, Needs::Scene,
        [this] {
            m_sphere.finish();
            m_box.finish();
        });
}

void EditBar::addSelection() {
    auto* grow = new GrowCard(m_view, m_edits, this);
    add("select_all", tr("Select all"), {}, {QKeySequence(Qt::CTRL | Qt::Key_A)}, Needs::Scene,
        [this] { m_edits.select(Everything{}, {}); });
    addAction(add("select_none", tr("Select none"), QStringLiteral("select-none"),
                  {QKeySequence(Qt::CTRL | Qt::Key_D), QKeySequence(Qt::Key_Escape)}, Needs::Scene,
                  [this] { selectNone(); }));
    addAction(add("select_invert", tr("Invert the selection"), QStringLiteral("select-invert"),
                  {QKeySequence(Qt::CTRL | Qt::Key_I)}, Needs::Scene,
                  [this] { m_edits.apply(edits::Invert{}); }));
    addCard("select_grow", tr("Grow or shrink the selection"), QStringLiteral("select-grow"),
            Needs::Selection, grow);
    add("grow", tr("Grow the selection"), {}, {QKeySequence(Qt::Key_Plus), QKeySequence(Qt::Key_Equal)},
        Needs::Selection, [grow] { grow->grow(); });
    add("shrink", tr("Shrink the selection"), {}, {QKeySequence(Qt::Key_Minus)}, Needs::Selection,
        [grow] { grow->shrink(); });
    addAction(add("hide", tr("Hide the selection"), QStringLiteral("eye-off"), {QKeySequence(Qt::Key_H)},
                  Needs::Selection, [this] { m_edits.apply(edits::Hide{}); }));
    addAction(add("show_all", tr("Show all that is hidden"), QStringLiteral("eye"),
                  {QKeySequence(Qt::ALT | Qt::Key_H)}, Needs::Hidden,
                  [this] { m_edits.apply(edits::ShowAll{}); }));
    addAction(add("lock", tr("Lock the selection: shown, but not selected again"), QStringLiteral("lock"),
                  {QKeySequence(Qt::Key_K)}, Needs::Selection, [this] { m_edits.apply(edits::Lock{}); }));
    addAction(add("unlock_all", tr("Unlock all"), QStringLiteral("unlock"),
                  {QKeySequence(Qt::ALT | Qt::Key_K)}, Needs::Locked,
                  [this] { m_edits.apply(edits::UnlockAll{}); }));
}

void EditBar::addChanges() {
    addAction(add("delete", tr("Delete the selection"), QStringLiteral("trash"),
                  {QKeySequence(Qt::Key_Delete), QKeySequence(Qt::Key_Backspace)}, Needs::Selection,
                  [this] { m_edits.apply(edits::Delete{}); }));
    addAction(add("duplicate", tr("Duplicate; the copies are selected"), QStringLiteral("duplicate"),
                  {QKeySequence(Qt::SHIFT | Qt::Key_D)}, Needs::Selection,
                  [this] { m_edits.apply(edits::Duplicate{}); }));
    addAction(add("separate", tr("Separate: the selection becomes a scene of its own, as another node"), QStringLiteral("separate"),
                  {QKeySequence(Qt::Key_P)}, Needs::Selection, [this] { m_edits.separate(); }));
    addTool("gizmo", tr("Move, turn and scale by handles; Ctrl snaps"), QStringLiteral("transform"),
            Qt::Key_G, &m_gizmo);
    QAction* snap = add("snap", tr("Snap to round numbers"), QStringLiteral("snap"),
                        {QKeySequence(Qt::SHIFT | Qt::Key_G)}, Needs::Scene, nullptr);
    snap->setCheckable(true);
    connect(snap, &QAction::toggled, this, [this](bool on) { m_gizmo.setSnapping(on); });
    addAction(snap);
    addCard("transform", tr("Move, turn and scale by numbers"), QStringLiteral("number"), Needs::Selection,
            new TransformCard(m_edits, this));
    addCard("grade", tr("Change colours, opacity and size"), QStringLiteral("grade"), Needs::Selection,
            new GradeCard(m_edits, this));
    addAction(add("level", tr("Level the scene by the selected floor"), QStringLiteral("level"), {}, Needs::Selection, [this] {
        m_edits.applyToAll(tr("Level the floor"), [](const SplatEditor& editor) { return levelling(editor.data(), editor.selected()); });
    }));
    addTool("measure", tr("Measure: click two places; drag an end to another"), QStringLiteral("measure"), Qt::Key_M, &m_measure);
    addCard("rescale", tr("The measured length, and what it is to be"), QStringLiteral("rescale"), Needs::Scene, new MeasureCard(m_measure, this));
}

void EditBar::selectNone() {
    if (m_view.cancelTool() || m_sphere.takeBack() || m_box.takeBack() || m_measure.clear()) return;
    if (m_edits.state().selected > 0)
        m_edits.apply(
            {tr("Select none"), [](const SplatEditor&) {
                 return std::vector<SplatEdit>{edits::Select{Everything{}, edits::Combine::Subtract}};
             }});
    else
        m_actions.at(QStringLiteral("navigate"))->trigger();
}

void EditBar::refresh() {
    const EditState& state = m_edits.state();
    const bool active = m_edits.active();
    for (const auto& [action, needs] : m_needs)
        action->setEnabled(active &&
                           (needs == Needs::Scene || (needs == Needs::Selection && state.selected > 0) ||
                            (needs == Needs::Hidden && state.hidden > 0) ||
                            (needs == Needs::Locked && state.locked > 0)));
}

} // namespace ochre::ui
