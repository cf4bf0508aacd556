// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/EditedScene.h"

#include <gtest/gtest.h>

#include "core/base/Error.h"
#include "tests/core/render/Others.h"
#include "tests/core/render/Scenes.h"

namespace ochre {
namespace {

using namespace edits;

constexpr std::size_t kMany = EditedScene::kFewSplats + 1; // are not flattened at once

Camera view() {
    return Camera::orbit({0, 0, 5}, 7, 25, 15, 50, 96, 72);
}

/// Small splats, so that there is something to see behind the first ones.
SplatCloud manySplats(int degree) {
    SplatData data = test::randomCloud(kMany, degree, 8).data();
    for (float& v : data.logScales) v -= 3;
    return SplatCloud(std::move(data), "many");
}

Image drawn(Renderer& renderer, std::span<const SceneItem> items) {
    renderer.setScene(items);
    return renderer.renderSplats(view(), {.selected = {}, .locked = {}}); // marks are seen by what they hide alone
}

const std::vector<SplatEdit>& steps() {
    static const std::vector<SplatEdit> kSteps{
        Select{SphereRegion{{0, 0, 5}, 1.5}},
        Move{{rotationOfDegrees({20, -30, 50}), 1.3, {0.4, 0.1, -0.2}}, {0, 0, 5}},
        Select{SphereRegion{{0.5, 0, 5}, 1}, Combine::Add},
        Grade{.contrast = 1.2, .brightness = 0.05, .temperature = 0.4, .saturation = 0.3, .tint = {1, 0.9, 0.7}},
        Opacity{3}, Opacity{0.5}, Size{1.6},
        Select{BoxRegion{{-1, 0, 5}, {0.7, 2, 2}}},
        Duplicate{},
        Move{{rotationOfDegrees({0, 60, 0}), 0.8, {0, 0.5, 0}}, {0, 0, 5}},
        Delete{},
        Select{SphereRegion{{0, 1, 5}, 0.8}},
        Hide{}};
    return kSteps;
}

TEST(EditedScene, ItsItemsLookLikeTheSplatsMadeAnew) {
    const auto renderer = makeCpuRenderer();
    SplatEditor editor(manySplats(3));
    EditedScene scene;
    std::size_t most = 0;
    for (const SplatEdit& step : steps()) {
        editor.apply(step);
        const EditedItems shown = scene.items(editor);
        most = std::max(most, shown.items.size());
        if (!editor.hidden().none()) break; // what is hidden belongs to the result
        const SceneItem made{.cloud = editor.result()};
        EXPECT_LT(test::difference(drawn(*renderer, shown.items), drawn(*renderer, {&made, 1})).worst, 0.05) << labelOf(step);
        for (const SceneItem& item : shown.items) EXPECT_EQ(&item.cloud.data(), &editor.source().data()) << "no splats were made";
    }
    EXPECT_GT(most, 2u);
}

TEST(EditedScene, GoesOnFromOneCloudAndBackBehindIt) {
    const auto renderer = makeCpuRenderer();
    SplatEditor editor(manySplats(1));
    EditedScene scene;
    const auto expectSeen = [&](const char* what) {
        const SceneItem made{.cloud = editor.result()};
        EXPECT_LT(test::difference(drawn(*renderer, scene.items(editor).items), drawn(*renderer, {&made, 1})).worst, 0.05) << what;
    };
    for (std::size_t i = 0; i < 8; ++i) editor.apply(steps()[i]);
    scene.flatten(editor);
    EXPECT_EQ(scene.items(editor).items.size(), 1u);
    expectSeen("flat");
    editor.apply(Move{{.translation = {0, -0.4, 0}}, {}});
    EXPECT_EQ(scene.items(editor).items.size(), 2u) << "one cloud, and what was moved of it";
    expectSeen("moved");
    editor.apply(Duplicate{});
    editor.apply(Size{2});
    expectSeen("copies of what is not in the one cloud");
    for (int i = 0; i < 3; ++i) editor.undo();
    EXPECT_EQ(scene.items(editor).items.size(), 1u);
    editor.apply(Invert{});
    editor.undo();
    EXPECT_EQ(scene.items(editor).items.size(), 1u) << "selecting does nothing to it";
    while (editor.canUndo()) {
        editor.undo();
        if (editor.now().steps == 1) expectSeen("behind it");
    }
    const EditedItems shown = scene.items(editor);
    ASSERT_EQ(shown.items.size(), 1u);
    EXPECT_EQ(&shown.items.front().cloud.data(), &editor.source().data());
    EXPECT_EQ(shown.items.front().marks, nullptr);
}

TEST(EditedScene, ShowsWhatIsHeldAsItWillBe) {
    const auto renderer = makeCpuRenderer();
    SplatEditor editor(test::randomCloud(3000, 2, 5));
    EditedScene scene;
    editor.apply(Select{SphereRegion{{0, 0, 5}, 1.5}});
    const std::vector<SplatEdit> wanted{Grade{.brightness = 0.2, .saturation = 0}, Opacity{0.4}, Size{0.5}, Move{{.scale = 2, .translation = {1, 0, 0}}, {0, 0, 5}}};
    std::vector<SplatChange> held;
    for (const SplatEdit& step : wanted) held.push_back(*changeOf(step));
    const EditedItems shown = scene.items(editor, held);
    ASSERT_EQ(shown.items.size(), 2u);
    const Image seen = drawn(*renderer, shown.items);
    for (const SplatEdit& step : wanted) editor.apply(step);
    const EditedItems kept = scene.items(editor);
    EXPECT_EQ(kept.items.size(), 1u) << "few splats are made anew at once";
    EXPECT_LT(test::difference(seen, drawn(*renderer, kept.items)).worst, 0.05);
}

TEST(EditedScene, KnowsTheSplatThatAnItemShows) {
    SplatEditor editor(manySplats(0));
    EditedScene scene;
    editor.apply(Select{SphereRegion{{0, 0, 5}, 1}});
    const std::vector<std::uint32_t> some = editor.selected().indices();
    editor.apply(Duplicate{});
    const EditedItems shown = scene.items(editor);
    ASSERT_EQ(shown.items.size(), 2u);
    EXPECT_EQ(shown.splatOf(0, some[3]), some[3]);
    EXPECT_EQ(shown.splatOf(1, some[3]), kMany + 3);
    EXPECT_EQ(shown.splatOf(1, some[3] + 1 == some[4] ? some.back() + 1 : some[3] + 1), std::nullopt);
    EXPECT_EQ(shown.splatOf(2, 0), std::nullopt);
    editor.apply(Select{Everything{}});
    editor.apply(Delete{});
    const EditedItems none = scene.items(editor);
    ASSERT_EQ(none.items.size(), 1u);
    EXPECT_FALSE(none.items.front().visible);
}

TEST(ItemLook, IsTheSameInAllRenderers) {
    const auto exact = makeCpuRenderer();
    SceneItem item{.cloud = test::randomCloud(1500, 3, 4)};
    item.look = ItemLook{{0.6, 0.2, 0.1, 0.1, 0.1, 0.7, 0.1, -0.1, 0, 0.3, 0.9, 0.05}, 1.8, 0.7, 1.4};
    for (const SplatMode mode : {SplatMode::Color, SplatMode::Opacity, SplatMode::Rings}) {
        const SplatOptions options{.mode = mode};
        exact->setSplats(item.cloud);
        const Image plain = exact->renderSplats(view(), options);
        exact->setScene({&item, 1});
        const Image expected = exact->renderSplats(view(), options);
        EXPECT_GT(test::difference(plain, expected).mean, 2);
        for (const auto& renderer : test::otherRenderers()) {
            renderer->setSplats(item.cloud); // a colour that is kept must not stay
            renderer->renderSplats(view(), options);
            renderer->setScene({&item, 1});
            EXPECT_LT(test::difference(expected, renderer->renderSplats(view(), options)).mean, 0.5) << renderer->name() << ", mode " << static_cast<int>(mode);
            EXPECT_EQ(renderer->validationMessages(), 0u);
        }
    }
    item.look->size = 0;
    EXPECT_THROW(exact->setScene({&item, 1}), Error);
}

} // namespace
} // namespace ochre
