// SPDX-License-Identifier: GPL-3.0-or-later
// The part of the viewer that shows several clouds as one scene, and keeps how scenes are looked at.
#include <QFileDialog>
#include <QStackedWidget>

#include "core/base/Error.h"
#include "core/scene/SceneIo.h"
#include "ui/bridge/Bridge.h"
#include "ui/panels/EmptyPanel.h"
#include "ui/viewport/LayerEdits.h"
#include "ui/viewport/LayerPanel.h"
#include "ui/viewport/SceneActions.h"
#include "ui/viewport/SceneEdits.h"
#include "ui/viewport/SceneMemory.h"
#include "ui/viewport/SceneView.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui {

void Viewport::connectLayers() {
    connect(m_layers, &LayerEdits::changed, this, [this] {
        if (showsScene()) showLayers();
        refreshTools();
    });
    connect(m_layers, &LayerEdits::viewWanted, this, &Viewport::setViewed);
    connect(m_layers, &LayerEdits::failed, this, &Viewport::failed);
    connect(m_layerPanel, &LayerPanel::editWanted, this, &Viewport::editLayer);
    connect(m_layerPanel, &LayerPanel::addWanted, this, [this] {
        addClouds(QFileDialog::getOpenFileNames(window(), tr("Add clouds"), {}, tr("Scenes (%1)").arg(QLatin1String(kSceneNames))));
    });
    connect(m_scene, &SceneView::viewChanged, this, &Viewport::keepView);
    connect(&m_bridge, &Bridge::nodeChanged, this, &Viewport::showProgress);
}

void Viewport::showProgress(quint32 node, const graph::NodeState& state) {
    const graph::Graph& graph = m_bridge.session().document().graph();
    if (m_stack->currentWidget() != m_empty || !m_node || !graph.find(node)) return;
    if (state.status != graph::NodeStatus::Running) return showEmpty();
    const graph::NodeDeclaration* declaration = m_bridge.session().registry().find(graph.at(node).type);
    m_empty->setTexts(tr("Working"), tr("%1: %2 %").arg(declaration ? QString::fromStdString(declaration->label()) : QString()).arg(static_cast<int>(100 * state.share)), {});
}

void Viewport::showLayers(bool first) {
    bool other = false;
    if (m_edits->active()) {
        if (!m_framed) return; // what is edited has not come yet
        std::vector<SceneItem> items = m_layers->editing() ? m_layers->itemsAround(m_edits->state().items) : m_edits->state().items;
        if (first)
            other = m_scene->setScene(std::move(items));
        else
            m_scene->setEdited(std::move(items));
    } else {
        const SplatScene* scene = m_value.tryAs<SplatScene>();
        const SplatCloud* cloud = m_value.tryAs<SplatCloud>();
        std::vector<SceneItem> items = !m_layers->layers().empty() ? m_layers->items() : scene ? itemsOf(*scene) : cloud ? itemsOf(*cloud) : std::vector<SceneItem>();
        if (items.empty()) items.push_back({}); // none of them has come yet
        other = m_scene->setScene(std::move(items));
    }
    const Similarity frame = m_layers->frame();
    if (!other && !(frame == m_frame)) m_scene->changeFrame(frame.then(m_frame.inverse()));
    m_frame = frame;
}

void Viewport::editLayer(int layer) {
    try {
        if (layer < 0) {
            const graph::NodeId whole = m_layers->whole();
            setViewed(whole);
            return Q_EMIT runRequested(whole); // what was edited goes on to where all of it is
        }
        if (m_layers->node()) {
            const graph::NodeId before = m_layers->editing() ? m_back : m_node;
            setViewed(m_layers->edit(layer));
            m_back = before;
        } else {
            editScene();
        }
        m_scene->setFocus();
    } catch (const Error& e) {
        Q_EMIT failed(QString::fromStdString(e.message()), QString::fromStdString(e.hint()));
    }
}

bool Viewport::addClouds(const QStringList& files) {
    if (!m_layers->viewsScene()) return false;
    std::vector<std::filesystem::path> paths;
    for (const QString& file : files) paths.emplace_back(file.toStdString());
    if (paths.empty()) return true;
    try {
        m_layers->add(paths);
        m_actions->at(QStringLiteral("layers"))->setChecked(true); // there is more than one now
        Q_EMIT runRequested(m_layers->editing() ? m_layers->whole() : m_node);
    } catch (const Error& e) {
        Q_EMIT failed(QString::fromStdString(e.message()), QString::fromStdString(e.hint()));
    }
    return true;
}

void Viewport::keepView() {
    if (!showsScene() || m_scene->remembers() || m_scene->count() == 0) return;
    m_bridge.session().document().view().scene = memoryOf(*m_scene, true);
}

void Viewport::recallView() {
    const Json memory = m_bridge.session().document().view().scene;
    m_frame = {};
    recall(memory.is_object() ? memory : m_usualView, *m_scene);
}

Json Viewport::usualView() const {
    return memoryOf(*m_scene, false);
}

} // namespace ochre::ui
