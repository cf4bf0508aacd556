// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/Tiling.h"

#include <algorithm>

namespace ochre::models {
namespace {

constexpr int kWidestFade = 8; ///< a few pixels hide what little difference is left

int roundUp(int value, int multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

} // namespace

std::vector<Span> cutAxis(int length, int tile, int overlap, int multiple) {
    const int count = std::max(1, (length + tile - 1) / std::max(1, tile));
    const int own = roundUp((length + count - 1) / count, multiple);
    const int window = std::min(length, roundUp(own + 2 * overlap, multiple));
    std::vector<Span> spans;
    for (int begin = 0; begin < length; begin += own) {
        Span span;
        span.begin = begin;
        span.end = std::min(begin + own, length);
        span.size = window;
        span.from =
            std::clamp(begin - roundUp(overlap, multiple), 0, (length - window) / multiple * multiple);
        // Where the picture is no multiple, the last window reaches on to its end.
        if (span.from + span.size < std::min(span.end + overlap, length)) span.size = length - span.from;
        spans.push_back(span);
    }
    for (std::size_t i = 0; i + 1 < spans.size(); ++i) {
        Span &a = spans[i], &b = spans[i + 1];
        const int room = std::min({overlap / 4, kWidestFade, (a.end - a.begin) / 2, (b.end - b.begin) / 2});
        a.fadeHigh = b.fadeLow = std::max(0, room);
    }
    return spans;
}

double share(const Span& span, double position) {
    const auto ramp = [](double distance, int half) {
        if (half == 0) return distance >= 0 ? 1.0 : 0.0;
        return std::clamp((distance + half) / (2.0 * half), 0.0, 1.0);
    };
    double result = 1.0;
    if (span.begin > 0) result *= ramp(position - span.begin, span.fadeLow);
    // The neighbour's share exactly, so that both add up to 1.
    if (span.fadeHigh > 0)
        result *= 1.0 - ramp(position - span.end, span.fadeHigh);
    else if (position >= span.end)
        result = 0.0;
    return result;
}

} // namespace ochre::models
