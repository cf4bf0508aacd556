// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/edit/SplatQuery.h"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/scene/edit/Neighbours.h"
#include "tests/core/scene/Clouds.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

TEST(SplatMask, CountsJoinsAndInverts) {
    SplatMask a(130), b(130);
    for (const std::size_t i : {0u, 63u, 64u, 129u}) a.set(i);
    b.set(64);
    b.set(65);
    EXPECT_EQ(a.count(), 4u);
    EXPECT_EQ(a.indices(), (std::vector<std::uint32_t>{0, 63, 64, 129}));
    SplatMask both = a, either = a, without = a;
    both &= b;
    either |= b;
    without -= b;
    EXPECT_EQ(both.indices(), (std::vector<std::uint32_t>{64}));
    EXPECT_EQ(either.count(), 5u);
    EXPECT_EQ(without.indices(), (std::vector<std::uint32_t>{0, 63, 129}));
    a.invert();
    EXPECT_EQ(a.count(), 126u);
    EXPECT_FALSE(a[129]);
    EXPECT_EQ(SplatMask(130, true).count(), 130u);
    a.resize(200);
    EXPECT_EQ(a.count(), 126u);
    test::expectError([&] { a &= b; }, "200 and 130");
}

TEST(SplatMask, ComesBackFromItsRuns) {
    EXPECT_TRUE(rc::check("any set", [](const std::vector<bool>& bits) {
        SplatMask mask(bits.size());
        for (std::size_t i = 0; i < bits.size(); ++i) mask.set(i, bits[i]);
        RC_ASSERT(maskFromJson(toJson(mask), bits.size(), "runs") == mask);
    }));
    for (const char* text : {"[1]", "[2,2]", "[-1,4]", "[3,0.5]", "{}", "[18446744073709551615,4]"})
        test::expectError([&] { maskFromJson(parseJson(text, "runs"), 3, "a.ochre"); }, "a.ochre");
}

TEST(Neighbours, AreThoseThatAllPairsGive) {
    EXPECT_TRUE(rc::check("groups and reach", [] {
        const auto count = *rc::gen::inRange<std::size_t>(1, 60);
        const SplatCloud cloud = test::makeCloud(count, 0, *rc::gen::arbitrary<unsigned>());
        const std::vector<float>& p = cloud.data().positions;
        const double distance = *rc::gen::inRange(1, 300) / 100.0;
        const auto near = [&](std::size_t a, std::size_t b) {
            double square = 0;
            for (std::size_t k = 0; k < 3; ++k) square += std::pow(double{p[3 * a + k]} - p[3 * b + k], 2);
            return square <= distance * distance;
        };
        SplatMask some(count), reached(count);
        for (std::size_t i = 0; i < count; i += 7) some.set(i);
        for (std::size_t i = 0; i < count; ++i)
            for (std::size_t j = 0; j < count; ++j)
                if (some[j] && near(i, j)) reached.set(i);
        RC_ASSERT(within(p, some, distance) == reached);
        std::vector<std::size_t> group(count);
        for (std::size_t i = 0; i < count; ++i) group[i] = i;
        for (std::size_t round = 0; round < count; ++round)
            for (std::size_t i = 0; i < count; ++i)
                for (std::size_t j = 0; j < count; ++j)
                    if (near(i, j)) group[i] = group[j] = std::min(group[i], group[j]);
        const auto fewest = *rc::gen::inRange<std::ptrdiff_t>(0, 12);
        const SplatMask small = inSmallGroups(p, distance, static_cast<std::size_t>(fewest));
        for (std::size_t i = 0; i < count; ++i) RC_ASSERT(small[i] == (std::count(group.begin(), group.end(), group[i]) < fewest));
    }));
}

/// A 9×9×1 lattice at z = 5, a unit apart, seen from the origin: 100 pixels a unit, (0, 0) in the middle of 1000×1000.
SplatCloud lattice() {
    SplatData d;
    for (int y = -4; y <= 4; ++y)
        for (int x = -4; x <= 4; ++x) {
            d.positions.insert(d.positions.end(), {static_cast<float>(x), static_cast<float>(y), 5});
            d.logScales.insert(d.logScales.end(), {-3, -2, static_cast<float>(x) / 4 - 2});
            d.rotations.insert(d.rotations.end(), {1, 0, 0, 0});
            d.opacities.push_back(logit((y + 5) / 10.0));
            d.sh0.insert(d.sh0.end(), {sh0Of((x + 4) / 8.0), sh0Of(0.5), sh0Of(0.25)});
        }
    return SplatCloud(std::move(d), "lattice");
}

Camera lookingAtIt() {
    return {.width = 1000, .height = 1000, .fx = 500, .fy = 500, .cx = 500, .cy = 500};
}

std::size_t found(const SplatQuery& query) {
    return answer(query, lattice().data()).count();
}

ScreenRegion region(ScreenRegion::Shape shape, std::vector<Point2> points, double radius = 0) {
    return {.camera = lookingAtIt(), .shape = shape, .points = std::move(points), .radius = radius};
}

