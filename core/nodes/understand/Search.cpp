// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/graph/RunContext.h"
#include "core/graph/Types.h"
#include "core/image/ContactSheet.h"
#include "core/image/Filter.h"
#include "core/image/ImageIo.h"
#include "core/library/PictureIndex.h"
#include "core/models/vision/FeatureExtractor.h"
#include "core/nodes/Describe.h"
#include "core/nodes/KeptModels.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::understand {
namespace {

constexpr int kSeen = 512;  // pixels: the longer side of what is described, of which the network sees 224
constexpr int kCell = 240;  // of the sheet
constexpr double kIndexing = 0.9; // share of the progress

Image sheetOf(const std::vector<library::PictureIndex::Match>& matches, const Cancel& cancel) {
    ContactSheet sheet(std::max<std::size_t>(1, matches.size()), {.cellWidth = kCell, .cellHeight = kCell});
    for (std::size_t i = 0; i < matches.size(); ++i) sheet.place(i, readThumbnail(matches[i].path, kCell, cancel), cancel);
    return sheet.take();
}

Json listOf(const std::vector<library::PictureIndex::Match>& matches) {
    Json list = Json::array();
    for (const auto& match : matches) list.push_back({{"path", match.path.string()}, {"likeness", match.likeness}});
    return list;
}

void run(graph::RunContext& run) {
    if (run.text("folder").empty()) throw Error("no folder is chosen", "choose one with pictures");
    const std::filesystem::path folder = paths::resolve(run.text("folder"));
    if (run.text("model").empty())
        throw Error("no DINOv2 weights are chosen", "put dinov2_vits14 or larger into " + paths::models().string() + ", and choose it");
    const auto network = openKept<models::FeatureExtractor>(findModelOrThrow(run.text("model")));
    library::PictureIndex index(library::PictureIndex::fileFor(folder, network->identity()), folder, network->identity(), network->width());
    index.update([&](const std::filesystem::path& file) { return network->describe(readThumbnail(file, kSeen, run.cancel()), run.cancel()); },
                 run.progress().part(0, kIndexing), run.cancel());
    if (index.size() == 0) throw Error(folder.string() + ": no pictures that can be read", "choose another folder");
    run.progress().report(9, 10, "Comparing");
    const Image& image = run.inputAs<Image>("image");
    const int longer = std::max(image.width(), image.height());
    const auto side = [&](int length) { return std::max(1, longer > kSeen ? length * kSeen / longer : length); };
    const Image small = resize(image, side(image.width()), side(image.height()), ResizeFilter::Bicubic, run.cancel());
    const auto matches = index.query(network->describe(small, run.cancel()), static_cast<std::size_t>(run.integer("top")));
    if (matches.empty()) throw Error("the network sees nothing in this picture that could be compared", "choose another one");
    run.setOutput("image", makeImageValue(sheetOf(matches, run.cancel())));
    run.setOutput("best", makeImageValue(readImage(matches.front().path, {}, run.cancel())));
    run.setOutput("list", graph::makeText(dumpJson(listOf(matches))));
    run.setOutput("count", graph::makeInt(static_cast<std::int64_t>(index.size())));
}

} // namespace

graph::NodeDeclaration Search() {
    return graph::NodeDeclaration("understand.search", 1, "Find similar", "Understand")
        .describe("Finds the pictures of a folder that look most like this one, with DINOv2. What each picture looks like is computed once "
                  "and kept; new and changed ones are added.")
        .keywords("search similar dinov2 duplicate gallery folder retrieval nearest reference")
        .input({.id = "image", .label = "Image", .help = "What is looked for.", .type = types::kImage,
                .constraint = {.minChannels = 1, .maxChannels = 4}})
        .output(socket("image", "Image", "The most alike pictures on one sheet, row by row.", types::kImage))
        .output(socket("best", "Best", "The most alike one.", types::kImage))
        .output(socket("list", "List", "Path and likeness of each, −1 to 1, the most alike first: JSON.", graph::types::kText))
        .output(socket("count", "Count", "How many pictures were compared.", graph::types::kInt))
        .parameter({.id = "model", .label = "Model", .help = "A DINOv2 checkpoint from the models folder, or a path.",
                    .kind = graph::ParameterKind::Model, .defaultValue = std::string()})
        .parameter({.id = "folder", .label = "Folder", .help = "Whose pictures are compared, at any depth.",
                    .kind = graph::ParameterKind::Folder, .defaultValue = std::string()})
        .parameter(whole("top", "How many", "Pictures that are shown.", 12, {.min = 1, .max = 400, .softMax = 48}))
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onRun(run);
}

} // namespace ochre::nodes::understand
