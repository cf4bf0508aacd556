// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/vulkan/GpuCloud.h"

#include <cstring>

#include "core/render/SplatMath.h"
#include "core/scene/SplatValues.h"

namespace ochre::vk {

GpuCloud::GpuCloud(Device& device, Commands& commands, const SplatCloud& from)
    : cloud(from), count(static_cast<std::uint32_t>(from.count())) {
    const SplatData& d = cloud.data();
    const std::size_t n = cloud.count(), coefficients = cloud.restCount();
    std::vector<float> sigma(6 * n), alpha(n), color(3 * n);
    for (std::size_t i = 0; i < n; ++i) {
        const splat::Covariance c = splat::covariance(d, i);
        for (std::size_t k = 0; k < 6; ++k) sigma[6 * i + k] = static_cast<float>(c[k]);
        alpha[i] = static_cast<float>(sigmoid(d.opacities[i]));
        for (std::size_t k = 0; k < 3; ++k) color[3 * i + k] = static_cast<float>(colorOf(d.sh0[3 * i + k]));
    }
    send(device, commands, d.positions, positions);
    send(device, commands, sigma, covariances);
    send(device, commands, alpha, opacities);
    send(device, commands, color, base);
    std::vector<float> plane(n * coefficients);
    for (std::size_t channel = 0; channel < 3; ++channel) {
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t k = 0; k < coefficients; ++k) plane[k * n + i] = d.shRest[(i * coefficients + k) * 3 + channel];
        send(device, commands, plane, rest[channel]);
    }
}

void GpuCloud::needAxes(Device& device, Commands& commands) {
    if (axes.size() > 0) return;
    std::vector<float> values(std::size_t{3} * count);
    for (std::size_t i = 0; i < count; ++i) {
        const Vec3 n = splat::normal(cloud.data(), i, {});
        for (std::size_t k = 0; k < 3; ++k) values[3 * i + k] = static_cast<float>(n[k]);
    }
    send(device, commands, values, axes);
}

void GpuCloud::send(Device& device, Commands& commands, const std::vector<float>& values, Buffer& buffer) {
    const VkDeviceSize bytes = values.size() * sizeof(float);
    buffer = Buffer(device, bytes, Buffer::Use::Device);
    if (bytes == 0) return;
    const Buffer staging(device, bytes, Buffer::Use::Upload);
    std::memcpy(staging.mapped().data(), values.data(), bytes);
    commands.begin();
    commands.copy(staging, buffer, bytes);
    commands.submitAndWait({});
    sent += bytes;
}

} // namespace ochre::vk
