// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdlib>
#include <string_view>

#include "core/base/Error.h"
#include "core/render/LastingRenderer.h"
#include "core/render/MixedRenderer.h"
#include "core/render/vulkan/FieldPass.h"
#include "core/render/vulkan/PicturePass.h"
#include "core/render/vulkan/SplatPass.h"

namespace ochre {
namespace {

class VulkanRenderer : public Renderer {
public:
    VulkanRenderer(bool validation, const RendererOptions& options)
        : m_device(validation, options.manyLanes), m_commands(m_device), m_splats(m_device, options.blending), m_picture(m_device) {}

    std::string name() const override { return "Vulkan: " + m_device.name(); }
    bool software() const { return m_device.isCpu(); } ///< a driver that computes on the CPU
    std::unique_ptr<FieldRenderer> fieldRenderer(const HashField& field) { return vk::makeFieldRenderer(m_device, m_commands, field); }

    void setScene(std::span<const SceneItem> items) override {
        checkScene(items);
        m_splats.setScene(m_commands, items);
    }

    Image renderSplats(const Camera& camera, const SplatOptions& options, const Cancel& cancel) override {
        Image image(camera.width, camera.height, 4, ColorSpace::Raw);
        m_commands.clearTimes();
        m_splats.render(m_commands, camera, options, false, std::as_writable_bytes(image.edit()), cancel);
        return image;
    }

    void renderSplats8(const Camera& camera, const SplatOptions& options, std::span<std::uint8_t> pixels,
                       const Cancel& cancel) override {
        if (pixels.size() != std::size_t{4} * static_cast<std::size_t>(camera.width) * static_cast<std::size_t>(camera.height))
            throw Error("the frame's memory does not fit the camera's size");
        m_commands.clearTimes();
        m_splats.render(m_commands, camera, options, true, std::as_writable_bytes(pixels), cancel);
    }

    Planes renderPlanes(const Camera& camera, const SplatOptions& options, std::span<const Plane> wanted,
                        const Cancel& cancel) override {
        PlaneWriter writer(wanted, camera.width, camera.height, m_splats.firsts(), options.background);
        m_commands.clearTimes();
        m_splats.renderPlanes(m_commands, camera, options, writer, cancel);
        return writer.take();
    }

    void setPicture(const Image& image) override { m_picture.upload(m_commands, image); }

    void renderPicture8(const PictureView& view, int width, int height, std::span<std::uint8_t> pixels) override {
        m_commands.clearTimes();
        m_picture.render(m_commands, view, width, height, pixels);
    }

    std::vector<StageTime> lastTimes() const override { return m_commands.times(); }
    FrameCounts lastCounts() const override { return m_splats.counts(); }
    std::size_t bytesUploaded() const override { return m_splats.uploaded(); }
    std::size_t validationMessages() const override { return m_device.validationMessages(); }

private:
    vk::Device m_device;
    vk::Commands m_commands;
    vk::SplatPass m_splats;
    vk::PicturePass m_picture;
};

std::unique_ptr<VulkanRenderer> openVulkan(const RendererOptions& options) {
    const char* wanted = std::getenv("OCHRE_VALIDATION");
    return std::make_unique<VulkanRenderer>(options.validation || (wanted && *wanted && *wanted != '0'), options);
}

std::unique_ptr<Renderer> withFields(std::unique_ptr<VulkanRenderer> renderer) {
    VulkanRenderer& splats = *renderer;
    return makeMixedRenderer(std::move(renderer), [&splats](const auto& field) { return splats.fieldRenderer(*field); });
}

} // namespace

std::unique_ptr<Renderer> makeVulkanRenderer(const RendererOptions& options) {
    return withFields(openVulkan(options));
}

std::unique_ptr<Renderer> makeRenderer(const RendererOptions& options, std::string* reason) {
    const char* wanted = std::getenv("OCHRE_RENDERER");
    const std::string_view choice = wanted ? wanted : "";
    if (choice == "fast") return makeFastCpuRenderer();
    if (choice == "cpu") return makeCpuRenderer();
    try {
        auto renderer = openVulkan(options);
        if (renderer->software() && choice != "vulkan") return makeFastCpuRenderer();
        return makeLastingRenderer(withFields(std::move(renderer)), [options] { return makeVulkanRenderer(options); }, makeFastCpuRenderer);
    } catch (const Error& e) {
        if (reason) *reason = e.full();
        return makeFastCpuRenderer();
    }
}

} // namespace ochre
