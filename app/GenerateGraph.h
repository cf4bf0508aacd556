// SPDX-License-Identifier: GPL-3.0-or-later
// The graph that `ochre generate` evaluates, out of the nodes that the window has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/graph/Graph.h"
#include "core/nodes/FamilyDefaults.h"

namespace ochre::app {

/// What is not set follows the model.
struct GenerateOptions {
    std::string prompt, negative, output, model, autoencoder, style = "comfy", precision = "auto", noise = "cpu";
    std::string size, init, mask;
    std::optional<std::string> sampler, scheduler;
    std::optional<std::int64_t> steps;
    std::optional<double> cfg, strength;
    std::int64_t seed = -1, count = 1;
    bool json = false;
};

struct PictureSize {
    std::int64_t width = 0, height = 0;
    bool operator==(const PictureSize&) const = default;
};

/// "512x768". Throws Error.
PictureSize pictureSize(const std::string& text);

/// The size in which a family draws what is to be `wanted` pixels large: of about the area that it does best, the
/// proportions as near as its sides allow.
PictureSize drawnSize(PictureSize wanted, const nodes::FamilyDefaults& defaults);

/// A file's full path, so that graphs run from every folder; other texts as they stand.
std::string fileOrName(const std::string& text);

/// How a picture comes to be, after what is asked for and what suits the model.
struct GeneratePlan {
    std::string sampler, scheduler;
    std::int64_t steps = 0;
    double cfg = 0;
    /// Of the latent; of nothing: that of the picture to begin with.
    std::optional<PictureSize> drawn;
    std::optional<PictureSize> wanted; ///< what is drawn is brought to this; nothing: it stays as it is
    std::string upscaler;              ///< the model that enlarges it first; empty: none
};

/// Looks for the upscaler and warns where it is not there. Throws Error for sizes out of range.
GeneratePlan planOf(const GenerateOptions& options, const nodes::FamilyDefaults& defaults);

struct GenerateNodes {
    graph::NodeId sample = 0, decode = 0, result = 0; ///< `result`: whose "image" is the picture
};

/// The checkpoint's node alone: asked for its family, it says what the plan is.
graph::NodeId addCheckpoint(graph::Graph& graph, const GenerateOptions& options, const std::string& checkpoint);
/// All other nodes.
GenerateNodes addPicture(graph::Graph& graph, graph::NodeId checkpoint, const GenerateOptions& options,
                         const GeneratePlan& plan);

} // namespace ochre::app
