// SPDX-License-Identifier: GPL-3.0-or-later
// Reports of what was trained: one HTML file with tables and plots, which needs no network, no scripts and no fonts of its
// own, and follows the reader's light or dark setting. It is well-formed XML, too.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ochre::training {

struct PlotAxis {
    std::string label;
    bool logarithmic = false;       ///< values that are not positive are then left out
    std::vector<double> ticks = {}; ///< empty: chosen from the range
};

struct PlotSeries {
    std::string name;
    std::vector<std::pair<double, double>> points; ///< (x, y); those that are not finite are left out
    bool marked = false;                           ///< a dot at each point
};

/// Series are told apart by colour and dash pattern, in the order given; up to kPlotColors of them.
struct LinePlot {
    std::string title;
    PlotAxis x, y;
    std::vector<PlotSeries> series;
    int width = 760, height = 400; ///< px
};
constexpr std::size_t kPlotColors = 6;

/// Values 0…1 as strength of colour, row by row; NaN is left empty.
struct HeatMap {
    std::string title;
    std::vector<std::string> rows, columns;
    std::string rowLabel, columnLabel; ///< of the axes
    std::vector<double> values;
    std::vector<std::string> texts = {}; ///< in the cells, row by row; may be empty
    int cell = 36;                       ///< px
};

/// An <svg> element that is drawn by the classes of ReportPage. Throws Error where counts do not fit.
std::string svg(const LinePlot& plot);
std::string svg(const HeatMap& map);

/// About `count` round numbers from `low` to `high`, both at most the step outside of what is asked; low < high.
std::vector<double> roundTicks(double low, double high, int count);
/// Decades, or 1-2-5 where these are few; 0 < low < high.
std::vector<double> logarithmicTicks(double low, double high);
/// The slope of log y over log x by least squares: k where y grows as xᵏ. 0 with fewer than two points; all values > 0.
double growthExponent(const std::vector<std::pair<double, double>>& points);

std::string escapedXml(std::string_view text);

class ReportPage {
public:
    explicit ReportPage(const std::string& title);

    void heading(const std::string& text);
    void paragraph(const std::string& text);
    /// The first column is of words, the others of figures.
    void table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows);
    void plot(const LinePlot& plot);
    void maps(const std::vector<HeatMap>& maps); ///< side by side, as many as fit
    void picture(const std::string& title, std::span<const std::byte> png); ///< within the page

    std::string html() const;

private:
    void figure(const std::string& title, const std::string& content);

    std::string m_title, m_body;
};

} // namespace ochre::training
