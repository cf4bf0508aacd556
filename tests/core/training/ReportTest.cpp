// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/Report.h"

#include <cmath>

#include <gtest/gtest.h>
#include <pugixml.hpp>

#include "tests/support/Support.h"

namespace ochre::training {
namespace {

pugi::xml_document parsed(const std::string& xml) {
    pugi::xml_document document;
    const auto result = document.load_string(xml.c_str(), pugi::parse_full);
    EXPECT_TRUE(result) << result.description() << " at " << xml.substr(static_cast<std::size_t>(result.offset), 80);
    return document;
}

std::size_t count(const pugi::xml_document& document, const char* path) {
    return document.select_nodes(path).size();
}

TEST(Report, TicksAreRoundAndEncloseTheRange) {
    EXPECT_EQ(roundTicks(0, 10, 5), (std::vector<double>{0, 2, 4, 6, 8, 10}));
    EXPECT_EQ(roundTicks(3, 97, 5), (std::vector<double>{0, 20, 40, 60, 80, 100}));
    for (const auto& [low, high] : {std::pair{-3.7, 0.2}, {0.013, 0.0131}, {1e6, 3e9}}) {
        const auto ticks = roundTicks(low, high, 6);
        EXPECT_LE(ticks.front(), low + 1e-9 * high);
        EXPECT_GE(ticks.back(), high - 1e-9 * std::abs(high));
        EXPECT_LE(ticks.size(), 14u);
    }
    EXPECT_EQ(logarithmicTicks(1, 1000), (std::vector<double>{1, 10, 100, 1000}));
    EXPECT_EQ(logarithmicTicks(3, 40), (std::vector<double>{2, 5, 10, 20, 50}));
}

TEST(Report, TheExponentIsThatOfThePower) {
    std::vector<std::pair<double, double>> points;
    for (const double length : {16.0, 64.0, 1024.0}) points.emplace_back(length, 0.3 * std::pow(length, 1.7));
    EXPECT_NEAR(growthExponent(points), 1.7, 1e-9);
    EXPECT_EQ(growthExponent({{1, 1}}), 0);
}

TEST(Report, LinesLieWhereTheirNumbersSay) {
    LinePlot plot{.title = "A & B", .x = {"x"}, .y = {"y"}, .series = {{"up", {{0, 0}, {5, 5}, {10, 10}}, true}, {"none", {}}}};
    const auto document = parsed(svg(plot));
    ASSERT_EQ(count(document, "//polyline"), 2u);
    EXPECT_EQ(count(document, "//circle"), 3u);
    const auto circles = document.select_nodes("//circle");
    const auto at = [&](std::size_t i, const char* side) { return circles[i].node().attribute(side).as_double(); };
    EXPECT_NEAR(at(1, "cx"), (at(0, "cx") + at(2, "cx")) / 2, 0.11);
    EXPECT_NEAR(at(1, "cy"), (at(0, "cy") + at(2, "cy")) / 2, 0.11);
    EXPECT_GT(at(0, "cy"), at(2, "cy"));
    for (const auto& one : document.select_nodes("//text")) EXPECT_STRNE(one.node().text().get(), "");
    plot.series.front().points.emplace_back(NAN, 3);
    EXPECT_EQ(count(parsed(svg(plot)), "//circle"), 3u) << "what is not finite is left out";
    plot.series.assign(kPlotColors + 1, {"one of many", {{1, 1}}});
    test::expectError([&] { svg(plot); }, "at most 6");
}

TEST(Report, LogarithmicAxesGiveEqualRatiosEqualLengths) {
    const LinePlot plot{.title = "t", .x = {"x", true, {1, 10, 100}}, .y = {"y", true}, .series = {{"s", {{1, 2}, {10, 2}, {100, 2}, {0, 2}}, true}}};
    const auto circles = parsed(svg(plot)).select_nodes("//circle");
    ASSERT_EQ(circles.size(), 3u) << "0 has no place on a logarithmic axis";
    const auto x = [&](std::size_t i) { return circles[i].node().attribute("cx").as_double(); };
    EXPECT_NEAR(x(1) - x(0), x(2) - x(1), 0.11);
}

TEST(Report, MapsHaveACellForEachValue) {
    HeatMap map{.title = "m", .rows = {"<a>", "b"}, .columns = {"x", "y", "z"}, .rowLabel = "r", .columnLabel = "c",
                .values = {0, 0.5, 1, 1, NAN, 0.25}, .texts = {"1", "2", "3", "4", "5", "6"}};
    const auto document = parsed(svg(map));
    EXPECT_EQ(count(document, "//rect[@class='cell']"), 5u);
    EXPECT_STREQ(document.select_node("//text[.='<a>']").node().text().get(), "<a>");
    EXPECT_EQ(count(document, "//text[contains(@class, 'on')]"), 2u) << "strong cells have text that can be read on them";
    map.values.pop_back();
    test::expectError([&] { svg(map); }, "2 rows and 3 columns was given 5 values");
}

TEST(Report, ThePageIsWellFormedAndNeedsNothingElse) {
    ReportPage page("Title <1>");
    page.heading("Numbers & figures");
    page.paragraph("A \"text\" – with <marks>");
    page.table({"name", "value"}, {{"a", "1"}, {"b", "2"}});
    page.plot({.title = "p", .x = {"x"}, .y = {"y"}, .series = {{"s", {{0, 1}, {1, 2}}}}});
    page.maps({{.title = "m", .rows = {"a"}, .columns = {"b"}, .values = {0.5}}});
    test::expectError([&] { page.table({"one"}, {{"1", "2"}}); }, "2 cells in a table of 1");
    const std::string html = page.html();
    const auto document = parsed(html);
    EXPECT_EQ(count(document, "//svg"), 2u);
    EXPECT_EQ(count(document, "//td"), 4u);
    EXPECT_EQ(count(document, "//script | //link | //img"), 0u);
    EXPECT_EQ(html.find("url("), std::string::npos);
    EXPECT_NE(html.find("prefers-color-scheme: dark"), std::string::npos);
}

} // namespace
} // namespace ochre::training
