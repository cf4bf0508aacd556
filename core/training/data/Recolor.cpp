// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/Recolor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace ochre::training {
namespace {

constexpr int kHueBins = 36;
constexpr float kBinDegrees = 10;
constexpr float kOutline = 0.24f, kObject = 0.37f; // lightness below which dots are outline, above which not
constexpr double kEnough = 0.55; // share of the object that must change for its name to be right

float smoothStep(float from, float to, float v) {
    const float t = std::clamp((v - from) / (to - from), 0.0f, 1.0f);
    return t * t * (3 - 2 * t);
}

struct Dot {
    std::size_t at; ///< of its red in the sprite
    Lab lab;
    float alpha;  ///< 0…1
    float body;   ///< 0 outline … 1 object
    float chroma; ///< 0 grey … 1 coloured
};

struct Study {
    std::vector<Dot> dots;
    double bodyArea = 0;
};

/// Outlines are dark; where most of the object is dark, it has none.
Study studied(const Sprite& sprite, std::size_t step) {
    Study study;
    study.dots.reserve(sprite.rgba.size() / 4 / step);
    double all = 0, light = 0;
    for (std::size_t at = 0; at + 3 < sprite.rgba.size(); at += 4 * step) {
        const std::uint8_t* p = sprite.rgba.data() + at;
        if (p[3] < 12) continue;
        const auto straight = [&](std::uint8_t v) {
            return static_cast<std::uint8_t>(std::min(255, (v * 255 + p[3] / 2) / p[3]));
        };
        Dot dot{at, labOf(straight(p[0]), straight(p[1]), straight(p[2])), static_cast<float>(p[3]) / 255, 0,
                0};
        dot.body = smoothStep(kOutline, kObject, dot.lab.l);
        dot.chroma = smoothStep(0.045f, 0.085f, dot.lab.chroma());
        all += dot.alpha;
        light += dot.alpha * dot.body;
        study.dots.push_back(dot);
    }
    if (light < 0.45 * all) {
        for (Dot& dot : study.dots) dot.body = 1;
        light = all;
    }
    study.bodyArea = std::max(light, 1e-6);
    return study;
}

/// The middle of the 100 degrees that hold most of the colour.
float mainHue(const Study& study) {
    std::array<double, kHueBins> bins{};
    for (const Dot& dot : study.dots)
        bins[static_cast<std::size_t>(dot.lab.hue() / kBinDegrees) % kHueBins] +=
            dot.alpha * dot.body * dot.chroma * dot.lab.chroma();
    int best = 0;
    double most = -1;
    for (int middle = 0; middle < kHueBins; ++middle) {
        double sum = 0;
        for (int i = -4; i <= 4; ++i)
            sum += bins[static_cast<std::size_t>(middle + i + kHueBins) % kHueBins] * (i == 0 ? 1.2 : 1.0);
        if (sum > most) {
            most = sum;
            best = middle;
        }
    }
    return (static_cast<float>(best) + 0.5f) * kBinDegrees;
}

double areaOf(const Study& study, const std::vector<float>& weights) {
    double sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) sum += study.dots[i].alpha * weights[i];
    return sum / study.bodyArea;
}

/// How much each dot changes, 0…1.
std::vector<float> chosen(const Study& study) {
    std::vector<float> weights(study.dots.size());
    const auto choose = [&](const auto& weightOf) {
        for (std::size_t i = 0; i < weights.size(); ++i)
            weights[i] = study.dots[i].body * weightOf(study.dots[i]);
        return areaOf(study, weights);
    };
    const double colored = choose([](const Dot& dot) { return dot.chroma; });
    if (colored >= 0.45) {
        const float hue = mainHue(study);
        // Paler shades of the main hue belong to the object: a mane, a belly.
        const auto tinged = [](const Dot& dot) { return smoothStep(0.034f, 0.06f, dot.lab.chroma()); };
        const double near = choose([&](const Dot& dot) {
            return tinged(dot) * (1 - smoothStep(58, 82, std::fabs(hueBetween(hue, dot.lab.hue()))));
        });
        if (near >= kEnough || (near >= 0.8 * colored && near >= 0.4)) return weights;
        if (choose(tinged) >= kEnough) return weights;
    } else if (choose([](const Dot& dot) { return 1 - smoothStep(0.07f, 0.1f, dot.lab.chroma()); }) >=
               kEnough) {
        return weights;
    }
    choose([](const Dot&) { return 1.0f; });
    return weights;
}

/// What the chosen dots are now: median lightness, how far it reaches above and below, mean chroma and hue.
struct Tone {
    float l = 0, chroma = 0, hue = 0, above = 0, below = 0;
};

Tone toneOf(const Study& study, const std::vector<float>& weights) {
    constexpr std::size_t kBins = 256;
    std::array<double, kBins> lightness{};
    double sum = 1e-9, chroma = 0, a = 0, b = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const Dot& dot = study.dots[i];
        const double w = static_cast<double>(dot.alpha) * weights[i];
        sum += w;
        chroma += w * dot.lab.chroma();
        a += w * dot.lab.a;
        b += w * dot.lab.b;
        lightness[static_cast<std::size_t>(std::clamp(dot.lab.l, 0.0f, 0.999f) * kBins)] += w;
    }
    const auto below = [&](double share) {
        double passed = 0;
        for (std::size_t i = 0; i < kBins; ++i)
            if ((passed += lightness[i]) >= share * sum) return (static_cast<float>(i) + 0.5f) / kBins;
        return 1.0f;
    };
    Tone tone{below(0.5), static_cast<float>(chroma / sum),
              Lab{0, static_cast<float>(a), static_cast<float>(b)}.hue()};
    tone.above = below(0.97) - tone.l;
    tone.below = tone.l - below(0.03);
    return tone;
}

