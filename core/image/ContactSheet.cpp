// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/ContactSheet.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Math.h"
#include "core/image/Color.h"
#include "core/image/Filter.h"
#include "core/image/ImageIo.h"
#include "core/image/Lettering.h"

namespace ochre {
namespace {

constexpr int kCellOfScale = 192; // side of a picture for which letters grow by one pixel a dot
constexpr std::int64_t kMaxSide = 65536;

/// Black or white, whichever stands out.
std::array<float, 4> inkOn(const std::array<float, 4>& background) {
    const float light = 0.2126f * background[0] + 0.7152f * background[1] + 0.0722f * background[2];
    return light > 0.5f ? std::array<float, 4>{0, 0, 0, 1} : std::array<float, 4>{1, 1, 1, 1};
}

} // namespace

ContactSheet::ContactSheet(std::size_t count, SheetOptions options) : m_options(std::move(options)) {
    SheetOptions& o = m_options;
    if (count == 0) throw Error("sheet: there is no picture to put on it");
    if (o.cellWidth < 1 || o.cellHeight < 1 || o.gap < 0 || o.columns < 0)
        throw Error(fmt::format("sheet: cells of {}×{}, a gap of {} and {} columns make none", o.cellWidth,
                                o.cellHeight, o.gap, o.columns));
    const auto pictures = static_cast<std::int64_t>(std::min<std::size_t>(count, kMaxSide * kMaxSide));
    std::int64_t columns = o.columns;
    if (columns == 0)
        columns = !o.columnLabels.empty()
                      ? static_cast<std::int64_t>(o.columnLabels.size())
                      : static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(pictures))));
    columns = std::min(columns, pictures);
    const std::int64_t rows = ceilDivide(pictures, columns);
    m_scale = std::max(1, std::min(o.cellWidth, o.cellHeight) / kCellOfScale);
    m_top = o.gap + (o.columnLabels.empty() ? 0 : kLetterHeight * m_scale + std::max(o.gap, 2));
    int widest = 0;
    for (const std::string& label : o.rowLabels)
        widest = std::max(widest, std::min(letteringWidth(label, m_scale), o.cellWidth));
    m_left = o.gap + (widest == 0 ? 0 : widest + std::max(o.gap, 2));
    const std::int64_t width = m_left + columns * (o.cellWidth + o.gap),
                       height = m_top + rows * (o.cellHeight + o.gap);
    if (width > kMaxSide || height > kMaxSide)
        throw Error(fmt::format("sheet: {} pictures of {}×{} make {}×{} pixels", pictures, o.cellWidth,
                                o.cellHeight, width, height),
                    fmt::format("the limit is {} a side; choose smaller cells", kMaxSide));
    o.columns = static_cast<int>(columns);
    m_rows = static_cast<int>(rows);
    m_sheet = Image(static_cast<int>(width), static_cast<int>(height), 3);
    float* p = m_sheet.edit().data();
    for (std::size_t i = 0; i < m_sheet.valueCount(); ++i) p[i] = o.background[i % 3];
    drawLabels();
}

void ContactSheet::drawLabels() {
    const SheetOptions& o = m_options;
    const std::array<float, 4> ink = inkOn(o.background);
    for (int i = 0; i < std::min(o.columns, static_cast<int>(o.columnLabels.size())); ++i) {
        const std::string& label = o.columnLabels[static_cast<std::size_t>(i)];
        const int room = std::max(0, o.cellWidth - letteringWidth(label, m_scale));
        drawLettering(m_sheet, label, m_left + i * (o.cellWidth + o.gap) + room / 2, o.gap, o.cellWidth,
                      m_scale, ink);
    }
    for (int i = 0; i < std::min(m_rows, static_cast<int>(o.rowLabels.size())); ++i)
        drawLettering(m_sheet, o.rowLabels[static_cast<std::size_t>(i)], o.gap,
                      m_top + i * (o.cellHeight + o.gap) + (o.cellHeight - kLetterHeight * m_scale) / 2,
                      o.cellWidth, m_scale, ink);
}

void ContactSheet::place(std::size_t index, const Image& image, const Cancel& cancel) {
    const SheetOptions& o = m_options;
    if (image.empty()) throw Error(fmt::format("sheet: picture {} is empty", index + 1));
    if (index >= static_cast<std::size_t>(o.columns) * static_cast<std::size_t>(m_rows))
        throw Error(fmt::format("sheet: picture {} has no place on {}×{}", index + 1, o.columns, m_rows),
                    "this is a fault in the node");
    Image picture =
        withChannels(toColorSpace(image, ColorSpace::Srgb, cancel), image.hasAlpha() ? 4 : 3, cancel);
    if (picture.width() != o.cellWidth || picture.height() != o.cellHeight) {
        const double scale = std::min(static_cast<double>(o.cellWidth) / picture.width(),
                                      static_cast<double>(o.cellHeight) / picture.height());
        const auto side = [&](int from, int most) {
            return std::clamp(static_cast<int>(std::lround(from * scale)), 1, most);
        };
        picture = resize(picture, side(picture.width(), o.cellWidth), side(picture.height(), o.cellHeight),
                         ResizeFilter::Lanczos, cancel);
    }
    const int column = static_cast<int>(index % static_cast<std::size_t>(o.columns)),
              row = static_cast<int>(index / static_cast<std::size_t>(o.columns));
    const int x = m_left + column * (o.cellWidth + o.gap) + (o.cellWidth - picture.width()) / 2,
              y = m_top + row * (o.cellHeight + o.gap) + (o.cellHeight - picture.height()) / 2;
    markDigitalSourceType(m_sheet, digitalSourceTypeOf(image));
    float* const values = m_sheet.edit().data();
    for (int i = 0; i < picture.height(); ++i) {
        cancel.check();
        const float* from = picture.pixel(0, i);
        float* to =
            values + 3 * (static_cast<std::size_t>(y + i) * static_cast<std::size_t>(m_sheet.width()) +
                          static_cast<std::size_t>(x));
        for (int j = 0; j < picture.width(); ++j, from += picture.channels(), to += 3) {
            const float alpha = picture.hasAlpha() ? from[3] : 1;
            for (int c = 0; c < 3; ++c) to[c] = alpha >= 1 ? from[c] : mix(to[c], from[c], alpha);
        }
    }
}

} // namespace ochre
