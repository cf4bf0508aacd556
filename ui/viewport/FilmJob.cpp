// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/FilmJob.h"

#include "core/base/Error.h"

namespace ochre::ui {

FilmJob::FilmJob(QObject* parent) : QObject(parent) {
    connect(this, &FilmJob::ended, this, [this] { m_running = false; }, Qt::QueuedConnection);
}

FilmJob::~FilmJob() {
    m_cancel.request();
    if (m_thread.joinable()) m_thread.join();
}

void FilmJob::start(Film film, std::vector<SceneItem> scene) {
    if (m_running) return;
    if (m_thread.joinable()) m_thread.join();
    m_running = true;
    film.splats.selected.share = film.splats.locked.share = 0;
    m_cancel = Cancel::make();
    m_thread = std::thread([this, film = std::move(film), scene = std::move(scene), cancel = m_cancel] {
        try {
            const auto renderer = makeRenderer();
            const auto tell = [this](const FilmState& s) { Q_EMIT progressed(s.done, s.total, s.secondsLeft); };
            const FilmResult result = renderFilm(*renderer, scene, film, tell, cancel);
            Q_EMIT ended(QString::fromStdString(result.files.back().string()), {}, {});
        } catch (...) {
            const Error e = currentError();
            if (e.cancelled()) Q_EMIT ended({}, {}, {});
            else Q_EMIT ended({}, QString::fromStdString(e.message()), QString::fromStdString(e.hint()));
        }
    });
}

void FilmJob::cancel() {
    m_cancel.request();
}

} // namespace ochre::ui
