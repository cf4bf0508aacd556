// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/edit/SplatEditor.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/core/scene/Clouds.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using namespace edits;

bool same(const SplatData& a, const SplatData& b) {
    return a.positions == b.positions && a.logScales == b.logScales && a.rotations == b.rotations && a.opacities == b.opacities &&
           a.sh0 == b.sh0 && a.shRest == b.shRest && a.shDegree == b.shDegree;
}

Select ball(double radius, Combine combine = Combine::Replace) {
    return {SphereRegion{{}, radius}, combine};
}

TEST(SplatEditor, GivesTheCloudItselfWhereNothingChanged) {
    const SplatCloud cloud = test::makeCloud(500, 2);
    SplatEditor editor(cloud);
    editor.apply(ball(2));
    editor.apply(Hide{});
    EXPECT_EQ(&editor.result().data(), &cloud.data());
    EXPECT_GT(editor.hidden().count(), 10u);
}

TEST(SplatEditor, SelectsWhatIsNotHiddenLockedOrDeleted) {
    SplatEditor editor(test::makeCloud(600, 0));
    editor.apply(ball(2));
    const std::size_t inner = editor.selected().count();
    ASSERT_GT(inner, 10u);
    editor.apply(Lock{});
    editor.apply(Select{Everything{}});
    EXPECT_EQ(editor.selected().count(), 600 - inner);
    editor.apply(Delete{});
    editor.apply(Select{Everything{}});
    EXPECT_EQ(editor.selected().count(), 0u);
    editor.apply(UnlockAll{});
    editor.apply(Invert{});
    EXPECT_EQ(editor.selected().count(), inner);
    EXPECT_EQ(editor.result().count(), inner);
}

TEST(SplatEditor, CombinesSelections) {
    const SplatCloud cloud = test::makeCloud(2000, 0);
    const auto count = [&](Combine combine) {
        SplatEditor editor(cloud);
        editor.apply(ball(2));
        editor.apply(Select{SphereRegion{{1, 0, 0}, 2}, combine});
        return editor.selected().count();
    };
    const std::size_t both = count(Combine::Intersect), either = count(Combine::Add), second = count(Combine::Replace);
    SplatEditor first(cloud);
    first.apply(ball(2));
    EXPECT_EQ(either, first.selected().count() + second - both);
    EXPECT_EQ(count(Combine::Subtract), first.selected().count() - both);
    EXPECT_GT(both, 0u);
}

TEST(SplatEditor, GrowsAndShrinksByADistance) {
    SplatEditor editor(test::makeCloud(3000, 0));
    editor.apply(ball(1.5));
    const SplatMask before = editor.selected();
    editor.apply(Grow{0.4});
    const SplatMask grown = editor.selected();
    EXPECT_GT(grown.count(), before.count());
    SplatMask lost = before;
    lost -= grown;
    EXPECT_TRUE(lost.none());
    editor.apply(Shrink{0.4});
    SplatMask kept = editor.selected();
    EXPECT_LT(kept.count(), grown.count());
    kept -= grown;
    EXPECT_TRUE(kept.none());
}

TEST(SplatEditor, MovesTheSelectionAlone) {
    const SplatCloud cloud = test::makeCloud(400, 3);
    SplatEditor editor(cloud);
    editor.apply(ball(2));
    const Move move{{rotationOfDegrees({30, -50, 80}), 1.5, {1, 2, 3}}, {0.5, 0, -1}};
    editor.apply(move);
    const SplatCloud moved = transform(cloud, move.similarity.about(move.pivot));
    const SplatData whole = editor.whole();
    for (std::size_t i = 0; i < cloud.count(); ++i) {
        const SplatData& expected = editor.selected()[i] ? moved.data() : cloud.data();
        for (std::size_t k = 0; k < 3; ++k) ASSERT_EQ(editor.data().positions[3 * i + k], expected.positions[3 * i + k]) << i;
        for (std::size_t k = 0; k < 4; ++k) ASSERT_EQ(whole.rotations[4 * i + k], expected.rotations[4 * i + k]) << i;
        for (std::size_t k = 0; k < 45; ++k) ASSERT_EQ(whole.shRest[45 * i + k], expected.shRest[45 * i + k]) << i;
    }
    // The pivot stays but for the translation.
    SplatData one = select(cloud.data(), std::vector<std::uint32_t>{0});
    one.positions = {0.5f, 0, -1};
    transform(one, move.similarity.about(move.pivot));
    EXPECT_NEAR(one.positions[0], 1.5, 1e-6);
    EXPECT_NEAR(one.positions[1], 2, 1e-6);
    EXPECT_NEAR(one.positions[2], 2, 1e-6);
}

