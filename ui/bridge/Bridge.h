// SPDX-License-Identifier: GPL-3.0-or-later
// Events of the session, which arrive on worker threads, as Qt signals on the window's thread.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <QHash>
#include <QImage>
#include <QObject>
#include <QString>
#include <QTimer>

#include "core/session/Session.h"

namespace ochre::ui {

/// Results of one node's output replace each other, progress is told at most 30 times a second for each node and
/// previews ten times, so that a fast run never floods the window. Thumbnails are made on the shared task pool; that
/// of a preview goes again when the node is stopped.
class Bridge : public QObject {
    Q_OBJECT
public:
    /// Becomes the session's listener. The session must outlive the bridge.
    explicit Bridge(session::Session& session, QObject* parent = nullptr);
    ~Bridge() override;

    session::Session& session() { return m_session; }
    /// Latest thumbnail of the node's first picture; null when there is none. At most kThumbnailSide wide and
    /// high.
    QImage thumbnail(graph::NodeId node) const { return m_thumbnails.value(node).picture; }
    /// Drops what is known of the nodes: another document was opened.
    void forget();
    /// True until the model library is loaded or has failed to load.
    bool runtimeLoading() const { return m_runtimeLoading; }
    void setRuntimeLoading() { m_runtimeLoading = true; }

    static constexpr int kThumbnailSide = 512;
    static constexpr int kFlushMilliseconds = 33;
    static constexpr int kPreviewMilliseconds = 100;

Q_SIGNALS:
    void nodeChanged(quint32 node, const ochre::graph::NodeState& state);
    void resultReady(quint32 node, const QString& output, const ochre::graph::Value& value, bool preview);
    void thumbnailReady(quint32 node, const QImage& picture, const QString& size); ///< "1920 × 1080"
    void jobChanged(const ochre::session::Job& job);
    void documentChanged(); ///< an edit, undo, redo, or another document
    void runtimeReady(bool ok, const QString& message, const QString& hint);

private:
    struct Thumbnail {
        QImage picture;
        QString size;
    };
    using Results = std::map<std::pair<graph::NodeId, std::string>, graph::Value>;
    using Clock = std::chrono::steady_clock;
    struct Inbox {
        std::mutex mutex;
        Bridge* owner = nullptr; ///< null once the bridge is gone
        bool scheduled = false;
        std::map<graph::NodeId, graph::NodeState> states;
        Results results, previews; ///< a result drops the previews before it
        std::map<session::JobId, session::Job> jobs;
        std::optional<session::RuntimeEvent> runtime;
    };

    static void receive(const std::shared_ptr<Inbox>& inbox, const session::Event& event);
    void schedule();
    void flush();
    bool isShown(graph::NodeId node, const std::string& output) const;
    void takePreviews(Results& previews); ///< with the inbox locked; those that come too soon stay in it
    void makeThumbnail(graph::NodeId node, const graph::Value& value, bool preview);
    void showThumbnail(graph::NodeId node, const Thumbnail& thumbnail, bool preview);
    void settlePreview(graph::NodeId node, graph::NodeStatus status); ///< it ended: keep its preview or go back

    session::Session& m_session;
    std::shared_ptr<Inbox> m_inbox;
    QTimer m_timer;
    Clock::time_point m_lastFlush{};
    std::map<graph::NodeId, Clock::time_point> m_lastPreview;
    QHash<quint32, Thumbnail> m_thumbnails, m_previewed; ///< real ones; previews that are shown instead
    std::map<graph::NodeId, std::uint64_t> m_thumbnailTurn; ///< a slow conversion never replaces a newer one
    std::uint64_t m_turn = 0;
    bool m_runtimeLoading = false;
};

} // namespace ochre::ui
