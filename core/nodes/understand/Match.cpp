// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include "core/graph/RunContext.h"
#include "core/graph/Types.h"
#include "core/image/Color.h"
#include "core/image/Filter.h"
#include "core/models/vision/FeatureExtractor.h"
#include "core/nodes/Describe.h"
#include "core/nodes/KeptModels.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::understand {
namespace {

using Pair = models::FeatureExtractor::Pair;
constexpr double kTurn = 0.618033988749895; // of the hue from one line to the next

/// A line of one pixel, by steps of half a pixel.
void drawLine(Image& image, double x0, double y0, double x1, double y1, double hue) {
    const auto v = image.edit();
    const int steps = 1 + static_cast<int>(2 * std::max(std::abs(x1 - x0), std::abs(y1 - y0)));
    for (int i = 0; i <= steps; ++i) {
        const double t = static_cast<double>(i) / steps;
        const int x = static_cast<int>(x0 + t * (x1 - x0)), y = static_cast<int>(y0 + t * (y1 - y0));
        if (x < 0 || y < 0 || x >= image.width() || y >= image.height()) continue;
        for (int c = 0; c < 3; ++c) {
            const double distance = std::abs(std::fmod(hue * 6 + 6 - 2.0 * c, 6) - 3);
            v[static_cast<std::size_t>((y * image.width() + x) * 3 + c)] = static_cast<float>(std::clamp(distance - 1, 0.0, 1.0));
        }
    }
}

/// Both beside each other, of one height, with a line from place to place.
Image drawn(const Image& from, const Image& to, const std::vector<Pair>& pairs) {
    const double scale = static_cast<double>(from.height()) / to.height();
    const int width = std::max(1, static_cast<int>(to.width() * scale));
    const auto plain = [](const Image& image) { return withChannels(toColorSpace(image, ColorSpace::Srgb), 3); };
    Image sheet(from.width() + width, from.height(), 3);
    sheet = composite(composite(sheet, plain(from)), resize(plain(to), width, from.height()), from.width(), 0);
    for (std::size_t i = 0; i < pairs.size(); ++i)
        drawLine(sheet, static_cast<double>(pairs[i].fromX), static_cast<double>(pairs[i].fromY),
                 from.width() + static_cast<double>(pairs[i].toX) * scale, static_cast<double>(pairs[i].toY) * scale,
                 std::fmod(static_cast<double>(i) * kTurn, 1));
    return sheet;
}

void run(graph::RunContext& run) {
    const Image &from = run.inputAs<Image>("image"), &to = run.inputAs<Image>("other");
    const auto pairs = openKept<models::FeatureExtractor>(findModelOrThrow(run.text("model")))
                           ->match(from, to, static_cast<int>(run.integer("side")), static_cast<std::size_t>(run.integer("most")), run.cancel());
    Json list = Json::array();
    for (const Pair& p : pairs)
        list.push_back({{"from", {p.fromX, p.fromY}}, {"to", {p.toX, p.toY}}, {"likeness", p.likeness}});
    run.setOutput("image", makeImageValue(drawn(from, to, pairs)));
    run.setOutput("list", graph::makeText(dumpJson(list)));
    run.setOutput("count", graph::makeInt(static_cast<std::int64_t>(pairs.size())));
}

} // namespace

graph::NodeDeclaration Match() {
    return graph::NodeDeclaration("understand.match", 1, "Match places", "Understand")
        .describe("Finds the places of two pictures that mean the same, with DINOv2: each is the most alike to the other of all.")
        .keywords("dino dinov2 correspondence matching points pairs compare semantic")
        .input({.id = "image", .label = "Image", .help = "The first picture.", .type = types::kImage,
                .constraint = {.minChannels = 1, .maxChannels = 4}})
        .input({.id = "other", .label = "Other", .help = "The second picture.", .type = types::kImage,
                .constraint = {.minChannels = 1, .maxChannels = 4}})
        .output(socket("image", "Image", "Both with lines between the places.", types::kImage))
        .output(socket("list", "List", "The places in pixels, and how alike they are, the most alike first: JSON.", graph::types::kText))
        .output(socket("count", "Count", "How many pairs there are.", graph::types::kInt))
        .parameter({.id = "model", .label = "Model", .help = "A DINOv2 checkpoint from the models folder, or a path.",
                    .kind = graph::ParameterKind::Model, .defaultValue = std::string()})
        .parameter(pixels("side", "Detail", "Longer side of what the network sees; more finds more places and takes longer.", 518,
                          {.min = 14, .max = 2048, .softMax = 1036}))
        .parameter(whole("most", "At most", "Pairs.", 40, {.min = 1, .max = 10000, .softMax = 200}))
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onRun(run);
}

} // namespace ochre::nodes::understand
