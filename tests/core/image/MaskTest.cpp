// SPDX-License-Identifier: GPL-3.0-or-later
// Masks, regions, edges, lettering and contact sheets.
#include "core/image/Mask.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include <gtest/gtest.h>

#include "core/image/Compare.h"
#include "core/image/ContactSheet.h"
#include "core/image/Edges.h"
#include "core/image/ImageIo.h"
#include "core/image/Lettering.h"
#include "core/image/Region.h"
#include "tests/core/image/Pictures.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using namespace test;

Image maskOf(int width, int height, const std::vector<float>& values) {
    Image mask(width, height, 1, ColorSpace::Raw);
    std::copy(values.begin(), values.end(), mask.edit().begin());
    return mask;
}

Image rectangle(int width, int height, int x, int y, int w, int h) {
    Image mask(width, height, 1, ColorSpace::Raw);
    for (int row = y; row < y + h; ++row)
        for (int column = x; column < x + w; ++column)
            mask.edit()[static_cast<std::size_t>(row * width + column)] = 1;
    return mask;
}

bool sameBits(const float* a, const float* b, int count) {
    return std::memcmp(a, b, static_cast<std::size_t>(count) * sizeof(float)) == 0;
}

TEST(MaskCombine, FollowsEachOperationAndKeepsWhatLiesOutside) {
    const Image a = maskOf(3, 1, {0.0f, 0.5f, 1.0f}), b = maskOf(2, 1, {0.25f, 0.75f});
    const auto at = [&](MaskOperation operation) {
        const Image out = combineMasks(a, b, 1, 0, operation);
        EXPECT_EQ(*out.pixel(0, 0), 0.0f);
        return std::pair{*out.pixel(1, 0), *out.pixel(2, 0)};
    };
    EXPECT_EQ(at(MaskOperation::Multiply), std::pair(0.125f, 0.75f));
    EXPECT_EQ(at(MaskOperation::Add), std::pair(0.75f, 1.0f));
    EXPECT_EQ(at(MaskOperation::Subtract), std::pair(0.25f, 0.25f));
    EXPECT_EQ(at(MaskOperation::And), std::pair(1.0f, 1.0f));
    EXPECT_EQ(at(MaskOperation::Xor), std::pair(0.0f, 0.0f));
    const Image black = maskOf(3, 1, {0, 0, 0});
    EXPECT_EQ(*combineMasks(black, b, 0, 0, MaskOperation::Or).pixel(0, 0), 1.0f);
    EXPECT_EQ(*combineMasks(black, b, -1, 0, MaskOperation::Add).pixel(0, 0), 0.75f);
    EXPECT_EQ(maxDifference(combineMasks(a, b, 9, 9, MaskOperation::Add), a), 0);
    expectError([&] { combineMasks(a, Image(2, 2, 3), 0, 0, MaskOperation::Add); }, "3 channels");
}

TEST(MaskFeather, RampsEachBorderAndMultipliesInCorners) {
    const Image out = featherBorders(solidMask(7, 5, 1), {.left = 4, .top = 2, .right = 0, .bottom = 5});
    EXPECT_FLOAT_EQ(*out.pixel(0, 2), 0.25f * 3 / 5);
    EXPECT_FLOAT_EQ(*out.pixel(3, 1), 4.0f / 5);
    EXPECT_FLOAT_EQ(*out.pixel(6, 4), 1.0f / 5);
    EXPECT_FLOAT_EQ(*out.pixel(6, 0), 0.5f);
    EXPECT_EQ(*featherBorders(solidMask(1, 1, 1), {100, 100, 100, 100}).pixel(0, 0), 1.0f);
    EXPECT_EQ(maxDifference(featherBorders(out, {}), out), 0);
    expectError([] { featherBorders(solidMask(2, 2, 1), {.left = -1}); }, "-1");
}

TEST(MaskOfColor, MatchesEightBitColours) {
    Image image(3, 1, 3);
    const float v[] = {1.0f, 0.5f, 0.0f, 1.001f, 0.5015f, 0.0015f, 1.0f, 0.51f, 0.0f};
    std::copy(std::begin(v), std::end(v), image.edit().begin());
    const Image exact = maskOfColor(image, {1, 0.5f, 0, 1}, 0),
                wide = maskOfColor(image, {1, 0.5f, 0, 1}, 0.02f);
    EXPECT_EQ(*exact.pixel(0, 0), 1);
    EXPECT_EQ(*exact.pixel(1, 0), 1); // the same in 8 bits
    EXPECT_EQ(*exact.pixel(2, 0), 0);
    EXPECT_EQ(*wide.pixel(2, 0), 1);
    EXPECT_EQ(*maskOfColor(Image(1, 1, 1), {0, 0, 0, 1}, 0).pixel(0, 0), 1); // grey counts as colour
}

