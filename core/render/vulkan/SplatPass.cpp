// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/vulkan/SplatPass.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "core/base/Error.h"
#include "core/base/Math.h"
#include "core/render/SplatMath.h"
#include "shaders/Shaders.h"
#include "shaders/SharedTypes.h"

namespace ochre::vk {
namespace {

std::uint32_t groups(std::uint32_t invocations) {
    return ceilDivide(std::max(invocations, 1u), shared::kGroupSize);
}

shared::ProjectParams projectParams(const Camera& camera, std::uint32_t count, int degree, bool antialiased) {
    shared::ProjectParams p{};
    for (std::size_t i = 0; i < 12; ++i) p.view[i] = static_cast<float>(camera.worldToCamera[i]);
    const Vec3 eye = camera.position();
    p.eyeX = static_cast<float>(eye[0]);
    p.eyeY = static_cast<float>(eye[1]);
    p.eyeZ = static_cast<float>(eye[2]);
    p.nearPlane = static_cast<float>(camera.near);
    p.fx = static_cast<float>(camera.fx);
    p.fy = static_cast<float>(camera.fy);
    p.cx = static_cast<float>(camera.cx);
    p.cy = static_cast<float>(camera.cy);
    p.width = static_cast<std::uint32_t>(camera.width);
    p.height = static_cast<std::uint32_t>(camera.height);
    p.count = count;
    p.degree = static_cast<std::uint32_t>(degree);
    p.tilesAcross = ceilDivide(p.width, shared::kTileSize);
    p.tilesDown = ceilDivide(p.height, shared::kTileSize);
    p.antialiased = antialiased;
    return p;
}

} // namespace

struct SplatPass::View {
    std::uint32_t width, height, across, down; ///< pixels, tiles

    explicit View(const Camera& camera)
        : width(static_cast<std::uint32_t>(camera.width)), height(static_cast<std::uint32_t>(camera.height)),
          across(ceilDivide(width, shared::kTileSize)), down(ceilDivide(height, shared::kTileSize)) {}
};

SplatPass::SplatPass(Device& device, Blending blending)
    : m_device(device), m_project(device, shaders::Project, 14, sizeof(shared::ProjectParams)),
      m_orderCounts(device, shaders::OrderCounts, 3, sizeof(shared::ExpandParams)),
      m_expand(device, shaders::Expand, 6, sizeof(shared::ExpandParams)),
      m_ranges(device, shaders::TileRanges, 2, sizeof(shared::ExpandParams)),
      m_blend(device, shaders::Blend, 6, sizeof(shared::BlendParams)),
      m_resolve(device, shaders::Resolve, 2, sizeof(shared::BlendParams), true), m_sampler(device), m_sorter(device),
      m_draw(device, 16, Buffer::Use::Device), m_totals(device, 16, Buffer::Use::Device), m_totalsRead(device, 16, Buffer::Use::Readback) {
    // The rasteriser only touches the pixels of a splat, which is what counts where SIMD is narrow; the walk over tiles
    // stops at full pixels, which is what counts where there are many lanes.
    const bool quads = blending == Blending::Quads || (blending == Blending::Auto && device.isCpu());
    if (quads && QuadBlender::supported(device)) m_quads = std::make_unique<QuadBlender>(device);
}

void SplatPass::send(Commands& commands, const std::vector<float>& values, Buffer& buffer) {
    const VkDeviceSize bytes = values.size() * sizeof(float);
    buffer = Buffer(m_device, bytes, Buffer::Use::Device);
    if (bytes == 0) return;
    const Buffer staging(m_device, bytes, Buffer::Use::Upload);
    std::memcpy(staging.mapped().data(), values.data(), bytes);
    commands.begin();
    commands.copy(staging, buffer, bytes);
    commands.submitAndWait({});
}

void SplatPass::upload(Commands& commands, const SplatCloud& cloud) {
    m_count = 0;
    const SplatData& d = cloud.data();
    const std::size_t n = cloud.count(), rest = cloud.restCount();
    std::vector<float> covariances(6 * n), opacities(n), base(3 * n);
    for (std::size_t i = 0; i < n; ++i) {
        const splat::Covariance c = splat::covariance(d, i);
        for (std::size_t k = 0; k < 6; ++k) covariances[6 * i + k] = static_cast<float>(c[k]);
        opacities[i] = static_cast<float>(1 / (1 + std::exp(-double{d.opacities[i]})));
        for (std::size_t k = 0; k < 3; ++k) base[3 * i + k] = static_cast<float>(0.5 + 0.28209479177387814 * d.sh0[3 * i + k]);
    }
    send(commands, d.positions, m_positions);
    send(commands, covariances, m_covariances);
    send(commands, opacities, m_opacities);
    send(commands, base, m_base);
    std::vector<float> plane(n * rest);
    for (std::size_t channel = 0; channel < 3; ++channel) {
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t k = 0; k < rest; ++k) plane[k * n + i] = d.shRest[(i * rest + k) * 3 + channel];
        send(commands, plane, m_rest[channel]);
    }
    const auto make = [&](Buffer& buffer, std::size_t each) { buffer = Buffer(m_device, n * each, Buffer::Use::Device); };
    for (Buffer* vectors : {&m_place, &m_shape, &m_colors}) make(*vectors, 16);
    for (Buffer* numbers : {&m_keys, &m_order, &m_counts, &m_offsets}) make(*numbers, 4);
    m_sorter.reserve(static_cast<std::uint32_t>(n));
    m_count = static_cast<std::uint32_t>(n);
    m_degree = cloud.shDegree();
    m_antialiased = d.antialiased;
}

