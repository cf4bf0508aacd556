// SPDX-License-Identifier: GPL-3.0-or-later
// The rows of the ComfyUI table as they are written down; ComfyTable reads them.
#pragma once

#include <span>

namespace ochre::project::interop {

struct RowText {
    const char* comfy;
    const char* ochre;
    const char* widgets;
    const char* inputs;
    const char* outputs;
    const char* fixed = ""; ///< parameter=value that the class implies, parted by ';'
};

std::span<const RowText> rowTexts();

} // namespace ochre::project::interop
