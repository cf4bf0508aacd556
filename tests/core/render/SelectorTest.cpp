// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/Selector.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "core/base/Error.h"
#include "core/scene/edit/SplatEditor.h"
#include "tests/core/render/Scenes.h"

namespace ochre {
namespace {

constexpr std::size_t kCount = 20'011; // no whole number of words

/// Of every kind that a device answers; many with splats right at the border.
std::vector<SplatQuery> queriesTo(const SplatCloud& cloud, unsigned seed) {
    std::mt19937 random(seed);
    const auto unit = [&] { return std::uniform_real_distribution<double>(0, 1)(random); };
    const SplatData& d = cloud.data();
    const auto anySplat = [&] { return static_cast<std::size_t>(unit() * 0.999 * static_cast<double>(cloud.count())); };
    const auto place = [&](std::size_t i) { return Vec3{d.positions[3 * i], d.positions[3 * i + 1], d.positions[3 * i + 2]}; };
    Camera camera = Camera::orbit({0, 0, 5}, 3 + 4 * unit(), 360 * unit(), 60 * unit() - 30, 50, 640, 360);
    camera.near = 0.2 + 3 * unit();
    if (unit() < 0.5) camera.far = camera.near + 5 * unit();
    if (unit() < 0.3) camera = camera.orthographicAt(5);
    using Shape = ScreenRegion::Shape;
    const auto point = [&] { return Point2{700 * unit() - 30, 400 * unit() - 20}; };
    const Vec3 a = place(anySplat()), b = place(anySplat());
    const double apart = std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
    Vec3 half, color;
    for (std::size_t k = 0; k < 3; ++k) half[k] = std::abs(a[k] - b[k]) + 1e-3, color[k] = 0.5 + 0.28209479177387814 * d.sh0[3 * anySplat() + k];
    return {ScreenRegion{camera, Shape::Rectangle, {point(), point()}},
            ScreenRegion{camera, Shape::Lasso, {point(), point(), point(), point()}},
            ScreenRegion{camera, Shape::Brush, {point(), point()}, 5 + 60 * unit()},
            SphereRegion{a, apart + 1e-6},
            BoxRegion{a, half, {1, 0, 0, 0}},
            BoxRegion{a, half, rotationOfDegrees({90 * unit(), 90 * unit(), 0})},
            ColorRange{color, 0.5 * unit()},
            OpacityRange{0.5 * unit(), 1 - 0.5 * unit()},
            OpacityRange{0, 1},
            SizeRange{0, std::exp(double{d.logScales[3 * anySplat()]})},
            LuminanceRange{0.2 * unit(), 0.8}};
}

TEST(Selector, ADeviceFindsTheSameSplatsAsTheCpu) {
    const auto device = makeVulkanSelector(true);
    std::uint64_t state = 0;
    for (unsigned seed = 1; seed <= 6; ++seed) {
        SplatData data = test::randomCloud(kCount, 0, seed).data();
        if (seed % 2 == 0) // a lattice: many at the same distance from a plane
            for (float& v : data.positions) v = std::round(v * 8) / 8;
        data.opacities[3] = INFINITY, data.opacities[4] = -INFINITY, data.opacities[5] = 0;
        const SplatCloud cloud(std::move(data), "some");
        ++state;
        for (const SplatQuery& query : queriesTo(cloud, seed)) {
            const auto found = device->answer(query, cloud.data(), state, {});
            ASSERT_TRUE(found) << dumpJson(toJson(query));
            EXPECT_EQ(*found, answer(query, cloud.data())) << dumpJson(toJson(query));
        }
    }
    EXPECT_FALSE(device->answer(Floaters{0.1, 3}, test::randomCloud(100, 0, 1).data(), 99, {})) << "the CPU's";
    EXPECT_EQ(device->validationMessages(), 0u);
}

TEST(Selector, ADeviceRefusesQuestionsThatMakeNoSense) {
    const auto device = makeVulkanSelector(true);
    const SplatCloud cloud = test::randomCloud(100, 0, 1);
    EXPECT_THROW(device->answer(SphereRegion{{}, -1}, cloud.data(), 1, {}), Error);
    EXPECT_THROW(device->answer(OpacityRange{0.5, 0.4}, cloud.data(), 1, {}), Error);
    EXPECT_THROW(device->answer(ScreenRegion{}, cloud.data(), 1, {}), Error);
}

TEST(Selector, MeasuresTheDeviceAndAnswersAnEditor) {
    const SplatCloud cloud = test::randomCloud(Selector::kWorthATrial, 0, 3);
    Selector selector;
    SplatEditor asking(cloud), plain(cloud);
    asking.askThrough([&](const SplatQuery& query, const SplatData& data, std::uint64_t state, const Cancel& cancel) {
        return selector.answer(query, data, state, cancel);
    });
    EXPECT_TRUE(selector.wantsTrial(asking.data()));
    selector.tryOut(asking.data(), asking.dataState(), {});
    EXPECT_FALSE(selector.wantsTrial(asking.data()));
    EXPECT_EQ(selector.trials().size(), 7u);
    for (const Selector::Trial& trial : selector.trials()) EXPECT_TRUE(trial.same) << trial.query;
    for (const SplatQuery& query : queriesTo(cloud, 5))
        for (const SplatEdit& step : {SplatEdit(edits::Select{query}), SplatEdit(edits::Move{{.translation = {0.1, 0, 0}}, {}})}) {
            try {
                plain.apply(step);
            } catch (const Error&) {
                continue; // nothing selected
            }
            asking.apply(step);
            ASSERT_EQ(asking.selected(), plain.selected()) << dumpJson(toJson(query));
        }
}

} // namespace
} // namespace ochre
