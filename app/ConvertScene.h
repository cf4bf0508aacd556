// SPDX-License-Identifier: GPL-3.0-or-later
// The scene's part of `ochre convert`: filters and moves between reading and writing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/Command.h"

namespace ochre::app {

/// In the order in which they are applied: merge, edits, crop, ranges, share, degree, then scale, rotate, translate.
struct SceneOptions {
    std::vector<std::string> merge;
    std::string edits;              ///< file of steps, as core/scene/edit writes them
    std::vector<double> cropBox;    ///< x0,y0,z0,x1,y1,z1
    std::vector<double> cropSphere; ///< x,y,z,radius
    std::optional<double> minOpacity, maxOpacity, minScale, maxScale, decimate;
    std::optional<int> shDegree;
    std::optional<double> scale;
    std::vector<double> rotate, translate; ///< three each
    std::string spzFrame = "standard";
    int spzVersion = 3;

    bool any() const; ///< whether something is asked for that only scenes know
};

void addSceneOptions(CLI::App& sub, SceneOptions& options);

/// Figures for --json.
Json convertScene(const std::string& input, const std::string& output, const SceneOptions& options);

} // namespace ochre::app
