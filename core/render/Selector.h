// SPDX-License-Identifier: GPL-3.0-or-later
// Answers questions to splats where that is fastest: on the CPU or on a Vulkan device. The answers are the same, bit for bit.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/scene/edit/SplatQuery.h"

namespace ochre {

/// A Vulkan device that answers; not safe from several threads at once.
class DeviceSelector {
public:
    virtual ~DeviceSelector() = default;
    virtual std::string name() const = 0; ///< "Vulkan: llvmpipe (LLVM 15)"
    /// Nothing where it has no answer: queries of other kinds than regions of the screen or of space, colours and ranges of values, and
    /// clouds that do not fit. What was sent stays there for as long as `state` is the same: 0 is never. Throws Error as answer() does.
    virtual std::optional<SplatMask> answer(const SplatQuery& query, const SplatData& data, std::uint64_t state, const Cancel& cancel) = 0;
    virtual std::size_t validationMessages() const = 0;
};

/// Throws Error with a plain message when there is no usable device.
std::unique_ptr<DeviceSelector> makeVulkanSelector(bool validation = false);

class Selector {
public:
    /// `state` names the numbers that `data` holds: the same ones have the same name, and none is 0.
    SplatMask answer(const SplatQuery& query, const SplatData& data, std::uint64_t state, const Cancel& cancel);

    /// Opens the device and measures it against the CPU with questions to these splats, which takes a second; until then, and where the
    /// cloud is small, the CPU answers.
    void tryOut(const SplatData& data, std::uint64_t state, const Cancel& cancel);
    bool wantsTrial(const SplatData& data) const { return !m_tried && data.opacities.size() >= kWorthATrial; }

    struct Trial {
        std::string query;
        double cpu = 0, device = 0; ///< milliseconds, once all is sent
        bool same = true;           ///< the answers
    };
    const std::vector<Trial>& trials() const { return m_trials; } ///< empty without a device
    const std::string& device() const { return m_name; }          ///< that was tried

    static constexpr std::size_t kWorthATrial = 200'000; ///< splats

private:
    bool onDevice(const SplatQuery& query) const;

    std::unique_ptr<DeviceSelector> m_device; ///< null: none, or never the faster one
    std::vector<bool> m_faster;               ///< on the device, by the kind of the query
    std::vector<Trial> m_trials;
    std::string m_name;
    bool m_tried = false;
};

} // namespace ochre
