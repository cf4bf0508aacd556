// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <filesystem>

#include "core/base/Error.h"
#include "core/base/Hash.h"
#include "core/base/Paths.h"
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/models/field/Distill.h"
#include "core/models/field/FieldFile.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"
#include "core/scene/field/PlacedField.h"

namespace ochre::nodes::scene {
namespace {
namespace fs = std::filesystem;

/// Rises when the same network and numbers give another field.
constexpr int kVersion = 1;

/// What was made of the same network before: distilling takes minutes.
fs::path keptFile(const fs::path& network, const models::DistillOptions& options) {
    Hasher hasher;
    hasher.add("field").add(kVersion).add(sha256File(network.string())).add(static_cast<std::uint64_t>(options.samples)).add(options.steps).add(options.field.forwardFacing());
    return paths::cache() / "fields" / (hasher.finish().hex() + ".field.safetensors");
}

void run(graph::RunContext& run) {
    if (run.text("path").empty()) throw Error("no network is chosen", "choose a file in the panel");
    const fs::path path = paths::resolve(run.text("path"));
    const double quality = run.number("quality");
    const models::NerfScene network(tensor::Weights::open(path));
    const std::string& space = run.text("space");
    models::DistillOptions options = models::usualDistilling(space == "auto" ? network.sampling().forwardFacing : space == "ndc");
    options.samples = static_cast<std::size_t>(static_cast<double>(options.samples) * quality);
    options.steps = std::max(1, static_cast<int>(options.steps * quality));
    const fs::path kept = keptFile(path, options);
    if (!models::isField(kept)) {
        const HashField field = models::distill(network, options, run.progress(), run.cancel());
        fs::create_directories(kept.parent_path());
        models::writeField(field, kept, path.filename().string());
    }
    auto field = std::make_shared<const HashField>(models::readField(kept));
    run.setOutput("scene", makeSceneValue(sceneOf(upright(std::move(field)), path.filename().string())));
}

} // namespace

graph::NodeDeclaration DistilField() {
    using Kind = graph::ParameterKind;
    return graph::NodeDeclaration("scene.distil_field", 1, "NeRF to field", "Scene")
        .describe("Learns what the network of a NeRF checkpoint shows as a radiance field, which can be moved through. Takes minutes, once: the "
                  "field is kept in the cache, and can be saved from the viewer.")
        .keywords("nerf network distil distill convert radiance field checkpoint")
        .output({.id = "scene", .label = "Scene", .help = "The field as a scene.", .type = types::kScene})
        .parameter({.id = "path", .label = "File", .help = "The checkpoint of a NeRF.", .kind = Kind::File, .defaultValue = std::string(),
                    .filter = "Checkpoints (*.ckpt *.tar *.pth *.pt *.safetensors)"})
        .parameter({.id = "quality", .label = "Quality", .help = "How often the network is asked and how long is learnt, beside what is usual.",
                    .defaultValue = 1.0, .min = 0.001, .max = 100, .softMin = 0.1, .softMax = 4, .unit = "×"})
        .parameter({.id = "space", .label = "Scene", .help = "What the network is of, where its file does not say it.", .kind = Kind::Choice,
                    .defaultValue = std::string("auto"),
                    .choices = {{"auto", "As the file says"}, {"world", "Seen from around"}, {"ndc", "Forward-facing"}}, .advanced = true})
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onRun(run);
}

} // namespace ochre::nodes::scene
