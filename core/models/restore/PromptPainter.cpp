// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/PromptPainter.h"

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/OpenNetwork.h"
#include "core/models/restore/Painter.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

using Color = std::array<float, 3>;

/// Black for no class, then the classes in order: steps of 42 down from white, blue first.
std::vector<Color> classColors() {
    constexpr int kClasses = 150, kSteps = 6, kStep = 256 / kSteps;
    std::vector<Color> colors{{0, 0, 0}};
    for (int i = 0; i < kClasses; ++i)
        colors.push_back({static_cast<float>(255 - i / (kSteps * kSteps) * kStep) / 255,
                          static_cast<float>(255 - i / kSteps % kSteps * kStep) / 255,
                          static_cast<float>(255 - i % kSteps * kStep) / 255});
    return colors;
}

Image nearestClasses(const Image& painted) {
    const std::vector<Color> colors = classColors();
    Image out = painted;
    const auto values = out.edit();
    for (std::size_t i = 0; i < values.size(); i += 3) {
        const Color* nearest = nullptr;
        float least = std::numeric_limits<float>::max();
        for (const Color& color : colors) {
            float distance = 0;
            for (std::size_t c = 0; c < 3; ++c) distance += std::abs(values[i + c] - color[c]);
            if (distance < least) {
                least = distance;
                nearest = &color;
            }
        }
        for (std::size_t c = 0; c < 3; ++c) values[i + c] = (*nearest)[c];
    }
    return out;
}

Image meanOfColors(const Image& painted) {
    Image out(painted.width(), painted.height(), 1, ColorSpace::Raw);
    const auto values = out.edit();
    for (std::size_t i = 0; i < values.size(); ++i) {
        const float* color = painted.values().data() + 3 * i;
        values[i] = (color[0] + color[1] + color[2]) / 3;
    }
    out.setMetadata(painted.metadata());
    return out;
}

} // namespace

PaintTask paintTaskFromName(std::string_view name) {
    if (name == "picture") return PaintTask::Picture;
    if (name == "depth") return PaintTask::Depth;
    if (name == "classes") return PaintTask::Classes;
    throw Error(fmt::format("the task \"{}\" is not known", name), "choose picture, depth or classes");
}

Image readPainted(const Image& painted, PaintTask task) {
    switch (task) {
    case PaintTask::Picture: break;
    case PaintTask::Depth: return meanOfColors(painted);
    case PaintTask::Classes: return nearestClasses(painted);
    }
    return painted;
}

struct PromptPainter::State {
    Painter painter;
};

PromptPainter PromptPainter::open(const std::filesystem::path& path) {
    PromptPainter painter;
    tensor::run({}, [&] { painter.m_state = std::make_shared<const State>(State{openNetwork<Painter>(path, "Painter")}); });
    return painter;
}

Image PromptPainter::paint(const Image& picture, const Image& before, const Image& after, PaintTask task,
                           const Cancel& cancel) const {
    tensor::useThreads();
    return readPainted(paintLike(m_state->painter, picture, before, after, cancel), task);
}

} // namespace ochre::models
