// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/TrackEdits.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include "core/library/ModelFolder.h"
#include "core/video/VideoFrames.h"
#include "ui/bridge/Bridge.h"
#include "ui/viewport/MaskEdits.h"
#include "ui/viewport/NodeParameters.h"

namespace ochre::ui {
namespace {

constexpr double kNextTo = 300, kBelow = 260; // units of the canvas between nodes

/// SAM 2 is the one that knows videos.
bool followsObjects(std::string name) {
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    std::erase_if(name, [](char c) { return c == '_' || c == '-' || c == ' '; });
    return name.find("sam2") != std::string::npos;
}

std::string modelFor(const std::string& selecting) {
    if (followsObjects(selecting)) return selecting;
    for (const library::ModelFile& file : library::likelySegmenters())
        if (followsObjects(file.name)) return file.reference;
    return {};
}

/// "x,y x,y,0 [box]" of a line of the node → what the selecting node has.
std::pair<std::string, std::string> pointsAndBox(const std::string& line) {
    const std::size_t open = line.find('['), close = line.find(']');
    if (open == std::string::npos || close == std::string::npos) return {line, {}};
    return {line.substr(0, open), line.substr(open + 1, close - open - 1)};
}

} // namespace

TrackEdits::TrackEdits(Bridge& bridge, MaskEdits& masks, QObject* parent) : QObject(parent), m_bridge(bridge), m_edits(masks) {
    connect(&m_bridge, &Bridge::documentChanged, this, &TrackEdits::refresh);
    connect(&m_bridge, &Bridge::jobChanged, this, &TrackEdits::onJob);
    connect(&m_bridge, &Bridge::nodeChanged, this, [this](quint32 node) {
        if (m_job && node == m_track) Q_EMIT changed();
        if (hasFrames() && node == m_load) count();
    });
    connect(&m_bridge, &Bridge::resultReady, this,
            [this](quint32 node, const QString& output, const graph::Value& value, bool) {
                if (!m_track || node != m_track || output != QLatin1String("masks")) return;
                if (const auto* clip = value.tryAs<ClipPtr>()) {
                    m_masks = *clip;
                    take();
                }
            });
    connect(&m_edits, &MaskEdits::changed, this, &TrackEdits::changed);
}

void TrackEdits::follow(graph::NodeId node) {
    m_node = node;
    refresh();
}

void TrackEdits::refresh() {
    const graph::Graph& graph = m_bridge.session().document().graph();
    m_load = findLoad();
    const graph::Node* node = graph.find(m_node);
    while (node && node->type == kViewType) {
        const auto shown = node->inputs.find("image");
        node = shown == node->inputs.end() ? nullptr : graph.find(shown->second.node);
    }
    m_plain = hasFrames() && node && node->id == m_load;
    const graph::Node* load = graph.find(m_load);
    std::string video = load ? parameterOf(*load, "path") : std::string();
    if (video != m_video) m_frames = 0;
    m_video = std::move(video);
    m_frame = load ? static_cast<int>(parameterOf<std::int64_t>(*load, "frame")) : 0;
    const graph::NodeId track = findTrack();
    if (track != m_track) {
        m_track = track;
        m_masks = nullptr;
        m_error.clear();
        if (const auto* clip = m_bridge.session().result(track, "masks").tryAs<ClipPtr>()) m_masks = *clip;
    }
    count();
    take();
}

/// The node that loads the video which the followed picture is made of; 0: of none, or of several.
graph::NodeId TrackEdits::findLoad() const {
    const graph::Graph& graph = m_bridge.session().document().graph();
    std::set<graph::NodeId> seen, found;
    std::vector<graph::NodeId> open{m_node};
    const auto loads = [](const graph::Node& node) { return node.type == kLoadType && isVideo(parameterOf(node, "path")); };
    while (!open.empty()) {
        const graph::Node* node = graph.find(open.back());
        open.pop_back();
        if (!node || !seen.insert(node->id).second) continue;
        if (loads(*node)) found.insert(node->id);
        if (node->type == kTrackType) // its masks go with the node that loads the same
            graph.forEach([&](const graph::Node& other) {
                if (loads(other) && parameterOf(other, "path") == parameterOf(*node, "video")) found.insert(other.id);
            });
        for (const auto& [name, link] : node->inputs) open.push_back(link.node);
    }
    return found.size() == 1 ? *found.begin() : 0;
}

/// How many frames there are is known when one was read.
void TrackEdits::count() {
    const graph::Value value = hasFrames() ? m_bridge.session().result(m_load, "frames") : graph::Value();
    const auto* known = value.tryAs<std::int64_t>();
    if (!known || *known == m_frames) return;
    m_frames = static_cast<int>(*known);
    Q_EMIT changed();
}

graph::NodeId TrackEdits::findTrack() const {
    graph::NodeId found = 0;
    if (!hasFrames()) return found;
    m_bridge.session().document().graph().forEach([&](const graph::Node& node) {
        if (!found && node.type == kTrackType && parameterOf(node, "video") == m_video) found = node.id;
    });
    return found;
}

/// The mask of this frame, to be shown where nothing else is selected.
void TrackEdits::take() {
    Image mask;
    if (m_masks && m_frame < m_masks->frames()) mask = m_masks->frame(m_frame);
    m_edits.setTracked(onVideo() ? mask : Image());
    Q_EMIT changed();
}

std::map<int, std::string> TrackEdits::prompts() const {
    std::map<int, std::string> lines;
    const graph::Node* node = m_bridge.session().document().graph().find(m_track);
    if (!node) return lines;
    std::istringstream text(parameterOf(*node, "prompts"));
    for (std::string line; std::getline(text, line);)
        if (const std::size_t colon = line.find(':'); colon != std::string::npos)
            lines[std::atoi(line.c_str())] = line.substr(colon + 1);
    return lines;
}

std::string TrackEdits::promptHere() const {
    const graph::Node* node = m_bridge.session().document().graph().find(m_edits.node());
    if (!node) return {};
    const std::string points = parameterOf(*node, "points"), box = parameterOf(*node, "box");
    std::string line;
    if (!points.empty()) line.append(" ").append(points);
    if (!box.empty()) line.append(" [").append(box).append("]");
    return line;
}

void TrackEdits::showFrame(int frame) {
    frame = std::clamp(frame, 0, std::max(0, m_frames - 1));
    if (!hasFrames() || frame == m_frame) return;
    const auto lines = prompts();
    const auto line = lines.find(frame);
    const auto [points, box] = pointsAndBox(line == lines.end() ? std::string() : line->second);
    const graph::NodeId select = m_edits.node();
    m_bridge.session().document().edit(
        tr("Show frame %1").arg(frame).toStdString(),
        [&](graph::Graph& graph) {
            const auto number = static_cast<std::int64_t>(frame);
            graph.setParameter(m_load, "frame", number);
            if (m_track)
                for (const graph::NodeId id : graph.consumers(m_track))
                    if (graph.at(id).type == kFrameType) graph.setParameter(id, "frame", number);
            if (!select) return;
            graph.setParameter(select, "points", points);
            graph.setParameter(select, "box", box);
        },
        "video frame");
    runFrame();
}

/// One at a time: while a frame is read, only the last one that was asked for waits.
void TrackEdits::runFrame() {
    if (m_shown)
        m_again = true;
    else
        m_shown = m_bridge.session().enqueuePassing(m_node);
}

graph::Link TrackEdits::maskHere() const {
    const graph::Graph& graph = m_bridge.session().document().graph();
    if (!onVideo() || !m_masks || !graph.find(m_track)) return {};
    for (const graph::NodeId id : graph.consumers(m_track))
        if (graph.at(id).type == kFrameType) return {id, "image"};
    return {};
}

bool TrackEdits::canTrack() const {
    return onVideo() && m_edits.active() && (!promptHere().empty() || !prompts().empty());
}

void TrackEdits::track(Way way) {
    if (!canTrack() || busy()) return;
    auto lines = prompts();
    if (const std::string here = promptHere(); !here.empty()) lines[m_frame] = here;
    std::string text;
    for (const auto& [frame, line] : lines) text += std::to_string(frame) + ":" + line + "\n";
    const char* direction = way == Way::Both ? "both" : way == Way::Forward ? "forward" : "backward";
    const graph::NodeId select = m_edits.node();
    graph::NodeId node = m_track;
    m_bridge.session().document().edit(tr("Track the selection").toStdString(), [&](graph::Graph& graph) {
        const auto add = [&graph](const char* type, graph::NodeId beside, double right, double down) {
            graph::Node added;
            added.type = type;
            added.look.x = graph.at(beside).look.x + right;
            added.look.y = graph.at(beside).look.y + down;
            return graph.add(std::move(added));
        };
        if (!node) {
            node = add(kTrackType, select, 0, kBelow);
            graph.setParameter(node, "video", m_video);
            const graph::NodeId shown = add(kFrameType, node, kNextTo, 0); // the masks, for what takes them
            graph.connect({node, "masks"}, shown, "video");
            graph.setParameter(shown, "frame", static_cast<std::int64_t>(m_frame));
            graph.setParameter(node, "model", modelFor(m_edits.model()));
        }
        graph.setParameter(node, "prompts", text);
        graph.setParameter(node, "direction", std::string(direction));
    });
    m_track = node;
    m_masks = nullptr;
    m_error.clear();
    m_job = m_bridge.session().enqueue({node});
    take();
}

void TrackEdits::stop() {
    if (m_job) m_bridge.session().cancel(m_job);
}

void TrackEdits::onJob(const session::Job& job) {
    using session::JobStatus;
    if (job.status != JobStatus::Done && job.status != JobStatus::Failed && job.status != JobStatus::Cancelled) return;
    if (m_shown && job.id == m_shown) {
        m_shown = 0;
        if (std::exchange(m_again, false)) runFrame();
    }
    if (!m_job || job.id != m_job) return;
    m_job = 0;
    m_error = job.status == JobStatus::Cancelled ? tr("stopped") : QString::fromStdString(job.error);
    if (const auto* clip = m_bridge.session().result(m_track, "masks").tryAs<ClipPtr>(); clip && job.status == JobStatus::Done)
        m_masks = *clip;
    take();
}

QString TrackEdits::note() const {
    const graph::Node* node = onVideo() ? m_bridge.session().document().graph().find(m_track) : nullptr;
    if (!node || !m_edits.active()) return {};
    const std::string model = parameterOf(*node, "model");
    const QString who = model.empty() ? tr("Motion and colours, no SAM 2 model") : QString::fromStdString(model);
    if (m_job) {
        const graph::NodeState state = m_bridge.session().state(m_track);
        if (state.status != graph::NodeStatus::Running) return tr("%1: waits for its turn").arg(who);
        return tr("%1: %2, %3 %").arg(who, QString::fromStdString(state.step).toLower()).arg(std::lround(state.share * 100));
    }
    if (!m_error.isEmpty()) return tr("%1: %2").arg(who, m_error);
    if (!m_masks) return {};
    const auto lines = prompts();
    const auto line = lines.find(m_frame);
    const std::string here = promptHere();
    if (!here.empty() && (line == lines.end() || line->second != here)) return tr("%1: track again to take this over").arg(who);
    return line == lines.end() ? tr("%1: tracked; click to correct this frame").arg(who) : tr("%1: tracked from this frame").arg(who);
}

} // namespace ochre::ui
