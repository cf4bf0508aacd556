// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/vulkan/FieldPass.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <numbers>

#include "core/base/Math.h"
#include "shaders/Shaders.h"
#include "shaders/FieldTypes.h"

namespace ochre {
namespace vk {
namespace {

constexpr std::uint32_t kBandRows = 32; // of a frame, between two looks at Cancel
constexpr std::size_t kWords = 9;       // a pixel: colour, opacity, Σwz, median, what stops the light, next sample and layer
constexpr std::size_t kLayerWords = 5;  // colour, opacity, depth
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

std::vector<float> wordsOf(std::span<const FieldLayer> layers) {
    const std::size_t pixels = layers.front().depth.pixelCount();
    std::vector<float> words(kLayerWords * pixels * layers.size());
    for (std::size_t k = 0; k < layers.size(); ++k) {
        const float *color = layers[k].color.values().data(), *depth = layers[k].depth.values().data();
        for (std::size_t i = 0; i < pixels; ++i) {
            float* to = words.data() + kLayerWords * (i * layers.size() + k);
            std::copy_n(color + 4 * i, 4, to);
            to[4] = depth[i];
        }
    }
    return words;
}

/// As many as the longest ray needs: samples all along the diagonal, and steps over empty cells.
std::uint32_t passesOf(const HashField& field, const FieldOptions& options) {
    const std::size_t loops = static_cast<std::size_t>(options.steps + 4) / 4 * (shared::kFieldBatchLoops + 6) +
                              3 * static_cast<std::size_t>(field.occupancy.side()) + options.layers.size();
    return static_cast<std::uint32_t>(loops / (shared::kFieldPassLoops - 2 * shared::kFieldBatchLoops) + 1);
}

/// The field without its numbers.
HashField shapeOf(const HashField& field) {
    HashField shape = field;
    shape.table.clear();
    shape.layers.clear();
    return shape;
}

/// From places in the picture and z to the box, times the last row: columns of x, of y, along z, and the origin.
std::array<double, 16> pictureToBox(const std::array<double, 16>& toBox, const Camera& camera) {
    const std::array<double, 16> m = multiplied(toBox, inverseSimilarity(camera.worldToCamera));
    std::array<double, 16> rows{};
    for (std::size_t r = 0; r < 4; ++r) {
        const double x = m[4 * r] / camera.fx, y = m[4 * r + 1] / camera.fy, across = x * camera.cx + y * camera.cy;
        rows[4 * r] = x;
        rows[4 * r + 1] = y;
        rows[4 * r + 2] = m[4 * r + 2] - (camera.orthographic ? 0 : across);
        rows[4 * r + 3] = m[4 * r + 3] - (camera.orthographic ? across : 0);
    }
    return rows;
}

shared::FieldParams paramsOf(const HashField& field, const Camera& camera, const FieldOptions& options) {
    shared::FieldParams p{};
    const HashField::Config& config = field.config;
    const std::array<double, 16> rows = pictureToBox(boxMatrix(field, options), camera);
    for (std::size_t i = 0; i < 16; ++i) p.toBox[i] = static_cast<float>(rows[i]);
    for (std::size_t k = 0; k < 2; ++k) {
        p.device[2 * k] = static_cast<float>(config.deviceScale[k] * field.side());
        p.device[2 * k + 1] = static_cast<float>(config.deviceScale[k] * config.box.min[k]);
    }
    p.nearPlane = static_cast<float>(camera.near);
    p.farPlane = static_cast<float>(std::min(camera.far, 1e30)); // drivers need not know infinity
    p.stepLength = static_cast<float>(std::numbers::sqrt3 / options.steps);
    p.opacity = static_cast<float>(options.opacity);
    if (options.depthRange) {
        p.greyBegin = static_cast<float>((*options.depthRange)[0]);
        p.greyEnd = static_cast<float>((*options.depthRange)[1]);
    }
    p.width = static_cast<std::uint32_t>(camera.width);
    p.side = static_cast<std::uint32_t>(field.occupancy.side());
    p.mask = (1u << config.log2Entries) - 1;
    p.flags = (camera.orthographic ? shared::kFieldOrthographic : 0) | (config.forwardFacing() ? shared::kFieldDevice : 0) |
              (options.depthRange ? shared::kFieldGrey : 0) | static_cast<std::uint32_t>(options.layers.size()) << shared::kFieldLayersShift;
    return p;
}

} // namespace

FieldPass::FieldPass(Device& device, Commands& commands, const HashField& field)
    : m_device(device), m_shape(shapeOf(field)), m_kernel(device, shaders::Field, 6, sizeof(shared::FieldParams)),
      m_table(uploaded(device, commands, field.table)),
      m_layers(uploaded(device, commands, field.layers)),
      m_levels(uploaded(device, commands, levelsOf(field))),
      m_cells(uploaded(device, commands, cellsOf(field.occupancy))) {}

FieldFrame FieldPass::render(Commands& commands, const Camera& camera, const FieldOptions& options, const Cancel& cancel) {
    checkLayers(options, camera);
    FieldFrame frame(camera);
    shared::FieldParams p = paramsOf(m_shape, camera, options);
    if (!options.layers.empty())
        m_layer = uploaded(m_device, commands, wordsOf(options.layers));
    else if (m_layer.size() == 0)
        m_layer = Buffer(m_device, kLayerWords * sizeof(float), Buffer::Use::Device); // only there to be bound
    const std::size_t rowWords = kWords * static_cast<std::size_t>(camera.width);
    const VkDeviceSize bytes = kBandRows * rowWords * sizeof(float);
    if (m_frame.size() < bytes) {
        m_frame = Buffer(m_device, bytes, Buffer::Use::Device);
        m_frameRead = Buffer(m_device, bytes, Buffer::Use::Readback);
    }
    const auto color = frame.color.edit(), depth = frame.depth.edit(), median = frame.median.edit(), stops = frame.stops.edit();
    const auto& back = options.background;
    const std::uint32_t passes = passesOf(m_shape, options);
    for (p.firstRow = 0; p.firstRow < static_cast<std::uint32_t>(camera.height); p.firstRow += kBandRows) {
        cancel.check();
        p.rows = std::min(kBandRows, static_cast<std::uint32_t>(camera.height) - p.firstRow);
        commands.begin();
        commands.stage("field");
        for (std::uint32_t pass = 0; pass < passes; ++pass) {
            p.flags = pass == 0 ? p.flags & ~shared::kFieldGoesOn : p.flags | shared::kFieldGoesOn;
            commands.dispatch(m_kernel, p, {&m_table, &m_layers, &m_levels, &m_cells, &m_layer, &m_frame}, ceilDivide(p.width, 8u), ceilDivide(p.rows, 8u));
        }
        commands.copy(m_frame, m_frameRead, p.rows * rowWords * sizeof(float));
        commands.submitAndWait(cancel);
        const auto* words = reinterpret_cast<const float*>(m_frameRead.mapped().data());
        const std::size_t first = std::size_t{p.firstRow} * p.width;
        for (std::size_t i = 0; i < std::size_t{p.rows} * p.width; ++i, words += kWords) {
            float* pixel = color.data() + 4 * (first + i);
            for (std::size_t k = 0; k < 3; ++k) pixel[k] = words[k] + (back ? (1 - words[3]) * (*back)[k] : 0);
            pixel[3] = back ? 1 : words[3];
            depth[first + i] = words[3] > 0 ? words[4] / words[3] : 0;
            median[first + i] = words[5];
            stops[first + i] = words[6];
        }
    }
    return frame;
}

namespace {

class PassRenderer : public FieldRenderer {
public:
    PassRenderer(Device& device, Commands& commands, const HashField& field)
        : m_device(device), m_commands(commands), m_pass(device, commands, field) {}
    std::string name() const override { return "Vulkan, field: " + m_device.name(); }
    FieldFrame render(const Camera& camera, const FieldOptions& options, const Cancel& cancel) override {
        return m_pass.render(m_commands, camera, options, cancel);
    }
    std::size_t validationMessages() const override { return m_device.validationMessages(); }

private:
    Device& m_device;
    Commands& m_commands;
    FieldPass m_pass;
};

} // namespace

std::unique_ptr<FieldRenderer> makeFieldRenderer(Device& device, Commands& commands, const HashField& field) {
    checkField(field);
    return std::make_unique<PassRenderer>(device, commands, field);
}

} // namespace vk

namespace {

class VulkanFieldRenderer : public FieldRenderer {
public:
    VulkanFieldRenderer(const HashField& field, bool validation)
        : m_device(validation), m_commands(m_device), m_pass(vk::makeFieldRenderer(m_device, m_commands, field)) {}
    std::string name() const override { return m_pass->name(); }
    FieldFrame render(const Camera& camera, const FieldOptions& options, const Cancel& cancel) override {
        return m_pass->render(camera, options, cancel);
    }
    std::size_t validationMessages() const override { return m_device.validationMessages(); }

private:
    vk::Device m_device;
    vk::Commands m_commands;
    std::unique_ptr<FieldRenderer> m_pass;
};

} // namespace

std::unique_ptr<FieldRenderer> makeVulkanFieldRenderer(const HashField& field, const RendererOptions& options) {
    const char* wanted = std::getenv("OCHRE_VALIDATION");
    return std::make_unique<VulkanFieldRenderer>(field, options.validation || (wanted && *wanted && *wanted != '0'));
}

} // namespace ochre