void SplatPass::projectAndSort(Commands& commands, const Camera& camera, const SplatOptions& options) {
    const auto p = projectParams(camera, m_count, std::min(options.shDegree, m_degree), options.antialiased || m_antialiased);
    commands.stage("project");
    const std::array<std::uint32_t, 4> draw{4, 0, 0, 0}; // vertices, instances (counted by the kernel)
    commands.write(m_draw, draw);
    commands.dispatch(m_project, p, {&m_positions, &m_covariances, &m_opacities, &m_base, &m_rest[0], &m_rest[1], &m_rest[2],
                                     &m_place, &m_shape, &m_colors, &m_keys, &m_order, &m_counts, &m_draw}, groups(m_count));
    commands.stage("sort");
    m_sorter.sort(commands, m_keys, m_order, m_count, 32);
}

void SplatPass::binTiles(Commands& commands, const View& view, const Cancel& cancel) {
    const shared::ExpandParams splats{m_count, view.across, view.down};
    commands.stage("bin");
    std::uint32_t entries = 0;
    if (m_count > 0) {
        commands.dispatch(m_orderCounts, splats, {&m_order, &m_counts, &m_offsets}, groups(m_count));
        m_sorter.scan(commands, m_offsets, m_count, m_totals, 0);
        commands.copy(m_totals, m_totalsRead, 4);
        commands.submitAndWait(cancel);
        std::memcpy(&entries, m_totalsRead.mapped().data(), sizeof entries);
        commands.begin();
        commands.stage("bin");
    }
    reserveTiles(std::max(entries, 1u), view.across * view.down);
    commands.fill(m_tileRanges, 0, VkDeviceSize{view.across} * view.down * 8);
    if (entries == 0) return;
    const shared::ExpandParams list{entries, view.across, view.down};
    commands.dispatch(m_expand, splats, {&m_order, &m_offsets, &m_counts, &m_place, &m_tiles, &m_tileSplats}, groups(m_count));
    m_sorter.sort(commands, m_tiles, m_tileSplats, entries, static_cast<std::uint32_t>(std::bit_width(view.across * view.down)));
    commands.dispatch(m_ranges, list, {&m_tiles, &m_tileRanges}, groups(entries));
}

void SplatPass::reserveTiles(std::uint32_t entries, std::uint32_t tiles) {
    if (entries > m_tileCapacity) {
        const std::uint32_t capacity = entries + entries / 4;
        m_tileCapacity = 0;
        m_tiles = Buffer(m_device, VkDeviceSize{capacity} * 4, Buffer::Use::Device);
        m_tileSplats = Buffer(m_device, VkDeviceSize{capacity} * 4, Buffer::Use::Device);
        m_tileCapacity = capacity;
    }
    m_sorter.reserve(entries);
    if (tiles > m_rangeCapacity) {
        m_tileRanges = Buffer(m_device, VkDeviceSize{tiles} * 8, Buffer::Use::Device);
        m_rangeCapacity = tiles;
    }
}

void SplatPass::finish(Commands& commands, const View& view, const SplatOptions& options, bool pack, std::span<std::byte> target,
                       const Cancel& cancel) {
    const VkDeviceSize rowBytes = VkDeviceSize{view.width} * (pack ? 4 : 16);
    // Bands of whole tiles that fit into one buffer.
    const auto fitting = static_cast<std::uint32_t>(
        std::min<VkDeviceSize>(m_device.limits().maxStorageBufferRange / rowBytes, view.height));
    const std::uint32_t band = fitting == view.height ? view.height : std::max(fitting / shared::kTileSize, 1u) * shared::kTileSize;
    const VkDeviceSize bytes = rowBytes * band;
    if (m_pixels.size() < bytes) {
        m_pixels = Buffer(m_device, bytes, Buffer::Use::Device);
        m_pixelsRead = Buffer(m_device, bytes, Buffer::Use::Readback);
    }
    for (std::uint32_t row = 0; row < view.height; row += band) {
        const std::uint32_t rows = std::min(band, view.height - row);
        shared::BlendParams p{view.width, view.height, view.across, row, rows, pack ? 1u : 0u, 0, 0, 0, 0};
        if (options.background) {
            const auto& b = *options.background;
            p.backgroundR = b[0], p.backgroundG = b[1], p.backgroundB = b[2], p.backgroundA = 1;
        }
        if (row > 0) commands.begin();
        if (m_quads) {
            commands.stage("readback");
            commands.dispatch(m_resolve, p, {&m_pixels}, ceilDivide(view.width, 8u), ceilDivide(rows, 8u),
                              {m_quads->texture().view(), m_sampler.handle()});
        } else {
            commands.stage("blend");
            commands.dispatch(m_blend, p, {&m_tileRanges, &m_tileSplats, &m_place, &m_shape, &m_colors, &m_pixels}, view.across,
                              ceilDivide(rows, shared::kTileSize));
            commands.stage("readback");
        }
        commands.copy(m_pixels, m_pixelsRead, rowBytes * rows);
        commands.submitAndWait(cancel);
        std::memcpy(target.data() + rowBytes * row, m_pixelsRead.mapped().data(), rowBytes * rows);
    }
}

void SplatPass::render(Commands& commands, const Camera& camera, const SplatOptions& options, bool pack,
                       std::span<std::byte> target, const Cancel& cancel) {
    const View view(camera);
    if (m_order.size() == 0) upload(commands, SplatCloud()); // the kernels need something to bind
    commands.begin();
    if (m_count > 0) projectAndSort(commands, camera, options);
    else commands.write(m_draw, std::array<std::uint32_t, 4>{4, 0, 0, 0});
    if (m_quads) {
        commands.stage("blend");
        m_quads->record(commands, view.width, view.height, m_draw, {&m_order, &m_place, &m_shape, &m_colors});
    } else {
        binTiles(commands, view, cancel);
    }
    finish(commands, view, options, pack, target, cancel);
}

} // namespace ochre::vk
