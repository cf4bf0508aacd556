// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/recipes/SmallUNet.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::training {

double smallUNetGain(const std::string& name) {
    for (const char* silent : {".out_layers.3.", ".proj_out.", "out.2.", "label_emb.0.2."})
        if (name.find(silent) != std::string::npos) return 0;
    return 1;
}

std::vector<int> widthsOf(const std::string& text, int multiple) {
    std::vector<int> widths;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        const std::string part = text.substr(at, comma - at);
        const int width = std::atoi(part.c_str());
        if (width < multiple || width % multiple != 0)
            throw Error(fmt::format("training: widths \"{}\": \"{}\" is no multiple of {}", text, part, multiple),
                        fmt::format("write them as {},{}", 2 * multiple, 4 * multiple));
        widths.push_back(width);
        at = comma + 1;
    }
    return widths;
}

} // namespace ochre::training
