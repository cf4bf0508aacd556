// SPDX-License-Identifier: GPL-3.0-or-later
// The thread that draws scenes for the viewer: only the newest request counts, so the window never waits for
// a frame.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <QImage>
#include <QObject>

#include "ui/viewport/SceneFrame.h"

namespace ochre::ui {

struct SceneRequest {
    std::vector<SceneItem> items;
    Camera camera;
    FrameOptions options;
    bool moving = false; ///< a frame for now: not worth finishing once a newer one is asked for
    std::uint64_t turn = 0;
};

/// What is seen at a pixel of the camera's picture.
struct PickRequest {
    std::vector<SceneItem> items;
    Camera camera;
    std::optional<Bounds> box; ///< what lies outside is not there
    double x = 0, y = 0;
    std::uint64_t turn = 0;
};
struct Picked {
    Vec3 place{};        ///< in the world, where half of the light is stopped
    std::uint32_t splat; ///< the one that stops it, or SplatId::kField
    std::uint32_t item = 0; ///< of the scene, whose splat it is
};

class SceneWorker : public QObject {
    Q_OBJECT
public:
    explicit SceneWorker(QObject* parent = nullptr);
    ~SceneWorker() override; ///< stops the frame being drawn and waits for the thread

    void draw(SceneRequest request);
    void pick(PickRequest request); ///< goes before frames; a newer one replaces it

Q_SIGNALS:
    // Sent from the worker's thread: connections are queued.
    void rendererReady(const QString& name,
                       const QString& reason); ///< `reason`: why it is not Vulkan, or empty; again when it becomes another
    void frameReady(const QImage& frame, double milliseconds, bool moving, quint64 turn);
    void picked(const std::optional<ochre::ui::Picked>& what, quint64 turn);
    void failed(const QString& message, const QString& hint);

private:
    void work();
    void start();
    void drawOne(Renderer& renderer, const SceneRequest& request, const Cancel& cancel);
    void pickOne(Renderer& renderer, const PickRequest& request);

    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::optional<SceneRequest> m_next;
    std::optional<PickRequest> m_pick;
    Cancel m_cancel = Cancel::make();
    bool m_drawingStill = false, m_stop = false;
    std::thread m_thread; ///< started by the first request: a window without scenes never touches Vulkan
};

} // namespace ochre::ui