TEST(Outpaint, AddsGreyAndAMaskThatFadesOnlyWhereThePictureGrew) {
    const Image image = noise(20, 30, 3);
    const auto [canvas, mask] = padForOutpaint(image, {.left = 8, .bottom = 16}, 5);
    EXPECT_EQ(canvas.width(), 28);
    EXPECT_EQ(canvas.height(), 46);
    EXPECT_EQ(canvas.pixel(0, 0)[1], 0.5f);
    EXPECT_EQ(canvas.pixel(8, 3)[2], image.pixel(0, 3)[2]);
    EXPECT_EQ(*mask.pixel(7, 10), 1);
    EXPECT_EQ(*mask.pixel(8, 10), 1); // the square of (5 - 0) / 5
    EXPECT_FLOAT_EQ(*mask.pixel(10, 10), 0.36f);
    EXPECT_EQ(*mask.pixel(13, 10), 0);
    EXPECT_EQ(*mask.pixel(27, 0), 0);                 // nothing was added above or right
    EXPECT_FLOAT_EQ(*mask.pixel(20, 29), 16.0f / 25); // one pixel above the lower edge
    const auto [small, hard] = padForOutpaint(noise(7, 5, 3), {.left = 1}, 40); // too small to fade
    EXPECT_EQ(*hard.pixel(1, 0), 0);
    EXPECT_EQ(*hard.pixel(0, 0), 1);
}

TEST(DistanceInside, IsEuclideanAndIgnoresTheBorder) {
    Image mask = solidMask(31, 23, 1);
    mask.edit()[static_cast<std::size_t>(9 * 31 + 4)] = 0;
    mask.edit()[static_cast<std::size_t>(20 * 31 + 25)] = 0;
    const Image distance = distanceInside(mask);
    for (int y = 0; y < 23; ++y)
        for (int x = 0; x < 31; ++x)
            ASSERT_NEAR(*distance.pixel(x, y), std::min(std::hypot(x - 4, y - 9), std::hypot(x - 25, y - 20)),
                        1e-5)
                << x << " " << y;
    EXPECT_TRUE(std::isinf(*distanceInside(solidMask(1, 1, 1)).pixel(0, 0)));
    EXPECT_EQ(*distanceInside(solidMask(1, 1, 0)).pixel(0, 0), 0);
}

TEST(Region, HoldsTheMaskWithItsSurroundingsInMultiples) {
    const Image mask = rectangle(200, 100, 90, 40, 20, 11);
    const WorkRegion r = regionAbout(mask, {.padding = 10, .multiple = 8});
    EXPECT_EQ(r.width, 40);
    EXPECT_EQ(r.height, 32);
    EXPECT_LE(r.x, 80);
    EXPECT_GE(r.x + r.width, 120);
    EXPECT_LE(r.y, 30);
    EXPECT_GE(r.y + r.height, 61);
    const WorkRegion corner =
        regionAbout(rectangle(200, 100, 195, 95, 5, 5), {.padding = 3, .multiple = 64, .size = 512});
    EXPECT_EQ(corner.x, 136); // moved inside
    EXPECT_EQ(corner.y, 36);
    EXPECT_EQ(corner.workWidth, 512);
    EXPECT_EQ(corner.workHeight, 512);
    const WorkRegion small = regionAbout(solidMask(7, 5, 0.5f), {.padding = 3, .multiple = 8});
    EXPECT_EQ((std::array{small.x, small.y, small.width, small.height}),
              (std::array{0, 0, 8, 8})); // over the edge
    expectError([] { regionAbout(solidMask(9, 9, 0), {}); }, "black everywhere");
}

TEST(Region, CropOfASmallPictureRepeatsItsEdge) {
    const Image image = noise(7, 5, 3);
    const WorkRegion r = regionAbout(solidMask(7, 5, 1), {.padding = 0, .multiple = 8});
    const Image part = cropRegion(image, r);
    EXPECT_EQ(part.width(), 8);
    EXPECT_EQ(part.height(), 8);
    EXPECT_EQ(part.pixel(7, 7)[1], image.pixel(6, 4)[1]);
    EXPECT_EQ(*cropRegionMask(solidMask(7, 5, 1), r).pixel(7, 7), 0);
    expectError([&] { cropRegion(noise(8, 5, 3), r); }, "8×5");
}

