// SPDX-License-Identifier: GPL-3.0-or-later
// Splats that an editor marks: selected, locked, hidden.
#include <gtest/gtest.h>

#include "core/base/Error.h"
#include "tests/core/render/Others.h"
#include "tests/core/render/Scenes.h"

namespace ochre {
namespace {

using Marks = std::vector<SplatMark>;

std::shared_ptr<const Marks> inTurn(std::size_t count) {
    auto marks = std::make_shared<Marks>(count);
    for (std::size_t i = 0; i < count; ++i) (*marks)[i] = static_cast<SplatMark>(i % 4);
    return marks;
}

Camera viewOfRandom() {
    return Camera::orbit({0, 0, 5}, 7, 25, 15, 50, 120, 90);
}

TEST(Marks, AllRenderersAgreeInAllModesThatAreTinted) {
    const auto exact = makeCpuRenderer();
    const SceneItem item{.cloud = test::randomCloud(1500, 3, 4), .marks = inTurn(1500)};
    for (const auto& renderer : test::otherRenderers())
        for (const SplatMode mode : {SplatMode::Color, SplatMode::Opacity, SplatMode::Centres, SplatMode::Rings}) {
            const SplatOptions options{.mode = mode, .selected = {{0.1f, 0.9f, 0.3f}, 0.6f}, .locked = {{0.9f, 0, 0.2f}, 0.4f}};
            for (Renderer* r : {exact.get(), renderer.get()}) r->setScene({&item, 1});
            const auto d = test::difference(exact->renderSplats(viewOfRandom(), options), renderer->renderSplats(viewOfRandom(), options));
            EXPECT_LT(d.mean, 0.5) << renderer->name() << ", mode " << static_cast<int>(mode);
            EXPECT_EQ(renderer->validationMessages(), 0u);
        }
}

TEST(Marks, AColourMovesTowardsTheTintByItsShare) {
    test::Splat s;
    s.color = {0.2, 0.4, 0.6};
    SceneItem item{.cloud = test::cloudOf({s})};
    const SplatOptions options{.selected = {{1, 0, 0}, 0.25f}, .locked = {{0, 0, 0}, 0.5f}};
    for (const auto& renderer : test::allRenderers()) {
        const auto centre = [&](SplatMark mark) {
            item.marks = std::make_shared<Marks>(1, mark);
            renderer->setScene({&item, 1});
            const Image image = renderer->renderSplats(test::straightCamera(33, 33, 100), options);
            return std::array{image.pixel(16, 16)[0] / 0.8f, image.pixel(16, 16)[1] / 0.8f, image.pixel(16, 16)[2] / 0.8f};
        };
        const std::array<std::array<float, 3>, 4> expected{{{0.2f, 0.4f, 0.6f}, {0.4f, 0.3f, 0.45f}, {0.1f, 0.2f, 0.3f}, {0, 0, 0}}};
        for (const int mark : {0, 1, 2, 3, 1, 0}) {
            const auto seen = centre(static_cast<SplatMark>(mark));
            for (std::size_t k = 0; k < 3; ++k)
                EXPECT_NEAR(seen[k], expected[static_cast<std::size_t>(mark)][k], 3e-3) << renderer->name() << ", mark " << mark;
        }
    }
}

TEST(Marks, HiddenSplatsLeaveThePictureOfTheOthers) {
    const SplatCloud cloud = test::randomCloud(600, 1, 9);
    auto marks = std::make_shared<Marks>(600);
    SplatData left;
    left.shDegree = 1;
    for (std::size_t i = 0; i < 600; ++i) {
        if (i % 3 == 0) {
            (*marks)[i] = SplatMark::Hidden;
            continue;
        }
        const auto add = [i](auto& to, const auto& from, std::size_t each) {
            to.insert(to.end(), from.begin() + static_cast<std::ptrdiff_t>(i * each), from.begin() + static_cast<std::ptrdiff_t>((i + 1) * each));
        };
        const SplatData& d = cloud.data();
        add(left.positions, d.positions, 3), add(left.logScales, d.logScales, 3), add(left.rotations, d.rotations, 4);
        add(left.opacities, d.opacities, 1), add(left.sh0, d.sh0, 3), add(left.shRest, d.shRest, 9);
    }
    const SplatCloud others(std::move(left), "others");
    constexpr Plane kWanted[] = {Plane::Color, Plane::MedianDepth};
    for (const auto& renderer : test::allRenderers()) {
        renderer->setSplats(others);
        const Planes expected = renderer->renderPlanes(viewOfRandom(), {}, kWanted);
        SceneItem item{.cloud = cloud};
        renderer->setScene({&item, 1});
        const std::size_t uploaded = renderer->bytesUploaded();
        item.marks = marks;
        renderer->setScene({&item, 1});
        const Planes seen = renderer->renderPlanes(viewOfRandom(), {}, kWanted);
        EXPECT_EQ(test::difference(expected.color, seen.color).worst, 0) << renderer->name();
        EXPECT_EQ(test::difference(expected.medianDepth, seen.medianDepth).worst, 0) << renderer->name();
        EXPECT_EQ(renderer->bytesUploaded(), uploaded) << renderer->name() << ": marks are not another cloud";
        EXPECT_EQ(renderer->validationMessages(), 0u);
    }
}

TEST(Marks, OfAnotherNumberOfSplatsAreRefused) {
    const SceneItem item{.cloud = test::randomCloud(10, 0, 1), .marks = inTurn(9)};
    for (const auto& renderer : test::allRenderers()) EXPECT_THROW(renderer->setScene({&item, 1}), Error) << renderer->name();
}

} // namespace
} // namespace ochre
