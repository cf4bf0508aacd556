// SPDX-License-Identifier: GPL-3.0-or-later
// Folders and videos through the graph: asks what and where to, runs it in the queue, and offers to go on.
#pragma once

#include <map>

#include <QObject>

#include "core/session/Session.h"

class QWidget;

namespace ochre::ui {

class MessageBar;

class BatchRuns : public QObject {
    Q_OBJECT
public:
    /// The card opens below `anchor`.
    BatchRuns(session::Session& session, MessageBar& messages, QWidget* anchor, QWidget* window);

    void ask(const QString& source); ///< where the results of this folder or video go
    void askFolder(const QString& begin);
    void askVideo(const QString& begin);
    bool graphLoadsPictures() const;
    bool tell(const session::Job& job); ///< how one has ended; false: it is none, or goes on

Q_SIGNALS:
    void started();

private:
    void start(const session::BatchOptions& options);

    session::Session& m_session;
    MessageBar& m_messages;
    QWidget *m_anchor, *m_window;
    std::map<session::JobId, session::BatchOptions> m_running; ///< or waiting
};

} // namespace ochre::ui
