// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/vulkan/SplatPass.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "core/base/Math.h"
#include "shaders/Shaders.h"
#include "shaders/SharedTypes.h"

namespace ochre::vk {
namespace {

std::uint32_t groups(std::uint32_t invocations) {
    return ceilDivide(std::max(invocations, 1u), shared::kGroupSize);
}

bool needsExtra(const ItemView& v) {
    return v.box || v.marks || v.look || v.mode != SplatMode::Color;
}

shared::ProjectExtra projectExtra(const ItemView& v) {
    static_assert(shared::kModeDepth == static_cast<std::uint32_t>(SplatMode::Depth));
    static_assert(shared::kMarkSelected == static_cast<std::uint32_t>(SplatMark::Selected) &&
                  shared::kMarkLocked == static_cast<std::uint32_t>(SplatMark::Locked) &&
                  shared::kMarkHidden == static_cast<std::uint32_t>(SplatMark::Hidden));
    constexpr double kAll = 1e30;
    const Bounds box = v.box.value_or(Bounds{{-kAll, -kAll, -kAll}, {kAll, kAll, kAll}});
    const auto f = [](double x) { return static_cast<float>(x); };
    shared::ProjectExtra e{.boxLowX = f(box.min[0]), .boxLowY = f(box.min[1]), .boxLowZ = f(box.min[2]), .boxHighX = f(box.max[0]),
                           .boxHighY = f(box.max[1]), .boxHighZ = f(box.max[2]), .pointRadius = f(v.pointRadius),
                           .depthLow = f(v.depthRange[0]), .depthHigh = f(v.depthRange[1]), .mode = static_cast<std::uint32_t>(v.mode),
                           .selectedR = v.selected.color[0], .selectedG = v.selected.color[1], .selectedB = v.selected.color[2],
                           .selectedShare = v.selected.share, .lockedR = v.locked.color[0], .lockedG = v.locked.color[1],
                           .lockedB = v.locked.color[2], .lockedShare = v.locked.share};
    for (std::size_t i = 0; i < 12; ++i) e.world[i] = f(v.toWorld[i]);
    if (v.look) {
        for (std::size_t i = 0; i < 12; ++i) e.look[i] = f(v.look->color[i]);
        e.gain = f(v.look->opacity);
        e.mostOpacity = f(v.look->mostOpacity);
        e.larger = f(v.look->size * v.look->size);
    }
    return e;
}

shared::ProjectParams projectParams(const ItemView& v, std::uint32_t item, std::uint32_t first, std::uint32_t count) {
    shared::ProjectParams p{};
    for (std::size_t i = 0; i < 12; ++i) p.view[i] = static_cast<float>(v.toCamera[i]);
    p.eyeX = static_cast<float>(v.eye[0]);
    p.eyeY = static_cast<float>(v.eye[1]);
    p.eyeZ = static_cast<float>(v.eye[2]);
    p.nearPlane = static_cast<float>(v.near);
    p.fx = static_cast<float>(v.fx);
    p.fy = static_cast<float>(v.fy);
    p.cx = static_cast<float>(v.cx);
    p.cy = static_cast<float>(v.cy);
    p.width = static_cast<std::uint32_t>(v.width);
    p.height = static_cast<std::uint32_t>(v.height);
    p.first = first;
    p.count = count;
    p.degree = static_cast<std::uint32_t>(v.shDegree);
    p.flags = (v.antialiased ? shared::kAntialiased : 0) | (v.orthographic ? shared::kOrthographic : 0) | (needsExtra(v) ? shared::kExtra : 0) |
              (v.marks ? shared::kMarked : 0) | (v.look ? shared::kGraded : 0);
    p.farPlane = static_cast<float>(v.far);
    p.opacity = static_cast<float>(v.opacity);
    p.item = item;
    return p;
}

shared::NormalParams normalParams(const ItemView& v, std::uint32_t first, std::uint32_t count) {
    shared::NormalParams p{.first = first, .count = count, .orthographic = v.orthographic};
    for (std::size_t i = 0; i < 12; ++i) p.world[i] = static_cast<float>(v.toWorld[i] / v.scale);
    p.eyeX = static_cast<float>(v.eye[0]);
    p.eyeY = static_cast<float>(v.eye[1]);
    p.eyeZ = static_cast<float>(v.eye[2]);
    return p;
}

} // namespace

/// What a frame is drawn into.
struct SplatPass::Frame {
    enum class Kind { Quads, Tiles, Planes };
    Kind kind;
    std::uint32_t width, height, across, down; ///< pixels, tiles
    std::uint32_t words;                       ///< of 4 bytes a pixel
    std::optional<std::array<float, 3>> background;
    bool normals = false;
    SplatMode mode;
    float pointRadius;

