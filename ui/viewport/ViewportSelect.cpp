// SPDX-License-Identifier: GPL-3.0-or-later
// The part of the viewer that selects in a picture and shows what a detector found.
#include <QToolButton>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/library/ModelFolder.h"
#include "ui/bridge/Bridge.h"
#include "ui/viewport/DetectionPanel.h"
#include "ui/viewport/ImageView.h"
#include "ui/viewport/MaskBar.h"
#include "ui/viewport/MaskEdits.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui {
namespace {

constexpr const char* kThreshold = "threshold";
constexpr const char* kSearchType = "understand.search";
constexpr double kNextTo = 300, kBelow = 260; // units of the canvas between nodes
constexpr double kLessSure = 0.1; // threshold of a detector that found nothing by its own

/// The output of a node that tells what it found in its image; empty for other nodes.
std::string boxesOf(const graph::NodeRegistry& registry, const graph::Node* node) {
    const graph::NodeDeclaration* declaration = node ? registry.find(node->type) : nullptr;
    if (declaration && declaration->findInput("image"))
        for (const graph::Socket& socket : declaration->outputs())
            if (socket.type == "detections") return socket.id;
    return {};
}

} // namespace

void Viewport::addSmartSelect() {
    m_smart = m_pictureActions->add(QStringLiteral("smart_select"), QStringLiteral("select-smart"),
                                    tr("Select in the picture by clicks and boxes"),
                                    {QKeySequence(Qt::Key_S)}, nullptr);
    m_smart->setCheckable(true);
    connect(m_smart, &QAction::triggered, this, &Viewport::selectInPicture);
    QToolButton* button = addTool(m_imageTools, QStringLiteral("select-smart"), m_smart->text());
    button->setDefaultAction(m_smart);
    button->setObjectName(m_smart->objectName());
}

void Viewport::findSimilar(const QString& folder) {
    const graph::Link source = m_source;
    if (!showsImage() || !source.node)
        return Q_EMIT failed(tr("No picture is shown that others could be like."), tr("View one, then look for similar ones."));
    const auto models = library::likelyDescribers();
    if (models.empty())
        return Q_EMIT failed(tr("There are no DINOv2 weights, which know what pictures look like."),
                             tr("Put dinov2_vits14_pretrain.pth or a larger one into %1.").arg(QString::fromStdString(paths::models().string())));
    project::Document& document = m_bridge.session().document();
    graph::NodeId node = 0;
    for (const graph::NodeId id : document.graph().consumers(source.node))
        if (document.graph().at(id).type == kSearchType && document.graph().at(id).inputs.at("image") == source) node = id;
    document.edit(tr("Find similar pictures").toStdString(), [&](graph::Graph& graph) {
        if (!node) {
            graph::Node added;
            added.type = kSearchType;
            added.parameters["model"] = models.front().reference;
            added.look.x = graph.at(source.node).look.x + kNextTo;
            added.look.y = graph.at(source.node).look.y + kBelow;
            node = graph.add(std::move(added));
            graph.connect(source, node, "image");
        }
        graph.setParameter(node, "folder", folder.toStdString());
    });
    const graph::NodeId before = m_node;
    setViewed(node);
    m_back = before;
    Q_EMIT runRequested(node);
}