TEST(SplatQuery, RegionsOfTheScreenTakeWhatIsSeenInside) {
    using Shape = ScreenRegion::Shape;
    EXPECT_EQ(found(Everything{}), 81u);
    EXPECT_EQ(found(region(Shape::Rectangle, {{250, 350}, {650, 750}})), 16u); // −2…1 by −1…2
    EXPECT_EQ(found(region(Shape::Rectangle, {{650, 750}, {250, 350}})), 16u);
    EXPECT_EQ(found(region(Shape::Lasso, {{450, 50}, {550, 50}, {550, 950}, {450, 950}})), 9u); // one column
    EXPECT_EQ(found(region(Shape::Lasso, {{250, 250}, {750, 250}, {250, 750}, {750, 750}})), 12u); // an hourglass: even-odd
    EXPECT_EQ(found(region(Shape::Brush, {{500, 500}}, 110)), 5u);
    EXPECT_EQ(found(region(Shape::Brush, {{100, 100}, {900, 900}}, 20)), 9u); // the diagonal
    EXPECT_EQ(found(region(Shape::Brush, {{100, 100}, {900, 900}}, 75)), 9u + 16u); // 70.7 pixels to the next ones
    ScreenRegion behind = region(Shape::Rectangle, {{0, 0}, {1000, 1000}});
    EXPECT_EQ(found(behind), 81u);
    behind.camera.near = 6;
    EXPECT_EQ(found(behind), 0u);
    behind.camera = lookingAtIt();
    behind.camera.far = 4;
    EXPECT_EQ(found(behind), 0u);
    ScreenRegion parallel = region(Shape::Rectangle, {{250, 350}, {650, 750}});
    parallel.camera.orthographic = true; // 500 pixels a unit: the middle alone
    EXPECT_EQ(found(parallel), 1u);
    behind.camera = lookingAtIt();
    behind.camera.worldToCamera[0] = behind.camera.worldToCamera[10] = -1; // looks the other way
    EXPECT_EQ(found(behind), 0u);
}

TEST(SplatQuery, RegionsOfSpaceAndRangesTakeTheirBorders) {
    EXPECT_EQ(found(SphereRegion{{0, 0, 5}, 1}), 5u);
    EXPECT_EQ(found(BoxRegion{{0, 0, 5}, {1, 2, 0.1}}), 15u);
    const double half = std::numbers::pi / 8; // of a turn by 45° about z
    EXPECT_EQ(found(BoxRegion{{0, 0, 5}, {10, 0.1, 1}, {std::cos(half), 0, 0, std::sin(half)}}), 9u); // the diagonal
    EXPECT_EQ(found(ColorRange{{0, 0.5, 0.25}, 0.13}), 18u); // two columns
    EXPECT_EQ(found(OpacityRange{0.05, 0.31}), 27u);
    EXPECT_EQ(found(SizeRange{std::exp(-1.51), 10}), 27u); // x of 2, 3 and 4
    EXPECT_EQ(found(Floaters{0.9, 2}), 81u);
    EXPECT_EQ(found(Floaters{1.1, 81}), 0u);
    EXPECT_EQ(found(Floaters{1.1, 82}), 81u);
}

TEST(SplatQuery, ComesBackFromItsText) {
    using Shape = ScreenRegion::Shape;
    SplatMask some(81);
    some.set(7);
    const std::vector<SplatQuery> all{Everything{}, region(Shape::Rectangle, {{1, 2}, {300, 400}}), region(Shape::Lasso, {{0, 0}, {500, 0}, {0, 700}}),
                                      region(Shape::Brush, {{100, 100}, {200.5, 700}}, 33), SphereRegion{{1, 0, 5}, 2}, BoxRegion{{1, 0, 5}, {1, 2, 3}, {1, 0.5, 0, 0}},
                                      ColorRange{{0.5, 0.5, 0.25}, 0.3}, OpacityRange{0.2, 0.4}, SizeRange{0.1, 0.2}, LuminanceRange{0.1, 0.6}, Floaters{1.1, 90}, Listed{some}};
    for (const SplatQuery& query : all) {
        const SplatQuery back = queryFromJson(parseJson(dumpJson(toJson(query)), "text"), 81, "text");
        EXPECT_EQ(back.index(), query.index());
        EXPECT_GT(found(query), 0u) << dumpJson(toJson(query));
        EXPECT_EQ(answer(back, lattice().data()), answer(query, lattice().data())) << dumpJson(toJson(query));
    }
    for (const char* text : {"{}", "[]", "3", R"({"kind":"pentagon"})", R"({"kind":"sphere","center":[1,2],"radius":1})",
                             R"({"kind":"sphere","center":[1,2,"x"],"radius":1})", R"({"kind":"lasso","points":[],"near":1})",
                             R"({"kind":"splats","runs":[82]})"})
        test::expectError([&] { queryFromJson(parseJson(text, "text"), 81, "a.ochre: step 2"); }, "a.ochre: step 2");
}

TEST(SplatQuery, OfNoSenseIsSaid) {
    using Shape = ScreenRegion::Shape;
    test::expectError([] { found(SphereRegion{{}, 0}); }, "radius of 0");
    test::expectError([] { found(BoxRegion{{}, {1, -1, 1}}); }, "-1");
    test::expectError([] { found(OpacityRange{0.5, 0.4}); }, "nothing is between");
    test::expectError([] { found(SizeRange{1, NAN}); }, "nothing is between");
    test::expectError([] { found(Floaters{0, 5}); }, "distance of 0");
    test::expectError([] { found(Floaters{1e-20, 5}); }, "too small");
    test::expectError([] { found(region(Shape::Lasso, {{1, 1}, {2, 2}})); }, "2 points");
    test::expectError([] { found(region(Shape::Brush, {{1, 1}}, 0)); }, "radius 0");
    test::expectError([] { found(region(Shape::Rectangle, {{1, 1}, {2, INFINITY}})); }, "inf");
    test::expectError([] { found(Listed{SplatMask(5)}); }, "5 splats of a cloud of 81");
    ScreenRegion huge = region(Shape::Rectangle, {{1, 1}, {2, 2}});
    huge.camera.width = huge.camera.height = 65536;
    test::expectError([&] { found(huge); }, "65536");
}

} // namespace
} // namespace ochre
