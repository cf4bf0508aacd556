// SPDX-License-Identifier: GPL-3.0-or-later
// Work on the shared task pool whose result comes back to the window's thread.
#pragma once

#include <utility>

#include <QCoreApplication>
#include <QMetaObject>
#include <QPointer>

#include "core/base/TaskPool.h"

namespace ochre::ui {

/// Runs `work()` on a pool thread, then `done(result)` on the window's, unless `context` is gone by then.
/// Call on the window's thread. `work` must not throw and must own what it reads.
template <typename Work, typename Done>
void inBackground(QObject* context, Work work, Done done) {
    TaskPool::shared().post(
        [guard = QPointer<QObject>(context), work = std::move(work), done = std::move(done)]() mutable {
            auto result = work();
            QCoreApplication* application = QCoreApplication::instance();
            if (!application) return;
            QMetaObject::invokeMethod(
                application,
                [guard = std::move(guard), done = std::move(done), result = std::move(result)]() mutable {
                    if (guard) done(std::move(result));
                },
                Qt::QueuedConnection);
        });
}

} // namespace ochre::ui
