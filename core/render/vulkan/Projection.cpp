// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/vulkan/Projection.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "core/base/Math.h"
#include "shaders/Shaders.h"
#include "shaders/SharedTypes.h"

namespace ochre::vk {
namespace {

constexpr std::uint32_t kWord = 32;              // splats
constexpr std::uint32_t kStamps = 0xffff;        // beyond this one colours start anew
constexpr VkDeviceSize kTotal = 0, kShaded = 4; // bytes into what is read back; from 8 on the first of each part

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
        e.larger = f(v.look->size);
    }
    return e;
}

/// All but what tells the parts and the kernels apart.
shared::ProjectParams projectParams(const ItemView& v, std::size_t item) {
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
    p.flags = (v.antialiased ? shared::kAntialiased : 0) | (v.orthographic ? shared::kOrthographic : 0) |
              (needsExtra(v) ? shared::kExtra : 0) | (v.marks ? shared::kMarked : 0) | (v.look ? shared::kGraded : 0);
    p.farPlane = static_cast<float>(v.far);
    p.opacity = static_cast<float>(v.opacity);
    p.item = static_cast<std::uint32_t>(item);
    return p;
}

/// The weight below which splats are to be left out in part, so that about `most` remain.
float thinningOf(std::span<const std::uint32_t> bins, std::size_t most) {
    const auto remaining = [&bins](double thin) {
        double count = 0;
        for (std::size_t i = 0; i < bins.size(); ++i)
            count += bins[i] * std::min(1.0, std::exp2((static_cast<double>(i) + 0.5) / 2 - shared::kOctavesBelow) / thin);
        return count * shared::kSampled;
    };
    if (remaining(1e-9) <= static_cast<double>(most)) return 0;
    double low = -30, high = 60; // octaves
    while (high - low > 0.01) {
        const double middle = (low + high) / 2;
        (remaining(std::exp2(middle)) > static_cast<double>(most) ? low : high) = middle;
    }
    return static_cast<float>(std::exp2(high));
}

shared::NormalParams normalParams(const ItemView& v) {
    shared::NormalParams p{.orthographic = v.orthographic};
    for (std::size_t i = 0; i < 12; ++i) p.world[i] = static_cast<float>(v.toWorld[i] / v.scale);
    p.eyeX = static_cast<float>(v.eye[0]);
    p.eyeY = static_cast<float>(v.eye[1]);
    p.eyeZ = static_cast<float>(v.eye[2]);
    return p;
}

} // namespace

Groups::Groups(std::uint32_t invocations) {
    const std::uint32_t groups = ceilDivide(std::max(invocations, 1u), shared::kGroupSize);
    across = std::min(groups, shared::kMostGroups);
    down = ceilDivide(groups, shared::kMostGroups);
}

Projection::Projection(Device& device)
    : m_device(device), m_cull(device, shaders::Cull, "tssss", sizeof(shared::ProjectParams)),
      m_lister(device, shaders::List, "sss", sizeof(shared::ListParams)),
      m_project(device, shaders::Project, "tssttswsss", sizeof(shared::ProjectParams)), m_sorter(device),
      m_totals(device, 16, Buffer::Use::Device), m_shaded(device, 16, Buffer::Use::Device) {
    reserveVisible(); // kernels need something to bind
}

void Projection::setScene(Commands& commands, std::span<const SceneItem> items) {
    auto before = std::exchange(m_clouds, {});
    const auto itemsBefore = std::exchange(m_items, {});
    m_parts.clear();
    m_firsts.clear();
    m_total = m_words = m_visible = 0;
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
    m_items.assign(items.begin(), items.end());
    m_clouds = std::move(clouds);
    listParts();
    sendMarks(itemsBefore);
    keepColors(itemsBefore);
}

void Projection::listParts() {
    for (std::size_t i = 0; i < m_items.size(); ++i) {
        m_firsts.push_back(m_total);
        if (!m_items[i].visible) continue;
        for (std::size_t k = 0; k < m_clouds[i]->parts.size(); ++k) {
            const GpuCloud::Part& part = m_clouds[i]->parts[k];
            const std::uint32_t words = ceilDivide(part.count, kWord);
            m_parts.push_back({i, k, part.count, m_total + part.first, part.first, m_words, words});
            m_words += words;
        }
        m_total += static_cast<std::uint32_t>(m_items[i].cloud.count());
    }
    const VkDeviceSize bytes = VkDeviceSize{m_words} * 4, read = 8 + m_parts.size() * 4;
    if (m_bits.size() < bytes || m_bits.size() == 0) {
        m_bits = Buffer(m_device, bytes, Buffer::Use::Device);
        m_counts = Buffer(m_device, bytes, Buffer::Use::Device);
    }
    if (m_read.size() < read) m_read = Buffer(m_device, read, Buffer::Use::Readback);
}

