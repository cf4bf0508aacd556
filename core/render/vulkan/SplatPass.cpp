// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/vulkan/SplatPass.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "core/base/Math.h"
#include "shaders/Shaders.h"
#include "shaders/SharedTypes.h"

namespace ochre::vk {
namespace {

// Pixels of an invocation. A CPU device has few lanes and pays much for what each of them reads; a GPU needs many.
constexpr std::uint32_t kCpuColumns = 2, kCpuRows = 8, kGpuColumns = 2, kGpuRows = 2;

// Small tiles that a splat may reach on average before large ones cost a CPU device less, which computes all of a tile's pixels for each.
constexpr double kFewTiles = 3.3;
constexpr std::uint32_t kMostTiles = 65535;

// Turns that llvmpipe takes of a loop, and splats of each where lists are longer than that.
constexpr std::uint32_t kMostTurns = 65000, kTogether = 8;

// Frames that tell nothing of a device's speed are not measured.
constexpr std::uint32_t kTellingSplats = 1000, kTellingPixels = 128 * 128;

std::unique_ptr<Kernel> blendKernel(Device& device, std::uint32_t tile, std::uint32_t together) {
    const std::uint32_t columns = device.fewLanes() ? tile * kCpuColumns / shared::kTileSize : kGpuColumns;
    const std::uint32_t rows = device.fewLanes() ? kCpuRows : kGpuRows;
    return std::make_unique<Kernel>(device, shaders::Blend, "stts", sizeof(shared::BlendParams),
                                    std::initializer_list<std::uint32_t>{tile * tile / (columns * rows), columns, rows, together, tile});
}

std::unique_ptr<Kernel> planesKernel(Device& device, std::uint32_t tile) {
    return std::make_unique<Kernel>(device, shaders::Planes, "stttss", sizeof(shared::BlendParams),
                                    std::initializer_list<std::uint32_t>{tile, tile});
}

} // namespace

/// What a frame is drawn into.
struct SplatPass::Frame {
    std::uint32_t width, height;
    std::uint32_t tile = shared::kTileSize, across, down; ///< pixels a side; tiles
    std::uint32_t words;                       ///< of 4 bytes a pixel
    bool planes, normals = false;
    std::optional<std::array<float, 3>> background;
    SplatMode mode;
    float pointRadius;

    Frame(bool withPlanes, const Camera& camera, const SplatOptions& options, std::uint32_t perPixel)
        : width(static_cast<std::uint32_t>(camera.width)), height(static_cast<std::uint32_t>(camera.height)),
          across(ceilDivide(width, tile)), down(ceilDivide(height, tile)), words(perPixel), planes(withPlanes),
          mode(options.mode), pointRadius(static_cast<float>(options.pointSize / 2)) {}

