// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/SceneWorker.h"

#include <chrono>
#include <cmath>

#include "core/base/Log.h"
#include "ui/viewport/OrbitCamera.h"

namespace ochre::ui {
namespace {
constexpr int kReach = 5; ///< pixels around a click that are looked at, so that thin things can be hit
} // namespace

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
        start();
    }
    m_wake.notify_all();
}

void SceneWorker::pick(PickRequest request) {
    {
        std::lock_guard lock(m_mutex);
        m_pick = std::move(request);
        start();
    }
    m_wake.notify_all();
}

void SceneWorker::start() {
    if (!m_thread.joinable()) m_thread = std::thread([this] { work(); });
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
    std::string told;
    for (;;) {
        if (renderer->name() != told) {
            told = renderer->name();
            Q_EMIT rendererReady(QString::fromStdString(told), QString::fromStdString(reason.empty() ? renderer->trouble() : reason));
        }
        SceneRequest request;
        std::optional<PickRequest> pick;
        Cancel cancel;
        {
            std::unique_lock lock(m_mutex);
            m_wake.wait(lock, [this] { return m_stop || m_next || m_pick; });
            if (m_stop) return;
            std::swap(pick, m_pick);
        }
        if (pick) {
            pickOne(*renderer, *pick);
            continue;
        }
        {
            std::unique_lock lock(m_mutex);
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
        renderer.setScene(request.items);
        const int width = request.camera.width, height = request.camera.height;
        QImage frame(width, height, QImage::Format_RGBA8888);
        drawFrame(renderer, request.camera, request.options,
                  {frame.bits(), static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 4}, cancel);
        const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
        Q_EMIT frameReady(frame, took.count(), request.moving, request.turn);
    } catch (...) {
        const Error e = currentError();
        if (!e.cancelled())
            Q_EMIT failed(QString::fromStdString(e.message()), QString::fromStdString(e.hint()));
    }
}

void SceneWorker::pickOne(Renderer& renderer, const PickRequest& request) {
    std::optional<Picked> found;
    try {
        constexpr int kSide = 2 * kReach + 1;
        Camera part = request.camera; // of the picture, around the click
        part.width = part.height = kSide;
        part.cx -= std::floor(request.x) - kReach;
        part.cy -= std::floor(request.y) - kReach;
        constexpr Plane kWanted[] = {Plane::MedianDepth, Plane::Id};
        renderer.setScene(request.items);
        const Planes planes = renderer.renderPlanes(part, {.box = request.box}, kWanted);
        int best = kSide * kSide; // the square of the distance from the click
        for (int y = 0; y < kSide; ++y)
            for (int x = 0; x < kSide; ++x) {
                const int away = (x - kReach) * (x - kReach) + (y - kReach) * (y - kReach);
                const SplatId id = planes.ids[static_cast<std::size_t>(y * kSide + x)];
                if (id.splat == SplatId::kNone || away >= best) continue;
                best = away;
                found =
                    Picked{unprojected(part, x + 0.5, y + 0.5, planes.medianDepth.pixel(x, y)[0]), id.splat, id.item};
            }
    } catch (...) {
        const Error e = currentError();
        Q_EMIT failed(QString::fromStdString(e.message()), QString::fromStdString(e.hint()));
    }
    Q_EMIT picked(found, request.turn);
}

} // namespace ochre::ui
