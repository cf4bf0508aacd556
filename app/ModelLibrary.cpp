// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ModelLibrary.h"

#include <dlfcn.h>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/base/SharedLibrary.h"

namespace ochre::app {

Json runModelCommand(const ModelRequest& request) {
    // Never closed: LibTorch's threads and statics do not survive that.
    const std::string file = (paths::executable() / "../lib/libochre_model_commands.so").lexically_normal();
    openWithOwnFunctions("libtorch_cpu.so");
    void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library)
        throw Error(std::string("the model library cannot be loaded: ") + ::dlerror(),
                    "run ./installer/run again, or set LIBTORCH_ROOT to your LibTorch");
    const auto command = reinterpret_cast<decltype(&ochreModelCommand)>(::dlsym(library, "ochreModelCommand"));
    if (!command) throw Error(file + ": is not of this Ochre", "run ./installer/run again");
    Json result;
    command(request, result);
    return result;
}

} // namespace ochre::app
