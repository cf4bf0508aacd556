// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <cmath>
#include <numbers>
#include <random>

#include <fmt/format.h>

#include "core/render/Bench.h"

namespace ochre {
namespace {

// Statistics of a trained capture of 152,746 splats: natural logarithms of the longest axis against the radius of the scene, and
// of the others against that one; the logit of the opacity. Means and deviations.
constexpr float kSize = -4.87f, kSizeSpread = 0.66f, kMiddle = -1.43f, kMiddleSpread = 0.9f, kThin = -2.93f, kThinSpread = 1.0f,
                kOpacity = -1.3f, kOpacitySpread = 2.0f;
constexpr double kCountOfThose = 152746;
constexpr int kBodies = 48;
constexpr float kGround = 0.3f; ///< share of the splats

using Vector = std::array<float, 3>;

class Generator {
public:
    explicit Generator(std::uint32_t seed) : m_random(seed) {
        for (Body& b : m_bodies) {
            const Vector way = direction();
            const float out = std::cbrt(unit());
            for (std::size_t k = 0; k < 3; ++k) b.center[k] = way[k] * out * (k == 1 ? 0.4f : 1.0f);
            b.radius = 0.08f + 0.3f * unit() * unit();
        }
    }

    float unit() { return std::uniform_real_distribution<float>(0, 1)(m_random); }
    float normal() { return m_normal(m_random); }

    Vector direction() {
        const float z = 2 * unit() - 1, angle = 2 * std::numbers::pi_v<float> * unit(), r = std::sqrt(1 - z * z);
        return {r * std::cos(angle), r * std::sin(angle), z};
    }

    /// A place on one of the surfaces, and its normal there.
    std::pair<Vector, Vector> surface() {
        if (unit() < kGround) {
            const float r = 1.2f * std::sqrt(unit()), angle = 2 * std::numbers::pi_v<float> * unit();
            return {{r * std::cos(angle), 0.5f + 0.01f * normal(), r * std::sin(angle)}, {0, 1, 0}};
        }
        const Body& b = m_bodies[static_cast<std::size_t>(unit() * 0.999f * kBodies)];
        const Vector n = direction();
        Vector p;
        for (std::size_t k = 0; k < 3; ++k) p[k] = b.center[k] + n[k] * (b.radius + 0.005f * normal());
        return {p, n};
    }

    /// Turns z onto n and then anyhow about it: (w, x, y, z).
    std::array<float, 4> turn(const Vector& n) {
        const float w = 1 + n[2] + 1e-6f, length = std::sqrt(w * w + n[0] * n[0] + n[1] * n[1]);
        const float a = w / length, x = -n[1] / length, y = n[0] / length, spin = std::numbers::pi_v<float> * unit();
        const float c = std::cos(spin), s = std::sin(spin);
        return {a * c, x * c + y * s, y * c - x * s, a * s};
    }

private:
    struct Body {
        Vector center{};
        float radius = 0;
    };

    std::mt19937 m_random;
    std::normal_distribution<float> m_normal;
    std::array<Body, kBodies> m_bodies;
};

} // namespace

SplatCloud benchCloud(std::size_t count, std::uint32_t seed) {
    Generator random(seed);
    SplatData d;
    d.shDegree = 3;
    d.positions.reserve(3 * count);
    d.logScales.reserve(3 * count);
    d.rotations.reserve(4 * count);
    d.opacities.reserve(count);
    d.sh0.reserve(3 * count);
    d.shRest.reserve(45 * count);
    // The same surfaces whatever the count: more splats are smaller ones.
    const float finer = static_cast<float>(0.5 * std::log(kCountOfThose / std::max(1.0, static_cast<double>(count))));
    for (std::size_t i = 0; i < count; ++i) {
        const auto [place, normal] = random.surface();
        const float size = kSize + finer + kSizeSpread * random.normal();
        const float middle = std::min(0.0f, kMiddle + kMiddleSpread * random.normal());
        const float thin = std::min(middle, kThin + kThinSpread * random.normal());
        const std::array<float, 4> turn = random.turn(normal);
        d.positions.insert(d.positions.end(), place.begin(), place.end());
        d.logScales.insert(d.logScales.end(), {size, size + middle, size + thin});
        d.rotations.insert(d.rotations.end(), turn.begin(), turn.end());
        d.opacities.push_back(kOpacity + kOpacitySpread * random.normal());
        for (int k = 0; k < 3; ++k) d.sh0.push_back(random.normal());
        for (int k = 0; k < 45; ++k) d.shRest.push_back(0.1f * random.normal());
    }
    return SplatCloud(std::move(d), fmt::format("{} splats of seed {}", count, seed));
}

} // namespace ochre
