// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/vulkan/FieldPass.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <numbers>

#include "core/base/Math.h"
#include "shaders/Shaders.h"
#include "shaders/SharedTypes.h"

namespace ochre {
namespace vk {
namespace {

constexpr std::uint32_t kBandRows = 32; // of a frame, between two looks at Cancel
constexpr std::size_t kWords = 5;       // a pixel: colour, opacity, depth
constexpr VkDeviceSize kStaging = VkDeviceSize{32} << 20;

template <typename T>
Buffer uploaded(Device& device, Commands& commands, const std::vector<T>& values) {
    const auto bytes = std::as_bytes(std::span(values));
    Buffer buffer(device, bytes.size(), Buffer::Use::Device);
    for (std::size_t at = 0; at < bytes.size(); at += kStaging) {
        const auto part = bytes.subspan(at, std::min<std::size_t>(kStaging, bytes.size() - at));
        const Buffer staging(device, part.size(), Buffer::Use::Upload);
        std::memcpy(staging.mapped().data(), part.data(), part.size());
        commands.begin();
        const VkBufferCopy region{.srcOffset = 0, .dstOffset = at, .size = part.size()};
        vkCmdCopyBuffer(commands.handle(), staging.handle(), buffer.handle(), 1, &region);
        commands.submitAndWait({});
    }
    return buffer;
}

std::vector<std::uint32_t> levelsOf(const HashField& field) {
    std::vector<std::uint32_t> words;
    for (const HashField::Level& level : field.levels) words.insert(words.end(), {level.cells, level.offset, level.dense ? 1u : 0u, 0u});
    return words;
}

/// A bit a cell, then a bit a coarse cell.
std::vector<std::uint32_t> cellsOf(const OccupancyGrid& grid) {
    const std::size_t side = static_cast<std::size_t>(grid.side()), all = side * side * side;
    const int coarse = grid.side() / OccupancyGrid::kCoarse;
    std::vector<std::uint32_t> words(all / 32 + static_cast<std::size_t>(coarse * coarse * coarse) / 32 + 1);
    std::memcpy(words.data(), grid.bits().data(), grid.bits().size());
    for (int i = 0; i < coarse * coarse * coarse; ++i)
        if (grid.coarseOccupied(i % coarse, i / coarse % coarse, i / coarse / coarse)) {
            const std::size_t bit = all + static_cast<std::size_t>(i);
            words[bit >> 5] |= 1u << (bit & 31);
        }
    return words;
}

std::vector<float> wordsOf(const FieldLayer& layer) {
    std::vector<float> words;
    words.reserve(kWords * layer.depth.pixelCount());
    for (std::size_t i = 0; i < layer.depth.pixelCount(); ++i) {
        const auto color = layer.color.values().subspan(4 * i, 4);
        words.insert(words.end(), color.begin(), color.end());
        words.push_back(layer.depth.values()[i]);
    }
    return words;
}

shared::FieldParams paramsOf(const HashField::Config& config, const Camera& camera) {
    shared::FieldParams p{};
    const double side = config.box.max[0] - config.box.min[0];
    const Vec3 place = camera.position();
    for (std::size_t k = 0; k < 3; ++k) {
        for (std::size_t axis = 0; axis < 3; ++axis) p.toBox[4 * k + axis] = static_cast<float>(camera.worldToCamera[4 * axis + k] / side);
        p.toBox[4 * k + 3] = static_cast<float>((place[k] - config.box.min[k]) / side);
    }
    p.fx = static_cast<float>(camera.fx);
    p.fy = static_cast<float>(camera.fy);
    p.cx = static_cast<float>(camera.cx);
    p.cy = static_cast<float>(camera.cy);
    p.nearPlane = static_cast<float>(camera.near);
    p.farPlane = static_cast<float>(std::min(camera.far, 1e30)); // drivers need not know infinity
    p.width = static_cast<std::uint32_t>(camera.width);
    p.mask = (1u << config.log2Entries) - 1;
    p.flags = camera.orthographic ? shared::kFieldOrthographic : 0;
    return p;
}

} // namespace

FieldPass::FieldPass(Device& device, Commands& commands, const HashField& field)
    : m_device(device), m_config(field.config), m_side(static_cast<std::uint32_t>(field.occupancy.side())),
      m_kernel(device, shaders::Field, 6, sizeof(shared::FieldParams)),
      m_table(uploaded(device, commands, field.table)),
      m_layers(uploaded(device, commands, field.layers)),
      m_levels(uploaded(device, commands, levelsOf(field))),
      m_cells(uploaded(device, commands, cellsOf(field.occupancy))) {}

FieldFrame FieldPass::render(Commands& commands, const Camera& camera, const FieldOptions& options, const Cancel& cancel) {
    checkLayer(options, camera);
    FieldFrame frame{Image(camera.width, camera.height, 4, ColorSpace::Raw), Image(camera.width, camera.height, 1, ColorSpace::Raw)};
    shared::FieldParams p = paramsOf(m_config, camera);
    p.stepLength = static_cast<float>(std::numbers::sqrt3 / options.steps);
    p.side = m_side;
    if (options.layer) {
        p.flags |= shared::kFieldLayer;
        m_layer = uploaded(m_device, commands, wordsOf(*options.layer));
    } else if (m_layer.size() == 0) {
        m_layer = Buffer(m_device, kWords * sizeof(float), Buffer::Use::Device); // only there to be bound
    }
    const std::size_t rowWords = kWords * static_cast<std::size_t>(camera.width);
    const VkDeviceSize bytes = kBandRows * rowWords * sizeof(float);
    if (m_frame.size() < bytes) {
        m_frame = Buffer(m_device, bytes, Buffer::Use::Device);
        m_frameRead = Buffer(m_device, bytes, Buffer::Use::Readback);
    }
    const auto color = frame.color.edit(), depth = frame.depth.edit();
    const auto& back = options.background;
    for (p.firstRow = 0; p.firstRow < static_cast<std::uint32_t>(camera.height); p.firstRow += kBandRows) {
        cancel.check();
        p.rows = std::min(kBandRows, static_cast<std::uint32_t>(camera.height) - p.firstRow);
        commands.begin();
        commands.stage("field");
        commands.dispatch(m_kernel, p, {&m_table, &m_layers, &m_levels, &m_cells, &m_layer, &m_frame}, ceilDivide(p.width, 8u), ceilDivide(p.rows, 8u));
        commands.copy(m_frame, m_frameRead, p.rows * rowWords * sizeof(float));
        commands.submitAndWait(cancel);
        const auto* words = reinterpret_cast<const float*>(m_frameRead.mapped().data());
        const std::size_t first = std::size_t{p.firstRow} * p.width;
        for (std::size_t i = 0; i < std::size_t{p.rows} * p.width; ++i, words += kWords) {
            float* pixel = color.data() + 4 * (first + i);
            for (std::size_t k = 0; k < 3; ++k) pixel[k] = words[k] + (back ? (1 - words[3]) * (*back)[k] : 0);
            pixel[3] = back ? 1 : words[3];
            depth[first + i] = words[4];
        }
    }
    return frame;
}

} // namespace vk

namespace {

class VulkanFieldRenderer : public FieldRenderer {
public:
    VulkanFieldRenderer(const HashField& field, bool validation) : m_device(validation), m_commands(m_device), m_pass(m_device, m_commands, field) {}
    std::string name() const override { return "Vulkan, field: " + m_device.name(); }
    FieldFrame render(const Camera& camera, const FieldOptions& options, const Cancel& cancel) override {
        return m_pass.render(m_commands, camera, options, cancel);
    }
    std::size_t validationMessages() const override { return m_device.validationMessages(); }

private:
    vk::Device m_device;
    vk::Commands m_commands;
    vk::FieldPass m_pass;
};

} // namespace

std::unique_ptr<FieldRenderer> makeVulkanFieldRenderer(const HashField& field, const RendererOptions& options) {
    checkField(field);
    const char* wanted = std::getenv("OCHRE_VALIDATION");
    return std::make_unique<VulkanFieldRenderer>(field, options.validation || (wanted && *wanted && *wanted != '0'));
}

} // namespace ochre
