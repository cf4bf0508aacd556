// SPDX-License-Identifier: GPL-3.0-or-later
// Run while Ochre is built: writes the declarations of the model nodes, so that the window shows them before
// LibTorch loads.
#include <cstdio>
#include <exception>

#include "core/base/File.h"
#include "core/graph/NodeRegistry.h"

extern "C" void ochreBindNodes(ochre::graph::NodeRegistry& registry);

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: ochre_dump_nodes OUT.json\n");
        return 2;
    }
    try {
        const ochre::graph::NodeRegistry builtIn;
        ochre::graph::NodeRegistry registry;
        ochreBindNodes(registry);
        ochre::Json list = ochre::Json::array();
        for (const auto* declaration : registry.all()) {
            if (builtIn.find(declaration->id())) continue;
            if (!declaration->isRuntime())
                throw ochre::Error(declaration->id() + ": it lacks .needsRuntime()");
            list.push_back(declaration->toJson());
        }
        ochre::writeFileAtomic(argv[1], ochre::dumpJson(list, 1));
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