TEST(Region, StitchChangesNothingOutsideOfTheMask) {
    for (const int channels : {1, 3, 4})
        for (const int size : {0, 96}) {
            const Image image = noise(64, 48, channels, 65535);
            const Image mask = rectangle(64, 48, 20, 10, 21, 17);
            const WorkRegion r = regionAbout(mask, {.padding = 6, .multiple = 8, .size = size});
            Image patch = noise(r.workWidth, r.workHeight, 3, 65535, 5);
            markDigitalSourceType(patch, DigitalSourceType::TrainedAlgorithmicMedia);
            for (const Image& where : {mask, cropRegionMask(mask, r)}) {
                if (size != 0 && where.width() != 64) continue; // a scaled mask has another edge
                const Image out = stitchRegion(image, patch, r, where, 4);
                for (int y = 0; y < 48; ++y)
                    for (int x = 0; x < 64; ++x) {
                        const bool same = sameBits(out.pixel(x, y), image.pixel(x, y), channels);
                        ASSERT_EQ(same, *mask.pixel(x, y) == 0)
                            << x << " " << y << " " << channels << " " << size;
                    }
                EXPECT_EQ(digitalSourceTypeOf(out), DigitalSourceType::TrainedAlgorithmicMedia);
                if (channels == 4) {
                    EXPECT_EQ(out.pixel(30, 18)[3], image.pixel(30, 18)[3]);
                }
            }
        }
}

TEST(Region, StitchGivesThePatchInsideAndARampAtTheEdge) {
    Image image(40, 40, 3), patch(40, 40, 3);
    std::ranges::fill(patch.edit(), 1.0f);
    const WorkRegion r{40, 40, 0, 0, 40, 40, 40, 40};
    const Image out = stitchRegion(image, patch, r, rectangle(40, 40, 10, 10, 20, 20), 4);
    EXPECT_EQ(out.pixel(20, 20)[0], 1);
    EXPECT_EQ(out.pixel(9, 20)[0], 0);
    for (int x = 10; x < 14; ++x) {
        EXPECT_GT(out.pixel(x, 20)[0], out.pixel(x - 1, 20)[0]);
        EXPECT_LT(out.pixel(x, 20)[0], 1);
    }
    EXPECT_EQ(out.pixel(14, 20)[0], 1);
    // A mask that reaches the border of the picture does not fade there; none shows all of the patch.
    EXPECT_EQ(stitchRegion(image, patch, r, solidMask(40, 40, 1), 8).pixel(0, 0)[0], 1);
    EXPECT_EQ(maxDifference(stitchRegion(image, patch, r, {}, 8), patch), 0);
    EXPECT_EQ(stitchRegion(Image(1, 1, 3), Image(8, 8, 3), {1, 1, 0, 0, 8, 8, 8, 8}, {}, 0).width(), 1);
}

// Coloured blocks with a little noise, the same as in the script that kornia's edges were written down from.
Image blocks(int width, int height, std::uint32_t seed, int block) {
    const int across = (width + block - 1) / block, down = (height + block - 1) / block;
    const auto random = [&] {
        seed = seed * 1664525u + 1013904223u;
        return static_cast<double>(seed >> 24) / 255.0;
    };
    std::vector<double> cells;
    for (int i = 0; i < across * down * 3; ++i) cells.push_back(random());
    Image image(width, height, 3);
    float* p = image.edit().data();
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (int c = 0; c < 3; ++c) {
                const double cell = cells[static_cast<std::size_t>((y / block * across + x / block) * 3 + c)];
                *p++ = static_cast<float>(0.875 * cell + 0.125 * random());
            }
    return image;
}

std::string drawn(const Image& edges) {
    std::string text;
    for (int y = 0; y < edges.height(); ++y) {
        for (int x = 0; x < edges.width(); ++x) text += *edges.pixel(x, y) == 1 ? '#' : '.';
        text += '\n';
    }
    return text;
}

