// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/restore/RestoreNode.h"

#include <list>
#include <mutex>
#include <utility>

#include "core/image/ImageIo.h"
#include "core/nodes/Describe.h"
#include "core/nodes/KeptModels.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::restore {
namespace {

/// Results of networks, the last first, within a number of bytes.
class KeptPictures {
public:
    Image find(Hash128 key) {
        const std::lock_guard lock(m_mutex);
        for (auto it = m_entries.begin(); it != m_entries.end(); ++it)
            if (it->key == key) {
                m_entries.splice(m_entries.begin(), m_entries, it);
                return it->image;
            }
        return {};
    }

    void keep(Hash128 key, const Image& image) {
        const std::lock_guard lock(m_mutex);
        m_entries.push_front({key, image});
        std::size_t bytes = 0;
        for (auto it = m_entries.begin(); it != m_entries.end();) {
            bytes += it->image.bytes();
            it = bytes > kMostBytes ? m_entries.erase(it) : std::next(it);
        }
    }

private:
    static constexpr std::size_t kMostBytes = std::size_t{512} << 20;
    struct Entry {
        Hash128 key;
        Image image;
    };
    std::mutex m_mutex;
    std::list<Entry> m_entries;
};

Hash128 keyOf(const Image& image, const std::filesystem::path& model, const models::RestoreOptions& options) {
    Hasher hasher;
    hasher.add(image.width()).add(image.height()).add(image.channels()).add(image.colorSpace());
    hasher.bytes(image.values().data(), image.bytes());
    hasher.add(model.string()).add(std::filesystem::last_write_time(model).time_since_epoch().count());
    return hasher.add(options.tile).add(options.overlap).add(options.dtype).add(options.device).finish();
}

models::RestoreOptions networkOptions(const graph::RunContext& run) {
    models::RestoreOptions options = tileOptions(run);
    options.dtype = run.text("dtype");
    options.device = run.text("device");
    return options;
}

} // namespace

graph::Parameter tileParameter() {
    return advanced(pixels("tile", "Tile", "Side of a tile; 0 takes what the free memory allows.", 0, {.softMax = 1024}));
}

graph::Parameter overlapParameter() {
    return advanced(pixels("overlap", "Overlap", "Surroundings that each tile sees; −1 takes what the network needs.", -1,
                           {.min = -1, .max = 512, .softMax = 128}));
}

graph::NodeDeclaration pictureNode(const std::string& id, int version, const std::string& label, const std::string& model) {
    return graph::NodeDeclaration(id, version, label, "Restore")
        .input(pictureSocket("image", "Image", "The picture to work on."))
        .output(socket("image", "Image", "The result, larger by the model's factor if it has one.", types::kImage))
        .parameter({.id = "model", .label = "Model", .help = "A checkpoint from the models folder, or a path.",
                    .kind = graph::ParameterKind::Model, .defaultValue = model})
        .parameter(tileParameter())
        .parameter(overlapParameter())
        .parameter(advanced(choice("dtype", "Numbers", "bfloat16 is faster on processors that compute with it, and a little less exact.",
                                   {{"auto", "What is fast and exact enough"}, {"float32", "float32"}, {"bfloat16", "bfloat16"}})))
        .parameter(advanced(choice("device", "Device", "Where the network runs.",
                                   {{"auto", "The fastest there is"}, {"cpu", "CPU"}, {"cuda", "NVIDIA GPU (CUDA)"}})))
        .lane(graph::Lane::Model)
        .needsRuntime();
}

Image runNetwork(graph::RunContext& run) {
    return openKept<models::Restorer>(findModelOrThrow(run.text("model")))
        ->restore(run.inputAs<Image>("image"), networkOptions(run), run.progress(), run.cancel());
}

Image runNetworkOnce(graph::RunContext& run) {
    static KeptPictures kept;
    const Image& picture = run.inputAs<Image>("image");
    const Hash128 key = keyOf(picture, findModelOrThrow(run.text("model")), networkOptions(run));
    Image image = kept.find(key);
    if (image.empty()) {
        image = runNetwork(run);
        kept.keep(key, image);
    }
    image.setMetadata(picture.metadata()); // no part of what was kept
    return image;
}

graph::NodeDeclaration networkNode(const std::string& id, const std::string& label) {
    return graph::NodeDeclaration(id, 1, label, "Restore").lane(graph::Lane::Model).needsRuntime();
}

graph::Socket pictureSocket(const std::string& id, const std::string& label, const std::string& help) {
    return {.id = id, .label = label, .help = help, .type = types::kImage, .constraint = {.minChannels = 1, .maxChannels = 4}};
}

graph::Parameter modelParameter(const std::string& id, const std::string& label, const std::string& help) {
    return {.id = id, .label = label, .help = help, .kind = graph::ParameterKind::Model, .defaultValue = std::string()};
}

graph::Parameter seedOf(std::int64_t value, const std::string& help) {
    return {.id = "seed", .label = "Seed", .help = help, .kind = graph::ParameterKind::Seed, .defaultValue = value, .min = 0};
}

models::RestoreOptions tileOptions(const graph::RunContext& run) {
    models::RestoreOptions options;
    options.tile = static_cast<int>(run.integer("tile"));
    options.overlap = static_cast<int>(run.integer("overlap"));
    return options;
}

graph::Value enhanced(Image image) {
    markDigitalSourceType(image, DigitalSourceType::AlgorithmicallyEnhanced);
    return makeImageValue(std::move(image));
}

} // namespace ochre::nodes::restore
