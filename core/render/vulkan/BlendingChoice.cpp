// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/vulkan/BlendingChoice.h"

#include <algorithm>
#include <map>

namespace ochre::vk {

BlendingChoice& BlendingChoice::of(const std::string& device) {
    static std::mutex mutex;
    static std::map<std::string, BlendingChoice> known;
    std::lock_guard lock(mutex);
    return known[device];
}

Blending BlendingChoice::next() const {
    std::lock_guard lock(m_mutex);
    if (std::min(m_tiles.frames, m_quads.frames) < kFrames) return m_quads.frames < m_tiles.frames ? Blending::Quads : Blending::Tiles;
    return m_quads.best < m_tiles.best ? Blending::Quads : Blending::Tiles;
}

void BlendingChoice::took(Blending blending, double nanoseconds) {
    std::lock_guard lock(m_mutex);
    Way& way = blending == Blending::Quads ? m_quads : m_tiles;
    if (way.frames == kFrames) return;
    if (way.frames > 0) way.best = way.frames == 1 ? nanoseconds : std::min(way.best, nanoseconds);
    ++way.frames;
}

} // namespace ochre::vk
