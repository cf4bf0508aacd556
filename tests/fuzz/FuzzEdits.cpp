// SPDX-License-Identifier: GPL-3.0-or-later
// Steps of editing splats: a list is refused, or applied and taken back.
#include "core/base/Error.h"
#include "core/scene/edit/SplatEditor.h"
#include "tests/fuzz/FuzzScene.h"

namespace {

ochre::SplatCloud smallCloud() {
    ochre::SplatData d;
    d.shDegree = 1;
    for (int i = 0; i < 70; ++i) {
        d.positions.insert(d.positions.end(), {0.1f * static_cast<float>(i % 7), 0.1f * static_cast<float>(i / 7), 1});
        d.logScales.insert(d.logScales.end(), {-3, -3, -4});
        d.rotations.insert(d.rotations.end(), {1, 0, 0, 0});
        d.opacities.push_back(static_cast<float>(i % 5 - 2));
        d.sh0.insert(d.sh0.end(), {0.5f, 0, -0.5f});
        d.shRest.insert(d.shRest.end(), 9, 0.1f);
    }
    return ochre::SplatCloud(std::move(d), "small");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return ochre::fuzz::run([&] {
        static const ochre::SplatCloud cloud = smallCloud();
        ochre::Json steps = ochre::parseJson({reinterpret_cast<const char*>(data), size}, "edits");
        constexpr std::size_t kMost = 12; // each may double the cloud
        while (steps.is_array() && steps.size() > kMost) steps.erase(steps.size() - 1);
        return ochre::edited(cloud, steps, "edits");
    });
}
