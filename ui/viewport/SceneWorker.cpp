// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/SceneWorker.h"

#include <chrono>

#include "core/base/Log.h"

namespace ochre::ui {

SceneWorker::SceneWorker(QObject* parent) : QObject(parent) {}

SceneWorker::~SceneWorker() {
    {
        std::lock_guard lock(m_mutex);
        m_stop = true;
        m_cancel.request();
    }
    m_wake.notify_all();
    if (m_thread.joinable()) m_thread.join();
}

void SceneWorker::draw(SceneRequest request) {
    {
        std::lock_guard lock(m_mutex);
        m_next = std::move(request);
        // A slow full frame gives way; short frames while moving are finished, else nothing would ever be
        // shown.
        if (m_drawingStill) m_cancel.request();
        if (!m_thread.joinable()) m_thread = std::thread([this] { work(); });
    }
    m_wake.notify_all();
}

void SceneWorker::work() {
    std::string reason;
    std::unique_ptr<Renderer> renderer;
    try {
        renderer = makeRenderer({}, &reason);
    } catch (...) {
        const Error e = currentError();
        Q_EMIT failed(QString::fromStdString(e.message()), QString::fromStdString(e.hint()));
        return;
    }
    if (!reason.empty()) log::warning("viewer: {}", reason);
    Q_EMIT rendererReady(QString::fromStdString(renderer->name()), QString::fromStdString(reason));
    for (;;) {
        SceneRequest request;
        Cancel cancel;
        {
            std::unique_lock lock(m_mutex);
            m_wake.wait(lock, [this] { return m_stop || m_next; });
            if (m_stop) return;
            request = std::move(*m_next);
            m_next.reset();
            m_cancel = cancel = Cancel::make();
            m_drawingStill = !request.moving;
        }
        drawOne(*renderer, request, cancel);
        std::lock_guard lock(m_mutex);
        m_drawingStill = false;
    }
}

void SceneWorker::drawOne(Renderer& renderer, const SceneRequest& request, const Cancel& cancel) {
    const auto start = std::chrono::steady_clock::now();
    try {
        renderer.setSplats(request.cloud);
        const int width = request.camera.width, height = request.camera.height;
        QImage frame(width, height, QImage::Format_RGBA8888);
        renderer.renderSplats8(
            request.camera, request.options,
            {frame.bits(), static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 4}, cancel);
        const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
        Q_EMIT frameReady(frame, took.count(), request.moving, request.turn);
    } catch (...) {
        const Error e = currentError();
        if (!e.cancelled())
            Q_EMIT failed(QString::fromStdString(e.message()), QString::fromStdString(e.hint()));
    }
}

} // namespace ochre::ui
