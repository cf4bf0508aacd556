// SPDX-License-Identifier: GPL-3.0-or-later
// Each way to draw that there is on this machine, for tests that all of them must pass.
#pragma once

#include <iostream>
#include <memory>
#include <vector>

#include "core/base/Error.h"
#include "core/render/Renderer.h"

namespace ochre::test {

/// All but the exact one: the fast CPU renderer and, where there is a device, Vulkan in tiles and in quads with its checking layers.
inline std::vector<std::unique_ptr<Renderer>> otherRenderers() {
    std::vector<std::unique_ptr<Renderer>> all;
    all.push_back(makeFastCpuRenderer());
    try {
        all.push_back(makeVulkanRenderer({.validation = true, .blending = Blending::Tiles}));
        all.push_back(makeVulkanRenderer({.validation = true, .blending = Blending::Quads}));
    } catch (const Error& e) {
        std::cout << "without Vulkan: " << e.full() << "\n";
    }
    return all;
}

inline std::vector<std::unique_ptr<Renderer>> allRenderers() {
    auto all = otherRenderers();
    all.push_back(makeCpuRenderer());
    return all;
}

} // namespace ochre::test
