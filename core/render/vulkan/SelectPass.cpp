// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/vulkan/SelectPass.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "core/base/Error.h"
#include "core/base/Math.h"
#include "core/base/TaskPool.h"
#include "core/render/Selector.h"
#include "core/scene/SplatTransform.h"
#include "core/scene/edit/ScreenMask.h"
#include "shaders/Shaders.h"
#include "shaders/SelectTypes.h"
#include "shaders/SharedTypes.h"

namespace ochre {
namespace vk {
namespace {

constexpr double kNoLimit = 1e30; // drivers need not know infinity
constexpr std::size_t kGrain = 1 << 20; // bytes

float asFloat(double value) {
    return static_cast<float>(std::clamp(value, -kNoLimit, kNoLimit));
}

/// What the kernel is asked, from which array.
struct Asked {
    shared::SelectParams params{};
    enum class From { Positions, Scales, Opacities, Colors } from = From::Positions;
};

void put(Asked& asked, std::initializer_list<double> values) {
    std::transform(values.begin(), values.end(), asked.params.v, asFloat);
}

/// Nothing of kinds that it does not know.
std::optional<Asked> askedBy(const SplatQuery& query) {
    using From = Asked::From;
    Asked asked;
    shared::SelectParams& p = asked.params;
    if (const auto* region = std::get_if<ScreenRegion>(&query)) {
        const Camera& c = region->camera;
        p.kind = shared::kSelectScreen;
        p.width = static_cast<std::uint32_t>(c.width);
        p.height = static_cast<std::uint32_t>(c.height);
        for (std::size_t i = 0; i < 12; ++i) p.v[i] = asFloat(c.worldToCamera[i]);
        const double rest[] = {c.fx, c.fy, c.cx, c.cy, c.near, c.far, c.orthographic ? 1.0 : 0.0};
        for (std::size_t i = 0; i < std::size(rest); ++i) p.v[12 + i] = asFloat(rest[i]);
    } else if (const auto* sphere = std::get_if<SphereRegion>(&query)) {
        p.kind = shared::kSelectSphere;
        put(asked, {sphere->center[0], sphere->center[1], sphere->center[2], sphere->radius * sphere->radius});
    } else if (const auto* box = std::get_if<BoxRegion>(&query)) {
        p.kind = shared::kSelectBox;
        put(asked, {box->center[0], box->center[1], box->center[2], box->half[0], box->half[1], box->half[2]});
        const Mat3 r = matrixOf(box->rotation);
        for (std::size_t i = 0; i < 9; ++i) p.v[6 + i] = asFloat(r[i]);
    } else if (const auto* color = std::get_if<ColorRange>(&query)) {
        p.kind = shared::kSelectColor;
        asked.from = From::Colors;
        put(asked, {color->color[0], color->color[1], color->color[2], color->tolerance * color->tolerance});
    } else if (const auto* luminance = std::get_if<LuminanceRange>(&query)) {
        p.kind = shared::kSelectLuminance;
        asked.from = From::Colors;
        put(asked, {luminance->min, luminance->max});
    } else if (const std::optional<FloatRange> range = storedRange(query)) {
        const bool sizes = std::holds_alternative<SizeRange>(query);
        p.kind = sizes ? shared::kSelectLargest : shared::kSelectValue;
        asked.from = sizes ? From::Scales : From::Opacities;
        p.low = range->low;
        p.high = range->high;
    } else {
        return std::nullopt;
    }
    return asked;
}

} // namespace

SelectPass::SelectPass(Device& device) : m_device(device), m_kernel(device, shaders::Select, 3, sizeof(shared::SelectParams)) {}

void SelectPass::send(Commands& commands, const void* bytes, VkDeviceSize size, Buffer& to) {
    if (to.size() < size) to = Buffer(m_device, size, Buffer::Use::Device);
    if (m_staging.size() < size) m_staging = Buffer(m_device, size, Buffer::Use::Upload);
    TaskPool::shared().parallelFor(size, kGrain, [&](std::size_t first, std::size_t last) {
        std::memcpy(m_staging.mapped().data() + first, static_cast<const std::byte*>(bytes) + first, last - first);
    });
    commands.copy(m_staging, to, size);
}

std::optional<SplatMask> SelectPass::answer(Commands& commands, const SplatQuery& query, const SplatData& data, std::uint64_t state,
                                            const Cancel& cancel) {
    std::optional<Asked> asked = askedBy(query);
    const std::size_t count = data.opacities.size();
    if (!asked || count == 0) return std::nullopt;
    const auto* region = std::get_if<ScreenRegion>(&query);
    const std::vector<std::uint8_t> pixels = region ? ScreenMask(*region).inside() : std::vector<std::uint8_t>(4);
    const std::size_t words = ceilDivide<std::size_t>(count, 32), pixelBytes = ceilDivide<std::size_t>(pixels.size(), 4) * 4;
    const std::pair<Sent*, const std::vector<float>*> arrays[] = {{&m_positions, &data.positions}, {&m_scales, &data.logScales},
                                                                  {&m_opacities, &data.opacities}, {&m_colors, &data.sh0}};
    const auto& [sent, values] = arrays[static_cast<std::size_t>(asked->from)];
    const VkDeviceSize largest = m_device.limits().maxStorageBufferRange;
    if (values->size() * sizeof(float) > largest || pixelBytes > largest) return std::nullopt;
    asked->params.count = static_cast<std::uint32_t>(count);
    if (sent->state != state || state == 0 || sent->buffer.size() == 0) {
        commands.begin();
        sent->state = 0;
        send(commands, values->data(), values->size() * sizeof(float), sent->buffer);
        commands.submitAndWait(cancel);
        sent->state = state;
    }
    if (m_found.size() < 8 * words) {
        m_found = Buffer(m_device, 8 * words, Buffer::Use::Device);
        m_foundRead = Buffer(m_device, 8 * words, Buffer::Use::Readback);
    }
    if (m_inside.size() < pixelBytes) m_inside = Buffer(m_device, pixelBytes, Buffer::Use::Upload);
    std::memcpy(m_inside.mapped().data(), pixels.data(), pixels.size());
    commands.begin();
    commands.dispatch(m_kernel, asked->params, {&sent->buffer, &m_inside, &m_found},
                      ceilDivide(static_cast<std::uint32_t>(words), shared::kGroupSize));
    commands.copy(m_found, m_foundRead, 8 * words);
    commands.submitAndWait(cancel);

    SplatMask found(count), open(count);
    const auto* read = reinterpret_cast<const std::uint32_t*>(m_foundRead.mapped().data());
    for (std::size_t w = 0; w < words; ++w) {
        const unsigned shift = w % 2 * 32;
        found.words()[w / 2] |= std::uint64_t{read[2 * w]} << shift;
        open.words()[w / 2] |= std::uint64_t{read[2 * w + 1]} << shift;
    }
    found |= ochre::answer(query, data, cancel, &open); // also says what is wrong with the question
    return found;
}

class VulkanSelector : public DeviceSelector {
public:
    explicit VulkanSelector(bool validation) : m_device(validation), m_commands(m_device), m_pass(m_device) {}
    std::string name() const override { return "Vulkan: " + m_device.name(); }
    std::optional<SplatMask> answer(const SplatQuery& query, const SplatData& data, std::uint64_t state, const Cancel& cancel) override {
        return m_pass.answer(m_commands, query, data, state, cancel);
    }
    std::size_t validationMessages() const override { return m_device.validationMessages(); }

private:
    Device m_device;
    Commands m_commands;
    SelectPass m_pass;
};

} // namespace vk

std::unique_ptr<DeviceSelector> makeVulkanSelector(bool validation) {
    const char* wanted = std::getenv("OCHRE_VALIDATION");
    return std::make_unique<vk::VulkanSelector>(validation || (wanted && *wanted && *wanted != '0'));
}

} // namespace ochre
