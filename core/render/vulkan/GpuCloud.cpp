// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/vulkan/GpuCloud.h"

#include <algorithm>

#include "core/base/TaskPool.h"
#include "core/render/vulkan/PackedSplats.h"

namespace ochre::vk {
namespace {

constexpr std::size_t kGrain = 4096; // splats

} // namespace

GpuCloud::GpuCloud(Device& device, Commands& commands, const SplatCloud& from) : cloud(from) {
    const SplatData& d = cloud.data();
    const auto count = static_cast<std::uint32_t>(cloud.count());
    const std::size_t each = harmonicsBytes(cloud.shDegree());
    const std::size_t most = std::min(count, kPart) * std::max(each, sizeof(PackedGeometry));
    if (count == 0) return;
    const Buffer staging(device, most, Buffer::Use::Upload);
    const auto send = [&](Buffer& to, std::size_t bytes, const auto& pack, std::uint32_t splats) {
        TaskPool::shared().parallelFor(splats, kGrain, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) pack(i, staging.mapped().data() + i * bytes);
        });
        to = Buffer(device, splats * bytes, Buffer::Use::Device, Buffer::Texels::Fours);
        commands.begin();
        commands.copy(staging, to, splats * bytes);
        commands.submitAndWait({});
        sent += splats * bytes;
    };
    for (std::uint32_t first = 0; first < count; first += kPart) {
        Part part{first, std::min(kPart, count - first), {}, {}};
        send(part.geometry, sizeof(PackedGeometry), [&](std::size_t i, std::byte* to) {
            *reinterpret_cast<PackedGeometry*>(to) = packGeometry(d, first + i);
        }, part.count);
        send(part.harmonics, each, [&](std::size_t i, std::byte* to) {
            packHarmonics(d, first + i, reinterpret_cast<std::uint16_t*>(to));
        }, part.count);
        parts.push_back(std::move(part));
    }
}

} // namespace ochre::vk
