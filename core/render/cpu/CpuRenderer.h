// SPDX-License-Identifier: GPL-3.0-or-later
// What both CPU renderers share: pictures, and the times of the stages.
#pragma once

#include <chrono>

#include "core/render/Picture.h"
#include "core/render/Renderer.h"

namespace ochre {

class Stopwatch {
public:
    void lap(std::vector<StageTime>& times, const char* stage) {
        const auto now = std::chrono::steady_clock::now();
        times.push_back({stage, std::chrono::duration<double, std::milli>(now - m_last).count()});
        m_last = now;
    }

private:
    std::chrono::steady_clock::time_point m_last = std::chrono::steady_clock::now();
};

class CpuPictures : public Renderer {
public:
    void setPicture(const Image& image) override { m_picture = image; }

    void renderPicture8(const PictureView& view, int width, int height, std::span<std::uint8_t> pixels) override {
        m_times.clear();
        Stopwatch watch;
        drawPicture(m_picture, view, width, height, pixels);
        watch.lap(m_times, "picture");
    }

    std::vector<StageTime> lastTimes() const override { return m_times; }

protected:
    std::vector<StageTime> m_times;

private:
    Image m_picture;
};

} // namespace ochre
