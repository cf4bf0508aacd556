// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/restore/RestoreNode.h"

#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <utility>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/image/ImageIo.h"
#include "core/models/restore/Restorer.h"
#include "core/nodes/Describe.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::restore {
namespace {
namespace fs = std::filesystem;

/// The networks used last, so that a change of a parameter does not read the file again.
class Loaded {
public:
    static std::shared_ptr<const models::Restorer> open(const fs::path& path) {
        static std::mutex mutex;
        static std::list<Entry> entries;
        constexpr std::size_t kKept = 2;
        std::lock_guard lock(mutex);
        const auto time = fs::last_write_time(path);
        for (auto it = entries.begin(); it != entries.end(); ++it)
            if (it->path == path && it->time == time) {
                entries.splice(entries.begin(), entries, it);
                return it->restorer;
            }
        auto restorer = std::make_shared<const models::Restorer>(models::Restorer::open(path));
        entries.push_front({path, time, restorer});
        if (entries.size() > kKept) entries.pop_back();
        return restorer;
    }

private:
    struct Entry {
        fs::path path;
        fs::file_time_type time;
        std::shared_ptr<const models::Restorer> restorer;
    };
};

graph::Parameter advanced(graph::Parameter parameter) {
    parameter.advanced = true;
    return parameter;
}

} // namespace

graph::NodeDeclaration pictureNode(const std::string& id, int version, const std::string& label, const std::string& model) {
    return graph::NodeDeclaration(id, version, label, "Restore")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage,
                .constraint = {.minChannels = 1, .maxChannels = 4}})
        .output(socket("image", "Image", "The result, larger by the model's factor if it has one.", types::kImage))
        .parameter({.id = "model", .label = "Model", .help = "A checkpoint from the models folder, or a path.",
                    .kind = graph::ParameterKind::Model, .defaultValue = model})
        .parameter(advanced(pixels("tile", "Tile", "Side of a tile; 0 takes what the free memory allows.", 0, {.softMax = 1024})))
        .parameter(advanced(pixels("overlap", "Overlap", "Surroundings that each tile sees; −1 takes what the network needs.", -1,
                                   {.min = -1, .max = 512, .softMax = 128})))
        .parameter(advanced(choice("dtype", "Numbers", "bfloat16 is faster on processors that compute with it, and a little less exact.",
                                   {{"auto", "What is fast and exact enough"}, {"float32", "float32"}, {"bfloat16", "bfloat16"}})))
        .parameter(advanced(choice("device", "Device", "Where the network runs.",
                                   {{"auto", "The fastest there is"}, {"cpu", "CPU"}, {"cuda", "NVIDIA GPU (CUDA)"}})))
        .lane(graph::Lane::Model)
        .needsRuntime();
}

void runPictureNode(graph::RunContext& run, double strength) {
    const std::string model = run.text("model");
    if (model.empty()) throw Error("no model is chosen", "choose one that `ochre models` lists, or a path");
    const fs::path path = paths::findModel(model);
    if (path.empty())
        throw Error("the model \"" + model + "\" is not there",
                    "choose one that `ochre models` lists, or put the file into " + paths::models().string());
    const auto restorer = Loaded::open(path);
    models::RestoreOptions options;
    options.tile = static_cast<int>(run.integer("tile"));
    options.overlap = static_cast<int>(run.integer("overlap"));
    options.dtype = run.text("dtype");
    options.device = run.text("device");
    options.strength = strength;
    Image image = restorer->restore(run.inputAs<Image>("image"), options, run.progress(), run.cancel());
    markDigitalSourceType(image, DigitalSourceType::AlgorithmicallyEnhanced);
    run.setOutput("image", makeImageValue(std::move(image)));
}

} // namespace ochre::nodes::restore
