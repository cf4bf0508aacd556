// SPDX-License-Identifier: GPL-3.0-or-later
// What a family takes from its CLIP text encoders. Sources: comfyanonymous/ComfyUI comfy/sd1_clip.py, sdxl_clip.py,
// text_encoders/sd2_clip.py.
#pragma once

#include <algorithm>

#include "core/models/diffusion/DiffusionCheckpoint.h"
#include "core/models/text/ClipText.h"
#include "core/models/text/ClipTokenizer.h"

namespace ochre::models {

struct ClipUse {
    int pad = ClipTokenizer::kPadClip;
    ClipText::Options options;
};

/// `second`: SDXL's bigG, beside or without CLIP-L. `layers`: that the encoder has; `clipSkip` as TextEncoder's.
inline ClipUse clipUse(DiffusionFamily family, bool second, int layers, int clipSkip = 0) {
    const bool large = family == DiffusionFamily::Sdxl || family == DiffusionFamily::SdxlRefiner;
    const bool open = second || family == DiffusionFamily::Sd2; // one of OpenCLIP's
    const int usual = family == DiffusionFamily::Sd1 ? 1 : 2;
    ClipUse use;
    use.pad = open ? ClipTokenizer::kPadOpenClip : ClipTokenizer::kPadClip;
    use.options.clipSkip = std::min(clipSkip > 0 ? clipSkip : usual, layers + 1);
    use.options.finalNorm = !large;
    use.options.pooled = large && open;
    return use;
}

} // namespace ochre::models
