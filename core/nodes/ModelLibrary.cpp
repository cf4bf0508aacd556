// SPDX-License-Identifier: GPL-3.0-or-later
// Finds and opens the library of the model nodes, which lies beside this one together with its catalogue.
#include <filesystem>

#include <dlfcn.h>

#include "core/base/File.h"
#include "core/base/Log.h"
#include "core/base/Paths.h"
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
    const fs::path path = beside(kLibrary);
    dlerror();
    // Never closed: values and functions of it live as long as the program.
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char* reason = dlerror();
        throw Error(std::string("the model library cannot be loaded: ") + (reason ? reason : path.c_str()),
                    "run ./installer/run again: it brings LibTorch; `ochre doctor` says what is missing");
    }
    using Bind = void (*)(graph::NodeRegistry&);
    const auto bind = reinterpret_cast<Bind>(dlsym(library, "ochreBindNodes"));
    if (!bind) throw Error(path.string() + ": it has no ochreBindNodes", "build Ochre again");
    bind(registry);
}

} // namespace ochre::nodes
