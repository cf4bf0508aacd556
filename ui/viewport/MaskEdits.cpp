// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/MaskEdits.h"

#include <cmath>
#include <utility>

#include <QStringList>

#include "core/library/ModelFolder.h"
#include "ui/bridge/Bridge.h"
#include "ui/viewport/NodeParameters.h"

namespace ochre::ui {
namespace {

constexpr double kNextTo = 300, kBelow = 400; // units of the canvas between the picture's node and this one

QString number(double v) {
    return QString::number(std::round(v * 10) / 10);
}

std::optional<QRectF> boxOf(const std::string& text) {
    const QStringList parts = QString::fromStdString(text).split(QLatin1Char(','));
    if (parts.size() != 4) return std::nullopt;
    return QRectF(QPointF(parts[0].toDouble(), parts[1].toDouble()),
                  QPointF(parts[2].toDouble(), parts[3].toDouble()));
}

MaskPrompt promptOf(const graph::Node& node) {
    return {pointsOf(parameterOf(node, "points")), boxOf(parameterOf(node, "box")), parameterOf<bool>(node, "invert")};
}

} // namespace

std::string textOf(const QRectF& box) {
    return QStringList{number(box.left()), number(box.top()), number(box.right()), number(box.bottom())}
        .join(QLatin1Char(','))
        .toStdString();
}

QString selectorName(const std::string& reference) {
    if (reference.empty()) return MaskEdits::tr("GrabCut, no model");
    return reference == library::kOwnSegmenter ? MaskEdits::tr("Ochre's small model") : QString::fromStdString(reference);
}

std::string textOf(const std::vector<MaskPrompt::Point>& points) {
    QStringList words;
    for (const MaskPrompt::Point& point : points)
        words << number(point.at.x()) + QLatin1Char(',') + number(point.at.y()) +
                     (point.belongs ? QString() : QStringLiteral(",0"));
    return words.join(QLatin1Char(' ')).toStdString();
}

std::vector<MaskPrompt::Point> pointsOf(const std::string& text) {
    std::vector<MaskPrompt::Point> points;
    for (const QString& word : QString::fromStdString(text)
                                   .replace(QLatin1Char(';'), QLatin1Char(' '))
                                   .simplified()
                                   .split(QLatin1Char(' '))) {
        const QStringList parts = word.split(QLatin1Char(','));
        if (parts.size() < 2 || parts.size() > 3) continue;
        points.push_back({{parts[0].toDouble(), parts[1].toDouble()},
                          parts.size() == 2 || parts[2] != QLatin1String("0")});
    }
    return points;
}

MaskEdits::MaskEdits(Bridge& bridge, QObject* parent) : QObject(parent), m_bridge(bridge) {
    connect(&m_bridge, &Bridge::documentChanged, this, &MaskEdits::refresh);
    connect(&m_bridge, &Bridge::jobChanged, this, &MaskEdits::onJob);
    connect(&m_bridge, &Bridge::nodeChanged, this, [this](quint32 node) {
        if (node == m_node) Q_EMIT noteChanged();
    });
}

void MaskEdits::follow(const graph::Link& source, QSize size) {
    const bool other = source != m_source;
    m_source = source;
    m_size = size;
    if (!active()) return;
    if (other) return stop();
    if (!m_job) run(); // the same place holds another picture now, unless it is this job that has made it
}

void MaskEdits::start() {
    if (active() || !m_source.node) return;
    project::Document& document = m_bridge.session().document();
    graph::NodeId found = 0;
    for (const graph::NodeId id : document.graph().consumers(m_source.node)) {
        const graph::Node& node = document.graph().at(id);
        const auto image = node.inputs.find("image");
        if (!found && node.type == kNodeType && image != node.inputs.end() && image->second == m_source)
            found = id;
    }
    if (!found) {
        const auto models = library::likelySegmenters();
        document.edit(tr("Select in the picture").toStdString(), [&](graph::Graph& graph) {
            graph::Node added;
            added.type = kNodeType;
            if (!models.empty()) added.parameters["model"] = models.front().reference;
            added.look.x = graph.at(m_source.node).look.x + kNextTo;
            added.look.y = graph.at(m_source.node).look.y + kBelow;
            found = graph.add(std::move(added));
            graph.connect(m_source, found, "image");
        });
    }
    m_node = found;
    m_mask = {};
    m_parameters = document.graph().at(found).parameters;
    m_prompt = promptOf(document.graph().at(found));
    Q_EMIT activeChanged(true);
    Q_EMIT changed();
    run();
}

void MaskEdits::stop() {
    if (!active()) return;
    m_node = 0;
    m_job = 0;
    m_again = m_stopped = false;
    m_prompt = {};
    m_mask = {};
    m_error.clear();
    Q_EMIT activeChanged(false);
    Q_EMIT changed();
}

void MaskEdits::refresh() {
    if (!active()) return;
    const graph::Node* node = m_bridge.session().document().graph().find(m_node);
    const auto image =
        node ? node->inputs.find("image") : std::map<std::string, graph::Link>::const_iterator();
    if (!node || node->type != kNodeType || image == node->inputs.end() || image->second != m_source)
        return stop();
    if (node->parameters == m_parameters) return;
    m_parameters = node->parameters;
    m_prompt = promptOf(*node);
    Q_EMIT changed();
    run();
}

void MaskEdits::run() {
    m_stopped = false;
    m_error.clear();
    if (m_job)
        m_again = true;
    else
        m_job = m_bridge.session().enqueuePassing(m_node);
    Q_EMIT noteChanged();
}

void MaskEdits::onJob(const session::Job& job) {
    using session::JobStatus;
    if (!m_job || job.id != m_job) return;
    if (job.status != JobStatus::Done && job.status != JobStatus::Failed &&
        job.status != JobStatus::Cancelled)
        return;
    m_job = 0;
    m_stopped = job.status == JobStatus::Cancelled;
    m_error = QString::fromStdString(job.error);
    if (const graph::Value value = m_bridge.session().result(m_node, "mask"); job.status == JobStatus::Done)
        if (const Image* mask = value.tryAs<Image>()) m_mask = *mask;
    if (std::exchange(m_again, false) && !m_stopped) return run();
    Q_EMIT changed();
    Q_EMIT noteChanged();
}

QString MaskEdits::note() const {
    if (!active()) return {};
    const std::string name = model();
    const QString who = selectorName(name);
    if (m_job) {
        const graph::NodeState state = m_bridge.session().state(m_node);
        if (state.status != graph::NodeStatus::Running) return tr("%1: waits for its turn").arg(who);
        const QString step = state.step.empty() ? tr("Working") : QString::fromStdString(state.step);
        return tr("%1: %2, %3 %").arg(who, step.toLower()).arg(std::lround(state.share * 100));
    }
    if (!m_error.isEmpty()) return tr("%1: %2").arg(who, m_error);
    if (m_stopped) return tr("%1: stopped; a click goes on").arg(who);
    if (m_prompt.empty()) return tr("%1: click on what is to be selected, or drag a box around it").arg(who);
    if (name.empty()) return tr("%1: colours and edges decide").arg(who);
    const graph::Value score = m_bridge.session().result(m_node, "score");
    const double* sure = score.tryAs<double>();
    return sure ? tr("%1: sure to %2 %").arg(who).arg(std::lround(*sure * 100)) : who;
}

void MaskEdits::setTracked(Image mask) {
    if (mask.empty() && m_tracked.empty()) return;
    m_tracked = std::move(mask);
    Q_EMIT changed();
}

QRectF MaskEdits::inside(const QRectF& box) const {
    return box.normalized() & QRectF(QPointF(), QSizeF(m_size));
}

void MaskEdits::write(const QString& title, const MaskPrompt& prompt) {
    if (!active() || prompt == m_prompt) return;
    m_bridge.session().document().edit(title.toStdString(), [&](graph::Graph& graph) {
        graph.setParameter(m_node, "points", textOf(prompt.points));
        graph.setParameter(m_node, "box", prompt.box ? textOf(*prompt.box) : std::string());
        graph.setParameter(m_node, "invert", prompt.inverted);
    });
}

void MaskEdits::addPoint(QPointF at, bool belongs) {
    if (!QRectF(QPointF(), QSizeF(m_size)).contains(at)) return;
    MaskPrompt next = m_prompt;
    next.points.push_back({at, belongs});
    write(belongs ? tr("Add to the selection") : tr("Remove from the selection"), next);
}

void MaskEdits::setBox(const QRectF& box) {
    MaskPrompt next = m_prompt;
    next.box = inside(box);
    if (next.box->width() >= 1 && next.box->height() >= 1) write(tr("Select by a box"), next);
}

void MaskEdits::selectBox(const QRectF& box) {
    MaskPrompt next;
    next.box = inside(box);
    if (next.box->width() >= 1 && next.box->height() >= 1) write(tr("Select what was detected"), next);
}

void MaskEdits::clear() {
    if (!m_prompt.empty() || m_prompt.inverted) write(tr("Select nothing"), {});
}

void MaskEdits::invert() {
    MaskPrompt next = m_prompt;
    next.inverted = !next.inverted;
    write(tr("Invert the selection"), next);
}

std::string MaskEdits::model() const {
    const graph::Node* node = m_bridge.session().document().graph().find(m_node);
    return node ? parameterOf(*node, "model") : std::string();
}

void MaskEdits::setModel(const std::string& reference) {
    if (!active() || reference == model()) return;
    m_bridge.session().document().edit(
        tr("Select with another model").toStdString(),
        [&](graph::Graph& graph) { graph.setParameter(m_node, "model", reference); });
}

} // namespace ochre::ui
