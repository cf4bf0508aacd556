// SPDX-License-Identifier: GPL-3.0-or-later
// Finds and opens the library of the model nodes and their types, which lies beside this one together with
// its catalogue.
#include <filesystem>

#include <dlfcn.h>

#include "core/base/File.h"
#include "core/base/Log.h"
#include "core/base/Paths.h"
#include "core/base/SharedLibrary.h"
#include "core/nodes/ModelTypes.h"
#include "core/nodes/Types.h"

namespace ochre::nodes {
namespace {
namespace fs = std::filesystem;

constexpr const char* kLibrary = "libochre_nodes_models.so";
constexpr const char* kCatalogue = "model-nodes.json";

fs::path beside(const char* name) {
    Dl_info info{};
    if (dladdr(reinterpret_cast<const void*>(&bindModelNodes), &info) && info.dli_fname) {
        const fs::path path = fs::path(info.dli_fname).parent_path() / name;
        if (fs::exists(path)) return path;
    }
    return (paths::executable() / "../lib" / name).lexically_normal();
}

template <typename Function>
Function symbol(void* library, const char* name) {
    const auto found = reinterpret_cast<Function>(dlsym(library, name));
    if (!found) throw Error(std::string(kLibrary) + ": it has no " + name, "build Ochre again");
    return found;
}

} // namespace

Json modelNodeCatalogue() {
    if (!OCHRE_MODEL_NODES) return Json::array();
    const fs::path path = beside(kCatalogue);
    if (!fs::exists(path)) {
        log::warning(
            "{}: not there; model nodes are unknown until the program is built or installed as a whole",
            path.string());
        return Json::array();
    }
    return parseJson(readTextFile(path, 64 << 20), kCatalogue);
}

void bindModelNodes(graph::NodeRegistry& registry) {
    if (!OCHRE_MODEL_NODES) return;
    symbol<void (*)(graph::NodeRegistry&)>(openModelLibrary(beside(kLibrary)), "ochreBindNodes")(registry);
}

const ModelTypes& modelTypes() {
    if (!OCHRE_MODEL_NODES) throw Error("this Ochre was built without models", "build it with LibTorch");
    static const ModelTypes& types =
        *symbol<const ModelTypes* (*)()>(openModelLibrary(beside(kLibrary)), "ochreModelTypes")();
    return types;
}

void registerModelTypes() {
    graph::TypeRegistry& registry = graph::TypeRegistry::shared();
    const auto family = [](const graph::Value& value) { return modelTypes().family(value); };
    registry.add({.name = types::kModel, .label = "Model", .modelFamily = family});
    registry.add({.name = types::kTextEncoder, .label = "Text encoder", .modelFamily = family});
    registry.add({.name = types::kAutoencoder, .label = "Autoencoder", .modelFamily = family});
    registry.add({.name = types::kControlNet, .label = "ControlNet", .modelFamily = family});
    const auto write = [](const graph::Value& value) { return modelTypes().write(value); };
    const auto kept = [&](const graph::TypeName& name, const char* label, bool hasFamily) {
        graph::TypeInfo info{.name = name, .label = label, .write = write};
        info.read = [name](std::span<const std::byte> bytes) { return modelTypes().read(name, bytes); };
        if (hasFamily) info.modelFamily = family;
        registry.add(std::move(info));
    };
    kept(types::kConditioning, "Conditioning", true);
    kept(types::kLatent, "Latent", false);
    kept(types::kSigmas, "Sigmas", false);
}

} // namespace ochre::nodes
