// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/Viewport.h"

#include <QClipboard>
#include <QFileDialog>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QStackedWidget>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include "core/base/Log.h"
#include "core/scene/field/PlacedField.h"
#include "ui/bridge/Bridge.h"
#include "ui/panels/EmptyPanel.h"
#include "ui/panels/NumberField.h"
#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/DetectionPanel.h"
#include "ui/viewport/EditBar.h"
#include "ui/viewport/FrameBar.h"
#include "ui/viewport/ImageView.h"
#include "ui/viewport/LayerEdits.h"
#include "ui/viewport/LayerPanel.h"
#include "ui/viewport/LivePreview.h"
#include "ui/viewport/MaskBar.h"
#include "ui/viewport/MaskEdits.h"
#include "ui/viewport/SceneBar.h"
#include "ui/viewport/SceneEdits.h"
#include "ui/viewport/SceneView.h"
#include "ui/viewport/Timeline.h"
#include "ui/viewport/TrackEdits.h"

namespace ochre::ui {
namespace {

QWidget* makeRow(int height) {
    auto* row = new QWidget;
    row->setFixedHeight(height);
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(metrics::kPanelPadding, 0, 2 * metrics::kGrid, 0);
    layout->setSpacing(metrics::kGrid);
    return row;
}

struct ChannelKey {
    Channels channels;
    const char* letter;
    const char* tip;
    Qt::Key key;
};
constexpr ChannelKey kChannelKeys[] = {
    {Channels::Red, "R", QT_TRANSLATE_NOOP("Viewport", "Red alone (R)"), Qt::Key_R},
    {Channels::Green, "G", QT_TRANSLATE_NOOP("Viewport", "Green alone (G)"), Qt::Key_G},
    {Channels::Blue, "B", QT_TRANSLATE_NOOP("Viewport", "Blue alone (B)"), Qt::Key_B},
    {Channels::Alpha, "A", QT_TRANSLATE_NOOP("Viewport", "Alpha alone (A)"), Qt::Key_A},
    {Channels::Luminance, "Y", QT_TRANSLATE_NOOP("Viewport", "Luminance (Y)"), Qt::Key_Y},
};

constexpr int kBusyMilliseconds = 250; ///< what takes no longer needs no word

bool viewable(const graph::Value& value) {
    return value.tryAs<Image>() || value.tryAs<SplatCloud>() || value.tryAs<SplatScene>();
}

} // namespace

Viewport::Viewport(Bridge& bridge, QWidget* parent)
    : QWidget(parent), m_bridge(bridge), m_stack(new QStackedWidget),
      m_empty(new EmptyPanel(QStringLiteral("image"), {}, {}, {})), m_image(new ImageView),
      m_scene(new SceneView), m_actions(new SceneActions(m_scene)), m_pictureActions(new SceneActions(m_image)),
      m_edits(new SceneEdits(bridge, this)),
      m_editBar(new EditBar(*m_scene, *m_edits, *m_actions)), m_layers(new LayerEdits(bridge, this)),
      m_layerPanel(new LayerPanel(*m_scene, *m_layers, *m_actions)),
      m_timeline(new Timeline(bridge, *m_scene, *m_actions)), m_masks(new MaskEdits(bridge, this)),
      m_maskBar(new MaskBar(bridge, *m_image, *m_masks, *m_pictureActions)),
      m_found(new DetectionPanel(*m_image)), m_live(new LivePreview(bridge, this)) {
    setMinimumSize(240, 120);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(makeTools());
    m_editRow = makeRow(metrics::kToolBar);
    m_editRow->layout()->addWidget(m_editBar);
    layout->addWidget(m_editRow);
    m_maskRow = makeRow(metrics::kToolBar);
    m_maskRow->layout()->addWidget(m_maskBar);
    layout->addWidget(m_maskRow);
    m_stack->addWidget(m_empty);
    m_stack->addWidget(m_image);
    m_stack->addWidget(m_scene);
    auto* middle = new QHBoxLayout;
    middle->setSpacing(0);
    middle->addWidget(m_stack, 1);
    middle->addWidget(m_found);
    middle->addWidget(m_layerPanel);
    layout->addLayout(middle, 1);
    layout->addWidget(new FrameBar(m_maskBar->trackEdits()));
    layout->addWidget(m_timeline);
    layout->addWidget(makeStatus());
    m_empty->setAutoFillBackground(true);
    connectViews();
    showEmpty();
}

QToolButton* Viewport::addTool(QWidget* parent, const QString& iconName, const QString& tip) {
    auto* button = new QToolButton;
    button->setIcon(icon(iconName));
    button->setIconSize({metrics::kIconSmall, metrics::kIconSmall});
    button->setToolTip(tip);
    button->setAccessibleName(tip);
    button->setFixedSize(metrics::kControl, metrics::kControl);
    button->setFocusPolicy(Qt::TabFocus);
    parent->layout()->addWidget(button);
    return button;
}

QWidget* Viewport::makeTools() {
    QWidget* row = makeRow(metrics::kToolBar);
    auto* layout = static_cast<QHBoxLayout*>(row->layout());
    m_title = new QLabel;
    m_title->setTextFormat(Qt::PlainText);
    m_size = new QLabel;
    m_size->setProperty("role", "hint");
    layout->addWidget(m_title);
    layout->addSpacing(metrics::kGrid);
    layout->addWidget(m_size);
    layout->addStretch(1);
    m_imageTools = new QWidget;
    auto* tools = new QHBoxLayout(m_imageTools);
    tools->setContentsMargins(0, 0, 0, 0);
    tools->setSpacing(2);
    for (const ChannelKey& channel : kChannelKeys) {
        auto* button = new QToolButton;
        button->setText(QLatin1String(channel.letter));
        button->setToolTip(tr(channel.tip));
        button->setAccessibleName(button->toolTip());
        button->setCheckable(true);
        button->setFixedSize(24, metrics::kControl);
        button->setFocusPolicy(Qt::TabFocus);
        connect(button, &QToolButton::clicked, this, [this, channel] { setChannels(channel.channels); });
        tools->addWidget(button);
        m_channelButtons << button;
    }
    tools->addSpacing(2 * metrics::kGrid);
    m_exposure = new NumberField({-20, 20, -5, 5, 0.1, false, tr("EV")});
    m_exposure->setFixedWidth(84);
    m_exposure->setToolTip(
        tr("Exposure of the view, in stops; the picture itself stays as it is. Middle-click resets"));
    m_gamma = new NumberField({0.1, 10, 0.2, 3, 0.05, false, QStringLiteral("γ")});
    m_gamma->setFixedWidth(72);
    m_gamma->setToolTip(tr("Gamma of the view; the picture itself stays as it is. Middle-click resets"));
    m_gamma->setValue(1);
    tools->addWidget(m_exposure);
    tools->addSpacing(2);
    tools->addWidget(m_gamma);
    tools->addSpacing(2 * metrics::kGrid);
    addSmartSelect();
    addCompare();
    layout->addWidget(m_imageTools);
    auto* bar = new SceneBar(*m_scene, *m_actions);
    bar->addAction(m_actions->at(QStringLiteral("layers")));
    bar->addAction(m_actions->at(QStringLiteral("timeline")));
    m_sceneTools = bar;
    layout->addWidget(m_sceneTools);
    layout->addSpacing(metrics::kGrid);
    m_edit = addTool(row, QStringLiteral("edit"), tr("Edit the splats"));
    m_edit->setObjectName(QStringLiteral("edit"));
    connect(m_edit, &QToolButton::clicked, this, &Viewport::editScene);
    m_copy = addTool(row, QStringLiteral("copy"), tr("Copy the picture"));
    m_save = addTool(row, QStringLiteral("save"), tr("Save the result as…"));
    auto* maximise =
        addTool(row, QStringLiteral("maximise"), tr("Give the viewer all the room, or back (Space)"));
    connect(m_copy, &QToolButton::clicked, this, &Viewport::copyPicture);
    connect(m_save, &QToolButton::clicked, this, &Viewport::saveAs);
    connect(maximise, &QToolButton::clicked, this, &Viewport::maximiseRequested);
    return row;
}

QWidget* Viewport::makeStatus() {
    m_status = makeRow(24);
    auto* layout = static_cast<QHBoxLayout*>(m_status->layout());
    layout->setContentsMargins(metrics::kPanelPadding, 0, metrics::kPanelPadding, 0);
    m_probe = new QLabel;
    m_probe->setFont(ochre::ui::font(TextRole::Mono));
    m_probe->setProperty("role", "secondary");
    m_probe->setMinimumWidth(40);
    m_probe->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_rendererLabel = new QLabel;
    m_rendererLabel->setProperty("role", "hint");
    m_zoom = new QLabel;
    m_zoom->setProperty("role", "secondary");
    m_zoom->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_zoom->setMinimumWidth(48);
    layout->addWidget(m_probe, 1);
    layout->addWidget(m_rendererLabel);
    layout->addWidget(m_zoom);
    return m_status;
}

void Viewport::connectViews() {
    connect(m_exposure, &NumberField::edited, this, [this](double v) { setDisplay(v, m_gamma->value()); });
    connect(m_gamma, &NumberField::edited, this, [this](double v) { setDisplay(m_exposure->value(), v); });
    connect(m_exposure, &NumberField::resetRequested, this, [this] { setDisplay(0, m_gamma->value()); });
    connect(m_gamma, &NumberField::resetRequested, this, [this] { setDisplay(m_exposure->value(), 1); });
    connect(m_image, &ImageView::zoomChanged, this, [this](double zoom) {
        m_zoom->setText(QStringLiteral("%1 %").arg(zoom * 100, 0, 'f', zoom < 0.1 ? 1 : 0));
    });
    connect(m_image, &ImageView::probed, this,
            [this](const Probe& probe) { m_probe->setText(probeText(probe)); });
    connect(m_image, &ImageView::probeLeft, this, [this] { m_probe->clear(); });
    connect(m_scene, &SceneView::frameShown, this, [this](double ms) {
        m_rendererLabel->setText(tr("%1 · %2 ms").arg(m_scene->rendererName()).arg(ms, 0, 'f', 1));
    });
    connect(m_scene, &SceneView::rendererReady, this, [this](const QString&, const QString& reason) {
        m_sceneNote = reason.isEmpty() ? QString() : tr("Drawn by the CPU: %1").arg(reason);
        if (showsScene()) m_probe->setText(m_sceneNote);
    });
    connect(m_scene, &SceneView::failed, this, &Viewport::failed);
    connect(m_timeline, &Timeline::failed, this, &Viewport::failed);
    connectEdits();
    connectLayers();
    connectMasks();
    connect(m_empty, &EmptyPanel::actionRequested, this, [this] {
        if (m_node)
            Q_EMIT runRequested(m_node);
        else
            Q_EMIT openRequested();
    });
    connect(&m_bridge, &Bridge::resultReady, this,
            [this](quint32 node, const QString& output, const graph::Value& value, bool preview) {
                const graph::Link place{node, output.toStdString()};
                if (preview) return;
                for (const graph::Link& source : sources()) {
                    if (source == place) return showValue(place, value);
                    if (viewable(m_bridge.session().result(source.node, source.output))) return; // what stands first is shown
                }
            });
    connect(m_live, &LivePreview::shown, this, &Viewport::showPreview);
    connect(m_live, &LivePreview::textChanged, m_image, &ImageView::setPreviewText);
    connect(m_live, &LivePreview::over, this, &Viewport::endPreview);
    // A result from the cache comes without being made again.
    connect(&m_bridge, &Bridge::nodeChanged, this, [this](quint32 node, const graph::NodeState& state) {
        using graph::NodeStatus;
        if (state.status != NodeStatus::Done && state.status != NodeStatus::Cached) return;
        for (const graph::Link& source : sources())
            if (source.node == node || node == m_node) {
                showPresent();
                return;
            }
    });
    connect(&m_bridge, &Bridge::documentChanged, this, [this] {
        if (m_node && !m_bridge.session().document().graph().find(m_node)) {
            if (const graph::NodeId back = std::exchange(m_back, 0);
                m_bridge.session().document().graph().find(back))
                return setViewed(back);
            m_live->setViewed(0);
            m_image->endPreview();
            m_edits->follow(0);
            m_layers->follow(0);
            m_timeline->follow(0);
            m_masks->follow({}, {});
            m_maskBar->trackEdits().follow(0);
            m_node = 0; // not written to the document: another one may just be opening, with its own
            m_value = {};
            showEmpty();
        } else {
            refreshTools();
        }
    });
}

void Viewport::connectEdits() {
    connect(m_edits, &SceneEdits::failed, this, &Viewport::failed);
    connect(m_edits, &SceneEdits::activeChanged, this, [this](bool active) {
        m_framed = false;
        if (active)
            showEdited();
        else if (!showPresent())
            showEmpty();
    });
    connect(m_edits, &SceneEdits::changed, this, [this] {
        showLayers(!std::exchange(m_framed, true));
        refreshTools();
    });
    connect(m_edits, &SceneEdits::saved, this,
            [](const QString& path) { log::info("{}: saved", path.toStdString()); });
    connect(m_edits, &SceneEdits::busyChanged, this, [this](bool busy) {
        if (!m_edits->active()) return;
        if (!busy) return m_probe->setText(m_sceneNote);
        QTimer::singleShot(kBusyMilliseconds, this, [this] {
            if (m_edits->busy() && m_edits->active()) m_probe->setText(tr("Editing…"));
        });
    });
}

bool Viewport::showsImage() const {
    return m_stack->currentWidget() == m_image;
}
bool Viewport::showsScene() const {
    return m_stack->currentWidget() == m_scene;
}
QString Viewport::probeLine() const {
    return m_probe->text();
}

QString Viewport::nodeTitle() const {
    const graph::Node* node = m_bridge.session().document().graph().find(m_node);
    if (!node) return tr("Viewer");
    if (!node->label.empty()) return QString::fromStdString(node->label);
    const graph::NodeDeclaration* declaration = m_bridge.session().registry().find(node->type);
    return QString::fromStdString(declaration ? declaration->label() : node->name);
}

void Viewport::setViewed(graph::NodeId node) {
    if (node == m_node && node != 0) return;
    m_node = node;
    m_back = 0;
    m_value = {};
    m_live->setViewed(node);
    m_image->endPreview();
    m_framed = false;
    m_layers->follow(node);
    m_edits->follow(node);
    m_timeline->follow(node);
    m_masks->follow({}, {});
    m_maskBar->trackEdits().follow(0);
    m_bridge.session().document().view().viewed = node;
    if (!showPresent()) showEmpty();
    Q_EMIT viewedChanged(node);
}

std::vector<graph::Link> Viewport::sources() const {
    const graph::Node* node = m_bridge.session().document().graph().find(m_node);
    const graph::NodeDeclaration* declaration =
        node ? m_bridge.session().registry().find(node->type) : nullptr;
    std::vector<graph::Link> found;
    if (!declaration) return found;
    for (const graph::Socket& socket : declaration->outputs()) found.push_back({m_node, socket.id});
    if (found.empty()) // a node that only looks: what it looks at
        for (const graph::Socket& socket : declaration->inputs())
            if (const auto link = node->inputs.find(socket.id); link != node->inputs.end())
                found.push_back(link->second);
    return found;
}

bool Viewport::showPresent() {
    if (m_edits->active()) {
        showEdited();
        return true;
    }
    for (const graph::Link& source : sources()) {
        const graph::Value value = m_bridge.session().result(source.node, source.output);
        if (!viewable(value)) continue;
        if (!value.sameAs(m_value)) showValue(source, value);
        return true;
    }
    return false;
}

void Viewport::followDocument() {
    m_node = 0;
    m_previous = {};
    m_image->setCompare({}, {});
    recallView();
    setViewed(m_bridge.session().document().view().viewed);
}

void Viewport::showValue(const graph::Link& source, const graph::Value& value) {
    if (!viewable(value)) return;
    m_live->end();
    m_image->endPreview();
    const graph::Value before = m_value;
    m_value = value;
    m_source = source;
    if (const Image* image = value.tryAs<Image>()) {
        const Image* old = before.tryAs<Image>();
        if (old && !before.sameAs(value)) m_previous = *old;
        m_image->setImage(*image);
        refreshCompare();
        m_stack->setCurrentWidget(m_image);
        m_masks->follow(selectionSource(), QSize(image->width(), image->height()));
        m_maskBar->trackEdits().follow(selectionSource().node);
        m_probe->clear();
    } else if (!m_edits->active()) {
        m_maskBar->trackEdits().follow(0);
        m_stack->setCurrentWidget(m_scene);
        showLayers();
        m_probe->setText(m_sceneNote);
    }
    refreshTools();
}

void Viewport::showEdited() {
    m_live->end();
    m_image->endPreview();
    m_stack->setCurrentWidget(m_scene);
    m_probe->setText(m_sceneNote);
    refreshTools();
}

void Viewport::editScene() {
    if (m_layers->node() && m_layers->current() >= 0) return editLayer(m_layers->current());
    const graph::Graph& graph = m_bridge.session().document().graph();
    const auto edits = [&graph](graph::NodeId id) {
        const graph::Node* node = graph.find(id);
        return node && node->type == SceneEdits::kNodeType;
    };
    for (const graph::Link& source : sources())
        if (edits(source.node)) return setViewed(source.node);
    for (const graph::NodeId id : graph.consumers(m_node))
        if (edits(id)) return setViewed(id);
    try {
        setViewed(m_edits->insert(m_node));
        m_scene->setFocus();
    } catch (const Error& e) {
        Q_EMIT failed(QString::fromStdString(e.message()), QString::fromStdString(e.hint()));
    }
}

void Viewport::showPreview(const graph::Value& value, const QString& text) {
    if (const Image* image = value.tryAs<Image>(); image && !image->empty()) {
        m_stack->setCurrentWidget(m_image);
        m_probe->clear();
        m_image->setPreview(*image, text);
    } else if (const SplatCloud* cloud = value.tryAs<SplatCloud>()) {
        m_stack->setCurrentWidget(m_scene);
        m_scene->setScene(*cloud);
        m_probe->setText(text);
    }
    refreshTools();
}

void Viewport::endPreview() {
    m_image->endPreview();
    if (m_edits->active()) {
        m_stack->setCurrentWidget(m_scene);
        m_probe->setText(m_sceneNote);
    } else if (m_value.tryAs<Image>()) {
        m_stack->setCurrentWidget(m_image);
    } else if (viewable(m_value)) {
        m_maskBar->trackEdits().follow(0);
        m_stack->setCurrentWidget(m_scene);
        showLayers();
        m_probe->setText(m_sceneNote);
    } else {
        return showEmpty();
    }
    refreshTools();
}

void Viewport::showEmpty() {
    if (m_node)
        m_empty->setTexts(tr("No result yet"), tr("What \"%1\" makes is shown here.").arg(nodeTitle()),
                          tr("Run to here"));
    else
        m_empty->setTexts(tr("Nothing to show"),
                          tr("Drop a picture or a scene here, or click a node's thumbnail."), tr("Import…"));
    m_stack->setCurrentWidget(m_empty);
    refreshTools();
}

void Viewport::refreshTools() {
    m_title->setText(nodeTitle());
    const Image* image = m_value.tryAs<Image>();
    const bool editing = m_edits->active() && showsScene();
    const bool picture = showsImage() && image, scene = showsScene() && (editing || (viewable(m_value) && !image));
    QString size;
    if (picture)
        size = tr("%1 × %2, %3")
                   .arg(image->width())
                   .arg(image->height())
                   .arg(QLatin1String(name(image->colorSpace())));
    const EditState& state = m_edits->state();
    const auto splats = static_cast<qulonglong>(editing ? state.left : scene ? m_scene->count() : 0);
    std::size_t count = 0;
    if (scene)
        for (const SceneItem& item : m_scene->items()) count += item.cloud.fields().size();
    const QString fields = count == 0 ? QString() : count == 1 ? tr("1 field") : tr("%1 fields").arg(count);
    if (scene) size = fields.isEmpty() ? tr("%L1 splats").arg(splats) : splats ? tr("%L1 splats and %2").arg(splats).arg(fields) : fields;
    if (editing && state.selected > 0)
        size += tr(", %L1 selected").arg(static_cast<qulonglong>(state.selected));
    if (editing && state.hidden > 0) size += tr(", %L1 hidden").arg(static_cast<qulonglong>(state.hidden));
    m_size->setText(size);
    m_imageTools->setVisible(picture);
    m_sceneTools->setVisible(scene);
    m_timeline->setSceneShown(scene);
    m_layerPanel->setSceneShown(scene);
    m_editRow->setVisible(editing);
    m_edit->setVisible(scene && !editing && splats > 0);
    m_smart->setEnabled(picture && selectionSource().node);
    m_smart->setChecked(picture && m_masks->active());
    m_maskRow->setVisible(picture && m_masks->active());
    showDetections();
    m_zoom->setVisible(picture);
    m_rendererLabel->setVisible(scene);
    m_copy->setEnabled(picture || scene);
    m_save->setEnabled(picture || scene);
    m_compare->setEnabled(m_image->canCompare());
    m_compare->setChecked(m_image->comparing() != Comparing::No);
    m_wipe->setChecked(m_image->comparing() == Comparing::Wipe);
    m_sides->setChecked(m_image->comparing() == Comparing::Sides);
    const Channels channels = m_image->display().channels;
    for (qsizetype i = 0; i < m_channelButtons.size(); ++i)
        m_channelButtons[i]->setChecked(kChannelKeys[i].channels == channels);
    if (!picture && !scene) m_probe->clear();
}

void Viewport::setChannels(Channels channels) {
    DisplaySettings s = m_image->display();
    s.channels = s.channels == channels ? Channels::Color : channels;
    m_image->setDisplay(s);
    refreshTools();
}

void Viewport::setDisplay(double exposure, double gamma) {
    m_exposure->setValue(exposure);
    m_gamma->setValue(gamma);
    DisplaySettings s = m_image->display();
    s.exposure = exposure;
    s.gamma = gamma;
    m_image->setDisplay(s);
}

void Viewport::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Space && !event->isAutoRepeat()) {
        Q_EMIT maximiseRequested();
        return;
    }
    const bool plain = !(event->modifiers() & (Qt::ControlModifier | Qt::AltModifier));
    if (plain && showsImage()) {
        for (const ChannelKey& channel : kChannelKeys)
            if (event->key() == channel.key) return setChannels(channel.channels);
        switch (event->key()) {
        case Qt::Key_C:
            return setChannels(m_image->display().channels);
        case Qt::Key_F:
        case Qt::Key_H:
            return m_image->fit();
        case Qt::Key_1:
            return m_image->oneToOne();
        case Qt::Key_Plus:
        case Qt::Key_Equal:
            return m_image->setZoom(m_image->zoom() * 1.25, m_image->rect().center());
        case Qt::Key_Minus:
            return m_image->setZoom(m_image->zoom() / 1.25, m_image->rect().center());
        default:
            if (compareKey(*event)) return;
        }
    }
    QWidget::keyPressEvent(event);
}

