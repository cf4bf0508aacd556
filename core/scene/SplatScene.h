// SPDX-License-Identifier: GPL-3.0-or-later
// Several clouds as one scene, each with a place of its own. They stay apart until they are written to a file that holds one.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/Json.h"
#include "core/scene/Camera.h"
#include "core/scene/SplatCloud.h"
#include "core/scene/SplatTransform.h"

namespace ochre {

struct SplatLayer {
    std::string name;
    SplatCloud cloud;
    Similarity place = {}; ///< from the cloud's frame to the scene's
    bool visible = true;
    double opacity = 1; ///< 0…1, times that of each splat
};

struct SplatScene {
    std::vector<SplatLayer> layers;

    SplatScene() = default;
    SplatScene(SplatCloud cloud); ///< one alone, where it stands

    std::size_t count() const; ///< splats of the visible layers
    std::size_t bytes() const; ///< of all
    Focus focus() const;       ///< a sphere around the foci of the visible layers; of one layer alone its own
    Hash128 hash() const;      ///< of all that can be seen of it, and of the order
    /// The visible layers as one cloud, named as the first; its fields do not fade. Throws Error where a place is none.
    SplatCloud merged() const;
};

/// Of a scene of one layer: from where its pictures were taken, see PlacedField.h.
std::optional<std::pair<Camera, double>> ownView(const SplatScene& scene, int width, int height);

/// A sphere around both.
Focus enclosing(const Focus& a, const Focus& b);
Focus placed(const Focus& focus, const std::array<double, 16>& toWorld); ///< which turns, scales and moves

/// How a layer is set, in numbers that people type.
struct LayerSettings {
    std::string input; ///< which scene: "scene_1" is the first
    std::string name;  ///< empty: as its cloud is called
    bool visible = true;
    double opacity = 1;
    std::array<double, 3> move{}, turn{}; ///< turn: degrees about x, then y, then z, see rotationOfDegrees
    double scale = 1;

    bool operator==(const LayerSettings&) const = default;
    Similarity place() const;
    void setPlace(const Similarity& place);
};

/// [{"input": "scene_1", "name": "chair", "visible": true, "opacity": 1, "move": [x,y,z], "turn": [x,y,z], "scale": 1}, …]; all but
/// "input" may be left out. Throws Error (Broken) with `subject` and the entry on unknown keys, inputs twice, opacities outside
/// 0…1, scales that are not positive, numbers beyond 1e9.
std::vector<LayerSettings> layersFromJson(const Json& json, std::string_view subject);
Json layersToJson(std::span<const LayerSettings> layers);

/// One scene of several by the names of their inputs: in the order of the settings, then those that have none, as they stand. A
/// scene of several layers moves as one; settings of inputs that are not there wait.
SplatScene combined(std::span<const std::pair<std::string, SplatScene>> scenes, std::span<const LayerSettings> settings);

} // namespace ochre
