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
    }
    m_thumbnails.clear();
    m_thumbnailTurn.clear();
}

void Bridge::receive(const std::shared_ptr<Inbox>& inbox, const session::Event& event) {
    std::lock_guard lock(inbox->mutex);
    if (!inbox->owner) return;
    if (const auto* node = std::get_if<session::NodeEvent>(&event)) {
        inbox->states[node->node] = node->state;
    } else if (const auto* result = std::get_if<session::ResultEvent>(&event)) {
        inbox->results[{result->node, result->output}] = {result->value, result->preview};
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

void Bridge::flush() {
    m_lastFlush = std::chrono::steady_clock::now();
    std::map<graph::NodeId, graph::NodeState> states;
    std::map<std::pair<graph::NodeId, std::string>, PendingResult> results;
    std::map<session::JobId, session::Job> jobs;
    std::optional<session::RuntimeEvent> runtime;
    {
        std::lock_guard lock(m_inbox->mutex);
        states.swap(m_inbox->states);
        results.swap(m_inbox->results);
        jobs.swap(m_inbox->jobs);
        runtime.swap(m_inbox->runtime);
        m_inbox->scheduled = false;
    }
    for (const auto& [node, state] : states) Q_EMIT nodeChanged(node, state);
    for (const auto& [place, pending] : results) {
        if (isShown(place.first, place.second)) makeThumbnail(place.first, pending.value);
        Q_EMIT resultReady(place.first, QString::fromStdString(place.second), pending.value, pending.preview);
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

void Bridge::makeThumbnail(graph::NodeId node, const graph::Value& value) {
    const Image* image = value.tryAs<Image>();
    if (!image) return;
    const QString size = QStringLiteral("%1 × %2").arg(image->width()).arg(image->height());
    const std::uint64_t turn = ++m_turn;
    m_thumbnailTurn[node] = turn;
    inBackground(
        this, [value] { return thumbnailOf(value, kThumbnailSide); },
        [this, node, turn, size](const QImage& picture) {
            const auto latest = m_thumbnailTurn.find(node);
            if (picture.isNull() || latest == m_thumbnailTurn.end() || latest->second != turn) return;
            m_thumbnails.insert(node, picture);
            Q_EMIT thumbnailReady(node, picture, size);
        });
}

} // namespace ochre::ui
