// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/MaskRuns.h"

#include <algorithm>

namespace ochre {

MaskRuns runsOf(const Image& mask, float above) {
    MaskRuns runs(1, 0);
    bool chosen = false;
    for (const float v : mask.values()) {
        if ((v > above) != chosen) {
            chosen = !chosen;
            runs.push_back(0);
        }
        ++runs.back();
    }
    return runs;
}

Image maskOfRuns(const MaskRuns& runs, int width, int height) {
    Image mask(width, height, 1, ColorSpace::Raw);
    float* to = mask.edit().data();
    for (std::size_t i = 0; i < runs.size(); ++i, to += runs[i - 1])
        if (i % 2 == 1) std::fill_n(to, runs[i], 1.0f);
    return mask;
}

std::size_t areaOf(const MaskRuns& runs) {
    std::size_t area = 0;
    for (std::size_t i = 1; i < runs.size(); i += 2) area += runs[i];
    return area;
}

} // namespace ochre
