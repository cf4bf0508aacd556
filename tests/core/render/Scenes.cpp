// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/core/render/Scenes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "core/base/File.h"
#include "core/base/Json.h"

namespace ochre::test {

SplatCloud cloudOf(const std::vector<Splat>& splats) {
    SplatData d;
    for (const Splat& s : splats) {
        for (const double v : s.position) d.positions.push_back(static_cast<float>(v));
        for (const double v : s.scale) d.logScales.push_back(static_cast<float>(std::log(v)));
        for (const double v : s.rotation) d.rotations.push_back(static_cast<float>(v));
        for (const double v : s.color) d.sh0.push_back(static_cast<float>((v - 0.5) / 0.28209479177387814));
        d.opacities.push_back(static_cast<float>(std::log(s.opacity / (1 - s.opacity))));
    }
    return SplatCloud(std::move(d), "test");
}

SplatCloud randomCloud(std::size_t count, int degree, std::uint32_t seed, double spread) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> unit(0, 1);
    std::normal_distribution<float> normal;
    const auto rest = static_cast<std::size_t>(3 * ((degree + 1) * (degree + 1) - 1));
    SplatData d;
    d.shDegree = degree;
    for (std::size_t i = 0; i < count; ++i) {
        for (int k = 0; k < 3; ++k)
            d.positions.push_back(static_cast<float>((unit(random) * 2 - 1) * spread) +
                                  (k == 2 ? 5.0f : 0.0f));
        const float size = -5 + 4 * unit(random);
        for (int k = 0; k < 3; ++k) d.logScales.push_back(size + 1.5f * normal(random));
        for (int k = 0; k < 4; ++k) d.rotations.push_back(normal(random));
        d.opacities.push_back(unit(random) < 0.05f ? INFINITY : 3 * normal(random));
        for (int k = 0; k < 3; ++k) d.sh0.push_back(normal(random));
        for (std::size_t k = 0; k < rest; ++k) d.shRest.push_back(0.3f * normal(random));
    }
    return SplatCloud(std::move(d), "random");
}

Camera straightCamera(int width, int height, double focal) {
    Camera c;
    c.width = width;
    c.height = height;
    c.fx = c.fy = focal;
    c.cx = width / 2.0;
    c.cy = height / 2.0;
    return c;
}

Difference difference(const Image& a, const Image& b) {
    Difference d;
    const auto x = a.values(), y = b.values();
    if (x.size() != y.size() || x.empty()) return {1e9, 1e9, 1e9};
    const auto channels = static_cast<std::size_t>(a.channels());
    std::vector<double> pixels(a.pixelCount());
    for (std::size_t i = 0; i < x.size(); ++i) {
        // A value that is no number must not pass.
        const double delta =
            std::isfinite(x[i]) && std::isfinite(y[i]) ? std::abs(double{x[i]} - y[i]) * 255 : 1e9;
        d.mean += delta / static_cast<double>(x.size());
        pixels[i / channels] = std::max(pixels[i / channels], delta);
    }
    std::sort(pixels.begin(), pixels.end());
    d.worst = pixels.back();
    d.p999 = pixels[static_cast<std::size_t>(std::ceil(0.999 * static_cast<double>(pixels.size()))) - 1];
    return d;
}

double psnr(const Image& a, const Image& b) {
    double squares = 0;
    const auto x = a.values(), y = b.values();
    for (std::size_t i = 0; i < x.size(); ++i) squares += (double{x[i]} - y[i]) * (double{x[i]} - y[i]);
    return squares == 0 ? 200 : -10 * std::log10(squares / static_cast<double>(x.size()));
}

std::map<std::string, Tensor> readTensors(const std::filesystem::path& path) {
    const auto bytes = readFile(path, std::uint64_t{1} << 30);
    std::uint64_t header = 0;
    std::memcpy(&header, bytes.data(), 8);
    const Json json = parseJson({reinterpret_cast<const char*>(bytes.data()) + 8, header}, path.string());
    std::map<std::string, Tensor> tensors;
    for (const auto& [name, entry] : json.items()) {
        if (name == "__metadata__") continue;
        Tensor t;
        t.shape = entry["shape"].get<std::vector<std::size_t>>();
        const auto begin = entry["data_offsets"][0].get<std::size_t>(),
                   end = entry["data_offsets"][1].get<std::size_t>();
        t.values.resize((end - begin) / sizeof(float));
        std::memcpy(t.values.data(), bytes.data() + 8 + header + begin, end - begin);
        tensors[name] = std::move(t);
    }
    return tensors;
}

} // namespace ochre::test
