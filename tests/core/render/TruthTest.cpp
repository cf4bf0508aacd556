// SPDX-License-Identifier: GPL-3.0-or-later
// The renderers against pictures that others computed from the published formulas.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/render/Renderer.h"
#include "core/scene/SceneIo.h"
#include "tests/core/render/Scenes.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

Image imageOf(const test::Tensor& t) {
    Image image(static_cast<int>(t.shape[1]), static_cast<int>(t.shape[0]), 4, ColorSpace::Raw);
    std::copy(t.values.begin(), t.values.end(), image.edit().begin());
    return image;
}

/// gsplat's pictures of a few splats with SH of degree 3; its camera is described in the README of the data.
void checkBrush(Renderer& renderer, const std::filesystem::path& path) {
    const auto t = test::readTensors(path);
    SplatData d;
    d.positions = t.at("means").values;
    d.logScales = t.at("scales").values;
    d.rotations = t.at("quats").values;
    d.opacities = t.at("opacities").values;
    d.shDegree = 3;
    const std::vector<float>& sh = t.at("coeffs").values;
    for (std::size_t i = 0; i < d.opacities.size(); ++i) {
        d.sh0.insert(d.sh0.end(), &sh[i * 48], &sh[i * 48] + 3);
        d.shRest.insert(d.shRest.end(), &sh[i * 48] + 3, &sh[i * 48] + 48);
    }
    Camera c = test::straightCamera(123, 82, 61.5);
    c.worldToCamera[3] = -0.123;
    c.worldToCamera[7] = -0.456;
    c.worldToCamera[11] = 8;
    c.near = 0.01;
    renderer.setSplats(SplatCloud(std::move(d), "brush"));
    EXPECT_LT(test::difference(renderer.renderSplats(c, {}), imageOf(t.at("out_img"))).worst, 1e-5 * 255) << renderer.name();
}

TEST(Truth, TheCpuRenderersDrawWhatGsplatDraws) {
    OCHRE_SHARED_OR_SKIP(tiny, "data/splats/brush/tiny_case.safetensors");
    OCHRE_SHARED_OR_SKIP(basic, "data/splats/brush/basic_case.safetensors");
    for (const auto make : {makeCpuRenderer, makeFastCpuRenderer}) {
        checkBrush(*make(), tiny);
        checkBrush(*make(), basic);
    }
}

TEST(Truth, ARealCaptureIsDrawnAsTheFormulasSay) {
    OCHRE_SHARED_OR_SKIP(cloud, "data/splats/biker.compressed.ply");
    OCHRE_SHARED_OR_SKIP(camera, "data/splats/golden/biker-a.json");
    OCHRE_SHARED_OR_SKIP(truth, "data/splats/golden/biker-a.safetensors");
    const Image expected = imageOf(test::readTensors(truth).at("image"));
    for (const auto make : {makeCpuRenderer, makeFastCpuRenderer}) {
        const auto renderer = make();
        renderer->setSplats(readSplats(cloud));
        const test::Difference d = test::difference(renderer->renderSplats(readCamera(camera), {}), expected);
        // The reference was computed from the file in double precision; a cloud in memory is float, so that a few
        // neighbours in depth change places.
        EXPECT_LT(d.mean, 0.001) << renderer->name();
        EXPECT_LT(d.p999, 0.1) << renderer->name();
        EXPECT_LT(d.worst, 2) << renderer->name();
    }
}

TEST(Truth, VulkanIsWithin45DecibelsOfEachOfThem) {
    OCHRE_SHARED_OR_SKIP(folder, "data/splats");
    std::unique_ptr<Renderer> tiles, quads;
    try {
        tiles = makeVulkanRenderer({.validation = true, .blending = Blending::Tiles});
        quads = makeVulkanRenderer({.validation = true, .blending = Blending::Quads});
    } catch (const Error& e) {
        GTEST_SKIP() << e.full();
    }
    const std::pair<const char*, const char*> scenes[] = {
        {"biker-a", "biker.compressed.ply"}, {"playbot4-a", "playbot/4_0/meta.json"}, {"playbot4-b", "playbot/4_0/meta.json"}};
    for (const auto& [name, scene] : scenes) {
        const SplatCloud cloud = readSplats(folder / scene);
        const Camera camera = readCamera(folder / "golden" / (std::string(name) + ".json"));
        const Image expected = imageOf(test::readTensors(folder / "golden" / (std::string(name) + ".safetensors")).at("image"));
        for (Renderer* renderer : {tiles.get(), quads.get()}) {
            renderer->setSplats(cloud);
            EXPECT_GE(test::psnr(renderer->renderSplats(camera, {}), expected), renderer == tiles.get() ? 60 : 45) << name;
            EXPECT_EQ(renderer->validationMessages(), 0u);
        }
    }
}

} // namespace
} // namespace ochre