/// Those that are not there yet.
void Projection::sendMarks(std::span<const SceneItem> before) {
    m_marks.resize(m_items.size());
    for (std::size_t i = 0; i < m_items.size(); ++i) {
        const auto& marks = m_items[i].marks;
        if (!marks || marks->empty() || (i < before.size() && before[i].marks == marks && m_marks[i].size() > 0)) continue;
        const VkDeviceSize bytes = (marks->size() + 3) / 4 * 4;
        if (m_marks[i].size() < bytes) m_marks[i] = Buffer(m_device, bytes, Buffer::Use::Upload);
        std::memcpy(m_marks[i].mapped().data(), marks->data(), marks->size());
    }
}

void Projection::keepColors(std::span<const SceneItem> before) {
    m_colors.resize(m_items.size());
    for (std::size_t i = 0; i < m_items.size(); ++i)
        if (i >= before.size() || before[i].cloud.hash() != m_items[i].cloud.hash()) m_colors[i] = {};
}

/// Gives the item another stamp where the camera is at another place, as seen from it.
void Projection::freshenColors(Commands& commands, std::size_t item) {
    Colors& c = m_colors[item];
    const ItemView& v = m_views[item];
    const auto degree = static_cast<std::uint32_t>(v.shDegree);
    const bool first = c.parts.empty();
    if (first)
        for (const GpuCloud::Part& part : m_clouds[item]->parts)
            c.parts.emplace_back(m_device, VkDeviceSize{part.count} * 8, Buffer::Use::Device);
    if (!first && c.eye == v.eye && c.degree == degree && c.orthographic == v.orthographic) return;
    c.eye = v.eye;
    c.degree = degree;
    c.orthographic = v.orthographic;
    if (first || c.stamp == kStamps) {
        c.stamp = 0;
        for (const Buffer& part : c.parts) commands.fill(part, 0, part.size());
    }
    ++c.stamp;
}

void Projection::sendExtras() {
    const std::size_t each = sizeof(shared::ProjectExtra);
    if (m_extras.size() < m_views.size() * each || m_extras.size() == 0)
        m_extras = Buffer(m_device, m_views.size() * each, Buffer::Use::Upload);
    for (std::size_t i = 0; i < m_views.size(); ++i) {
        if (!needsExtra(m_views[i])) continue;
        const shared::ProjectExtra extra = projectExtra(m_views[i]);
        std::memcpy(m_extras.mapped().data() + i * each, &extra, each);
    }
}

shared::ProjectParams Projection::paramsOf(const Part& part) const {
    shared::ProjectParams p = projectParams(m_views[part.item], part.item);
    p.base = part.base;
    p.within = part.within;
    p.thin = m_thin;
    return p;
}

/// From a sample of what is visible. A batch is open before and after.
float Projection::thinning(Commands& commands, std::size_t most, const Cancel& cancel) {
    if (!m_sample) m_sample = std::make_unique<Kernel>(m_device, shaders::Sample, "tsss", sizeof(shared::ProjectParams));
    constexpr VkDeviceSize kBytes = shared::kWeightBins * 4;
    if (m_bins.size() < kBytes) {
        m_bins = Buffer(m_device, kBytes, Buffer::Use::Device);
        m_binsRead = Buffer(m_device, kBytes, Buffer::Use::Readback);
    }
    commands.fill(m_bins, 0, kBytes);
    for (const Part& part : m_parts) {
        shared::ProjectParams p = paramsOf(part);
        p.count = part.count;
        commands.dispatch(*m_sample, p, {&m_clouds[part.item]->parts[part.part].geometry, &m_extras, &marksOf(part.item), &m_bins},
                          Groups(ceilDivide(part.count, shared::kSampled)).across);
    }
    commands.copy(m_bins, m_binsRead, kBytes);
    commands.submitAndWait(cancel);
    std::array<std::uint32_t, shared::kWeightBins> bins{};
    std::memcpy(bins.data(), m_binsRead.mapped().data(), kBytes);
    commands.begin();
    commands.stage("cull");
    return thinningOf(bins, most);
}

/// Finds out how many splats of each part are visible.
void Projection::cull(Commands& commands, const Cancel& cancel) {
    commands.fill(m_bits, 0, VkDeviceSize{m_words} * 4);
    commands.fill(m_counts, 0, VkDeviceSize{m_words} * 4);
    for (const Part& part : m_parts) {
        shared::ProjectParams p = paramsOf(part);
        p.first = part.firstWord;
        p.count = part.count;
        commands.dispatch(m_cull, p, {&m_clouds[part.item]->parts[part.part].geometry, &m_extras, &marksOf(part.item), &m_bits, &m_counts},
                          Groups(part.count).across);
    }
    m_sorter.reserve(m_words);
    m_sorter.scan(commands, m_counts, m_words, m_totals, 0);
    commands.copy(m_totals, m_read, 4, 0, kTotal);
    for (std::size_t i = 0; i < m_parts.size(); ++i)
        commands.copy(m_counts, m_read, 4, VkDeviceSize{m_parts[i].firstWord} * 4, 8 + 4 * i);
    commands.submitAndWait(cancel);
    std::vector<std::uint32_t> read(2 + m_parts.size());
    std::memcpy(read.data(), m_read.mapped().data(), read.size() * 4);
    m_visible = read[0];
    for (std::size_t i = 0; i < m_parts.size(); ++i) {
        m_parts[i].first = read[2 + i];
        m_parts[i].visible = (i + 1 < m_parts.size() ? read[3 + i] : m_visible) - read[2 + i];
    }
    commands.begin();
    commands.stage("cull");
}