    Frame inSmallTiles() const {
        Frame frame = *this;
        frame.tile /= 2;
        frame.across = ceilDivide(width, frame.tile);
        frame.down = ceilDivide(height, frame.tile);
        return frame;
    }
    VkDeviceSize rowBytes() const { return VkDeviceSize{width} * 4 * words; }
    Rows pixelsOf(Rows tiles) const {
        const std::uint32_t first = tiles.first * tile;
        return {first, std::min(tiles.count * tile, height - first)};
    }
    shared::BlendParams params(Rows pixels) const {
        shared::BlendParams p{width, height, across, pixels.first, pixels.count, words, 0, 0, 0, 0, normals ? 1u : 0u,
                              static_cast<std::uint32_t>(mode), pointRadius};
        if (background) p.backgroundR = (*background)[0], p.backgroundG = (*background)[1], p.backgroundB = (*background)[2], p.backgroundA = 1;
        return p;
    }
    shared::ExpandParams tileParams(std::uint32_t count, Rows tiles) const {
        return {count, tile, across, tiles.first, tiles.first + tiles.count, static_cast<std::uint32_t>(mode), pointRadius};
    }
};

SplatPass::SplatPass(Device& device, Blending blending)
    : m_device(device), m_blending(blending), m_projection(device),
      m_orderCounts(device, shaders::OrderCounts, "tts", sizeof(shared::ExpandParams)),
      m_expand(device, shaders::Expand, "ttssss", sizeof(shared::ExpandParams)),
      m_ranges(device, shaders::TileRanges, "ss", sizeof(shared::ExpandParams)),
      m_resolve(device, shaders::Resolve, "ps", sizeof(shared::BlendParams)), m_sampler(device), m_sorter(device),
      m_totals(device, 16, Buffer::Use::Device), m_totalsRead(device, 16, Buffer::Use::Readback) {
    if (blending != Blending::Tiles && QuadBlender::supported(device)) m_quads = std::make_unique<QuadBlender>(device);
}

Blending SplatPass::wayFor(bool shown) const {
    if (!m_quads) return Blending::Tiles;
    if (m_blending == Blending::Auto) return shown ? BlendingChoice::of(m_device.name()).next() : Blending::Tiles;
    return m_blending;
}

const Kernel& SplatPass::kernelFor(const Frame& frame, bool longLists) {
    std::unique_ptr<Kernel>& kernel = m_blends[(frame.planes ? 4 : longLists ? 2 : 0) + (frame.tile == shared::kTileSize ? 0 : 1)];
    if (!kernel) kernel = frame.planes ? planesKernel(m_device, frame.tile) : blendKernel(m_device, frame.tile, longLists ? kTogether : 1);
    return *kernel;
}

FrameCounts SplatPass::counts() const {
    FrameCounts counts = m_projection.counts();
    counts.entries = m_entries;
    counts.bytesHeld = m_device.bytesHeld();
    return counts;
}

void SplatPass::reserveTiles(std::uint32_t entries, std::uint32_t tiles) {
    if (entries > m_tileCapacity) {
        const std::uint32_t most = m_device.limits().maxStorageBufferRange / 4;
        const std::uint32_t capacity = std::min(entries + entries / 4, std::max(entries, most));
        m_tileCapacity = 0;
        for (Buffer* words : {&m_tiles, &m_tileSplats}) *words = {};
        for (Buffer* words : {&m_tiles, &m_tileSplats})
            *words = Buffer(m_device, VkDeviceSize{capacity} * 4, Buffer::Use::Device, Buffer::Texels::Words);
        m_tileCapacity = capacity;
    }
    m_sorter.reserve(entries);
    if (m_tileRanges.size() < VkDeviceSize{tiles} * 8) m_tileRanges = Buffer(m_device, VkDeviceSize{tiles} * 8, Buffer::Use::Device);
}

/// How long the lists of some rows of tiles are, all together.
std::uint32_t SplatPass::countEntries(Commands& commands, const Frame& frame, Rows tiles, const Cancel& cancel) {
    const std::uint32_t visible = m_projection.visible();
    if (visible == 0) return 0;
    if (m_offsets.size() < VkDeviceSize{visible} * 4) m_offsets = Buffer(m_device, VkDeviceSize{visible} * 4, Buffer::Use::Device);
    m_sorter.reserve(visible);
    const Groups groups(visible);
    commands.dispatch(m_orderCounts, frame.tileParams(visible, tiles), {&m_projection.order(), &m_projection.records(), &m_offsets},
                      groups.across, groups.down);
    m_sorter.scan(commands, m_offsets, visible, m_totals, 0);
    commands.copy(m_totals, m_totalsRead, 4);
    commands.submitAndWait(cancel);
    std::uint32_t entries = 0;
    std::memcpy(&entries, m_totalsRead.mapped().data(), sizeof entries);
    commands.begin();
    commands.stage("bin");
    return entries;
}

void SplatPass::binTiles(Commands& commands, const Frame& frame, Rows tiles, std::uint32_t entries) {
    const std::uint32_t visible = m_projection.visible(), count = frame.across * tiles.count;
    reserveTiles(std::max(entries, 1u), count);
    commands.fill(m_tileRanges, 0, VkDeviceSize{count} * 8);
    if (entries == 0) return;
    const Groups splats(visible), list(entries);
    commands.dispatch(m_expand, frame.tileParams(visible, tiles),
                      {&m_projection.order(), &m_projection.records(), &m_offsets, &m_totals, &m_tiles, &m_tileSplats},
                      splats.across, splats.down);
    m_sorter.sort(commands, m_tiles, m_tileSplats, entries, static_cast<std::uint32_t>(std::bit_width(count)));
    commands.dispatch(m_ranges, frame.tileParams(entries, tiles), {&m_tiles, &m_tileRanges}, list.across, list.down);
}

/// Of so many tiles. A batch is open before and after.
std::uint32_t SplatPass::longestList(Commands& commands, std::uint32_t tiles, const Cancel& cancel) {
    const VkDeviceSize bytes = VkDeviceSize{tiles} * 8;
    if (m_rangesRead.size() < bytes) m_rangesRead = Buffer(m_device, bytes, Buffer::Use::Readback);
    commands.copy(m_tileRanges, m_rangesRead, bytes);
    commands.submitAndWait(cancel);
    commands.begin();
    std::uint32_t longest = 0;
    for (std::uint32_t i = 0; i < tiles; ++i) {
        std::array<std::uint32_t, 2> range{};
        std::memcpy(range.data(), m_rangesRead.mapped().data() + 8 * i, 8);
        longest = std::max(longest, range[1] - range[0]);
    }
    return longest;
}

void SplatPass::reservePixels(VkDeviceSize bytes) {
    if (m_pixels.size() >= bytes) return;
    m_pixels = Buffer(m_device, bytes, Buffer::Use::Device);
    m_pixelsRead = Buffer(m_device, bytes, Buffer::Use::Readback);
}

void SplatPass::readBack(Commands& commands, const Frame& frame, Rows pixels, const Take& take, const Cancel& cancel) {
    const VkDeviceSize bytes = frame.rowBytes() * pixels.count;
    commands.stage("readback");
    commands.copy(m_pixels, m_pixelsRead, bytes);
    commands.submitAndWait(cancel);
    take(pixels, m_pixelsRead.mapped().first(bytes));
}

/// Some rows of tiles, or of small ones in their place; into the open batch, and at last no batch is open.
void SplatPass::drawBand(Commands& commands, const Frame& frame, Rows tiles, const Take& take, const Cancel& cancel) {
    commands.stage("bin");
    if (m_device.fewLanes() && 4 * frame.across * frame.down <= kMostTiles) {
        const Frame small = frame.inSmallTiles();
        const Rows rows{2 * tiles.first, std::min(2 * tiles.count, small.down - 2 * tiles.first)};
        const std::uint32_t entries = countEntries(commands, small, rows, cancel);
        if (entries <= kFewTiles * m_projection.visible()) return drawLists(commands, small, rows, entries, take, cancel);
    }
    drawLists(commands, frame, tiles, countEntries(commands, frame, tiles, cancel), take, cancel);
}

/// Rows of tiles whose lists have so many entries, those of each half for itself where they are too many for a buffer.
void SplatPass::drawLists(Commands& commands, const Frame& frame, Rows tiles, std::uint32_t entries, const Take& take, const Cancel& cancel) {
    if (entries > m_device.limits().maxStorageBufferRange / 4 && tiles.count > 1) {
        const std::uint32_t middle = tiles.count / 2;
        for (const Rows half : {Rows{tiles.first, middle}, Rows{tiles.first + middle, tiles.count - middle}}) {
            if (half.first != tiles.first) commands.begin();
            commands.stage("bin");
            drawLists(commands, frame, half, countEntries(commands, frame, half, cancel), take, cancel);
        }
        return;
    }
    m_entries += entries;
    binTiles(commands, frame, tiles, entries);
    const bool longLists = m_device.fewLanes() && entries > kMostTurns && longestList(commands, frame.across * tiles.count, cancel) > kMostTurns;
    const Rows pixels = frame.pixelsOf(tiles);
    reservePixels(frame.rowBytes() * pixels.count);
    commands.stage("blend");
    const shared::BlendParams p = frame.params(pixels);
    const Kernel& kernel = kernelFor(frame, longLists);
    const Buffer &records = m_projection.records(), &list = m_projection.list(), &normals = m_projection.normals();
    if (frame.planes)
        commands.dispatch(kernel, p, {&m_tileRanges, &m_tileSplats, &records, &list, &normals, &m_pixels}, frame.across, tiles.count);
    else
        commands.dispatch(kernel, p, {&m_tileRanges, &m_tileSplats, &records, &m_pixels}, frame.across, tiles.count);
    readBack(commands, frame, pixels, take, cancel);
}

/// In bands whose pixels fit into one buffer.
void SplatPass::drawTiles(Commands& commands, const Frame& frame, const Take& take, const Cancel& cancel) {
    const auto fitting = static_cast<std::uint32_t>(std::min<VkDeviceSize>(
        m_device.limits().maxStorageBufferRange / (frame.rowBytes() * shared::kTileSize), frame.down));
    for (Rows band{0, 0}; band.first < frame.down; band.first += band.count) {
        band.count = std::min(std::max(fitting, 1u), frame.down - band.first);
        if (band.first > 0) commands.begin();
        drawBand(commands, frame, band, take, cancel);
    }
}

void SplatPass::drawQuads(Commands& commands, const Frame& frame, const Take& take, const Cancel& cancel) {
    commands.stage("blend");
    m_quads->record(commands, frame.width, frame.height, m_projection.visible(), {&m_projection.order(), &m_projection.records()});
    const auto fitting = static_cast<std::uint32_t>(
        std::min<VkDeviceSize>(m_device.limits().maxStorageBufferRange / frame.rowBytes(), frame.height));
    for (Rows band{0, 0}; band.first < frame.height; band.first += band.count) {
        band.count = std::min(std::max(fitting, 1u), frame.height - band.first);
        if (band.first > 0) commands.begin();
        reservePixels(frame.rowBytes() * band.count);
        commands.stage("readback");
        commands.dispatch(m_resolve, frame.params(band), {&m_pixels}, ceilDivide(frame.width, 8u), ceilDivide(band.count, 8u),
                          {m_quads->texture().view(), m_sampler.handle()});
        readBack(commands, frame, band, take, cancel);
    }
}

void SplatPass::render(Commands& commands, const Camera& camera, const SplatOptions& options, bool pack,
                       std::span<std::byte> target, const Cancel& cancel) {
    // Modes that only change colours are drawn like any other frame.
    const bool shapes = options.mode == SplatMode::Centres || options.mode == SplatMode::Rings || options.mode == SplatMode::Overdraw;
    Frame frame(shapes, camera, options, pack ? 1 : 4);
    frame.background = options.background;
    m_entries = 0;
    const Blending way = shapes ? Blending::Tiles : wayFor(pack);
    const auto take = [&](Rows pixels, std::span<const std::byte> bytes) {
        std::memcpy(target.data() + pixels.first * frame.rowBytes(), bytes.data(), bytes.size());
    };
    m_projection.run(commands, camera, options, cancel);
    if (way == Blending::Quads) drawQuads(commands, frame, take, cancel);
    else drawTiles(commands, frame, take, cancel);
    if (shapes || m_blending != Blending::Auto || !pack || !m_quads) return;
    if (m_projection.visible() < kTellingSplats || frame.width * frame.height < kTellingPixels) return;
    double milliseconds = 0;
    for (const StageTime& t : commands.times())
        if (t.stage == "bin" || t.stage == "blend" || t.stage == "readback") milliseconds += t.milliseconds;
    BlendingChoice::of(m_device.name()).took(way, 1e6 * milliseconds / (frame.width * frame.height));
}

void SplatPass::renderPlanes(Commands& commands, const Camera& camera, const SplatOptions& options, PlaneWriter& writer,
                             const Cancel& cancel) {
    static_assert(sizeof(PlanePixel) == 40);
    Frame frame(true, camera, options, sizeof(PlanePixel) / 4);
    frame.normals = writer.wants(Plane::Normals);
    m_entries = 0;
    m_projection.run(commands, camera, options, cancel);
    if (frame.normals) m_projection.makeNormals(commands);
    drawTiles(commands, frame, [&](Rows pixels, std::span<const std::byte> bytes) {
        const std::size_t first = std::size_t{pixels.first} * frame.width, count = std::size_t{pixels.count} * frame.width;
        for (std::size_t i = 0; i < count; ++i) {
            PlanePixel pixel;
            std::memcpy(&pixel, bytes.data() + i * sizeof pixel, sizeof pixel);
            writer.put(first + i, pixel);
        }
    }, cancel);
}

} // namespace ochre::vk