TEST(Canny, FindsTheEdgesThatKornia09Finds) {
    EXPECT_EQ(drawn(cannyEdges(blocks(20, 16, 1, 5), 0.3f, 0.8f)), "....................\n"
                                                                   "....................\n"
                                                                   "....................\n"
                                                                   "....................\n"
                                                                   "..##..##.......#....\n"
                                                                   "##..##..##.....#....\n"
                                                                   ".........#....#.....\n"
                                                                   ".........#....#.....\n"
                                                                   "..........#....#....\n"
                                                                   "#...###..##....#####\n"
                                                                   ".###...##...........\n"
                                                                   "....................\n"
                                                                   "....................\n"
                                                                   "....................\n"
                                                                   "....................\n"
                                                                   "....................\n");
    EXPECT_EQ(drawn(cannyEdges(blocks(20, 16, 7, 5), 0.2f, 1.0f)), ".....#........#.....\n"
                                                                   ".....#........#.....\n"
                                                                   "....#.........#.....\n"
                                                                   "...##..........#....\n"
                                                                   "####.#######.#.#####\n"
                                                                   "............#.......\n"
                                                                   ".....#.......#.##...\n"
                                                                   ".....#........#.....\n"
                                                                   ".....#.......##.....\n"
                                                                   ".....#..............\n"
                                                                   "......########......\n"
                                                                   ".............##.....\n"
                                                                   "..............#.....\n"
                                                                   "..............#.....\n"
                                                                   "..............#.....\n"
                                                                   "..............#.....\n");
    EXPECT_EQ(drawn(cannyEdges(blocks(5, 7, 2, 2), 0.1f, 0.3f)), ".#..#\n"
                                                                 ".#..#\n"
                                                                 "#..##\n"
                                                                 "...#.\n"
                                                                 "..##.\n"
                                                                 "###..\n"
                                                                 ".....\n");
}

TEST(Canny, HasNoEdgesOnFlatPicturesAndRefusesCrossedThresholds) {
    EXPECT_EQ(drawn(cannyEdges(Image(1, 1, 3), 0.1f, 0.2f)), ".\n");
    EXPECT_EQ(drawn(cannyEdges(solidMask(3, 2, 0.7f), 0.1f, 0.2f)), "...\n...\n");
    expectError([] { cannyEdges(Image(3, 3, 3), 0.5f, 0.2f); }, "0.5");
}

TEST(Lettering, DrawsWithinItsBoxAndShortensWhatIsTooLong) {
    Image image(64, 20, 3);
    drawLettering(image, "Il", 3, 2, 60, 1, {1, 1, 1, 1});
    const auto lit = [&](int x0, int x1) {
        int count = 0;
        for (int y = 0; y < 20; ++y)
            for (int x = x0; x < x1; ++x) count += image.pixel(x, y)[0] == 1;
        return count;
    };
    EXPECT_EQ(lit(3, 8), 11); // the I: three across twice, five down
    EXPECT_GT(lit(9, 14), 7);
    EXPECT_EQ(lit(0, 3) + lit(14, 64), 0);
    EXPECT_EQ(letteringWidth("\u00e4b", 2), 22); // a code point is one letter
    Image narrow(64, 20, 3);
    drawLettering(narrow, "something long", 0, 0, 30, 1, {1, 1, 1, 1});
    for (int y = 0; y < 20; ++y)
        for (int x = 30; x < 64; ++x) ASSERT_EQ(narrow.pixel(x, y)[0], 0);
    Image tiny(1, 1, 1);
    drawLettering(tiny, "x", -3, -3, 30, 4, {1, 1, 1, 1}); // clipped
}

TEST(ContactSheet, PlacesPicturesInRowsAndMakesRoomForLabels) {
    ContactSheet plain(5, {.cellWidth = 10, .cellHeight = 6, .gap = 2});
    Image red(10, 6, 3), tall(3, 12, 4);
    for (std::size_t i = 0; i < red.valueCount(); i += 3) red.edit()[i] = 1;
    std::ranges::fill(tall.edit(), 1.0f);
    plain.place(4, red);
    plain.place(0, tall);
    const Image sheet = plain.take();
    EXPECT_EQ(sheet.width(), 2 + 3 * 12); // three columns hold five
    EXPECT_EQ(sheet.height(), 2 + 2 * 8);
    EXPECT_EQ(sheet.pixel(14, 10)[0], 1); // the second of the second row
    EXPECT_EQ(sheet.pixel(13, 10)[0], 0);
    EXPECT_EQ(sheet.pixel(6, 4)[1], 1); // the tall one keeps its shape, in the middle
    EXPECT_EQ(sheet.pixel(3, 4)[1], 0);
    ContactSheet labelled(
        4,
        {.cellWidth = 30, .cellHeight = 30, .gap = 4, .columnLabels = {"a", "b"}, .rowLabels = {"1", "22"}});
    const Image with = labelled.take();
    EXPECT_EQ(with.height(), 4 + 7 + 4 + 2 * 34);
    EXPECT_EQ(with.width(), 4 + 11 + 4 + 2 * 34);
    expectError([] { ContactSheet(0, {.cellWidth = 1, .cellHeight = 1}); }, "no picture");
    expectError([] { ContactSheet(100, {.columns = 100, .cellWidth = 1000, .cellHeight = 1}); }, "65536");
}

} // namespace
} // namespace ochre