void Viewport::connectMasks() {
    QAction* leave =
        m_pictureActions->add(QStringLiteral("mask_leave"), {}, tr("Drop a box, or leave the selection"),
                              {QKeySequence(Qt::Key_Escape)}, [this] {
                                  if (!m_image->cancelTool()) m_masks->stop();
                              });
    connect(m_masks, &MaskEdits::activeChanged, this, [this, leave](bool active) {
        leave->setEnabled(active);
        if (active) m_image->setFocus();
        refreshTools();
    });
    leave->setEnabled(false);
    connect(m_maskBar, &MaskBar::failed, this, &Viewport::failed);
    connect(m_maskBar, &MaskBar::made, this, [this](quint32 node, bool ready) {
        const graph::NodeId before = m_node;
        setViewed(node);
        m_back = before;
        if (ready) Q_EMIT runRequested(node);
    });
    connect(&m_bridge, &Bridge::jobChanged, this, [this](const session::Job& job) {
        if (job.status == session::JobStatus::Done) showDetections(); // the boxes are known after the picture
    });
    connect(m_found, &DetectionPanel::chosen, this, [this](const QRectF& box) {
        selectInPicture(true);
        m_masks->selectBox(box);
    });
    connect(m_found, &DetectionPanel::redoWanted, this, [this](const QRectF& box, const QString& label) {
        selectInPicture(true);
        m_masks->selectBox(box);
        m_maskBar->redo(label);
    });
    connect(m_found, &DetectionPanel::redoAllWanted, this, [this] {
        const QRectF whole(QPointF(), QSizeF(m_image->image().width(), m_image->image().height()));
        std::vector<Repaint> wanted;
        for (const Detection& one : m_found->detections())
            if (const QRectF box = QRectF(QPointF(one.left, one.top), QPointF(one.right, one.bottom)) & whole; box.width() >= 1 && box.height() >= 1)
                wanted.push_back({box, QString::fromStdString(one.label)});
        if (!wanted.empty()) m_maskBar->redo(selectionSource(), wanted);
    });
    connect(m_found, &DetectionPanel::lessSureWanted, this, [this] {
        project::Document& document = m_bridge.session().document();
        const auto& parameters = document.graph().at(m_node).parameters;
        const auto set = parameters.find(kThreshold);
        const double* now = set == parameters.end() ? nullptr : std::get_if<double>(&set->second);
        document.edit(tr("Look for less sure objects").toStdString(), [&](graph::Graph& graph) {
            graph.setParameter(m_node, kThreshold, now && *now > 0 ? *now / 2 : kLessSure);
        });
        Q_EMIT runRequested(m_node);
    });
}

graph::Link Viewport::selectionSource() const {
    const graph::Node* node = m_bridge.session().document().graph().find(m_source.node);
    if (!node || !showsImage() || !m_value.tryAs<Image>()) return {};
    // The picture of these is that of an answer.
    const bool looks =
        node->type == MaskEdits::kNodeType || !boxesOf(m_bridge.session().registry(), node).empty();
    if (!looks) return m_source;
    const auto link = node->inputs.find("image");
    return link == node->inputs.end() ? graph::Link{} : link->second;
}

void Viewport::selectInPicture(bool on) {
    if (!on) return m_masks->stop();
    try {
        const graph::Link source = selectionSource();
        const graph::Node* node = m_bridge.session().document().graph().find(m_node);
        if (node && node->type == MaskEdits::kNodeType) { // its mask is viewed: select in what it looks at
            setViewed(source.node);
            if (m_value.empty()) Q_EMIT runRequested(source.node);
        }
        m_masks->start();
    } catch (const Error& e) {
        Q_EMIT failed(QString::fromStdString(e.message()), QString::fromStdString(e.hint()));
    }
    refreshTools();
}

void Viewport::showDetections() {
    const graph::Node* node = m_bridge.session().document().graph().find(m_node);
    const graph::NodeRegistry& registry = m_bridge.session().registry();
    const std::string boxes =
        showsImage() && m_value.tryAs<Image>() ? boxesOf(registry, node) : std::string();
    const graph::Value value = boxes.empty() ? graph::Value() : m_bridge.session().result(m_node, boxes);
    const Detections* found = value.tryAs<Detections>();
    if (found)
        m_found->setDetections(*found, registry.find(node->type)->findParameter(kThreshold) != nullptr);
    m_found->setVisible(found != nullptr);
    m_found->setOutlined(!m_masks->active());
    std::vector<SceneTool*> tools;
    if (found) tools.push_back(m_found);
    if (m_masks->active()) tools.push_back(&m_maskBar->tool());
    m_image->setTools(std::move(tools));
}

} // namespace ochre::ui
