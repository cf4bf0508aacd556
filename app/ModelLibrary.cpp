// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ModelLibrary.h"

#include <dlfcn.h>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/base/SharedLibrary.h"

namespace ochre::app {

Json runModelCommand(const ModelRequest& request) {
    const std::string file = (paths::executable() / "../lib/libochre_model_commands.so").lexically_normal();
    void* library = openModelLibrary(file);
    const auto command = reinterpret_cast<decltype(&ochreModelCommand)>(::dlsym(library, "ochreModelCommand"));
    if (!command) throw Error(file + ": is not of this Ochre", "run ./installer/run again");
    Json result;
    command(request, result);
    return result;
}

} // namespace ochre::app