TEST(SplatEditor, DuplicatesBehindTheOthers) {
    const SplatCloud cloud = test::makeCloud(300, 1);
    SplatEditor editor(cloud);
    editor.apply(ball(2));
    const SplatCloud selection = editor.selection();
    editor.apply(Duplicate{});
    EXPECT_EQ(editor.count(), 300 + selection.count());
    EXPECT_EQ(editor.selected().count(), selection.count());
    EXPECT_TRUE(same(editor.selection().data(), selection.data()));
    editor.apply(Delete{});
    EXPECT_TRUE(same(editor.result().data(), cloud.data()));
}

TEST(SplatEditor, GradesColoursWithTheirViews) {
    const SplatCloud cloud = test::makeCloud(50, 2);
    const Grade grade{.black = 0.1, .white = 0.9, .contrast = 1.2, .brightness = 0.05, .temperature = 0.3, .saturation = 0.4, .tint = {0.9, 1, 1.1}};
    SplatEditor editor(cloud);
    editor.apply(Select{Everything{}});
    editor.apply(grade);
    const auto graded = [&](Vec3 c) {
        const Vec3 warm{1.15, 1, 0.85};
        for (std::size_t k = 0; k < 3; ++k) c[k] = (((c[k] - 0.1) / 0.8 - 0.5) * 1.2 + 0.5 + 0.05) * warm[k];
        const double grey = 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
        for (std::size_t k = 0; k < 3; ++k) c[k] = (grey + 0.4 * (c[k] - grey)) * grade.tint[k];
        return c;
    };
    const SplatData changed = editor.whole();
    for (std::size_t i = 0; i < cloud.count(); ++i) {
        // Seen from any direction, that is, with any harmonics added: here with the weights 0.3, −0.2, 0.1 of three of them.
        const auto seen = [&](const SplatData& d) {
            Vec3 c{};
            for (std::size_t k = 0; k < 3; ++k)
                c[k] = colorOf(d.sh0[3 * i + k]) + 0.3 * d.shRest[24 * i + k] - 0.2 * d.shRest[24 * i + 9 + k] + 0.1 * d.shRest[24 * i + 21 + k];
            return c;
        };
        const Vec3 expected = graded(seen(cloud.data())), got = seen(changed);
        for (std::size_t k = 0; k < 3; ++k) ASSERT_NEAR(got[k], expected[k], 1e-6);
    }
    test::expectError([&] { editor.apply(Grade{.black = 0.5, .white = 0.5}); }, "black");
}

TEST(SplatEditor, ChangesOpacityAndSize) {
    const SplatCloud cloud = test::makeCloud(50, 0);
    SplatEditor editor(cloud);
    editor.apply(Select{Everything{}});
    editor.apply(Opacity{0.5});
    editor.apply(Size{2});
    for (std::size_t i = 0; i < cloud.count(); ++i) {
        ASSERT_NEAR(sigmoid(editor.data().opacities[i]), 0.5 * sigmoid(cloud.data().opacities[i]), 1e-6);
        ASSERT_NEAR(editor.data().logScales[3 * i], cloud.data().logScales[3 * i] + std::log(2.0), 1e-6);
    }
    editor.apply(Opacity{1e6});
    EXPECT_EQ(editor.data().opacities[0], std::numeric_limits<float>::infinity());
    test::expectError([&] { editor.apply(Size{0}); }, "times 0");
}

