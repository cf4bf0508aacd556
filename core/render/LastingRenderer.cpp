// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/LastingRenderer.h"

#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "core/base/Log.h"

namespace ochre {
namespace {

constexpr int kMostRebuilt = 3; // for one frame

class LastingRenderer : public Renderer {
public:
    LastingRenderer(std::unique_ptr<Renderer> first, RendererMaker again, RendererMaker last)
        : m_now(std::move(first)), m_again(std::move(again)), m_last(std::move(last)) {}

    std::string name() const override { return m_now->name(); }
    std::string trouble() const override { return m_trouble; }

    void setScene(std::span<const SceneItem> items) override {
        attempt([&] { m_now->setScene(items); });
        m_items.assign(items.begin(), items.end());
    }
    std::size_t bytesUploaded() const override { return m_now->bytesUploaded(); }
    Image renderSplats(const Camera& camera, const SplatOptions& options, const Cancel& cancel) override {
        return attempt([&] { return m_now->renderSplats(camera, options, cancel); });
    }
    void renderSplats8(const Camera& camera, const SplatOptions& options, std::span<std::uint8_t> pixels, const Cancel& cancel) override {
        attempt([&] { m_now->renderSplats8(camera, options, pixels, cancel); });
    }
    Planes renderPlanes(const Camera& camera, const SplatOptions& options, std::span<const Plane> wanted, const Cancel& cancel) override {
        return attempt([&] { return m_now->renderPlanes(camera, options, wanted, cancel); });
    }
    void setPicture(const Image& image) override {
        attempt([&] { m_now->setPicture(image); });
        m_picture = image;
    }
    void renderPicture8(const PictureView& view, int width, int height, std::span<std::uint8_t> pixels) override {
        attempt([&] { m_now->renderPicture8(view, width, height, pixels); });
    }
    std::vector<StageTime> lastTimes() const override { return m_now->lastTimes(); }
    FrameCounts lastCounts() const override { return m_now->lastCounts(); }
    std::size_t validationMessages() const override { return m_now->validationMessages(); }

private:
    /// Until it is done: at the latest by the last renderer, which has no device to lose.
    template <typename Work>
    std::invoke_result_t<const Work&> attempt(const Work& work) {
        for (int rebuilt = 0;;) {
            try {
                return work();
            } catch (const DeviceLost& lost) {
                log::warning("{}: {}", m_now->name(), lost.what());
                replace(rebuilt, lost);
            }
        }
    }

    /// By one that holds what was set.
    void replace(int& rebuilt, const DeviceLost& lost) {
        while (rebuilt++ < kMostRebuilt) {
            try {
                m_now = m_again();
                return restore();
            } catch (const Error& e) {
                log::warning("{}", e.full());
            }
        }
        m_trouble = fmt::format("{}, so the processor draws", lost.message());
        m_now = m_last();
        restore();
    }

    void restore() {
        if (!m_items.empty()) m_now->setScene(m_items);
        if (m_picture.width() > 0) m_now->setPicture(m_picture);
    }

    std::unique_ptr<Renderer> m_now;
    RendererMaker m_again, m_last;
    std::vector<SceneItem> m_items;
    Image m_picture;
    std::string m_trouble;
};

} // namespace

std::unique_ptr<Renderer> makeLastingRenderer(std::unique_ptr<Renderer> first, RendererMaker again, RendererMaker last) {
    return std::make_unique<LastingRenderer>(std::move(first), std::move(again), std::move(last));
}

} // namespace ochre
