// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/MaskBar.h"

#include <QActionGroup>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QToolButton>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/library/ModelFolder.h"
#include "ui/bridge/Background.h"
#include "ui/bridge/Bridge.h"
#include "ui/panels/Fields.h"
#include "ui/panels/Popover.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/ImageView.h"
#include "ui/viewport/MaskEdits.h"
#include "ui/viewport/TrackEdits.h"

namespace ochre::ui {

MaskBar::MaskBar(Bridge& bridge, ImageView& view, MaskEdits& edits, SceneActions& actions)
    : m_bridge(bridge), m_edits(edits), m_track(new TrackEdits(bridge, edits, this)), m_actions(actions), m_tool(view, edits), m_row(new ActionRow),
      m_modes(new QActionGroup(this)), m_models(new QMenu(this)), m_background(new Popover(this)),
      m_note(new QLabel) {
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(3 * metrics::kGrid);
    layout->addWidget(m_row);
    layout->addWidget(m_note, 1);
    m_row->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed);
    m_note->setProperty("role", "secondary");
    m_note->setObjectName(QStringLiteral("mask_note"));
    m_note->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    addModes();
    m_row->addGap();
    addTracking();
    addUses();
    makeBackgroundCard();
    connect(&m_edits, &MaskEdits::changed, this, &MaskBar::refresh);
    connect(&m_edits, &MaskEdits::activeChanged, this, &MaskBar::refresh);
    connect(&m_edits, &MaskEdits::noteChanged, this, &MaskBar::showNote);
    connect(m_track, &TrackEdits::changed, this, &MaskBar::refresh);
    refresh();
}

QAction* MaskBar::add(const char* id, const QString& text, const QString& iconName,
                      const QList<QKeySequence>& keys, Needs needs, std::function<void()> run) {
    QAction* action = m_actions.add(QLatin1String(id), iconName, text, keys, std::move(run));
    m_needs.emplace_back(action, needs);
    return action;
}

void MaskBar::addModes() {
    using Mode = MaskTool::Mode;
    const auto mode = [this](const char* id, const QString& text, const char* iconName, Qt::Key key,
                             Mode which) {
        QAction* action = add(id, text, QLatin1String(iconName), {QKeySequence(key)}, Needs::Tool,
                              [this, which] { m_tool.setMode(which); });
        action->setCheckable(true);
        m_modes->addAction(action);
        m_row->addAction(action);
        return action;
    };
    mode("mask_add", tr("Click on what is wanted; Alt or right click removes, a drag is a box"), "add",
         Qt::Key_P, Mode::Add)
        ->setChecked(true);
    mode("mask_remove", tr("Click on what is not wanted; Alt or right click adds"), "minus", Qt::Key_M,
         Mode::Remove);
    mode("mask_box", tr("Drag a box around what is wanted"), "select-rectangle", Qt::Key_X, Mode::Box);
    m_row->addGap();
    m_row->addAction(add("mask_clear", tr("Select nothing"), QStringLiteral("select-none"),
                         {QKeySequence(Qt::CTRL | Qt::Key_D), QKeySequence(Qt::Key_Delete)}, Needs::Tool,
                         [this] { m_edits.clear(); }));
    m_row->addAction(add("mask_invert", tr("Invert the selection"), QStringLiteral("select-invert"),
                         {QKeySequence(Qt::CTRL | Qt::Key_I)}, Needs::Tool, [this] { m_edits.invert(); }));
    QAction* models = add("mask_model", tr("Who selects"), QStringLiteral("model"), {}, Needs::Tool, nullptr);
    models->setMenu(m_models);
    m_row->addAction(models)->setPopupMode(QToolButton::InstantPopup);
    connect(m_models, &QMenu::aboutToShow, this, &MaskBar::fillModels);
}