TEST(SplatEditor, LevelsAFloor) {
    SplatCloud cloud = test::makeCloud(500, 1);
    SplatData data = cloud.data();
    SplatMask floor(500);
    for (std::size_t i = 0; i < 500; ++i) {
        data.positions[3 * i + 1] = i < 200 ? 0 : -std::abs(data.positions[3 * i + 1]); // −y is up
        floor.set(i, i < 200);
    }
    transform(data, {.rotation = rotationOfDegrees({170, 25, 60}), .scale = 2, .translation = {3, 4, 5}});
    transform(data, levelling(data, floor));
    for (std::size_t i = 0; i < 500; ++i) {
        if (i < 200)
            ASSERT_NEAR(data.positions[3 * i + 1], 0, 1e-4);
        else
            ASSERT_LT(data.positions[3 * i + 1], 1e-4);
    }
    SplatMask few(500);
    few.set(3);
    few.set(4);
    test::expectError([&] { levelling(data, few); }, "on a line");
}

SplatEdit anyEdit() {
    const auto some = [](int low, int high) { return *rc::gen::inRange(low, high) / 100.0; };
    switch (*rc::gen::inRange(0, 15)) {
    case 0: return Invert{};
    case 1: return Grow{some(1, 100)};
    case 2: return Shrink{some(1, 100)};
    case 3: return Hide{};
    case 4: return ShowAll{};
    case 5: return Lock{};
    case 6: return UnlockAll{};
    case 7: return Delete{};
    case 8: return Keep{};
    case 9: return Duplicate{};
    case 10: return Move{{rotationOfDegrees({some(-9000, 9000), 0, some(-9000, 9000)}), some(50, 200), {some(-99, 99), 0, 1}}, {some(-99, 99), 0, 0}};
    case 11: return Grade{.contrast = some(50, 150), .temperature = some(-50, 50), .saturation = some(0, 200)};
    case 12: return Opacity{some(50, 150)};
    case 13: return Size{some(50, 150)};
    default: return Select{SphereRegion{{some(-200, 200), 0, 0}, some(50, 300)}, static_cast<Combine>(*rc::gen::inRange(0, 4))};
    }
}

TEST(SplatEditor, TakesBackEveryStepAndDoesItAgain) {
    EXPECT_TRUE(rc::check("undo and redo", [] {
        const SplatCloud cloud = test::makeCloud(120, *rc::gen::inRange(0, 4), *rc::gen::arbitrary<unsigned>());
        SplatEditor editor(cloud);
        Json written = Json::array();
        std::vector<SplatCloud> after{editor.result()};
        for (int i = 0; i < 12; ++i) {
            const SplatEdit edit = anyEdit();
            try {
                editor.apply(edit);
            } catch (const Error&) {
                continue; // nothing selected: nothing done
            }
            written.push_back(toJson(edit));
            after.push_back(editor.result());
        }
        RC_ASSERT(same(edited(cloud, parseJson(dumpJson(written), "steps"), "steps").data(), editor.result().data()));
        for (std::size_t i = after.size(); i-- > 0;) {
            RC_ASSERT(same(editor.result().data(), after[i].data()));
            RC_ASSERT(editor.canUndo() == (i > 0));
            editor.undo();
        }
        for (std::size_t i = 1; i < after.size(); ++i) {
            editor.redo();
            RC_ASSERT(same(editor.result().data(), after[i].data()));
        }
        RC_ASSERT(!editor.canRedo());
        RC_ASSERT(editor.steps().size() == after.size() - 1);
    }));
}

TEST(SplatEditor, SaysWhichStepOfAProjectIsWrong) {
    const SplatCloud cloud = test::makeCloud(20, 0);
    const auto apply = [&](const char* text) { edited(cloud, parseJson(text, "steps"), "edits"); };
    test::expectError([&] { apply("{}"); }, "not a list");
    test::expectError([&] { apply(R"([{"step":"invert"},{"step":"fold"}])"); }, "edits: step 2");
    test::expectError([&] { apply(R"([{"step":"delete"}])"); }, "edits: step 1");
    test::expectError([&] { apply(R"([{"step":"select","combine":"xor","query":{"kind":"all"}}])"); }, "xor");
    EXPECT_EQ(labelOf(Select{Everything{}}), "Select all");
    EXPECT_EQ(labelOf(Delete{}), "Delete");
}

} // namespace
} // namespace ochre