/// How much lighter and darker than its typical tone a colour may be and still be called by its name: dark
/// orange is brown, light red is pink.
struct Room {
    float above, below;
};
constexpr Room kRooms[kNamedColorCount] = {
    {0.1f, 0.28f},  {0.055f, 0.1f}, {0.09f, 0.16f}, {0.25f, 0.3f},  {0.18f, 0.3f}, {0.22f, 0.3f},
    {0.22f, 0.28f}, {0.14f, 0.19f}, {0.14f, 0.25f}, {0.17f, 0.14f}, {0.2f, 0.22f}, {0.035f, 0.2f},
};

/// A dot of the object as it would be in the new colour.
class Painter {
public:
    Painter(NamedColor color, const Tone& tone) : m_color(color), m_tone(tone), m_to(typical(color)) {
        constexpr float kMost = 0.85f, kLeast = 1e-3f;
        const Room& room = kRooms[static_cast<std::size_t>(color)];
        m_up = std::min(kMost, room.above / std::max(tone.above, kLeast));
        m_down = std::min(kMost, room.below / std::max(tone.below, kLeast));
    }

    Lab operator()(const Lab& from) const {
        constexpr float kLeftOver = 0.02f; // of the old hue in greys
        const float away = from.l - m_tone.l;
        const float l = std::clamp(m_to.l + away * (away > 0 ? m_up : m_down), 0.05f, 1.0f);
        if (!hasHue(m_color)) return {l, from.a * kLeftOver, from.b * kLeftOver};
        // Highlights lose colour towards white; what was pale beside the rest stays a little paler.
        const float light = l > m_to.l ? (l - m_to.l) / (1.02f - m_to.l) : 0;
        const bool hued = m_tone.chroma > 0.06f;
        const float pale = hued ? std::clamp(from.chroma() / m_tone.chroma, 0.55f, 1.2f) : 1;
        const float turn = hued ? std::clamp(hueBetween(m_tone.hue, from.hue()), -40.0f, 40.0f) : 0;
        return labOfLch(l, m_to.chroma() * pale * (1 - light * light), m_to.hue() + 0.2f * turn);
    }

private:
    NamedColor m_color;
    Tone m_tone;
    Lab m_to;
    float m_up = 0, m_down = 0;
};

Sprite painted(const Sprite& sprite, const Study& study, const std::vector<float>& weights,
               NamedColor color) {
    Sprite out = sprite;
    const Painter paint(color, toneOf(study, weights));
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const Dot& dot = study.dots[i];
        const bool dark = color == NamedColor::Black && dot.body < 0.5f;
        if (weights[i] <= 0.004f && !dark) continue;
        // On black, what was dark must be darker still to be seen: eyes, outlines.
        const Lab to = dark ? Lab{dot.lab.l * 0.3f, 0, 0} : paint(dot.lab);
        const float w = dark ? 1 - dot.body : weights[i];
        const std::array<float, 3> rgb =
            rgbOf({dot.lab.l + (to.l - dot.lab.l) * w, dot.lab.a + (to.a - dot.lab.a) * w,
                   dot.lab.b + (to.b - dot.lab.b) * w});
        for (std::size_t c = 0; c < 3; ++c)
            out.rgba[dot.at + c] =
                static_cast<std::uint8_t>(std::min(rgb[c] * dot.alpha + 0.5f, 255 * dot.alpha + 0.01f));
    }
    return out;
}

double shareIn(const Study& study, NamedColor color) {
    double sum = 0;
    for (const Dot& dot : study.dots)
        if (agrees(dot.lab, color)) sum += dot.alpha * dot.body;
    return sum / study.bodyArea;
}

} // namespace

double shareOf(const Sprite& sprite, NamedColor color) {
    return shareIn(studied(sprite, 1), color);
}

std::optional<NamedColor> naturalColor(const Sprite& sprite) {
    constexpr std::size_t kStep = 3; // every third dot tells as much
    const Study study = studied(sprite, kStep);
    double most = 0;
    NamedColor best = NamedColor::Red;
    for (std::size_t i = 0; i < kNamedColorCount; ++i) {
        const double share = shareIn(study, namedColorAt(i));
        if (share <= most) continue;
        most = share;
        best = namedColorAt(i);
    }
    if (most < 0.5) return std::nullopt;
    return best;
}

Sprite recolored(const Sprite& sprite, NamedColor color) {
    const Study study = studied(sprite, 1);
    std::vector<float> weights = chosen(study);
    Sprite out = painted(sprite, study, weights, color);
    if (shareOf(out, color) >= 0.45) return out;
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = study.dots[i].body;
    return painted(sprite, study, weights, color);
}

} // namespace ochre::training