void Projection::reserveVisible() {
    m_sorter.reserve(m_visible);
    if (m_visible <= m_capacity && m_capacity > 0) return;
    // A quarter more than needed, so that a turning camera does not allocate each frame.
    const std::uint32_t capacity = std::min(std::max(m_visible + m_visible / 4, 1u), std::max(m_total, 1u));
    const VkDeviceSize words = VkDeviceSize{capacity} * 4;
    m_capacity = 0;
    for (Buffer* buffer : {&m_list, &m_records, &m_keys, &m_order}) *buffer = {};
    for (Buffer* buffer : {&m_list, &m_keys, &m_order}) *buffer = Buffer(m_device, words, Buffer::Use::Device, Buffer::Texels::Words);
    m_records = Buffer(m_device, words * 8, Buffer::Use::Device, Buffer::Texels::Fours);
    m_capacity = capacity;
    if (m_normals.size() == 0) m_normals = Buffer(m_device, 16, Buffer::Use::Device);
}

void Projection::run(Commands& commands, const Camera& camera, const SplatOptions& options, const Cancel& cancel) {
    m_visible = 0;
    m_views = viewsOf(m_items, camera, options);
    sendExtras();
    commands.begin();
    commands.stage("cull");
    if (m_words == 0) return;
    m_thin = 0;
    if (options.most > 0 && options.most < m_total) m_thin = thinning(commands, options.most, cancel);
    cull(commands, cancel);
    if (m_visible == 0) return;
    reserveVisible();
    for (const Part& part : m_parts)
        if (part.visible > 0)
            commands.dispatch(m_lister, shared::ListParams{part.firstWord, part.words, part.base}, {&m_bits, &m_counts, &m_list},
                              Groups(part.words).across);
    commands.stage("project");
    commands.fill(m_shaded, 0, 4);
    for (std::size_t i = 0; i < m_parts.size(); ++i) {
        const Part& part = m_parts[i];
        if (part.part == 0) freshenColors(commands, part.item);
        if (part.visible == 0) continue;
        const ItemView& view = m_views[part.item];
        const GpuCloud& cloud = *m_clouds[part.item];
        shared::ProjectParams p = paramsOf(part);
        p.first = part.first;
        p.count = part.visible;
        p.degrees = static_cast<std::uint32_t>(view.shDegree) | static_cast<std::uint32_t>(cloud.cloud.shDegree()) << 8;
        p.flags |= m_colors[part.item].stamp << 16;
        commands.dispatch(m_project, p,
                          {&cloud.parts[part.part].geometry, &m_extras, &marksOf(part.item), &cloud.parts[part.part].harmonics, &m_list,
                           &m_colors[part.item].parts[part.part], &m_records, &m_keys, &m_order, &m_shaded},
                          Groups(part.visible).across);
    }
    commands.copy(m_shaded, m_read, 4, 0, kShaded);
    commands.stage("sort");
    m_sorter.sort(commands, m_keys, m_order, m_visible, 32);
}

void Projection::makeNormals(Commands& commands) {
    if (!m_makeNormals) m_makeNormals = std::make_unique<Kernel>(m_device, shaders::Normals, "tts", sizeof(shared::NormalParams));
    if (m_normals.size() < VkDeviceSize{m_capacity} * 8) m_normals = Buffer(m_device, VkDeviceSize{m_capacity} * 8, Buffer::Use::Device);
    commands.stage("project");
    for (const Part& part : m_parts) {
        if (part.visible == 0) continue;
        shared::NormalParams p = normalParams(m_views[part.item]);
        p.first = part.first;
        p.count = part.visible;
        p.base = part.base;
        commands.dispatch(*m_makeNormals, p, {&m_clouds[part.item]->parts[part.part].geometry, &m_list, &m_normals},
                          Groups(part.visible).across);
    }
}

FrameCounts Projection::counts() const {
    FrameCounts counts{.splats = m_total, .visible = m_visible};
    std::uint32_t shaded = 0;
    if (m_visible > 0) std::memcpy(&shaded, m_read.mapped().data() + kShaded, 4);
    counts.shaded = shaded;
    return counts;
}

} // namespace ochre::vk
