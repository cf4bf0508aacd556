// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures side by side on one sheet, with labels over the columns and before the rows. They come one at a
// time, so that only the sheet and one of them lie in memory.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/base/Cancel.h"
#include "core/image/Image.h"

namespace ochre {

struct SheetOptions {
    int columns = 0;                   ///< 0: as near to a square as the count allows
    int cellWidth = 0, cellHeight = 0; ///< of each picture; pictures are scaled to fit and centred
    int gap = 8;                       ///< between pictures and at the edges, pixels
    std::array<float, 4> background = {0, 0, 0, 1};
    std::vector<std::string> columnLabels, rowLabels; ///< none: no room is made for them
};

class ContactSheet {
public:
    /// Room for `count` pictures, RGB. Throws Error where that is larger than a picture may be.
    ContactSheet(std::size_t count, SheetOptions options);

    /// Picture `index`, row by row. Its alpha is laid over the background.
    void place(std::size_t index, const Image& image, const Cancel& cancel = {});

    Image take() { return std::move(m_sheet); }

private:
    void drawLabels();

    SheetOptions m_options;
    int m_rows = 0, m_scale = 1; ///< of letters
    int m_left = 0, m_top = 0;   ///< of the first picture
    Image m_sheet;
};

} // namespace ochre
