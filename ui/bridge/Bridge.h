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

/// Results of one node's output replace each other and progress is told at most 30 times a second for each
/// node, so that a fast run never floods the window. Thumbnails are made on the shared task pool.
class Bridge : public QObject {
    Q_OBJECT
public:
    /// Becomes the session's listener. The session must outlive the bridge.
    explicit Bridge(session::Session& session, QObject* parent = nullptr);
    ~Bridge() override;

    session::Session& session() { return m_session; }
    /// Latest thumbnail of the node's first picture; null when there is none. At most kThumbnailSide wide and
    /// high.
    QImage thumbnail(graph::NodeId node) const { return m_thumbnails.value(node); }
    /// Drops what is known of the nodes: another document was opened.
    void forget();
    /// True until the model library is loaded or has failed to load.
    bool runtimeLoading() const { return m_runtimeLoading; }
    void setRuntimeLoading() { m_runtimeLoading = true; }

    static constexpr int kThumbnailSide = 512;
    static constexpr int kFlushMilliseconds = 33;

Q_SIGNALS:
    void nodeChanged(quint32 node, const ochre::graph::NodeState& state);
    void resultReady(quint32 node, const QString& output, const ochre::graph::Value& value, bool preview);
    void thumbnailReady(quint32 node, const QImage& picture, const QString& size); ///< "1920 × 1080"
    void jobChanged(const ochre::session::Job& job);
    void documentChanged(); ///< an edit, undo, redo, or another document
    void runtimeReady(bool ok, const QString& message, const QString& hint);

private:
    struct PendingResult {
        graph::Value value;
        bool preview;
    };
    struct Inbox {
        std::mutex mutex;
        Bridge* owner = nullptr; ///< null once the bridge is gone
        bool scheduled = false;
        std::map<graph::NodeId, graph::NodeState> states;
        std::map<std::pair<graph::NodeId, std::string>, PendingResult> results;
        std::map<session::JobId, session::Job> jobs;
        std::optional<session::RuntimeEvent> runtime;
    };

    static void receive(const std::shared_ptr<Inbox>& inbox, const session::Event& event);
    void schedule();
    void flush();
    bool isShown(graph::NodeId node, const std::string& output) const;
    void makeThumbnail(graph::NodeId node, const graph::Value& value);

    session::Session& m_session;
    std::shared_ptr<Inbox> m_inbox;
    QTimer m_timer;
    std::chrono::steady_clock::time_point m_lastFlush{};
    QHash<quint32, QImage> m_thumbnails;
    std::map<graph::NodeId, std::uint64_t> m_thumbnailTurn; ///< a slow conversion never replaces a newer one
    std::uint64_t m_turn = 0;
    bool m_runtimeLoading = false;
};

} // namespace ochre::ui
