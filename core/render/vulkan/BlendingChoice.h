// SPDX-License-Identifier: GPL-3.0-or-later
// Which way of blending is faster on a device: found out in the first frames that are shown, and remembered while the program runs.
#pragma once

#include <mutex>
#include <string>

#include "core/render/Renderer.h"

namespace ochre::vk {

/// Safe from several threads at once.
class BlendingChoice {
public:
    static BlendingChoice& of(const std::string& device); ///< the same for all renderers of the device

    Blending next() const; ///< for the next frame: each in turn until both are known
    /// A frame that was blended so took that long a pixel. Of each way the first is not counted: drivers still compile then.
    void took(Blending blending, double nanoseconds);

private:
    static constexpr int kFrames = 3;
    struct Way {
        int frames = 0;
        double best = 0;
    };

    mutable std::mutex m_mutex;
    Way m_tiles, m_quads;
};

} // namespace ochre::vk
