// SPDX-License-Identifier: GPL-3.0-or-later
// A film that is drawn while the window goes on: one at a time, on a thread and with a renderer of its own.
#pragma once

#include <thread>

#include <QObject>
#include <QString>

#include "core/render/Film.h"

namespace ochre::ui {

class FilmJob : public QObject {
    Q_OBJECT
public:
    explicit FilmJob(QObject* parent = nullptr);
    ~FilmJob() override; ///< stops it and waits

    bool running() const { return m_running; }
    /// Nothing while one runs. Marks other than hidden do not show.
    void start(Film film, std::vector<SceneItem> scene);
    void cancel();                           ///< leaves no half file; finished frames serve the next try

Q_SIGNALS:
    // Queued from the job's thread.
    void progressed(quint64 done, quint64 total, double secondsLeft);
    void ended(const QString& file, const QString& message, const QString& hint); ///< `message`: why not; both empty: cancelled

private:
    std::thread m_thread;
    Cancel m_cancel;
    bool m_running = false;
};

} // namespace ochre::ui