void Viewport::saveAs() {
    const bool edited = m_edits->active();
    if (m_value.empty() && !edited) return;
    const bool picture = !edited && m_value.tryAs<Image>();
    const SplatCloud* cloud = m_value.tryAs<SplatCloud>();
    const bool field = !edited && cloud && cloud->count() == 0 && !cloud->fields().empty();
    const QString filter = picture ? tr("Pictures (*.png *.jpg *.webp *.tif *.exr *.hdr *.bmp *.tga)")
                           : field ? tr("Fields (*.field.safetensors)")
                                   : tr("Scenes (*.ply *.spz *.sog *.splat)");
    const QString suggestion = nodeTitle().toLower().replace(QLatin1Char(' '), QLatin1Char('_')) +
                               (picture ? QStringLiteral(".png") : field ? QStringLiteral(".field.safetensors") : QStringLiteral(".ply"));
    const QString path = QFileDialog::getSaveFileName(window(), tr("Save the result"), suggestion, filter);
    if (path.isEmpty()) return;
    if (edited) return m_edits->save(path);
    try {
        m_bridge.session().exportResult(m_source.node, m_source.output, path.toStdString());
        log::info("{}: saved", path.toStdString());
    } catch (const Error& e) {
        Q_EMIT failed(QString::fromStdString(e.message()), QString::fromStdString(e.hint()));
    }
}

void Viewport::copyPicture() {
    const QImage picture = showsImage() ? m_image->shown() : showsScene() ? m_scene->frame() : QImage();
    if (!picture.isNull()) QGuiApplication::clipboard()->setImage(picture);
}

} // namespace ochre::ui