    Frame(Kind which, const Camera& camera, const SplatOptions& options, std::uint32_t perPixel)
        : kind(which), width(static_cast<std::uint32_t>(camera.width)), height(static_cast<std::uint32_t>(camera.height)),
          across(ceilDivide(width, shared::kTileSize)), down(ceilDivide(height, shared::kTileSize)), words(perPixel),
          mode(options.mode), pointRadius(static_cast<float>(options.pointSize / 2)) {}

    shared::BlendParams params(std::uint32_t row, std::uint32_t rows) const {
        shared::BlendParams p{width, height, across, row, rows, words, 0, 0, 0, 0, normals ? 1u : 0u, static_cast<std::uint32_t>(mode), pointRadius};
        if (background) p.backgroundR = (*background)[0], p.backgroundG = (*background)[1], p.backgroundB = (*background)[2], p.backgroundA = 1;
        return p;
    }
};

SplatPass::SplatPass(Device& device, Blending blending)
    : m_device(device), m_project(device, shaders::Project, 16, sizeof(shared::ProjectParams)),
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

void SplatPass::setScene(Commands& commands, std::span<const SceneItem> items) {
    auto before = std::exchange(m_clouds, {});
    const auto itemsBefore = std::exchange(m_items, {});
    m_firsts.clear();
    m_count = 0;
    std::vector<std::shared_ptr<GpuCloud>> clouds(items.size());
    for (std::size_t i = 0; i < items.size(); ++i)
        for (const auto& known : before)
            if (known->cloud.hash() == items[i].cloud.hash()) clouds[i] = known;
    before.clear(); // makes room for the new ones
    for (std::size_t i = 0; i < items.size(); ++i) {
        for (std::size_t k = 0; k < i && !clouds[i]; ++k)
            if (clouds[k]->cloud.hash() == items[i].cloud.hash()) clouds[i] = clouds[k];
        if (clouds[i]) continue;
        clouds[i] = std::make_shared<GpuCloud>(m_device, commands, items[i].cloud);
        m_uploaded += clouds[i]->sent;
    }
    std::vector<std::uint32_t> firsts;
    std::uint32_t total = 0;
    for (const SceneItem& item : items) {
        firsts.push_back(total);
        if (item.visible) total += static_cast<std::uint32_t>(item.cloud.count());
    }
    reserveSplats(total);
    m_items.assign(items.begin(), items.end());
    sendMarks(itemsBefore);
    m_clouds = std::move(clouds);
    m_firsts = std::move(firsts);
    m_count = total;
}

/// Those that are not there yet.
void SplatPass::sendMarks(std::span<const SceneItem> before) {
    m_marks.resize(m_items.size());
    for (std::size_t i = 0; i < m_items.size(); ++i) {
        const auto& marks = m_items[i].marks;
        if (!marks || marks->empty() || (i < before.size() && before[i].marks == marks && m_marks[i].size() > 0)) continue;
        const VkDeviceSize bytes = (marks->size() + 3) / 4 * 4;
        if (m_marks[i].size() < bytes) m_marks[i] = Buffer(m_device, bytes, Buffer::Use::Upload);
        std::memcpy(m_marks[i].mapped().data(), marks->data(), marks->size());
    }
}

void SplatPass::reserveSplats(std::size_t count) {
    if (count <= m_capacity && m_order.size() > 0) return;
    m_capacity = 0;
    for (Buffer* vectors : {&m_place, &m_shape, &m_colors}) *vectors = Buffer(m_device, count * 16, Buffer::Use::Device);
    for (Buffer* numbers : {&m_keys, &m_order, &m_counts, &m_offsets}) *numbers = Buffer(m_device, count * 4, Buffer::Use::Device);
    m_normals = Buffer(m_device, 16, Buffer::Use::Device);
    m_sorter.reserve(static_cast<std::uint32_t>(count));
    m_capacity = static_cast<std::uint32_t>(count);
}

void SplatPass::sendExtras(std::span<const ItemView> views) {
    const std::size_t each = sizeof(shared::ProjectExtra);
    if (m_extras.size() < views.size() * each) m_extras = Buffer(m_device, views.size() * each, Buffer::Use::Upload);
    for (std::size_t i = 0; i < views.size(); ++i) {
        if (!needsExtra(views[i])) continue;
        const shared::ProjectExtra extra = projectExtra(views[i]);
        std::memcpy(m_extras.mapped().data() + i * each, &extra, each);
    }
}

void SplatPass::projectAndSort(Commands& commands, const Camera& camera, const SplatOptions& options) {
    commands.stage("project");
    const std::array<std::uint32_t, 4> draw{4, 0, 0, 0}; // vertices, instances (counted by the kernel)
    commands.write(m_draw, draw);
    if (m_count == 0) return;
    const std::vector<ItemView> views = viewsOf(m_items, camera, options);
    sendExtras(views);
    for (std::size_t i = 0; i < m_items.size(); ++i) {
        const GpuCloud& c = *m_clouds[i];
        if (!drawn(i)) continue;
        commands.dispatch(m_project, projectParams(views[i], static_cast<std::uint32_t>(i), m_firsts[i], c.count),
                          {&c.positions, &c.covariances, &c.opacities, &c.base, &c.rest[0], &c.rest[1], &c.rest[2], &m_place,
                           &m_shape, &m_colors, &m_keys, &m_order, &m_counts, &m_draw, &m_extras,
                           views[i].marks ? &m_marks[i] : &m_extras}, groups(c.count));
    }
    commands.stage("sort");
    m_sorter.sort(commands, m_keys, m_order, m_count, 32);
}

void SplatPass::makeNormals(Commands& commands, const Camera& camera, const SplatOptions& options) {
    if (!m_makeNormals) m_makeNormals = std::make_unique<Kernel>(m_device, shaders::Normals, 3, sizeof(shared::NormalParams));
    if (m_normals.size() < VkDeviceSize{m_capacity} * 16) m_normals = Buffer(m_device, VkDeviceSize{m_capacity} * 16, Buffer::Use::Device);
    for (const auto& cloud : m_clouds) cloud->needAxes(m_device, commands);
    commands.begin();
    commands.stage("project");
    const std::vector<ItemView> views = viewsOf(m_items, camera, options);
    for (std::size_t i = 0; i < m_items.size(); ++i) {
        const GpuCloud& c = *m_clouds[i];
        if (drawn(i))
            commands.dispatch(*m_makeNormals, normalParams(views[i], m_firsts[i], c.count), {&c.positions, &c.axes, &m_normals}, groups(c.count));
    }
    commands.submitAndWait({});
}

void SplatPass::binTiles(Commands& commands, const Frame& view, const Cancel& cancel) {
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

void SplatPass::needPlanes() {
    if (!m_planes) m_planes = std::make_unique<Kernel>(m_device, shaders::Planes, 7, sizeof(shared::BlendParams));
}

void SplatPass::finish(Commands& commands, const Frame& frame, const Rows& take, const Cancel& cancel) {
    const VkDeviceSize rowBytes = VkDeviceSize{frame.width} * 4 * frame.words;
    // Bands of whole tiles that fit into one buffer.
    const auto fitting = static_cast<std::uint32_t>(
        std::min<VkDeviceSize>(m_device.limits().maxStorageBufferRange / rowBytes, frame.height));
    const std::uint32_t band = fitting == frame.height ? frame.height : std::max(fitting / shared::kTileSize, 1u) * shared::kTileSize;
    const VkDeviceSize bytes = rowBytes * band;
    if (m_pixels.size() < bytes) {
        m_pixels = Buffer(m_device, bytes, Buffer::Use::Device);
        m_pixelsRead = Buffer(m_device, bytes, Buffer::Use::Readback);
    }
    for (std::uint32_t row = 0; row < frame.height; row += band) {
        const std::uint32_t rows = std::min(band, frame.height - row), tilesDown = ceilDivide(rows, shared::kTileSize);
        const shared::BlendParams p = frame.params(row, rows);
        if (row > 0) commands.begin();
        commands.stage(frame.kind == Frame::Kind::Quads ? "readback" : "blend");
        if (frame.kind == Frame::Kind::Quads)
            commands.dispatch(m_resolve, p, {&m_pixels}, ceilDivide(frame.width, 8u), ceilDivide(rows, 8u),
                              {m_quads->texture().view(), m_sampler.handle()});
        else if (frame.kind == Frame::Kind::Tiles)
            commands.dispatch(m_blend, p, {&m_tileRanges, &m_tileSplats, &m_place, &m_shape, &m_colors, &m_pixels}, frame.across, tilesDown);
        else
            commands.dispatch(*m_planes, p, {&m_tileRanges, &m_tileSplats, &m_place, &m_shape, &m_colors, &m_normals, &m_pixels},
                              frame.across, tilesDown);
        if (frame.kind != Frame::Kind::Quads) commands.stage("readback");
        commands.copy(m_pixels, m_pixelsRead, rowBytes * rows);
        commands.submitAndWait(cancel);
        take(row, rows, m_pixelsRead.mapped().first(rowBytes * rows));
    }
}

void SplatPass::render(Commands& commands, const Camera& camera, const SplatOptions& options, bool pack,
                       std::span<std::byte> target, const Cancel& cancel) {
    // Modes that only change colours are drawn like any other frame.
    const bool shapes = options.mode == SplatMode::Centres || options.mode == SplatMode::Rings || options.mode == SplatMode::Overdraw;
    if (shapes) needPlanes();
    Frame frame(shapes ? Frame::Kind::Planes : m_quads ? Frame::Kind::Quads : Frame::Kind::Tiles, camera, options, pack ? 1 : 4);
    frame.background = options.background;
    reserveSplats(0); // the kernels need something to bind
    commands.begin();
    projectAndSort(commands, camera, options);
    if (frame.kind == Frame::Kind::Quads) {
        commands.stage("blend");
        m_quads->record(commands, frame.width, frame.height, m_draw, {&m_order, &m_place, &m_shape, &m_colors});
    } else {
        binTiles(commands, frame, cancel);
    }
    finish(commands, frame, [&](std::uint32_t row, std::uint32_t, std::span<const std::byte> bytes) {
        std::memcpy(target.data() + std::size_t{row} * frame.width * frame.words * 4, bytes.data(), bytes.size());
    }, cancel);
}

void SplatPass::renderPlanes(Commands& commands, const Camera& camera, const SplatOptions& options, PlaneWriter& writer,
                             const Cancel& cancel) {
    static_assert(sizeof(PlanePixel) == 40);
    needPlanes();
    Frame frame(Frame::Kind::Planes, camera, options, sizeof(PlanePixel) / 4);
    frame.normals = writer.wants(Plane::Normals);
    reserveSplats(0);
    if (frame.normals) makeNormals(commands, camera, options);
    commands.begin();
    projectAndSort(commands, camera, options);
    binTiles(commands, frame, cancel);
    finish(commands, frame, [&](std::uint32_t row, std::uint32_t rows, std::span<const std::byte> bytes) {
        const std::size_t first = std::size_t{row} * frame.width, count = std::size_t{rows} * frame.width;
        for (std::size_t i = 0; i < count; ++i) {
            PlanePixel pixel;
            std::memcpy(&pixel, bytes.data() + i * sizeof pixel, sizeof pixel);
            writer.put(first + i, pixel);
        }
    }, cancel);
}

} // namespace ochre::vk