void MaskBar::fillModels() {
    m_models->clear();
    const auto entry = [this](const QString& text, const std::string& reference) {
        QAction* action = m_models->addAction(text, this, [this, reference] { m_edits.setModel(reference); });
        action->setCheckable(true);
        action->setChecked(reference == m_edits.model());
    };
    for (const library::ModelFile& file : library::likelySegmenters())
        entry(selectorName(file.reference), file.reference);
    entry(selectorName({}), {});
}

void MaskBar::addTracking() {
    m_trackMenu = add("mask_track", tr("Track the selection through the video"), QStringLiteral("track"),
                      {QKeySequence(Qt::Key_T)}, Needs::Track, [this] { m_track->track(TrackEdits::Way::Both); });
    auto* menu = new QMenu(this);
    const auto way = [&](const char* id, const QString& text, TrackEdits::Way which) {
        menu->addAction(text, this, [this, which] { m_track->track(which); })->setObjectName(QLatin1String(id));
    };
    way("track_both", tr("Through the whole video"), TrackEdits::Way::Both);
    way("track_forward", tr("Forward from here"), TrackEdits::Way::Forward);
    way("track_back", tr("Back from here"), TrackEdits::Way::Backward);
    m_trackMenu->setMenu(menu);
    m_row->addAction(m_trackMenu)->setPopupMode(QToolButton::InstantPopup);
    m_trackStop = add("mask_track_stop", tr("Stop tracking"), QStringLiteral("stop"), {}, Needs::Tool, [this] { m_track->stop(); });
    m_row->addAction(m_trackStop);
    m_trackSave = add("mask_track_save", tr("Save the tracked masks as a video or pictures…"), QStringLiteral("export"), {},
                      Needs::Tool, [this] { saveMasks(); });
    m_row->addAction(m_trackSave);
}

void MaskBar::saveMasks() {
    const QString file = QFileDialog::getSaveFileName(window(), tr("Save the masks"), tr("masks.mp4"),
                                                      tr("Videos and pictures (*.mp4 *.mov *.png *.tif *.exr)"));
    if (file.isEmpty()) return;
    const auto write = [&session = m_bridge.session(), node = m_track->node(), path = file.toStdString()] {
        try {
            session.exportResult(node, "masks", path);
            return std::pair<QString, QString>();
        } catch (const Error& e) {
            return std::pair(QString::fromStdString(e.message()), QString::fromStdString(e.hint()));
        }
    };
    inBackground(this, write, [this](const std::pair<QString, QString>& error) {
        if (!error.first.isEmpty()) Q_EMIT failed(error.first, error.second);
    });
}

void MaskBar::addUses() {
    m_row->addAction(add("mask_cut_out", tr("Cut out: the picture with the selection as its alpha"),
                         QStringLiteral("cut"), {}, Needs::Mask,
                         [this] { make(tr("Cut out"), addCutOut, true); }));
    QAction* background = add("mask_background", tr("Replace the background by a colour or a picture"),
                              QStringLiteral("background"), {}, Needs::Mask, nullptr);
    QToolButton* button = m_row->addAction(background);
    connect(background, &QAction::triggered, this, [this, button] {
        m_background->openBelow(button->isVisible() ? static_cast<QWidget*>(button) : this);
    });
    QAction* inpaint =
        add("mask_inpaint", tr("Inpaint here: nodes that paint the selection anew by a prompt"),
            QStringLiteral("inpaint"), {}, Needs::Mask,
            [this] {
                make(
                    tr("Inpaint the selection"), [](graph::Graph& graph, const MaskPlace& place) { return addInpainting(graph, place); },
                    false);
            });
    m_row->addAction(inpaint);
    const auto show = [inpaint] { inpaint->setVisible(library::hasOwnCheckpoint()); };
    connect(&m_edits, &MaskEdits::activeChanged, inpaint, show); // models may have come
    show();
}

void MaskBar::redo(const QString& prompt) {
    make(
        tr("Redo the region"), [&](graph::Graph& graph, const MaskPlace& place) { return addInpainting(graph, place, prompt); }, true);
}

