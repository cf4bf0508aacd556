// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/SplatCloud.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/scene/field/PlacedField.h"

namespace ochre {

struct SplatCloud::Derived {
    std::once_flag hashed, focused;
    Hash128 hash;
    Focus focus;
};

struct SplatCloud::Fields {
    std::vector<PlacedField> placed;
    Focus focus; ///< of all of them
    std::once_flag hashed;
    Hash128 hash;
};

namespace {

template <typename T>
void hashVector(Hasher& hasher, const std::vector<T>& v) {
    hasher.add(static_cast<std::uint64_t>(v.size())).bytes(v.data(), v.size() * sizeof(T));
}

void normalise(std::vector<float>& rotations) {
    for (std::size_t i = 0; i + 3 < rotations.size(); i += 4) {
        float* q = &rotations[i];
        const double length =
            std::sqrt(double{q[0]} * q[0] + double{q[1]} * q[1] + double{q[2]} * q[2] + double{q[3]} * q[3]);
        if (std::abs(length - 1) < 1e-6) continue; // so that a copy read back is the same
        if (length > 0) {
            for (int k = 0; k < 4; ++k) q[k] = static_cast<float>(q[k] / length);
        } else {
            q[0] = 1; // a zero quaternion turns nothing
        }
    }
}

void checkSizes(const SplatData& d) {
    const std::size_t n = d.opacities.size();
    if (n >= std::size_t{1} << 31) throw Error(fmt::format("{} splats: more than 2147483647", n));
    if (d.shDegree < 0 || d.shDegree > 3) throw Error(fmt::format("SH degree {}: not 0 to 3", d.shDegree));
    const auto rest = static_cast<std::size_t>((d.shDegree + 1) * (d.shDegree + 1) - 1);
    const auto expect = [n](const char* what, std::size_t size, std::size_t each) {
        if (size != n * each)
            throw Error(fmt::format("{}: {} values for {} splats, {} each expected", what, size, n, each));
    };
    expect("positions", d.positions.size(), 3);
    expect("scales", d.logScales.size(), 3);
    expect("rotations", d.rotations.size(), 4);
    expect("colours", d.sh0.size(), 3);
    expect("SH coefficients", d.shRest.size(), 3 * rest);
}

/// The range of an axis without `cut` values at each end. `values` is reordered.
std::pair<double, double> rangeWithout(std::vector<float>& values, std::size_t cut) {
    const auto low = values.begin() + static_cast<std::ptrdiff_t>(cut);
    const auto high = values.end() - 1 - static_cast<std::ptrdiff_t>(cut);
    std::nth_element(values.begin(), low, values.end());
    const double first = *low;
    std::nth_element(values.begin(), high, values.end());
    return {first, *high};
}

/// Where the things on an axis lie. Up to 6 % of strays on a side do not count, but what lies near the rest is
/// no stray: a head on a body is shown whole.
std::pair<double, double> bulk(std::vector<float>& values) {
    constexpr double kNear = 0.3; // of the bulk's length, on a side
    const auto [low, high] = rangeWithout(values, values.size() * 6 / 100);
    const auto [first, last] = rangeWithout(values, values.size() / 1000);
    const double reach = kNear * (high - low), margin = 0.075 * (high - low); // about what the cut takes off an even range
    return {low - first <= reach ? first : low - margin, last - high <= reach ? last : high + margin};
}

Focus focusOf(const SplatData& d) {
    const std::size_t n = d.opacities.size();
    if (n == 0) return {};
    Focus focus;
    std::vector<float> axis(n);
    double square = 0;
    for (std::size_t k = 0; k < 3; ++k) {
        for (std::size_t i = 0; i < n; ++i) axis[i] = d.positions[3 * i + k];
        const auto [low, high] = bulk(axis);
        focus.center[k] = (low + high) / 2;
        square += (high - low) * (high - low) / 4;
    }
    focus.radius = std::max(1e-6, std::sqrt(square));
    return focus;
}

/// A sphere about both.
Focus joined(const Focus& a, const Focus& b) {
    double square = 0;
    for (std::size_t k = 0; k < 3; ++k) square += (b.center[k] - a.center[k]) * (b.center[k] - a.center[k]);
    const double away = std::sqrt(square);
    if (away + b.radius <= a.radius) return a;
    if (away + a.radius <= b.radius) return b;
    const double radius = (away + a.radius + b.radius) / 2, share = (radius - a.radius) / away;
    Focus both{.radius = radius};
    for (std::size_t k = 0; k < 3; ++k) both.center[k] = a.center[k] + share * (b.center[k] - a.center[k]);
    return both;
}

Focus focusOf(const PlacedField& placed) {
    const Focus own = placed.field->focus();
    const auto& m = placed.toWorld;
    return {transformed(m, own.center), own.radius * std::sqrt(m[0] * m[0] + m[4] * m[4] + m[8] * m[8])};
}

} // namespace

SplatCloud::SplatCloud(SplatData data, std::string name) : m_name(std::move(name)) {
    checkSizes(data);
    normalise(data.rotations);
    m_data = std::make_shared<const SplatData>(std::move(data));
    m_derived = std::make_shared<Derived>();
}

const SplatData& SplatCloud::data() const {
    static const SplatData empty;
    return m_data ? *m_data : empty;
}

std::size_t SplatCloud::bytes() const {
    std::size_t bytes = count() * (14 + 3 * restCount()) * sizeof(float);
    for (const PlacedField& placed : fields()) bytes += placed.field->table.size() * sizeof(float);
    return bytes;
}

Bounds SplatCloud::bounds() const {
    Bounds b;
    const std::vector<float>& p = data().positions;
    for (std::size_t k = 0; k < 3 && count() > 0; ++k) {
        b.min[k] = b.max[k] = p[k];
        for (std::size_t i = k; i < p.size(); i += 3) {
            b.min[k] = std::min(b.min[k], double{p[i]});
            b.max[k] = std::max(b.max[k], double{p[i]});
        }
    }
    return b;
}

const std::vector<PlacedField>& SplatCloud::fields() const {
    static const std::vector<PlacedField> none;
    return m_fields ? m_fields->placed : none;
}

SplatCloud SplatCloud::withFields(std::vector<PlacedField> fields) const {
    SplatCloud cloud = *this;
    cloud.m_fields.reset();
    if (fields.empty()) return cloud;
    cloud.m_fields = std::make_shared<Fields>();
    cloud.m_fields->focus = focusOf(fields.front());
    for (const PlacedField& placed : fields) cloud.m_fields->focus = joined(cloud.m_fields->focus, focusOf(placed));
    cloud.m_fields->placed = std::move(fields);
    return cloud;
}

SplatCloud SplatCloud::withFieldsOf(const SplatCloud& other) const {
    SplatCloud cloud = *this;
    cloud.m_fields = other.m_fields;
    return cloud;
}

Focus SplatCloud::focus() const {
    if (count() == 0) return m_fields ? m_fields->focus : Focus{};
    std::call_once(m_derived->focused, [this] { m_derived->focus = focusOf(*m_data); });
    return m_fields ? joined(m_derived->focus, m_fields->focus) : m_derived->focus;
}

Hash128 SplatCloud::hash() const {
    if (m_fields) {
        std::call_once(m_fields->hashed, [this] {
            Hasher h;
            for (const PlacedField& placed : m_fields->placed) {
                h.bytes(placed.toWorld.data(), sizeof placed.toWorld);
                hashVector(h, placed.field->table);
                hashVector(h, placed.field->layers);
                hashVector(h, placed.field->occupancy.bits());
                h.bytes(&placed.field->config.box, sizeof(Bounds));
                h.add(placed.field->config.deviceScale[0]).add(placed.field->config.deviceScale[1]);
            }
            m_fields->hash = h.finish();
        });
        return Hasher().add(withFieldsOf({}).hash()).add(m_fields->hash).finish();
    }
    if (!m_data) return {};
    std::call_once(m_derived->hashed, [this] {
        Hasher h;
        h.add(m_data->shDegree).add(m_data->antialiased);
        for (const auto* v : {&m_data->positions, &m_data->logScales, &m_data->rotations, &m_data->opacities,
                              &m_data->sh0, &m_data->shRest})
            hashVector(h, *v);
        m_derived->hash = h.finish();
    });
    return m_derived->hash;
}

} // namespace ochre
