// SPDX-License-Identifier: GPL-3.0-or-later
// A cloud of 3D Gaussians: what a 3DGS file holds, as arrays, shared and immutable.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/Hash.h"

namespace ochre {

/// Values are stored as files do, before activation: scale = exp(logScales), opacity = sigmoid(opacities),
/// base colour = 0.5 + 0.2820948·sh0. Colours are display sRGB. The frame of a 3DGS .ply: x right, y down, z
/// forward.
struct SplatData {
    std::vector<float> positions; ///< [N,3]
    std::vector<float> logScales; ///< [N,3]; −∞ where the splat is flat
    std::vector<float> rotations; ///< [N,4] w,x,y,z, normalised
    std::vector<float> opacities; ///< [N] logit
    std::vector<float> sh0;       ///< [N,3]
    std::vector<float> shRest;    ///< [N,K,3], K = (degree+1)²−1: per splat, per coefficient, r g b
    int shDegree = 0;             ///< 0…3
    bool antialiased = false;     ///< trained with the mip-splatting 2D filter
    std::size_t dropped = 0;      ///< splats of the file left out for NaN or infinity
};

struct Bounds {
    std::array<double, 3> min{}, max{};
};

/// Where the bulk of a cloud is: stray splats far away do not move it.
struct Focus {
    std::array<double, 3> center{};
    double radius = 1;
};

struct PlacedField; // core/scene/field/PlacedField.h

class SplatCloud {
public:
    SplatCloud() = default;
    /// Throws Error when the arrays' lengths do not agree, or on 2³¹ splats or more. Rotations are normalised
    /// here.
    SplatCloud(SplatData data, std::string name);

    std::size_t count() const { return m_data ? m_data->opacities.size() : 0; }
    int shDegree() const { return m_data ? m_data->shDegree : 0; }
    /// SH coefficients a channel beyond the first: 0, 3, 8 or 15.
    std::size_t restCount() const {
        return static_cast<std::size_t>((shDegree() + 1) * (shDegree() + 1) - 1);
    }
    std::size_t bytes() const;
    const std::string& name() const { return m_name; }
    const SplatData& data() const; ///< of an empty cloud: empty arrays

    /// Radiance fields that stand among the splats; renderers show both.
    const std::vector<PlacedField>& fields() const;
    SplatCloud withFields(std::vector<PlacedField> fields) const; ///< the same splats
    SplatCloud withFieldsOf(const SplatCloud& other) const;       ///< the same splats with the fields of the other, which may be none
    bool empty() const { return count() == 0 && !m_fields; }

    Bounds bounds() const; ///< of the centres
    Focus focus() const;   ///< of the box that holds the bulk of the centres on each axis, and of the fields
    Hash128 hash() const;  ///< of the content; computed once

private:
    struct Derived;
    struct Fields;
    std::shared_ptr<const SplatData> m_data;
    std::shared_ptr<Derived> m_derived;
    std::shared_ptr<Fields> m_fields; ///< null: none
    std::string m_name;
};

} // namespace ochre