void MaskBar::redo(const graph::Link& picture, const std::vector<Repaint>& wanted) {
    make(tr("Redo all that was found"), [&](graph::Graph& graph, const MaskPlace&) { return addInpaintings(graph, picture, wanted); }, true);
}

void MaskBar::makeBackgroundCard() {
    m_background->setObjectName(QStringLiteral("background_card"));
    auto* color = m_background->addRow(tr("Colour"), new ColorField);
    color->setObjectName(QStringLiteral("background_color"));
    color->setColor(Qt::white);
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, metrics::kGrid, 0, 0);
    auto *plain = new QPushButton(tr("Use the colour")), *picture = new QPushButton(tr("A picture…"));
    plain->setObjectName(QStringLiteral("background_plain"));
    picture->setObjectName(QStringLiteral("background_picture"));
    layout->addWidget(plain);
    layout->addWidget(picture);
    m_background->addWide(row);
    const auto use = [this](const Background& background) {
        m_background->close();
        make(
            tr("Replace the background"),
            [&](graph::Graph& graph, const MaskPlace& place) {
                return addBackground(graph, place, background);
            },
            true);
    };
    connect(plain, &QPushButton::clicked, this, [use, color] { use(color->color()); });
    connect(picture, &QPushButton::clicked, this, [this, use] {
        const QString file = QFileDialog::getOpenFileName(
            window(), tr("The new background"), {},
            tr("Pictures (*.png *.jpg *.jpeg *.webp *.tif *.tiff *.exr *.hdr *.bmp *.tga)"));
        if (!file.isEmpty()) use(file);
    });
}

void MaskBar::make(const QString& title,
                   const std::function<graph::NodeId(graph::Graph&, const MaskPlace&)>& change, bool ready) {
    graph::NodeId node = 0;
    try {
        const graph::Link tracked = m_track->maskHere();
        const MaskPlace place{tracked.node ? tracked : graph::Link{m_edits.node(), "mask"}, m_edits.source(), m_edits.size()};
        m_bridge.session().document().edit(title.toStdString(),
                                           [&](graph::Graph& graph) { node = change(graph, place); });
        Q_EMIT made(node, ready);
    } catch (const Error& e) {
        Q_EMIT failed(QString::fromStdString(e.message()), QString::fromStdString(e.hint()));
    }
}

void MaskBar::refresh() {
    const MaskPrompt& prompt = m_edits.prompt();
    for (const auto& [action, needs] : m_needs)
        action->setEnabled(m_edits.active() && (needs == Needs::Tool || (needs == Needs::Track && m_track->canTrack()) ||
                                                (needs == Needs::Mask && (!prompt.empty() || prompt.inverted || m_track->maskHere().node))));
    m_trackMenu->setVisible(m_track->onVideo() && !m_track->busy());
    m_trackStop->setVisible(m_track->busy());
    m_trackSave->setVisible(m_track->onVideo() && !m_track->busy() && m_track->masks());
    showNote();
}

QString MaskBar::note() const {
    const QString tracked = m_track->note();
    return tracked.isEmpty() || (m_edits.busy() && !m_edits.prompt().empty()) ? m_edits.note() : tracked;
}

void MaskBar::showNote() {
    const QString text = note();
    m_note->setText(m_note->fontMetrics().elidedText(text, Qt::ElideRight, m_note->width()));
    const bool plain = m_edits.active() && (m_edits.model().empty() || m_edits.model() == library::kOwnSegmenter);
    m_note->setToolTip(
        plain ? tr("%1.\nSAM or MobileSAM weights in %2 know objects and select them more surely.")
                    .arg(text, QString::fromStdString(paths::models().string()))
              : text);
}

void MaskBar::resizeEvent(QResizeEvent*) {
    layout()->activate();
    showNote();
}

} // namespace ochre::ui
