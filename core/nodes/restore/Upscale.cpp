// SPDX-License-Identifier: GPL-3.0-or-later
#include <list>
#include <memory>
#include <mutex>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/ImageIo.h"
#include "core/models/restore/Upscaler.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::restore {
namespace {
namespace fs = std::filesystem;

/// The networks used last, so that a change of a parameter does not read the file again.
class Loaded {
public:
    static std::shared_ptr<const models::Upscaler> open(const fs::path& path) {
        static std::mutex mutex;
        static std::list<Entry> entries;
        constexpr std::size_t kKept = 2;
        std::lock_guard lock(mutex);
        const auto time = fs::last_write_time(path);
        for (auto it = entries.begin(); it != entries.end(); ++it)
            if (it->path == path && it->time == time) {
                entries.splice(entries.begin(), entries, it);
                return it->upscaler;
            }
        auto upscaler = std::make_shared<const models::Upscaler>(models::Upscaler::open(path));
        entries.push_front({path, time, upscaler});
        if (entries.size() > kKept) entries.pop_back();
        return upscaler;
    }

private:
    struct Entry {
        fs::path path;
        fs::file_time_type time;
        std::shared_ptr<const models::Upscaler> upscaler;
    };
};

void run(graph::RunContext& run) {
    const fs::path path = paths::findModel(run.text("model"));
    if (path.empty())
        throw Error("the model \"" + run.text("model") + "\" is not there",
                    "choose one that `ochre models` lists, or put the file into " + paths::models().string());
    const auto upscaler = Loaded::open(path);
    models::UpscaleOptions options;
    options.tile = static_cast<int>(run.integer("tile"));
    options.overlap = static_cast<int>(run.integer("overlap"));
    options.dtype = run.text("dtype");
    options.device = run.text("device");
    Image image = upscaler->upscale(run.inputAs<Image>("image"), options, run.progress(), run.cancel());
    markDigitalSourceType(image, DigitalSourceType::AlgorithmicallyEnhanced);
    run.setOutput("image", makeImageValue(std::move(image)));
}

} // namespace

graph::NodeDeclaration Upscale() {
    using Kind = graph::ParameterKind;
    return graph::NodeDeclaration("restore.upscale", 2, "Upscale", "Restore")
        .describe("Enlarges a picture with a super-resolution network: Real-ESRGAN, ESRGAN and their kin.")
        .keywords("enlarge super resolution esrgan realesrgan enhance bigger 4x")
        .input({.id = "image", .label = "Image", .help = "The picture to enlarge.", .type = types::kImage,
                .constraint = {.minChannels = 1, .maxChannels = 4}})
        .output({.id = "image", .label = "Image", .help = "Larger by the model's factor.", .type = types::kImage})
        .parameter({.id = "model", .label = "Model", .help = "A checkpoint from the models folder, or a path.", .kind = Kind::Model,
                    .defaultValue = std::string("realesrgan-x4plus")})
        .parameter({.id = "tile", .label = "Tile", .help = "Side of a tile; 0 takes what the free memory allows.", .kind = Kind::Int,
                    .defaultValue = std::int64_t{0}, .min = 0, .max = 65536, .softMax = 1024, .unit = "px", .advanced = true})
        .parameter({.id = "overlap", .label = "Overlap", .help = "Surroundings that each tile sees; −1 takes what the network needs.",
                    .kind = Kind::Int, .defaultValue = std::int64_t{-1}, .min = -1, .max = 512, .softMax = 128, .unit = "px", .advanced = true})
        .parameter({.id = "dtype", .label = "Numbers", .help = "bfloat16 is faster on processors that compute with it, and a little less exact.",
                    .kind = Kind::Choice, .defaultValue = std::string("auto"),
                    .choices = {{"auto", "What is fast and exact enough"}, {"float32", "float32"}, {"bfloat16", "bfloat16"}}, .advanced = true})
        .parameter({.id = "device", .label = "Device", .help = "Where the network runs.", .kind = Kind::Choice, .defaultValue = std::string("auto"),
                    .choices = {{"auto", "The fastest there is"}, {"cpu", "CPU"}, {"cuda", "NVIDIA GPU (CUDA)"}}, .advanced = true})
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onRun(run);
}

} // namespace ochre::nodes::restore
