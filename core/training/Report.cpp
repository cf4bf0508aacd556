// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/Report.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::training {
namespace {

constexpr double kLetter = 7, kSmallLetter = 6.2; // widths of letters of 12 and 11 px, rather too large
constexpr double kLine = 16, kGap = 8;            // px
constexpr double kLegendLine = 24;
constexpr double kSlant = 60;     // degrees, of labels below columns
constexpr double kStrong = 0.55;  // cells above it have text in the other colour
constexpr double kPi = 3.14159265358979323846;

constexpr const char* kStyle = R"(
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em; color: #1c1e21; background: #ffffff; }
h1 { font-size: 1.6em; } h2 { font-size: 1.25em; margin-top: 2em; }
table { border-collapse: collapse; } th, td { padding: .3em .8em; border-bottom: 1px solid #d5d8dc; text-align: right; }
th:first-child, td:first-child { text-align: left; }
figure { display: inline-block; margin: 1em 1.5em 1em 0; vertical-align: top; max-width: 100%; }
figcaption { font-weight: 600; margin-bottom: .4em; }
svg { max-width: 100%; height: auto; }
svg text { font: 12px system-ui, sans-serif; fill: #1c1e21; } svg text.small { font-size: 11px; } svg text.on { fill: #ffffff; }
.axis { stroke: #6b7177; fill: none; } .grid { stroke: #e3e6e9; } .cell { fill: #1f5fa8; } .frame { stroke: #c3c8cd; fill: none; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.s0 { stroke: #0b62b3; } .s1 { stroke: #c2410c; stroke-dasharray: 7 3; } .s2 { stroke: #15803d; stroke-dasharray: 2 3; }
.s3 { stroke: #9333b8; stroke-dasharray: 9 3 2 3; } .s4 { stroke: #8a6100; stroke-dasharray: 14 4; } .s5 { stroke: #52606d; }
.p0 { fill: #0b62b3; } .p1 { fill: #c2410c; } .p2 { fill: #15803d; } .p3 { fill: #9333b8; } .p4 { fill: #8a6100; } .p5 { fill: #52606d; }
@media (prefers-color-scheme: dark) {
body { color: #e4e6e9; background: #17191c; } th, td { border-color: #3a3f45; }
svg text { fill: #e4e6e9; } svg text.on { fill: #101214; }
.axis { stroke: #9aa1a8; } .grid { stroke: #2d3136; } .cell { fill: #7fb6ee; } .frame { stroke: #4a5057; }
.s0 { stroke: #6cb2f5; } .s1 { stroke: #fb923c; } .s2 { stroke: #4ade80; } .s3 { stroke: #d08bf0; } .s4 { stroke: #e0b040; } .s5 { stroke: #a8b3bd; }
.p0 { fill: #6cb2f5; } .p1 { fill: #fb923c; } .p2 { fill: #4ade80; } .p3 { fill: #d08bf0; } .p4 { fill: #e0b040; } .p5 { fill: #a8b3bd; }
}
)";

/// Letters of UTF-8.
double lettersOf(const std::string& text) {
    return static_cast<double>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

double longest(const std::vector<std::string>& texts) {
    double most = 0;
    for (const std::string& text : texts) most = std::max(most, lettersOf(text));
    return most;
}

enum class Anchor { Start, Middle, End };

std::string text(double x, double y, const std::string& words, Anchor anchor, const char* kind = "", double turned = 0) {
    const char* name = anchor == Anchor::Start ? "start" : anchor == Anchor::Middle ? "middle" : "end";
    const std::string turn = turned != 0 ? fmt::format(R"~( transform="rotate({:g} {:.1f} {:.1f})")~", turned, x, y) : "";
    const std::string style = *kind ? fmt::format(R"( class="{}")", kind) : "";
    return fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}"{}{}>{}</text>)", x, y, name, style, turn, escapedXml(words)) + "\n";
}

std::string line(double x1, double y1, double x2, double y2, const std::string& kind) {
    return fmt::format(R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>)", x1, y1, x2, y2, kind) + "\n";
}

std::string element(double width, double height, const std::string& title, const std::string& content) {
    return fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0:.0f}" height="{1:.0f}" viewBox="0 0 {0:.0f} {1:.0f}" role="img" aria-label="{2}">)",
                       width, height, escapedXml(title)) +
           "\n" + content + "</svg>\n";
}

/// One direction of a plot: numbers to pixels.
class Scale {
public:
    Scale(const PlotAxis& axis, const std::vector<double>& values) : m_logarithmic(axis.logarithmic), m_ticks(axis.ticks) {
        double low = INFINITY, high = -INFINITY;
        for (const double value : values) {
            low = std::min(low, value);
            high = std::max(high, value);
        }
        for (const double tick : m_ticks) {
            low = std::min(low, tick);
            high = std::max(high, tick);
        }
        if (!(low <= high)) low = high = 1;
        if (!m_logarithmic && low > 0 && low < 0.5 * high) low = 0;
        if (low == high) {
            low = m_logarithmic ? low / 2 : low - 1;
            high = m_logarithmic ? high * 2 : high + 1;
        }
        if (m_ticks.empty()) m_ticks = m_logarithmic ? logarithmicTicks(low, high) : roundTicks(low, high, 6);
        m_low = place(std::min(low, m_ticks.front()));
        m_high = place(std::max(high, m_ticks.back()));
    }

    const std::vector<double>& ticks() const { return m_ticks; }
    double share(double value) const { return (place(value) - m_low) / (m_high - m_low); }
    std::vector<std::string> labels() const {
        std::vector<std::string> texts;
        for (const double tick : m_ticks) texts.push_back(fmt::format("{:.6g}", tick));
        return texts;
    }

private:
    double place(double value) const { return m_logarithmic ? std::log(value) : value; }

    bool m_logarithmic;
    std::vector<double> m_ticks;
    double m_low = 0, m_high = 1;
};

bool canBeDrawn(const LinePlot& plot, const std::pair<double, double>& point) {
    return std::isfinite(point.first) && std::isfinite(point.second) && (!plot.x.logarithmic || point.first > 0) &&
           (!plot.y.logarithmic || point.second > 0);
}

/// Where the lines of a plot lie.
struct Frame {
    double left, top, right, bottom;
    double x(double share) const { return left + share * (right - left); }
    double y(double share) const { return bottom - share * (bottom - top); }
};

std::string axes(const LinePlot& plot, const Frame& frame, const Scale& x, const Scale& y) {
    std::string out;
    const std::vector<std::string> xLabels = x.labels(), yLabels = y.labels();
    for (std::size_t i = 0; i < yLabels.size(); ++i) {
        const double at = frame.y(y.share(y.ticks()[i]));
        out += line(frame.left, at, frame.right, at, "grid");
        out += text(frame.left - kGap, at + 4, yLabels[i], Anchor::End);
    }
    for (std::size_t i = 0; i < xLabels.size(); ++i) {
        const double at = frame.x(x.share(x.ticks()[i]));
        out += line(at, frame.top, at, frame.bottom, "grid");
        out += line(at, frame.bottom, at, frame.bottom + 4, "axis");
        out += text(at, frame.bottom + kLine + 2, xLabels[i], Anchor::Middle);
    }
    out += line(frame.left, frame.bottom, frame.right, frame.bottom, "axis") + line(frame.left, frame.top, frame.left, frame.bottom, "axis");
    out += text((frame.left + frame.right) / 2, frame.bottom + 2.4 * kLine, plot.x.label, Anchor::Middle);
    return out + text(14, (frame.top + frame.bottom) / 2, plot.y.label, Anchor::Middle, "", -90);
}

std::string seriesLine(const LinePlot& plot, std::size_t index, const Frame& frame, const Scale& x, const Scale& y) {
    std::string points, dots;
    for (const auto& point : plot.series[index].points) {
        if (!canBeDrawn(plot, point)) continue;
        const double atX = frame.x(x.share(point.first)), atY = frame.y(y.share(point.second));
        points += fmt::format("{}{:.1f},{:.1f}", points.empty() ? "" : " ", atX, atY);
        if (plot.series[index].marked) dots += fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="3.5" class="p{}"/>)", atX, atY, index) + "\n";
    }
    return fmt::format(R"(<polyline points="{}" class="line s{}"/>)", points, index) + "\n" + dots;
}

std::string legend(const LinePlot& plot, double left, double top) {
    std::string out;
    for (std::size_t i = 0; i < plot.series.size(); ++i) {
        const double y = top + kLegendLine * (static_cast<double>(i) + 0.5);
        out += line(left, y, left + 30, y, fmt::format("line s{}", i));
        out += text(left + 30 + kGap, y + 4, plot.series[i].name, Anchor::Start);
    }
    return out;
}

/// Labels of rows and columns, and the titles of both axes, around cells that begin at (left, top).
std::string mapLabels(const HeatMap& map, double left, double top, double bottom) {
    std::string out;
    const auto side = static_cast<double>(map.cell);
    for (std::size_t row = 0; row < map.rows.size(); ++row)
        out += text(left - kGap, top + side * (static_cast<double>(row) + 0.5) + 4, map.rows[row], Anchor::End, "small");
    for (std::size_t column = 0; column < map.columns.size(); ++column)
        out += text(left + side * (static_cast<double>(column) + 0.5) + 3, bottom + kGap + 5, map.columns[column], Anchor::End, "small", -kSlant);
    return out;
}

std::string mapCells(const HeatMap& map, double left, double top) {
    std::string out;
    const auto side = static_cast<double>(map.cell);
    for (std::size_t i = 0; i < map.values.size(); ++i) {
        const double x = left + side * static_cast<double>(i % map.columns.size()), y = top + side * static_cast<double>(i / map.columns.size());
        const double value = std::clamp(map.values[i], 0.0, 1.0);
        if (std::isnan(map.values[i])) continue;
        out += fmt::format(R"(<rect x="{:.1f}" y="{:.1f}" width="{}" height="{}" class="cell" fill-opacity="{:.3f}"/>)", x, y, map.cell, map.cell, value) + "\n";
        if (!map.texts.empty())
            out += text(x + side / 2, y + side / 2 + 4, map.texts[i], Anchor::Middle, value > kStrong ? "small on" : "small");
    }
    return out;
}

} // namespace

std::vector<double> roundTicks(double low, double high, int count) {
    const double rough = (high - low) / std::max(1, count), unit = std::pow(10, std::floor(std::log10(rough)));
    double step = 10 * unit;
    for (const double factor : {5.0, 2.0, 1.0})
        if (factor * unit >= rough * 0.999) step = factor * unit;
    std::vector<double> ticks;
    const double first = std::floor(low / step + 1e-9);
    for (double n = first; ticks.empty() || ticks.back() < high - 1e-9 * step; ++n) ticks.push_back(n * step);
    return ticks;
}

std::vector<double> logarithmicTicks(double low, double high) {
    const bool few = high / low < 300;
    std::vector<double> all, ticks;
    for (int decade = static_cast<int>(std::floor(std::log10(low))) - 1; std::pow(10, decade) < 100 * high; ++decade)
        for (const double factor : {1.0, 2.0, 5.0})
            if (few || factor == 1) all.push_back(factor * std::pow(10, decade));
    for (std::size_t i = 0; i < all.size(); ++i) {
        const bool begins = i + 1 < all.size() && all[i + 1] > low * (1 + 1e-9), ended = !ticks.empty() && ticks.back() >= high * (1 - 1e-9);
        if (begins && !ended) ticks.push_back(all[i]);
    }
    return ticks;
}

double growthExponent(const std::vector<std::pair<double, double>>& points) {
    const auto count = static_cast<double>(points.size());
    if (points.size() < 2) return 0;
    double x = 0, y = 0, xx = 0, xy = 0;
    for (const auto& [length, cost] : points) {
        const double a = std::log(length), b = std::log(cost);
        x += a;
        y += b;
        xx += a * a;
        xy += a * b;
    }
    return (count * xy - x * y) / (count * xx - x * x);
}

std::string escapedXml(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else
            out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return out;
}

std::string svg(const LinePlot& plot) {
    if (plot.series.size() > kPlotColors)
        throw Error(fmt::format("report: the plot \"{}\" has {} lines, at most {} can be told apart", plot.title, plot.series.size(), kPlotColors));
    std::vector<double> xs, ys;
    std::vector<std::string> names;
    for (const PlotSeries& series : plot.series) {
        names.push_back(series.name);
        for (const auto& point : series.points) {
            if (!canBeDrawn(plot, point)) continue;
            xs.push_back(point.first);
            ys.push_back(point.second);
        }
    }
    const Scale x(plot.x, xs), y(plot.y, ys);
    const double right = plot.width - (30 + 3 * kGap + kLetter * longest(names));
    const Frame frame{.left = 2 * kLine + kGap + kLetter * longest(y.labels()), .top = kGap, .right = right, .bottom = plot.height - 3 * kLine};
    std::string content = axes(plot, frame, x, y) + legend(plot, right + 2 * kGap, frame.top);
    for (std::size_t i = 0; i < plot.series.size(); ++i) content += seriesLine(plot, i, frame, x, y);
    return element(plot.width, plot.height, plot.title, content);
}

std::string svg(const HeatMap& map) {
    const std::size_t cells = map.rows.size() * map.columns.size();
    if (map.values.size() != cells || (!map.texts.empty() && map.texts.size() != cells))
        throw Error(fmt::format("report: the map \"{}\" of {} rows and {} columns was given {} values and {} texts", map.title,
                                map.rows.size(), map.columns.size(), map.values.size(), map.texts.size()));
    const double slant = kSlant * kPi / 180, reach = kSmallLetter * longest(map.columns);
    // Slanted labels lean to the left by as much as this.
    const double lean = std::max(0.0, reach * std::cos(slant) - map.cell / 2.0);
    const double rowTitle = map.rowLabel.empty() ? 0 : kLine, columnTitle = map.columnLabel.empty() ? 0 : kLine + 4;
    const double left = rowTitle + 2 * kGap + std::max(kSmallLetter * longest(map.rows), lean), top = 2;
    const double width = map.cell * static_cast<double>(map.columns.size()), height = map.cell * static_cast<double>(map.rows.size());
    const double bottom = top + height, below = bottom + 2 * kGap + reach * std::sin(slant) + 6;
    std::string content = mapCells(map, left, top) + mapLabels(map, left, top, bottom);
    content += fmt::format(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="frame"/>)", left, top, width, height) + "\n";
    if (rowTitle > 0) content += text(12, top + height / 2, map.rowLabel, Anchor::Middle, "", -90);
    if (columnTitle > 0) content += text(left + width / 2, below + kLine - 6, map.columnLabel, Anchor::Middle);
    return element(left + width + kGap, below + columnTitle, map.title, content);
}

namespace {

std::string base64(std::span<const std::byte> bytes) {
    constexpr const char* kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t here = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t three = 0;
        for (std::size_t k = 0; k < 3; ++k) three = three << 8 | (k < here ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0u);
        for (std::size_t k = 0; k < 4; ++k) text += k <= here ? kDigits[three >> (18 - 6 * k) & 63] : '=';
    }
    return text;
}

} // namespace

ReportPage::ReportPage(const std::string& title) : m_title(title), m_body("<h1>" + escapedXml(title) + "</h1>\n") {}

void ReportPage::heading(const std::string& text) {
    m_body += "<h2>" + escapedXml(text) + "</h2>\n";
}

void ReportPage::paragraph(const std::string& text) {
    m_body += "<p>" + escapedXml(text) + "</p>\n";
}

void ReportPage::table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows) {
    const auto row = [](const std::vector<std::string>& cells, const char* kind) {
        std::string out = "<tr>";
        for (const std::string& cell : cells) out += fmt::format("<{0}>{1}</{0}>", kind, escapedXml(cell));
        return out + "</tr>\n";
    };
    std::string body;
    for (const auto& cells : rows) {
        if (cells.size() != head.size())
            throw Error(fmt::format("report: a row of {} cells in a table of {} columns", cells.size(), head.size()));
        body += row(cells, "td");
    }
    m_body += "<table>\n<thead>" + row(head, "th") + "</thead>\n<tbody>" + body + "</tbody>\n</table>\n";
}

void ReportPage::figure(const std::string& title, const std::string& content) {
    m_body += "<figure><figcaption>" + escapedXml(title) + "</figcaption>\n" + content + "</figure>\n";
}

void ReportPage::plot(const LinePlot& plot) {
    figure(plot.title, svg(plot));
}

void ReportPage::maps(const std::vector<HeatMap>& maps) {
    m_body += "<div>\n";
    for (const HeatMap& map : maps) figure(map.title, svg(map));
    m_body += "</div>\n";
}

void ReportPage::picture(const std::string& title, std::span<const std::byte> png) {
    figure(title, "<img alt=\"" + escapedXml(title) + "\" src=\"data:image/png;base64," + base64(png) + "\"/>\n");
}

std::string ReportPage::html() const {
    return "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
           "<meta name=\"viewport\" content=\"width=device-width\"/>\n<title>" +
           escapedXml(m_title) + "</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n" + m_body + "</body>\n</html>\n";
}

} // namespace ochre::training
