// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/Bridge.h"

#include <algorithm>

#include <QMetaObject>
#include <QPointer>

#include "ui/bridge/Background.h"
#include "ui/bridge/Picture.h"

namespace ochre::ui {

Bridge::Bridge(session::Session& session, QObject* parent)
    : QObject(parent), m_session(session), m_inbox(std::make_shared<Inbox>()) {
    m_inbox->owner = this;
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, &Bridge::flush);
    m_session.setListener([inbox = m_inbox](const session::Event& event) { receive(inbox, event); });
    m_session.document().onChanged([guard = QPointer<Bridge>(this)](const graph::Graph&) {
        if (guard) Q_EMIT guard->documentChanged();
    });
}

Bridge::~Bridge() {
    m_session.setListener({});
    std::lock_guard lock(m_inbox->mutex);
    m_inbox->owner = nullptr;
}

void Bridge::forget() {
    {
        std::lock_guard lock(m_inbox->mutex);
        m_inbox->states.clear();
        m_inbox->results.clear();
        m_inbox->previews.clear();
    }
    m_thumbnails.clear();
    m_previewed.clear();
    m_lastPreview.clear();
    m_thumbnailTurn.clear();
}

void Bridge::receive(const std::shared_ptr<Inbox>& inbox, const session::Event& event) {
    std::lock_guard lock(inbox->mutex);
    if (!inbox->owner) return;
    if (const auto* node = std::get_if<session::NodeEvent>(&event)) {
        inbox->states[node->node] = node->state;
    } else if (const auto* result = std::get_if<session::ResultEvent>(&event)) {
        const std::pair place(result->node, result->output);
        if (!result->preview) inbox->previews.erase(place);
        (result->preview ? inbox->previews : inbox->results)[place] = result->value;
    } else if (const auto* job = std::get_if<session::JobEvent>(&event)) {
        inbox->jobs[job->job.id] = job->job;
    } else if (const auto* runtime = std::get_if<session::RuntimeEvent>(&event)) {
        inbox->runtime = *runtime;
    }
    if (!inbox->scheduled) {
        inbox->scheduled = true;
        QMetaObject::invokeMethod(inbox->owner, &Bridge::schedule, Qt::QueuedConnection);
    }
}

// The first event after a pause goes out at once, those of a flood wait for the next tick.
void Bridge::schedule() {
    using namespace std::chrono;
    const auto since = duration_cast<milliseconds>(steady_clock::now() - m_lastFlush).count();
    const auto wait = std::clamp<std::int64_t>(kFlushMilliseconds - since, 0, kFlushMilliseconds);
    m_timer.start(static_cast<int>(wait));
}

void Bridge::takePreviews(Results& previews) {
    const auto now = Clock::now();
    for (auto it = m_inbox->previews.begin(); it != m_inbox->previews.end();) {
        auto& last = m_lastPreview[it->first.first];
        const bool due = now - last >= std::chrono::milliseconds(kPreviewMilliseconds);
        if (due) {
            last = now;
            previews.insert(*it);
        }
        it = due ? m_inbox->previews.erase(it) : std::next(it);
    }
}

void Bridge::flush() {
    m_lastFlush = Clock::now();
    std::map<graph::NodeId, graph::NodeState> states;
    Results results, previews;
    std::map<session::JobId, session::Job> jobs;
    std::optional<session::RuntimeEvent> runtime;
    {
        std::lock_guard lock(m_inbox->mutex);
        states.swap(m_inbox->states);
        results.swap(m_inbox->results);
        jobs.swap(m_inbox->jobs);
        runtime.swap(m_inbox->runtime);
        takePreviews(previews);
        m_inbox->scheduled = !m_inbox->previews.empty();
        if (m_inbox->scheduled) m_timer.start(kFlushMilliseconds);
    }
    for (const auto& [node, state] : states) {
        settlePreview(node, state.status);
        Q_EMIT nodeChanged(node, state);
    }
    for (const bool preview : {false, true})
        for (const auto& [place, value] : preview ? previews : results) {
            if (preview || isShown(place.first, place.second)) makeThumbnail(place.first, value, preview);
            Q_EMIT resultReady(place.first, QString::fromStdString(place.second), value, preview);
        }
    for (const auto& [id, job] : jobs) Q_EMIT jobChanged(job);
    if (runtime) {
        m_runtimeLoading = false;
        Q_EMIT runtimeReady(runtime->ok, QString::fromStdString(runtime->message),
                            QString::fromStdString(runtime->hint));
    }
}

// A node shows the first of its outputs that is a picture.
bool Bridge::isShown(graph::NodeId node, const std::string& output) const {
    const graph::Node* found = m_session.document().graph().find(node);
    const graph::NodeDeclaration* declaration = found ? m_session.registry().find(found->type) : nullptr;
    if (!declaration) return true;
    for (const graph::Socket& socket : declaration->outputs())
        if (socket.type == "image" || socket.type == "mask") return socket.id == output;
    return true;
}

void Bridge::makeThumbnail(graph::NodeId node, const graph::Value& value, bool preview) {
    const Image* image = value.tryAs<Image>();
    if (!image) return;
    const QString size =
        preview ? tr("preview") : QStringLiteral("%1 × %2").arg(image->width()).arg(image->height());
    const std::uint64_t turn = ++m_turn;
    m_thumbnailTurn[node] = turn;
    inBackground(
        this, [value] { return thumbnailOf(value, kThumbnailSide); },
        [this, node, turn, size, preview](const QImage& picture) {
            const auto latest = m_thumbnailTurn.find(node);
            if (picture.isNull() || latest == m_thumbnailTurn.end() || latest->second != turn) return;
            showThumbnail(node, {picture, size}, preview);
            if (preview) settlePreview(node, m_session.state(node).status);
        });
}

void Bridge::showThumbnail(graph::NodeId node, const Thumbnail& thumbnail, bool preview) {
    (preview ? m_previewed : m_thumbnails).insert(node, thumbnail);
    if (!preview) m_previewed.remove(node);
    Q_EMIT thumbnailReady(node, thumbnail.picture, thumbnail.size);
}

// A node that makes no picture itself (a sampler) keeps its last preview once it is done.
void Bridge::settlePreview(graph::NodeId node, graph::NodeStatus status) {
    using graph::NodeStatus;
    if (status == NodeStatus::Cancelled || status == NodeStatus::Failed) {
        m_thumbnailTurn.erase(node); // one that is still being made
        if (m_previewed.contains(node)) {
            m_previewed.remove(node);
            const Thumbnail real = m_thumbnails.value(node);
            Q_EMIT thumbnailReady(node, real.picture, real.size);
        }
    } else if (status == NodeStatus::Done && m_previewed.contains(node)) {
        m_thumbnails.insert(node, m_previewed.take(node));
    }
}

} // namespace ochre::ui
